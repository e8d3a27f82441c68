//! Input that is made to harm: it gives an error, soon, and no panic.

use proptest::prelude::*;
use schema::decode::DecodeOptions;
use schema::{Quantity, Schema, Time, TypeRef, Value, json, protobuf, yaml};
use std::time::{Duration, Instant};

const STRICT: DecodeOptions = DecodeOptions { strict: true, custom: false };
/// Far more than any of these takes, even unoptimized on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn pod() -> TypeRef<'static> {
    Schema::builtin().by_kind("v1", "Pod").unwrap()
}

fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    done
}

/// Threads of servers have smaller stacks than the main one.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_is_refused() {
    on_small_stack(|| {
        for unit in ["[", "{\"a\":", "{\"spec\":", "{\"spec\":{\"affinity\":{"] {
            let text = unit.repeat(100_000);
            assert!(json::parse(text.as_bytes(), json::Limits::default()).is_err());
            assert!(json::decode(pod(), text.as_bytes(), &STRICT).is_err());
            assert!(yaml::parse(text.as_bytes(), json::Limits::default()).is_err());
        }
        let text = "- ".repeat(20_000);
        assert!(yaml::parse(text.as_bytes(), json::Limits::default()).is_err());
        let deep = format!("{}1{}", "[".repeat(json::MAX_DEPTH), "]".repeat(json::MAX_DEPTH));
        let value = json::parse(deep.as_bytes(), json::Limits::default()).unwrap();
        assert_eq!(json::to_string(&value), deep);
        assert!(!yaml::write(&value).is_empty());
    });
}

