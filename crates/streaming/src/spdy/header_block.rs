//! Header blocks: names and values, length-prefixed, in one zlib stream per direction that lives as long as the
//! connection and starts from the SPDY/3 dictionary.

use std::sync::LazyLock;

use bytes::{Buf, BufMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, header};

/// The longest header block, decompressed, that is accepted or sent.
pub const MAX_HEADER_BLOCK_BYTES: usize = 16 * 1024;

/// The compressor's window: enough for the dictionary (1,423 bytes), small enough to have many connections.
const COMPRESSOR_WINDOW_BITS: u8 = 12;
const SCRATCH_BYTES: usize = 4 * 1024;
/// Several values of one name are separated by this byte.
const VALUE_SEPARATOR: u8 = 0;

#[derive(Debug, thiserror::Error)]
pub enum HeaderBlockError {
    #[error("zlib: {0}")]
    Zlib(String),
    #[error("compressed with an unknown dictionary {0:#010x}")]
    UnknownDictionary(u32),
    #[error("larger than {MAX_HEADER_BLOCK_BYTES} bytes")]
    TooLong,
    #[error("truncated or followed by stray bytes")]
    WrongLength,
    #[error("invalid header name or value")]
    InvalidHeader,
    #[error("duplicate header")]
    Duplicate,
}

/// The receiving direction.
pub(super) struct HeaderDecompressor {
    zlib: Decompress,
}

impl HeaderDecompressor {
    pub(super) fn new() -> Self {
        Self { zlib: Decompress::new(true) }
    }

    pub(super) fn decompress(&mut self, compressed: &[u8]) -> Result<HeaderMap, HeaderBlockError> {
        let plain = self.inflate(compressed)?;
        parse(&plain)
    }

    fn inflate(&mut self, mut input: &[u8]) -> Result<Vec<u8>, HeaderBlockError> {
        let mut plain = Vec::new();
        let mut scratch = [0; SCRATCH_BYTES];
        loop {
            let (read, written) = (self.zlib.total_in(), self.zlib.total_out());
            let result = self.zlib.decompress(input, &mut scratch, FlushDecompress::Sync);
            let consumed = (self.zlib.total_in() - read) as usize;
            let produced = (self.zlib.total_out() - written) as usize;
            input = &input[consumed..];
            plain.extend_from_slice(&scratch[..produced]);
            if plain.len() > MAX_HEADER_BLOCK_BYTES {
                return Err(HeaderBlockError::TooLong);
            }
            match result {
                Err(error) => match error.needs_dictionary() {
                    Some(_) => self.set_dictionary(error)?,
                    None => return Err(zlib_error(error)),
                },
                Ok(Status::StreamEnd) => return Err(HeaderBlockError::WrongLength),
                Ok(Status::Ok | Status::BufError) => {
                    let output_full = produced == SCRATCH_BYTES;
                    if input.is_empty() && !output_full {
                        return Ok(plain);
                    }
                    if consumed == 0 && produced == 0 {
                        return Err(HeaderBlockError::WrongLength);
                    }
                }
            }
        }
    }

    fn set_dictionary(&mut self, asked: flate2::DecompressError) -> Result<(), HeaderBlockError> {
        let asked_id = asked.needs_dictionary().unwrap_or_default();
        self.zlib.set_dictionary(&DICTIONARY).map_err(|_| HeaderBlockError::UnknownDictionary(asked_id))?;
        Ok(())
    }
}

/// The sending direction.
pub(super) struct HeaderCompressor {
    zlib: Compress,
}

impl HeaderCompressor {
    pub(super) fn new() -> Self {
        let mut zlib = Compress::new_with_window_bits(Compression::default(), true, COMPRESSOR_WINDOW_BITS);
        zlib.set_dictionary(&DICTIONARY).expect("a fresh compressor takes a dictionary");
        Self { zlib }
    }

