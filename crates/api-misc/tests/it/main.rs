//! Every object in reference/roundtrip that has a struct goes through it and comes back as it was.
//!
//! It stands here because this is the last of the api crates. The reference data stands beside the repository.

use schema::typed::Part;
use schema::{Map, Object, Scalar, Schema, Shape, TypeRef, Typed, Value};
use std::collections::BTreeMap;
use std::path::Path;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference");

type Through = fn(&Value) -> Value;

/// OpenAPI's names of the types to the way through their structs.
macro_rules! kinds {
    ($($kind:path,)*) => {
        fn kinds() -> BTreeMap<&'static str, Through> {
            BTreeMap::from([$((<$kind as Typed>::TYPE, through::<$kind> as Through),)*])
        }
    };
}

include!("kinds.rs");

fn through<T: Typed>(value: &Value) -> Value {
    T::from_value(value).to_value()
}

#[test]
fn fixtures_survive_their_structs() {
    let kinds = kinds();
    let mut checked = 0;
    for (name, mut fixture) in fixtures() {
        let (version, kind) = (fixture.str_at(&["apiVersion"]), fixture.str_at(&["kind"]));
        let Some(ty) = Schema::builtin().by_kind(version, kind) else {
            assert_eq!((version, kind), ("", ""), "{name}: a kind without a type");
            continue;
        };
        let Some(through) = kinds.get(ty.name()) else { continue };
        let mut made = through(&fixture);
        settle(ty, &mut made);
        settle(ty, &mut fixture);
        let mut differences = Vec::new();
        differ(&made, &fixture, name.clone(), &mut differences);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        checked += 1;
    }
    assert!(checked >= 75, "only {checked} fixtures have structs");
}

#[test]
fn empty_objects_say_only_their_kind() {
    let empty = api_core::v1::Pod::default();
    assert_eq!(empty.to_value(), schema::value!({ "apiVersion": "v1", "kind": "Pod" }));
    assert!(empty.is_zero());
    assert_eq!(through::<api_core::v1::Pod>(&Value::Null), empty.to_value());
}

#[test]
fn pointers_keep_an_explicit_zero_and_plain_fields_do_not() {
    let spec = schema::value!({
        "replicas": 0,
        "selector": {},
        "minReadySeconds": 0,
        "template": { "metadata": {}, "spec": { "containers": [] } }
    });
    let kept = through::<api_apps::apps::v1::DeploymentSpec>(&spec);
    assert_eq!(kept, schema::value!({ "replicas": 0, "selector": {} }));
}

#[test]
fn resources_know_where_they_are_served() {
    let resource = api_misc::rbac::v1::ClusterRole::RESOURCE;
    assert_eq!(resource.api_version(), "rbac.authorization.k8s.io/v1");
    assert_eq!((resource.plural, resource.namespaced), ("clusterroles", false));
    let resource = api_core::v1::Pod::RESOURCE;
    assert_eq!((resource.plural, resource.namespaced), ("pods", true));
}

#[test]
fn the_descriptor_nests_tags_where_protobuf_nests_messages() {
    let schema = Schema::builtin();
    let tags = |ty: &str, field: &str| schema.by_name(ty).unwrap().field(field).unwrap().tags.clone();
    assert_eq!(tags("io.k8s.api.core.v1.SecretKeySelector", "name"), [1, 1]);
    assert_eq!(tags("io.k8s.api.admissionregistration.v1.NamedRuleWithOperations", "apiGroups"), [2, 2, 1]);
    assert!(tags("io.k8s.api.core.v1.Pod", "apiVersion").is_empty());
    assert_eq!(tags("io.k8s.api.core.v1.Pod", "spec"), [2]);
}

/// What a fixture and the struct's value may differ in: a struct writes its kind wherever it stands (Go writes that of a
/// nested object only where it was set), and an explicit "0" in a quantity that is not behind a pointer is no value.
fn settle(ty: TypeRef, value: &mut Value) {
    for field in ty.fields() {
        let zero =
            field.shape == Shape::Scalar(Scalar::Quantity) && !field.pointer && value.str_at(&[&field.json]) == "0";
        if zero {
            value.remove(&[&field.json]);
        } else if let Some(member) = value.get_mut(&field.json) {
            visit(ty, &field.shape, member);
        }
    }
}

fn visit(ty: TypeRef, shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Struct(id), value) => {
            let inner = ty.resolve(*id);
            if inner.field("apiVersion").is_some_and(|field| field.tags.is_empty()) {
                value.remove(&["apiVersion"]);
                value.remove(&["kind"]);
            }
            settle(inner, value);
        }
        (Shape::List(item), Value::List(items)) => items.iter_mut().for_each(|value| visit(ty, item, value)),
        (Shape::Map(item), Value::Map(map)) => map.iter_mut().for_each(|(_, value)| visit(ty, item, value)),
        _ => {}
    }
}

/// Lists where two values differ.
fn differ(made: &Value, fixture: &Value, path: String, out: &mut Vec<String>) {
    match (made, fixture) {
        (Value::Map(ours), Value::Map(theirs)) => {
            for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(key))) {
                differ(&made[key], &fixture[key], format!("{path}.{key}"), out);
            }
        }
        (Value::List(ours), Value::List(theirs)) if ours.len() == theirs.len() => {
            for (index, (one, other)) in ours.iter().zip(theirs).enumerate() {
                differ(one, other, format!("{path}[{index}]"), out);
            }
        }
        (one, other) if one == other => {}
        (one, other) => out.push(format!("{path}: {one:?} is not {other:?}")),
    }
}

fn fixtures() -> Vec<(String, Value)> {
    let dir = Path::new(REFERENCE).join("roundtrip");
    let entries = std::fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("this test needs the reference data in {}: {error}", dir.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), value(json))
    };
    paths.iter().map(read).collect()
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => b.into(),
        serde_json::Value::Number(n) => n.as_i64().map_or_else(|| n.as_f64().unwrap().into(), Value::from),
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Array(items) => items.into_iter().map(value).collect::<Vec<_>>().into(),
        serde_json::Value::Object(members) => {
            Value::Map(members.into_iter().map(|(key, member)| (key.into(), value(member))).collect::<Map>())
        }
    }
}
