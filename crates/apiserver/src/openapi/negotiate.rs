//! Which form of a document is answered, and whether the client has it already.

use crate::etag;
use crate::fallback::respond;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use registry::Body;

pub const JSON: &str = "application/json";
const MAX_CLAUSES: usize = 64;

/// A document in one form.
#[derive(Clone)]
pub struct Form {
    pub content_type: &'static str,
    pub body: Bytes,
    pub digest: String,
}

impl Form {
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Form {
        let body = body.into();
        let digest = etag::digest(&body);
        Form { content_type, body, digest }
    }

    /// The document, or that the client has it.
    pub fn respond(&self, headers: &HeaderMap) -> Response<Body> {
        let mut response = respond(StatusCode::OK, self.content_type, self.body.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        etag::tagged(response, &self.digest, headers)
    }
}

/// The index in `types` of the first that the client takes, by its preference.
pub fn choose(accept: &str, types: &[&str]) -> Option<usize> {
    let accept = if accept.is_empty() { "*/*" } else { accept };
    let mut clauses: Vec<(f32, &str)> = accept.split(',').take(MAX_CLAUSES).map(clause).collect();
    clauses.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let matches = |wanted: &str, offered: &str| {
        let ((kind, sub), (offered_kind, offered_sub)) = (halves(wanted), halves(offered));
        (kind == "*" || kind == offered_kind) && (sub == "*" || sub == offered_sub)
    };
    clauses.iter().find_map(|(_, wanted)| types.iter().position(|offered| matches(wanted, offered)))
}

/// Weight and type.
fn clause(text: &str) -> (f32, &str) {
    let mut words = text.split(';').map(str::trim);
    let kind = words.next().unwrap_or_default();
    let weight = words.find_map(|word| word.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
    (weight.unwrap_or(1.0), kind)
}

fn halves(media: &str) -> (&str, &str) {
    media.split_once('/').unwrap_or((media, ""))
}

/// Sends the client to the document of today's hash.
pub fn moved(to: &str) -> Response<Body> {
    let mut response = respond(StatusCode::MOVED_PERMANENTLY, JSON, Bytes::new());
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// Without a body, and so without a type.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = respond(status, JSON, Bytes::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}
