//! Headers of messages that are passed on.

use authn::UserInfo;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::fmt::Write;

/// Between neighbours alone (RFC 9110, 7.6.1).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "proxy-connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const CORS: &str = "access-control-";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const USER: HeaderName = HeaderName::from_static("x-remote-user");
const UID: HeaderName = HeaderName::from_static("x-remote-uid");
const GROUP: HeaderName = HeaderName::from_static("x-remote-group");
const EXTRA: &str = "x-remote-extra-";

/// Takes away what was meant for the neighbour.
pub fn strip_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    named.iter().for_each(|name| drop(headers.remove(name)));
    HOP_BY_HOP.iter().for_each(|name| drop(headers.remove(*name)));
}

/// What of a client's headers goes on: neither credentials nor claims of who somebody is.
pub fn for_backend(client: &HeaderMap) -> HeaderMap {
    let mut headers = client.clone();
    strip_hops(&mut headers);
    let kept = |name: &HeaderName| {
        let text = name.as_str();
        text.starts_with("x-remote-") || text.starts_with("impersonate-")
    };
    let secret: Vec<HeaderName> = headers.keys().filter(|name| kept(name)).cloned().collect();
    secret.iter().for_each(|name| drop(headers.remove(name)));
    for name in [header::AUTHORIZATION, header::EXPECT, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    headers
}

/// Appends the client's address to those that passed the request on before.
pub fn add_forwarded_for(headers: &mut HeaderMap, client: &str) {
    let before: Vec<&str> = headers.get_all(&FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let chain = before.into_iter().chain([client]).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    if let Ok(chain) = HeaderValue::from_str(&chain) {
        headers.insert(FORWARDED_FOR, chain);
    }
}

/// What of an answer goes to the client. Whom a page trusts is said by the server that it came from, not by who is behind.
pub fn for_client(headers: &mut HeaderMap) {
    strip_hops(headers);
    let cors: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with(CORS)).cloned().collect();
    cors.iter().for_each(|name| drop(headers.remove(name)));
}

/// Who asks, for a server that believes this one's certificate.
pub fn identity(user: &UserInfo) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.append(name, value);
        }
    };
    add(USER, &user.name);
    if !user.uid.is_empty() {
        add(UID, &user.uid);
    }
    user.groups.iter().for_each(|group| add(GROUP, group));
    for (key, values) in &user.extra {
        let Ok(name) = format!("{EXTRA}{}", escaped_key(key)).parse::<HeaderName>() else { continue };
        values.iter().for_each(|value| add(name.clone(), value));
    }
    headers
}

/// A key as a part of a header's name, in which not every letter may stand.
fn escaped_key(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}
