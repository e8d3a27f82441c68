//! Where a request carries a token: the Authorization header, or a WebSocket's subprotocol, for browsers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};

/// The subprotocol that carries a token, base64url without padding, after this prefix.
const PROTOCOL: &str = "base64url.bearer.authorization.k8s.io.";

/// The token of the Authorization header, if that is a bearer's.
pub fn of_header(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The token of a WebSocket's subprotocols, which is taken out of them; an error where it cannot be read.
pub fn of_websocket(headers: &mut HeaderMap) -> Result<Option<String>, &'static str> {
    let upgrades = |name: header::HeaderName, wanted: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted))
    };
    if !upgrades(header::CONNECTION, "upgrade") || !upgrades(header::UPGRADE, "websocket") {
        return Ok(None);
    }
    let (mut token, mut others) = (None, Vec::new());
    for value in headers.get_all(header::SEC_WEBSOCKET_PROTOCOL) {
        for protocol in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            match protocol.strip_prefix(PROTOCOL) {
                Some(_) if token.is_some() => return Err("multiple base64.bearer.authorization tokens specified"),
                Some(encoded) => token = Some(encoded.to_owned()),
                None => others.push(protocol.to_owned()),
            }
        }
    }
    let Some(encoded) = token else { return Ok(None) };
    let decoded = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "invalid base64.bearer.authorization token encoding")?;
    let token = String::from_utf8(decoded).map_err(|_| "invalid base64.bearer.authorization token")?;
    if others.is_empty() {
        return Err("missing additional subprotocol");
    }
    if let Ok(value) = HeaderValue::from_str(&others.join(",")) {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    Ok(Some(token).filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_websocket_carries_its_token_among_the_protocols() {
        let token = URL_SAFE_NO_PAD.encode("secret");
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, "keep-alive, Upgrade".parse().unwrap());
        headers.insert(header::UPGRADE, "websocket".parse().unwrap());
        headers
            .insert(header::SEC_WEBSOCKET_PROTOCOL, format!("{PROTOCOL}{token}, v4.channel.k8s.io").parse().unwrap());
        assert_eq!(of_websocket(&mut headers), Ok(Some("secret".into())));
        assert_eq!(headers[header::SEC_WEBSOCKET_PROTOCOL], "v4.channel.k8s.io");
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, format!("{PROTOCOL}{token}").parse().unwrap());
        assert!(of_websocket(&mut headers).is_err());
    }

    #[test]
    fn only_a_bearer_has_a_token() {
        for (value, token) in [("Bearer a", Some("a")), ("bearer  b ", Some("b")), ("Basic a", None), ("Bearer ", None)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(of_header(&headers), token, "{value}");
        }
    }
}