    pub(super) fn compress(&mut self, headers: &HeaderMap) -> Result<Vec<u8>, HeaderBlockError> {
        let plain = serialize(headers);
        if plain.len() > MAX_HEADER_BLOCK_BYTES {
            return Err(HeaderBlockError::TooLong);
        }
        let mut compressed = Vec::with_capacity(plain.len() + 64);
        let mut input = plain.as_slice();
        loop {
            let read = self.zlib.total_in();
            self.zlib.compress_vec(input, &mut compressed, FlushCompress::Sync).map_err(zlib_error)?;
            input = &input[(self.zlib.total_in() - read) as usize..];
            // A sync flush is complete once zlib leaves room in the output.
            if input.is_empty() && compressed.len() < compressed.capacity() {
                return Ok(compressed);
            }
            compressed.reserve(SCRATCH_BYTES);
        }
    }
}

fn zlib_error(error: impl std::fmt::Display) -> HeaderBlockError {
    HeaderBlockError::Zlib(error.to_string())
}

fn serialize(headers: &HeaderMap) -> Vec<u8> {
    let mut plain = Vec::new();
    plain.put_u32(headers.keys_len() as u32);
    for name in headers.keys() {
        let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        put_string(&mut plain, name.as_str().as_bytes());
        put_string(&mut plain, &values.join(&VALUE_SEPARATOR));
    }
    plain
}

fn put_string(plain: &mut Vec<u8>, string: &[u8]) {
    plain.put_u32(string.len() as u32);
    plain.put_slice(string);
}

fn parse(mut plain: &[u8]) -> Result<HeaderMap, HeaderBlockError> {
    let count = get_u32(&mut plain)?;
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let name = get_string(&mut plain)?;
        if name.iter().any(u8::is_ascii_uppercase) {
            return Err(HeaderBlockError::InvalidHeader);
        }
        let name = HeaderName::from_bytes(name).map_err(|_| HeaderBlockError::InvalidHeader)?;
        if is_connection_header(&name) {
            return Err(HeaderBlockError::InvalidHeader);
        }
        if headers.contains_key(&name) {
            return Err(HeaderBlockError::Duplicate);
        }
        for value in get_string(&mut plain)?.split(|byte| *byte == VALUE_SEPARATOR) {
            let value = HeaderValue::from_bytes(value).map_err(|_| HeaderBlockError::InvalidHeader)?;
            headers.append(&name, value);
        }
    }
    if plain.is_empty() { Ok(headers) } else { Err(HeaderBlockError::WrongLength) }
}

/// Headers that have no place on a multiplexed stream; spdystream refuses them too.
fn is_connection_header(name: &HeaderName) -> bool {
    *name == header::CONNECTION
        || *name == header::TRANSFER_ENCODING
        || name.as_str() == "keep-alive"
        || name.as_str() == "proxy-connection"
}

fn get_u32(plain: &mut &[u8]) -> Result<u32, HeaderBlockError> {
    if plain.len() < 4 {
        return Err(HeaderBlockError::WrongLength);
    }
    Ok(plain.get_u32())
}

fn get_string<'a>(plain: &mut &'a [u8]) -> Result<&'a [u8], HeaderBlockError> {
    let length = get_u32(plain)? as usize;
    let (string, rest) = plain.split_at_checked(length).ok_or(HeaderBlockError::WrongLength)?;
    *plain = rest;
    Ok(string)
}

/// The dictionary of SPDY/3: these words, each after its length in four bytes, and then the text.
static DICTIONARY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut dictionary = Vec::new();
    for word in DICTIONARY_WORDS {
        put_string(&mut dictionary, word.as_bytes());
    }
    dictionary.extend_from_slice(DICTIONARY_TEXT.as_bytes());
    dictionary
});

#[rustfmt::skip]
const DICTIONARY_WORDS: [&str; 65] = [
    "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding",
    "accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control", "connection", "content-base",
    "content-encoding", "content-language", "content-length", "content-location", "content-md5", "content-range",
    "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
    "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate", "method", "get",
    "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin",
];

const DICTIONARY_TEXT: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505\
    203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden\
    404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug \
    Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,\
    application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,\
    sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

#[cfg(test)]
mod tests;
