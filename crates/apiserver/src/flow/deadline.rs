//! How long a request may take.

use http::{HeaderValue, Response, header};
use kind::ApiError;
use registry::query::Query;
use registry::request_info::RequestInfo;
use registry::{Body, RequestContext};
use std::time::Duration;

/// What has no end of its own: upstream's verbs and subresources.
pub fn is_long_running(info: &RequestInfo) -> bool {
    if !info.is_resource {
        return info.path.starts_with("/debug/pprof/");
    }
    matches!(info.verb.as_str(), "watch" | "proxy")
        || matches!(info.subresource.as_str(), "attach" | "exec" | "proxy" | "log" | "portforward")
}

/// What `?timeout=` asks for, within the server's limit; 0 asks for nothing.
pub fn of(query: &Query, most: Duration) -> Result<Duration, ApiError> {
    let Some(text) = query.get("timeout").filter(|text| !text.is_empty()) else { return Ok(most) };
    match parse(text) {
        Ok(asked) if asked.is_zero() => Ok(most),
        Ok(asked) => Ok(asked.min(most)),
        Err(why) => Err(ApiError::bad_request(format!("invalid timeout specified in the request URL - {why}"))),
    }
}

/// What is said of a request whose time is over. What it has begun to write may still take effect.
pub fn missed(context: &RequestContext) -> Response<Body> {
    let why = match super::is_mutating(context) {
        true => "request did not complete within requested timeout - context deadline exceeded",
        false => "request did not complete within the allotted timeout",
    };
    let mut error = ApiError::new(504, "Timeout", format!("Timeout: {why}"));
    error.details();
    let mut response = registry::failure(context, &error);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Go's `time.ParseDuration`; a negative one is nothing.
fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {}", kind::field::quoted(text));
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let (mut rest, mut seconds) = (unsigned, 0.0_f64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| invalid())?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let scale = match &rest[..end] {
            "" => return Err(format!("time: missing unit in duration {}", kind::field::quoted(text))),
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            unit => {
                let (unit, text) = (kind::field::quoted(unit), kind::field::quoted(text));
                return Err(format!("time: unknown unit {unit} in duration {text}"));
            }
        };
        seconds += number * scale;
        rest = &rest[end..];
    }
    // Go counts nanoseconds in 63 bits.
    if seconds * 1e9 >= i64::MAX as f64 {
        return Err(invalid());
    }
    if text.starts_with('-') { Ok(Duration::ZERO) } else { Ok(Duration::from_secs_f64(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_gos_durations() {
        let most = Duration::from_secs(60);
        let asked = |text: &str| match of(&Query::parse(&format!("timeout={text}")), most) {
            Ok(limit) => format!("{limit:?}"),
            Err(error) => error.0.message.clone(),
        };
        let start = "invalid timeout specified in the request URL - time: ";
        assert_eq!(asked(""), "60s");
        assert_eq!(asked("5s"), "5s");
        assert_eq!(asked("1m30s"), "60s");
        assert_eq!(asked("1.5s"), "1.5s");
        assert_eq!(asked("250ms"), "250ms");
        assert_eq!(asked("0"), "60s");
        assert_eq!(asked("-3s"), "60s");
        assert_eq!(asked("foo"), format!("{start}invalid duration \"foo\""));
        assert_eq!(asked("5"), format!("{start}missing unit in duration \"5\""));
        assert_eq!(asked("5d"), format!("{start}unknown unit \"d\" in duration \"5d\""));
        assert_eq!(asked("9999999999h"), format!("{start}invalid duration \"9999999999h\""));
    }

    #[test]
    fn watches_and_streams_are_long_running() {
        let long = |method: &str, path: &str, query: &str| {
            is_long_running(&RequestInfo::new(method, path, &Query::parse(query)).unwrap())
        };
        assert!(long("GET", "/api/v1/pods", "watch=1"));
        assert!(long("GET", "/api/v1/namespaces/a/pods/p/log", ""));
        assert!(long("POST", "/api/v1/namespaces/a/pods/p/exec", ""));
        assert!(long("GET", "/api/v1/nodes/n/proxy/metrics", ""));
        assert!(!long("GET", "/api/v1/pods", ""));
        assert!(!long("GET", "/healthz", ""));
    }
}