/// A schema in a schema, as often as a body is long.
#[test]
fn deep_messages_are_refused() {
    on_small_stack(|| {
        let ty = Schema::builtin()
            .by_name("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
            .unwrap();
        let not = ty.field("not").unwrap().tags[0];
        let mut bytes = Vec::new();
        for _ in 0..2_000 {
            let mut outer = Vec::new();
            push_varint(u64::from(not << 3 | 2), &mut outer);
            push_varint(bytes.len() as u64, &mut outer);
            outer.extend_from_slice(&bytes);
            bytes = outer;
        }
        assert!(protobuf::decode(ty, &bytes).is_err());
        let text = format!("{}{}", "{\"not\":".repeat(400), "{}") + &"}".repeat(400);
        let value = json::decode(ty, text.as_bytes(), &STRICT).unwrap().value;
        let mut out = Vec::new();
        protobuf::encode(ty, &value, &mut out);
        out.clear();
        json::encode(ty, &value, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    });
}

fn push_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[test]
fn three_megabytes_of_one_kind_of_trouble() {
    let text = format!("{{{}\"x\":1}}", "\"a\":1,".repeat(500_000));
    let value = soon(|| json::parse(text.as_bytes(), json::Limits::default()).unwrap());
    assert_eq!(json::to_string(&value), "{\"a\":1,\"x\":1}");
    soon(|| json::decode(pod(), text.as_bytes(), &STRICT).unwrap());

    let many = |unit: &dyn Fn(usize) -> String| (0..200_000).map(unit).collect::<Vec<_>>().join(",");
    let labels = format!("{{\"metadata\":{{\"labels\":{{{}}}}}}}", many(&|n| format!("\"{}\":\"\"", 999_999 - n)));
    let value = soon(|| json::decode(pod(), labels.as_bytes(), &STRICT).unwrap().value);
    let mut bytes = Vec::new();
    soon(|| protobuf::encode(pod(), &value, &mut bytes));
    assert!(soon(|| protobuf::decode(pod(), &bytes).unwrap()) == value);
    soon(|| yaml::write(&value));

    let metadata = format!("{{{}}}", many(&|_| "\"metadata\":{}".to_owned()));
    soon(|| json::decode(pod(), metadata.as_bytes(), &STRICT).unwrap());
    let numbers = format!("[{}]", "1e999,".repeat(100_000) + "1");
    assert!(soon(|| json::parse(numbers.as_bytes(), json::Limits::default())).is_err());
    let digits = "9".repeat(3_000_000);
    assert!(soon(|| json::parse(digits.as_bytes(), json::Limits::default())).is_err());
    assert!(soon(|| Quantity::parse(&digits)).is_ok());

    let maps = format!("{}x: 1\n", "a: 1\n".repeat(200_000));
    assert_eq!(soon(|| yaml::parse(maps.as_bytes(), json::Limits::default()).unwrap().duplicates.len()), 100);
}

/// Entries of two maps in turn, each going down: no order that a reader can lean on.
#[test]
fn maps_in_turn() {
    let ty = Schema::builtin().by_kind("v1", "ConfigMap").unwrap();
    let mut bytes = Vec::new();
    for n in (0..200_000).rev() {
        let key = format!("{n:06}");
        for tag in [2, 3] {
            bytes.extend_from_slice(&[tag << 3 | 2, 10, 0x0a, 6]);
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(&[0x12, 0]);
        }
    }
    let value = soon(|| protobuf::decode(ty, &bytes).unwrap());
    assert_eq!(value["data"].as_map().unwrap().len(), 200_000);
}

/// Any JSON value, as text.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1e9..1e9_f64).prop_map(|n| Value::Float(n.trunc() + 0.125)),
        "\\PC{0,20}".prop_map(Value::from),
        "[ -~\n\t:#'\"]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec(("[ -~]{0,12}", inner), 0..6)
                .prop_map(|entries| Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = json::parse(&bytes, json::Limits::default());
        let _ = json::decode(pod(), &bytes, &STRICT);
        let _ = json::type_meta(&bytes);
        let _ = yaml::parse(&bytes, json::Limits::default());
        let _ = protobuf::open_envelope(&bytes);
        let _ = protobuf::set_resource_version(&bytes, "1");
        if let Ok(value) = protobuf::decode(pod(), &bytes) {
            let mut once = Vec::new();
            protobuf::encode(pod(), &value, &mut once);
            let mut twice = Vec::new();
            protobuf::encode(pod(), &protobuf::decode(pod(), &once).unwrap(), &mut twice);
            prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn random_text_does_not_panic(text in "[-\\[\\]{}:,\"'a-c0-9.eE+ \n\t&*!|>%@#?~<]{0,60}") {
        let _ = json::parse(text.as_bytes(), json::Limits::default());
        let _ = yaml::parse(text.as_bytes(), json::Limits::default());
        let _ = Time::parse(&text);
        let _ = schema::MicroTime::parse(&text);
        let _ = schema::Duration::parse(&text);
        let _ = schema::Bytes::from_base64(&text);
    }

    #[test]
    fn quantities_are_stable(text in "[-+]?[0-9]{0,20}(\\.[0-9]{0,12})?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e[-+]?[0-9]{1,4})?") {
        if let Ok(quantity) = Quantity::parse(&text) {
            let printed = quantity.to_string();
            let again = Quantity::parse(&printed).unwrap();
            prop_assert_eq!(again.to_string(), printed);
            prop_assert_eq!(again.value(), quantity.value());
        }
    }

    #[test]
    fn values_go_round(value in any_json()) {
        let text = json::to_string(&value);
        let read = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
        prop_assert_eq!(json::to_string(&read), text.clone());
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&text).unwrap(), &serde_json::from_slice::<serde_json::Value>(text.as_bytes()).unwrap());
        let written = yaml::write(&read);
        let back = yaml::parse(written.as_bytes(), json::Limits::default());
        prop_assert!(back.is_ok(), "{}\n{:?}", written, back);
        prop_assert_eq!(json::to_string(&back.unwrap().value), text, "{}", written);
    }

    #[test]
    fn objects_go_round(name in "\\PC{0,10}", labels in prop::collection::btree_map("[a-z]{1,5}", "\\PC{0,8}", 0..5),
        deadline in proptest::option::of(any::<i64>()), free in any_json())
    {
        let mut value = Value::map();
        value.set(&["metadata", "name"], name.as_str());
        for (key, label) in &labels {
            value.set(&["metadata", "labels", key], label.as_str());
        }
        if let Some(deadline) = deadline {
            value.set(&["spec", "activeDeadlineSeconds"], deadline);
        }
        value.set(&["extra"], free);
        let normal = schema::decode::normalize(pod(), value, &STRICT).unwrap();
        prop_assert_eq!(normal.strict.len(), 1);
        let mut text = Vec::new();
        json::encode(pod(), &normal.value, &mut text);
        prop_assert_eq!(&json::decode(pod(), &text, &STRICT).unwrap().value, &normal.value);
        let mut bytes = Vec::new();
        protobuf::encode(pod(), &normal.value, &mut bytes);
        prop_assert_eq!(&protobuf::decode(pod(), &bytes).unwrap(), &normal.value);
        let versioned = protobuf::set_resource_version(&bytes, "42").unwrap();
        let versioned = protobuf::decode(pod(), &versioned).unwrap();
        prop_assert_eq!(versioned.str_at(&["metadata", "resourceVersion"]), "42");
    }
}
