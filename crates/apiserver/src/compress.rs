//! gzip, for large answers to clients that take it.

use crate::gateway::{full, never};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::convert::Infallible;
use std::io::Write;

/// Upstream's threshold: smaller answers are not worth the time.
const MIN_BYTES: usize = 128 * 1024;
/// Upstream's level: most of the saving at the least cost.
const LEVEL: u32 = 1;

/// Whether the client says that it takes gzip; as upstream, only the plain word counts.
pub fn accepted(headers: &HeaderMap) -> bool {
    let value = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').any(|coding| coding.trim() == "gzip")
}

/// The response with these pieces as its body.
pub fn response(mut head: Parts, chunks: Vec<Bytes>, accepts_gzip: bool) -> Response<serve::Body> {
    let length: usize = chunks.iter().map(Bytes::len).sum();
    if accepts_gzip && length >= MIN_BYTES && head.status.is_success() {
        let compressed = gzip(&chunks, length);
        head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        head.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(compressed.len()));
        return Response::from_parts(head, full(compressed.into()));
    }
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let mut chunks = chunks;
    let body = match chunks.len() {
        0 | 1 => full(chunks.pop().unwrap_or_default()),
        _ => StreamBody::new(stream::iter(chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)))))
            .map_err(never)
            .boxed_unsync(),
    };
    Response::from_parts(head, body)
}

fn gzip(chunks: &[Bytes], length: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(length / 8), Compression::new(LEVEL));
    for chunk in chunks {
        encoder.write_all(chunk).expect("writing to a vector cannot fail");
    }
    encoder.finish().expect("writing to a vector cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_word_counts() {
        for (header, expected) in
            [("gzip", true), ("br, gzip", true), ("deflate, gzip;q=1.0", false), ("identity", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, header.parse().unwrap());
            assert_eq!(accepted(&headers), expected, "{header}");
        }
    }

    #[test]
    fn small_answers_stay_plain() {
        let head = || Response::new(()).into_parts().0;
        let small = response(head(), vec![Bytes::from_static(b"{}")], true);
        assert!(!small.headers().contains_key(header::CONTENT_ENCODING));
        let large = response(head(), vec![vec![b'x'; MIN_BYTES].into()], true);
        assert_eq!(large.headers()[header::CONTENT_ENCODING], "gzip");
    }
}
