//! Tags of documents, and answers to clients that have the document already.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use registry::Body;
use sha2::{Digest, Sha512};
use std::fmt::Write;

/// Upper-case hexadecimal, as upstream's hashes look.
pub fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha512::digest(bytes) {
        write!(text, "{byte:02X}").expect("writing to a string cannot fail");
    }
    text
}

/// The response with its tag; without its body where the client has it.
pub fn tagged(mut response: Response<Body>, digest: &str, asked: &HeaderMap) -> Response<Body> {
    let tag = format!("\"{digest}\"");
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::Full(Bytes::new());
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_names_the_tag_gets_no_body() {
        let tag = digest(b"document");
        let ask = |known: &str| {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            tagged(Response::new(Body::Full(Bytes::from_static(b"document"))), &tag, &asked)
        };
        assert_eq!(ask("\"other\"").status(), StatusCode::OK);
        let known = ask(&format!("\"other\", W/\"{tag}\""));
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(known.headers()[header::ETAG], format!("\"{tag}\""));
        assert!(known.into_body().into_bytes().unwrap().is_empty());
    }
}
