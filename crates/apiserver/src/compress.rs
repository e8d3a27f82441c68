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

/// A piece of an answer that is worth a frame of its own is at least this large.
const SMALL_BYTES: usize = 16 * 1024;
/// What small ones are joined to.
const JOINED_BYTES: usize = 64 * 1024;

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
        _ if length <= JOINED_BYTES => full(chunks.concat().into()),
        _ => StreamBody::new(stream::iter(
            Joined(chunks.into_iter()).map(|chunk| Ok::<_, Infallible>(Frame::data(chunk))),
        ))
        .map_err(never)
        .boxed_unsync(),
    };
    Response::from_parts(head, body)
}

/// Small pieces, joined as they are sent: each piece costs a frame and a record of its own.
struct Joined(std::vec::IntoIter<Bytes>);

impl Iterator for Joined {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let first = self.0.next()?;
        let is_small = |chunk: &Bytes| chunk.len() < SMALL_BYTES;
        if !is_small(&first) || !self.0.as_slice().first().is_some_and(is_small) {
            return Some(first);
        }
        let mut joined = Vec::with_capacity(JOINED_BYTES);
        joined.extend_from_slice(&first);
        while let Some(next) = self.0.as_slice().first() {
            if !is_small(next) || joined.len() + next.len() > JOINED_BYTES {
                break;
            }
            joined.extend_from_slice(next);
            self.0.next();
        }
        Some(joined.into())
    }
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
    fn small_pieces_are_joined_and_large_ones_passed_on() {
        let sizes = [100, 200, SMALL_BYTES, 300, 15_000, 15_000, 15_000, 15_000, 15_000, SMALL_BYTES + 1, 7];
        let pieces: Vec<Bytes> = sizes.iter().map(|&size| vec![b'x'; size].into()).collect();
        let joined: Vec<usize> = Joined(pieces.into_iter()).map(|piece| piece.len()).collect();
        assert_eq!(joined, [300, SMALL_BYTES, 60_300, 15_000, SMALL_BYTES + 1, 7]);
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
