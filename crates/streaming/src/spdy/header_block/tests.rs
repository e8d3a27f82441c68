use super::*;

const GOLDEN_BLOCK: &[u8] =
    b"\x78\xf9\xe3\xc6\xa7\xc2\x02\xe5\x0e\x70\x3a\x2b\x29\x4a\x4d\xcc\x85\x16\x25\xac\xa9\xa0\x80\x86\
    \x14\xcb\x45\xa0\x24\xcc\x64\x61\x00\x00\x00\x00\xff\xff";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    map
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    high << 16 | low
}

#[test]
fn dictionary_is_the_one_every_spdy3_peer_has() {
    assert_eq!(DICTIONARY.len(), 1423);
    assert_eq!(adler32(&DICTIONARY), 0xe3c6_a7c2);
}

#[test]
fn compression_state_is_shared_by_all_blocks_of_a_connection() {
    let (mut compressor, mut decompressor) = (HeaderCompressor::new(), HeaderDecompressor::new());
    let mut lengths = Vec::new();
    for stream_type in ["error", "stdin", "stdout", "stderr", "resize"] {
        let sent = headers(&[("streamtype", stream_type)]);
        let block = compressor.compress(&sent).unwrap();
        lengths.push(block.len());
        assert_eq!(decompressor.decompress(&block).unwrap(), sent);
    }
    assert!(lengths[1] < lengths[0], "later blocks refer to earlier ones: {lengths:?}");
}

/// Made with Python's zlib (zlib.compressobj with the dictionary, sync flush) for `streamtype: error`, `port: 80`.
#[test]
fn reads_what_another_zlib_wrote() {
    let block = GOLDEN_BLOCK;
    let read = HeaderDecompressor::new().decompress(block).unwrap();
    assert_eq!(read, headers(&[("port", "80"), ("streamtype", "error")]));
}

#[test]
fn several_values_of_one_name_survive() {
    let sent = headers(&[("port", "80"), ("port", "8080"), ("requestid", "7")]);
    let block = HeaderCompressor::new().compress(&sent).unwrap();
    assert_eq!(HeaderDecompressor::new().decompress(&block).unwrap(), sent);
}

#[test]
fn empty_block_survives() {
    let block = HeaderCompressor::new().compress(&HeaderMap::new()).unwrap();
    assert_eq!(HeaderDecompressor::new().decompress(&block).unwrap(), HeaderMap::new());
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut compressor = HeaderCompressor::new();
    let mut out = Vec::with_capacity(plain.len() + 1024);
    compressor.zlib.compress_vec(plain, &mut out, FlushCompress::Sync).unwrap();
    out
}

#[test]
fn bomb_is_refused_before_it_fills_memory() {
    let block = deflate(&vec![0; 8 * 1024 * 1024]);
    assert!(block.len() < 64 * 1024);
    assert!(matches!(HeaderDecompressor::new().decompress(&block), Err(HeaderBlockError::TooLong)));
}

#[test]
fn malformed_blocks_are_refused() {
    let block = |parts: &[&[u8]]| deflate(&parts.concat());
    let refused = |block: &[u8]| HeaderDecompressor::new().decompress(block).unwrap_err();
    let one = &[0, 0, 0, 1][..];
    assert!(matches!(refused(b"not zlib at all"), HeaderBlockError::Zlib(_)));
    assert!(matches!(refused(&[]), HeaderBlockError::WrongLength));
    assert!(matches!(refused(&block(&[&[0xff; 4]])), HeaderBlockError::WrongLength));
    assert!(matches!(refused(&block(&[one, &[0xff; 4], b"x"])), HeaderBlockError::WrongLength));
    assert!(matches!(refused(&block(&[one, &[0, 0, 0, 1], b"A", &[0; 4]])), HeaderBlockError::InvalidHeader));
    assert!(matches!(refused(&block(&[one, &[0, 0, 0, 1], b"a", &[0; 5]])), HeaderBlockError::WrongLength));
    let twice = [&[0, 0, 0, 1][..], b"a", &[0; 4]].concat();
    assert!(matches!(refused(&block(&[&[0, 0, 0, 2], &twice, &twice])), HeaderBlockError::Duplicate));
}
