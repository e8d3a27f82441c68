//! Definitions of custom resources: what the author wrote, with what every object has.

use super::definitions::{Dialect, group_version_kind, reference};
use kind::{DynKind, Names};
use schema::{Map, Value, value};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
/// Types of the program that the definitions and operations of custom resources refer to.
pub const SHARED: &[&str] = &[OBJECT_META, LIST_META, "io.k8s.api.autoscaling.v1.Scale"];
/// Schemas in schemas; the structure was checked when the definition was made, which has a lower limit.
const MAX_DEPTH: usize = 256;
/// What the version 2 of OpenAPI has no words for.
const NOT_IN_V2: &[&str] = &["allOf", "anyOf", "oneOf", "not"];
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA: &str = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const CONVENTIONS: &str =
    "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const PRESERVED: &str = "x-kubernetes-preserve-unknown-fields";

/// `com.example.v1.Widget`
pub struct TypeNames {
    pub object: String,
    pub list: String,
}

impl TypeNames {
    pub fn of(names: &Names, version: &str) -> TypeNames {
        let reversed: Vec<&str> = names.group.split('.').rev().collect();
        let object = format!("{}.{version}.{}", reversed.join("."), names.kind);
        TypeNames { list: format!("{object}List"), object }
    }
}

/// The definitions of the objects and lists of one version.
pub fn definitions(kind: &dyn DynKind, version: &str, dialect: Dialect) -> Vec<(String, Value)> {
    let names = kind.names();
    let types = TypeNames::of(names, version);
    let api_version = names.api_version(version);
    let mut object = object(kind.published_schema(version), dialect);
    let of_kind = |kind: &str| vec![group_version_kind(&api_version, kind)];
    object.set(&["x-kubernetes-group-version-kind"], of_kind(names.kind));
    let mut metadata = described(LIST_META, dialect);
    metadata.set(&["description"], LIST_METADATA);
    let items = format!("List of {}. {CONVENTIONS}", names.plural);
    let mut list = value!({
        "description": (format!("{} is a list of {}", kind.list_kind().map_or_else(|| format!("{}List", names.kind), str::to_owned), names.kind)),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": { "type": "string", "description": API_VERSION },
            "items": { "type": "array", "description": items, "items": (reference(&types.object, dialect)) },
            "kind": { "type": "string", "description": KIND },
            "metadata": metadata
        }
    });
    list.set(&["x-kubernetes-group-version-kind"], of_kind(&format!("{}List", names.kind)));
    vec![(types.object, object), (types.list, list)]
}

pub fn object(published: Option<Value>, dialect: Dialect) -> Value {
    let plain = || value!({ "type": "object" });
    let Some(mut schema) = published else { return plain() };
    if dialect == Dialect::V2 {
        // Clients of version 2 take every field that is not named for a mistake.
        if schema.at(&[PRESERVED]).as_bool() == Some(true) {
            return plain();
        }
        to_v2(&mut schema, MAX_DEPTH);
    }
    embed(&mut schema, dialect, MAX_DEPTH);
    add_object_fields(&mut schema, dialect);
    schema
}

/// Adds what every object has.
fn add_object_fields(schema: &mut Value, dialect: Dialect) {
    for (field, description) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        schema.set(&["properties", field], value!({ "type": "string", "description": description }));
    }
    let mut metadata = described(OBJECT_META, dialect);
    metadata.set(&["description"], METADATA);
    schema.set(&["properties", "metadata"], metadata);
}

/// As upstream, a reference that may have words beside it is not bare in version 3.
fn described(name: &str, dialect: Dialect) -> Value {
    let bare = reference(name, dialect);
    if dialect == Dialect::V3 { value!({ "allOf": [bare] }) } else { bare }
}

/// Objects within objects have what objects have.
fn embed(schema: &mut Value, dialect: Dialect, depth: usize) {
    each_below(schema, depth, &mut |below, depth| {
        embed(below, dialect, depth);
        if below.at(&[EMBEDDED]).as_bool() == Some(true) {
            add_object_fields(below, dialect);
        }
    });
}

/// Takes away what version 2 cannot say. A field that may be null may be anything.
fn to_v2(schema: &mut Value, depth: usize) {
    let nullable = schema.at(&["nullable"]).as_bool() == Some(true);
    if let Some(map) = schema.as_map_mut() {
        let lost = |key: &str| NOT_IN_V2.contains(&key) || key == "nullable";
        let lost_too = |key: &str| nullable && matches!(key, "type" | "items" | "properties");
        map.retain(|key, _| !lost(key) && !lost_too(key));
    }
    each_below(schema, depth, &mut to_v2);
}

fn each_below(schema: &mut Value, depth: usize, then: &mut dyn FnMut(&mut Value, usize)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_map_mut) {
        properties.iter_mut().for_each(|(_, below)| then(below, depth));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(key).filter(|below| below.as_map().is_some()) {
            then(below, depth);
        }
    }
}

/// The definitions as members of one map.
pub fn insert(into: &mut Map, kind: &dyn DynKind, version: &str, dialect: Dialect) {
    for (name, definition) in definitions(kind, version, dialect) {
        into.insert(name, definition);
    }
}
