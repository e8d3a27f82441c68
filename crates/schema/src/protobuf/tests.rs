use super::*;
use crate::{Schema, Value, json, value};

const TYPES: &str = "\
type t.Meta
f name 1 string omit
f resourceVersion 6 string omit
f creationTimestamp 8 time always
f labels 11 {}string omit
type t.Object
f metadata 1 @t.Meta always
f n 2 i32 omit
f p 3 i64 ptr omit
f key 4.1.1 string omit
f opt 4.2 bool ptr omit
f size 5 quantity always
f port 6 intorstring always
f verbs 7 [w]string always
f data 8 {}bytes omit
f raw 9 raw omit
f many 10 []@t.Meta omit
f ints 11 []i32 omit
";

fn round(value: Value) -> Vec<u8> {
    let schema = Schema::parse(TYPES).unwrap();
    let ty = schema.by_name("t.Object").unwrap();
    let mut out = Vec::new();
    encode(ty, &value, &mut out);
    assert_eq!(json::to_string(&decode(ty, &out).unwrap()), json::to_string(&value));
    out
}

#[test]
fn an_empty_object_has_what_is_always_written() {
    let bytes = round(Value::map());
    let wanted: &[u8] = &[
        0x0a, 6, 0x0a, 0, 0x32, 0, 0x42, 0, // metadata: name, resourceVersion, time
        0x10, 0, // n
        0x22, 4, 0x0a, 2, 0x0a, 0, // key, in two messages
        0x2a, 3, 0x0a, 1, b'0', // size
        0x32, 6, 0x08, 0, 0x10, 0, 0x1a, 0, // port
        0x4a, 0, // raw
    ];
    assert_eq!(bytes, wanted);
}

#[test]
fn all_shapes_come_back() {
    let long = "x".repeat(300);
    let name = long.as_str();
    round(value!({
        "metadata": {"name": name, "creationTimestamp": "2024-01-02T03:04:05Z", "labels": {"b": "", "a": "1"}},
        "n": (-5i64), "p": 0i64, "key": name, "opt": false, "size": "1500m", "port": "http", "verbs": ["get", "list"],
        "data": {"z": "aGVsbG8=", "a": ""}, "raw": {"x": [1i64, 2.5f64, null]},
        "many": [{}, {"name": name}], "ints": [1i64, (-1i64)]
    }));
}

#[test]
fn hostile_bytes_are_errors() {
    let schema = Schema::parse(TYPES).unwrap();
    let ty = schema.by_name("t.Object").unwrap();
    for bytes in
        [&[0x0a_u8, 0xff][..], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 1], &[0xff; 20], &[0x0a], &[0x08, 1], &[0x03]]
    {
        assert!(decode(ty, bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(decode(ty, &[0x9a, 0x3f, 1, 0]).unwrap(), Value::map(), "an unknown tag is passed over");
}

#[test]
fn envelopes() {
    let bytes = envelope("v1", "ConfigMap", b"body");
    let opened = open_envelope(&bytes).unwrap();
    assert_eq!((opened.api_version.as_str(), opened.kind.as_str(), opened.raw), ("v1", "ConfigMap", &b"body"[..]));
    assert!(open_envelope(b"{}").is_err());
    for length in [0, 1, 127, 128, 16_383, 16_384, 1 << 40] {
        let mut wanted = vec![0x12];
        wire::push_varint(length as u64, &mut wanted);
        assert_eq!(item_head(length).as_ref(), wanted);
    }
}

#[test]
fn the_resource_version_changes_in_place() {
    let schema = Schema::parse(TYPES).unwrap();
    let ty = schema.by_name("t.Object").unwrap();
    for mut value in [
        value!({"metadata": {"name": "a", "labels": {"x": "y"}}, "n": 5i64}),
        value!({"metadata": {"name": "a", "resourceVersion": "123456789"}, "key": "k"}),
        value!({"n": 1i64}),
    ] {
        let mut before = Vec::new();
        encode(ty, &value, &mut before);
        value.set(&["metadata", "resourceVersion"], "77");
        let mut wanted = Vec::new();
        encode(ty, &value, &mut wanted);
        assert_eq!(set_resource_version(&before, "77").unwrap(), wanted);
    }
}
