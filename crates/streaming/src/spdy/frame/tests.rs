use proptest::prelude::*;

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn decode_all(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
    let (mut decoder, mut input) = (Decoder::default(), BytesMut::from(bytes));
    let mut frames = Vec::new();
    while let Some(frame) = decoder.decode(&mut input)? {
        frames.push(frame);
    }
    Ok(frames)
}

fn encode(frame: &Frame) -> BytesMut {
    let mut output = BytesMut::new();
    Encoder::default().encode(frame, &mut output).unwrap();
    output
}

#[test]
fn frames_without_header_blocks_have_these_bytes() {
    let reset = Frame::RstStream { stream_id: 3, status: ResetStatus::CANCEL };
    let data = Frame::Data { stream_id: 1, fin: true, data: Bytes::from_static(b"hi") };
    let table: [(Frame, &[u8]); 6] = [
        (data, b"\x00\x00\x00\x01\x01\x00\x00\x02hi"),
        (reset, b"\x80\x03\x00\x03\x00\x00\x00\x08\x00\x00\x00\x03\x00\x00\x00\x05"),
        (Frame::Ping { id: 7 }, b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x07"),
        (
            Frame::GoAway { last_good: 9, status: 0 },
            b"\x80\x03\x00\x07\x00\x00\x00\x08\x00\x00\x00\x09\x00\x00\x00\x00",
        ),
        (
            Frame::WindowUpdate { stream_id: 1, delta: 65536 },
            b"\x80\x03\x00\x09\x00\x00\x00\x08\x00\x00\x00\x01\x00\x01\x00\x00",
        ),
        (Frame::Settings, b"\x80\x03\x00\x04\x00\x00\x00\x04\x00\x00\x00\x00"),
    ];
    for (frame, bytes) in table {
        assert_eq!(encode(&frame), bytes, "{frame:?}");
        assert_eq!(decode_all(bytes).unwrap(), [frame]);
    }
}

/// The block was compressed by another zlib, see the header block's tests.
#[test]
fn syn_stream_of_another_implementation_is_read() {
    let bytes = b"\x80\x03\x00\x01\x01\x00\x00\x30\x00\x00\x00\x05\x00\x00\x00\x00\x60\x00\
        \x78\xf9\xe3\xc6\xa7\xc2\x02\xe5\x0e\x70\x3a\x2b\x29\x4a\x4d\xcc\x85\x16\x25\xac\xa9\xa0\x80\
        \x86\x14\xcb\x45\xa0\x24\xcc\x64\x61\x00\x00\x00\x00\xff\xff";
    let expected = Frame::SynStream {
        stream_id: 5,
        associated_to: 0,
        priority: 3,
        slot: 0,
        fin: true,
        unidirectional: false,
        headers: headers(&[("streamtype", "error"), ("port", "80")]),
    };
    assert_eq!(decode_all(bytes).unwrap(), [expected]);
}

#[test]
fn header_frames_survive_one_connection_in_order() {
    let frames = [
        Frame::SynStream {
            stream_id: 1,
            associated_to: 0,
            priority: 7,
            slot: 0,
            fin: false,
            unidirectional: true,
            headers: headers(&[("streamtype", "stdin")]),
        },
        Frame::SynReply { stream_id: 1, fin: false, headers: HeaderMap::new() },
        Frame::Headers { stream_id: 1, fin: true, headers: headers(&[("x", "y")]) },
    ];
    let (mut encoder, mut bytes) = (Encoder::default(), BytesMut::new());
    for frame in &frames {
        encoder.encode(frame, &mut bytes).unwrap();
    }
    assert_eq!(decode_all(&bytes).unwrap(), frames);
}

#[test]
fn long_data_comes_in_pieces_and_fin_with_the_last() {
    let payload = vec![7; MAX_DATA_CHUNK_BYTES * 2 + 5];
    let bytes = encode(&Frame::Data { stream_id: 1, fin: true, data: Bytes::from(payload.clone()) });
    let mut read = Vec::new();
    let mut fins = Vec::new();
    for frame in decode_all(&bytes).unwrap() {
        let Frame::Data { fin, data, .. } = frame else { panic!("{frame:?}") };
        assert!(data.len() <= MAX_DATA_CHUNK_BYTES);
        read.extend_from_slice(&data);
        fins.push(fin);
    }
    assert_eq!(read, payload);
    assert_eq!(fins, [false, false, true]);
}

#[test]
fn hostile_frames_are_refused() {
    let error = |bytes: &[u8]| decode_all(bytes).unwrap_err().to_string();
    assert_eq!(error(b"\x00\x00\x00\x00\x00\x00\x00\x00"), "stream id is zero");
    assert_eq!(error(b"\x80\x02\x00\x01\x00\x00\x00\x00"), "unsupported SPDY version 2");
    assert_eq!(error(b"\x80\x03\x00\x05\x00\x00\x00\x00"), "unknown control frame type 5");
    assert_eq!(error(b"\x80\x03\x00\x01\x00\xff\xff\xff"), "control frame of 16777215 bytes is longer than 65536");
    assert_eq!(error(b"\x80\x03\x00\x03\x00\x00\x00\x04\x00\x00\x00\x01"), "control frame of type 3 is malformed");
    assert_eq!(error(b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x00"), "stream id is zero");
    // 4,294,967,295 settings in a frame of four bytes.
    assert_eq!(error(b"\x80\x03\x00\x04\x00\x00\x00\x04\xff\xff\xff\xff"), "control frame of type 4 is malformed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes_never_panic_and_never_stall(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let (mut decoder, mut input) = (Decoder::default(), BytesMut::from(&bytes[..]));
        for _ in 0..=bytes.len() {
            if !matches!(decoder.decode(&mut input), Ok(Some(_))) {
                return Ok(());
            }
        }
        prop_assert!(false, "more frames than bytes");
    }

    /// Random payloads behind well-formed frame headers reach deeper than plain noise.
    #[test]
    fn random_control_payloads_never_panic(
        frames in prop::collection::vec((1_u16..10, any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 1..8),
    ) {
        let mut bytes = BytesMut::new();
        for (kind, flags, payload) in frames {
            put_control(&mut bytes, kind, u32::from(flags) << 24, payload.len());
            bytes.put_slice(&payload);
        }
        let _either = decode_all(&bytes);
    }

    /// Cutting the input anywhere changes nothing but how data is cut.
    #[test]
    fn split_input_decodes_alike(cuts in prop::collection::vec(1_usize..40, 1..40)) {
        let (mut encoder, mut bytes) = (Encoder::default(), BytesMut::new());
        let sent = [
            Frame::SynReply { stream_id: 1, fin: false, headers: headers(&[("a", "b")]) },
            Frame::Data { stream_id: 1, fin: true, data: Bytes::from(vec![1; 300]) },
            Frame::Ping { id: 1 },
        ];
        for frame in &sent {
            encoder.encode(frame, &mut bytes).unwrap();
        }
        let (mut decoder, mut input, mut rest) = (Decoder::default(), BytesMut::new(), bytes);
        let (mut data, mut others) = (Vec::new(), Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let cut = cuts.next().unwrap().min(rest.len());
            input.extend_from_slice(&rest.split_to(cut));
            while let Some(frame) = decoder.decode(&mut input).unwrap() {
                match frame {
                    Frame::Data { data: piece, .. } => data.extend_from_slice(&piece),
                    other => others.push(other),
                }
            }
        }
        prop_assert_eq!(data, vec![1; 300]);
        prop_assert_eq!(others, [sent[0].clone(), sent[2].clone()]);
    }
}
