use proptest::prelude::*;

use super::*;

#[test]
fn messages_have_the_bytes_that_upstream_documents() {
    assert_eq!(Codec::Binary.encode(0, b"foo\n"), Message::binary(&[0, 102, 111, 111, 10][..]));
    assert_eq!(Codec::Base64.encode(0, b"foo\n"), Message::text("0Zm9vCg=="));
    assert_eq!(Codec::Base64.encode(1, b"\n"), Message::text("1Cg=="));
    assert_eq!(Codec::encode_close(0), Message::binary(&[255, 0][..]));
    assert_eq!(Codec::Binary.encode(1, b""), Message::binary(&[1][..]));
}

#[test]
fn decoding_takes_text_and_binary_alike() {
    let data = |channel, data: &'static [u8]| Ok(ChannelMessage::Data(channel, Bytes::from_static(data)));
    assert_eq!(Codec::Binary.decode(&Message::binary(&b"\x00hi"[..]), true), data(0, b"hi"));
    assert_eq!(Codec::Base64.decode(&Message::text("0Zm9vCg=="), false), data(0, b"foo\n"));
    assert_eq!(Codec::Base64.decode(&Message::binary(&b"1Cg=="[..]), false), data(1, b"\n"));
    assert_eq!(Codec::Binary.decode(&Message::binary(&b""[..]), true), Ok(ChannelMessage::Nothing));
    assert_eq!(Codec::Binary.decode(&Message::Ping(Bytes::new()), true), Ok(ChannelMessage::Nothing));
}

#[test]
fn close_signal_exists_in_v5_only() {
    let close = Message::binary(&[255, 0][..]);
    assert_eq!(Codec::Binary.decode(&close, true), Ok(ChannelMessage::Close(0)));
    assert_eq!(Codec::Binary.decode(&close, false), Ok(ChannelMessage::Data(255, Bytes::from_static(&[0]))));
    assert!(Codec::Binary.decode(&Message::binary(&[255][..]), true).is_err());
    assert!(Codec::Binary.decode(&Message::binary(&[255, 0, 0][..]), true).is_err());
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(channel in 0_u8..5, data in prop::collection::vec(any::<u8>(), 0..200)) {
        for codec in [Codec::Binary, Codec::Base64] {
            let decoded = codec.decode(&codec.encode(channel, &data), true);
            prop_assert_eq!(decoded, Ok(ChannelMessage::Data(channel, Bytes::from(data.clone()))));
        }
    }

    #[test]
    fn random_messages_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), close in any::<bool>()) {
        for codec in [Codec::Binary, Codec::Base64] {
            let _either = codec.decode(&Message::Binary(Bytes::from(bytes.clone())), close);
        }
    }
}
