use super::*;

#[test]
fn what_is_written_is_read_back() {
    let mut message = Message::new(16, 0x400);
    message.put(&[1, 2, 3, 4]);
    message.string(3, "cni0");
    message.nest(18, |data| {
        data.string(1, "veth");
        data.number(2, 7);
    });
    let bytes = message.finish(9);
    let replies: Vec<_> = Messages::of(&bytes).collect();
    assert_eq!(replies.len(), 1);
    assert_eq!((replies[0].kind, replies[0].sequence), (16, 9));
    let attributes = &replies[0].payload[4..];
    assert_eq!(attribute_string(attribute(attributes, 3).unwrap()), "cni0");
    let nested = attribute(attributes, 18).unwrap();
    assert_eq!(attribute_string(attribute(nested, 1).unwrap()), "veth");
    assert_eq!(read_u32(attribute(nested, 2).unwrap(), 0), Some(7));
    assert_eq!(attribute(attributes, 99), None);
}

#[test]
fn torn_input_ends_quietly() {
    let bytes = Message::new(16, 0).finish(1);
    for length in 0..bytes.len() {
        assert_eq!(Messages::of(&bytes[..length]).count(), 0, "{length}");
    }
    assert_eq!(attribute(&[0, 0, 3, 0, 1], 3), None);
    assert_eq!(attribute(&[200, 0, 3, 0, 1], 3), None);
    assert_eq!(error_code(&[]), 0);
    assert_eq!(error_code(&(-17i32).to_ne_bytes()), 17);
}
