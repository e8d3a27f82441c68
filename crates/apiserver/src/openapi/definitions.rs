//! Types of the schema as OpenAPI definitions.

use schema::schema::SchemaOr;
use schema::{Field, ListType, Map, Scalar, Schema, Shape, Type, TypeRef, Value, value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    V2,
    V3,
}

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
const DURATION: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Duration";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const RAW: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const FIELDS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1";
/// No type refers to it, but the operations do.
pub const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
/// What `/version` answers, which is no object.
pub const VERSION: &str = "io.k8s.apimachinery.pkg.version.Info";
const JSON: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON";

const SCHEMA_OR_ARRAY: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray";
const SCHEMA_OR_BOOL: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool";
const SCHEMA_OR_STRINGS: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray";
/// What `granular` says of merging has no field of the schema, for it is the default.
const GRANULAR: &[(&str, &str)] = &[
    ("io.k8s.api.core.v1.PersistentVolumeSpec", "claimRef"),
    ("io.k8s.api.core.v1.PersistentVolumeClaimStatus", "allocatedResourceStatuses"),
];

/// The definitions of these types and of all that they refer to; `of`: of which group's and version's document, if of one.
pub fn of(roots: &[&str], of: Option<(&str, &str)>, dialect: Dialect) -> Value {
    let builtin = Schema::builtin();
    let kinds = kinds_by_type(builtin, of);
    let mut open: Vec<TypeRef> = roots.iter().filter_map(|name| builtin.by_name(name)).collect();
    let (mut seen, mut made) = (BTreeSet::new(), Map::new());
    while let Some(ty) = open.pop() {
        if !seen.insert(ty.name().to_owned()) {
            continue;
        }
        made.insert(ty.name(), definition(ty, &kinds, dialect, &mut open));
    }
    let mut used: BTreeSet<&str> = roots.iter().copied().collect();
    made.iter().for_each(|(_, definition)| references(definition, &mut used));
    let scalars: Vec<_> = scalars(dialect).into_iter().filter(|(name, _)| used.contains(name)).collect();
    scalars.into_iter().for_each(|(name, scalar)| drop(made.insert(name, scalar)));
    Value::Map(made)
}

/// The names of all types that the value refers to.
fn references<'v>(value: &'v Value, used: &mut BTreeSet<&'v str>) {
    if let Some((_, name)) = value.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit_once('/')) {
        used.insert(name);
    }
    value.items().iter().for_each(|item| references(item, used));
    value.as_map().into_iter().flat_map(Map::iter).for_each(|(_, member)| references(member, used));
}

/// Group, version and kind of the types that are kinds. Types that are kinds of every group are, in the document of
/// one, kinds of that and of the core group alone.
fn kinds_by_type<'s>(schema: &'s Schema, of: Option<(&str, &str)>) -> BTreeMap<&'s str, Vec<(&'s str, &'s str)>> {
    let mut kinds: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (api_version, kind, ty) in schema.kinds() {
        kinds.entry(ty.name()).or_default().push((api_version, kind));
    }
    for of_type in kinds.values_mut().filter(|of_type| of_type.len() > 1) {
        let everywhere = of_type.len() > 2;
        of_type.retain(|(api_version, kind)| match group_version(api_version) {
            ("meta.k8s.io", _) if *kind != "WatchEvent" => false,
            _ if !everywhere => true,
            (group, version) => group.is_empty() || of.is_none_or(|of| of == (group, version)),
        });
        of_type.sort_by_key(|(api_version, kind)| (group_version(api_version), *kind));
    }
    kinds
}

fn definition<'s>(
    ty: TypeRef<'s>,
    kinds: &BTreeMap<&str, Vec<(&str, &str)>>,
    dialect: Dialect,
    open: &mut Vec<TypeRef<'s>>,
) -> Value {
    let Type { fields, atomic, .. } = ty.def();
    let mut made = value!({ "type": "object" });
    let mut properties = Map::new();
    for field in fields {
        let mut made = property(ty, field, dialect, open);
        if GRANULAR.contains(&(ty.name(), &*field.json)) {
            made.set(&["x-kubernetes-map-type"], "granular");
        }
        // Lists of objects, which are never merged, have no list type.
        if field.json == "items" && ty.name().ends_with("List")
            || field.json == "verbs" && ty.name().ends_with(".APIResource")
        {
            made.remove(&["x-kubernetes-list-type"]);
        }
        properties.insert(field.json.clone(), made);
    }
    if !properties.is_empty() {
        made.set(&["properties"], properties);
    }
    let required: Vec<Value> = fields.iter().filter(|f| f.required).map(|f| Value::from(f.json.clone())).collect();
    if !required.is_empty() {
        made.set(&["required"], required);
    }
    if *atomic {
        made.set(&["x-kubernetes-map-type"], "atomic");
    }
    if let Some(union) = union(ty.name()) {
        made.set(&["x-kubernetes-unions"], vec![union]);
    }
    if let Some(of_type) = kinds.get(ty.name()) {
        let of_type: Vec<Value> =
            of_type.iter().map(|(api_version, kind)| group_version_kind(api_version, kind)).collect();
        made.set(&["x-kubernetes-group-version-kind"], of_type);
    }
    made
}

/// Which field of these types tells which other one is set.
fn union(name: &str) -> Option<Value> {
    match name {
        "io.k8s.api.core.v1.AppArmorProfile" | "io.k8s.api.core.v1.SeccompProfile" => Some(value!({
            "discriminator": "type", "fields-to-discriminateBy": { "localhostProfile": "LocalhostProfile" }
        })),
        "io.k8s.api.core.v1.PodSchedulingGroup" => {
            Some(value!({ "fields-to-discriminateBy": { "podGroupName": "PodGroupName" } }))
        }
        "io.k8s.api.flowcontrol.v1.LimitResponse" => {
            Some(value!({ "discriminator": "type", "fields-to-discriminateBy": { "queuing": "Queuing" } }))
        }
        "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec" => Some(value!({
            "discriminator": "type", "fields-to-discriminateBy": { "exempt": "Exempt", "limited": "Limited" }
        })),
        "io.k8s.api.flowcontrol.v1.Subject" => Some(value!({
            "discriminator": "kind",
            "fields-to-discriminateBy": { "group": "Group", "serviceAccount": "ServiceAccount", "user": "User" }
        })),
        _ => None,
    }
}

fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

pub fn group_version_kind(api_version: &str, kind: &str) -> Value {
    let (group, version) = group_version(api_version);
    value!({ "group": group, "version": version, "kind": kind })
}

fn property<'s>(ty: TypeRef<'s>, field: &Field, dialect: Dialect, open: &mut Vec<TypeRef<'s>>) -> Value {
    let mut made = shape(ty, &field.shape, dialect, open);
    // A reference may have nothing beside it; as upstream, those of properties with a description are not bare.
    let described =
        !ty.name().ends_with(".IngressRule") && (!ty.name().ends_with(".JSONSchemaProps") || field.json == "default");
    if dialect == Dialect::V3 && described && made.get("$ref").is_some() {
        made = value!({ "allOf": (vec![made]) });
    }
    if let Some(default) = field.default.clone().filter(|_| dialect == Dialect::V3) {
        made.set(&["default"], default);
    }
    if !field.enumeration.is_empty() {
        let values: Vec<Value> = field.enumeration.iter().map(|text| Value::from(text.clone())).collect();
        let at: &[&str] = if matches!(field.shape, Shape::List(_)) { &["items", "enum"] } else { &["enum"] };
        made.set(at, values);
    }
    extensions(field, &mut made);
    made
}

fn extensions(field: &Field, made: &mut Value) {
    if matches!(field.shape, Shape::List(_) | Shape::WrappedList(_)) {
        match &field.list_type {
            ListType::Atomic => made.set(&["x-kubernetes-list-type"], "atomic"),
            ListType::Set => made.set(&["x-kubernetes-list-type"], "set"),
            ListType::Map(keys) => {
                made.set(&["x-kubernetes-list-type"], "map");
                let keys: Vec<Value> = keys.iter().map(|key| Value::from(key.clone())).collect();
                made.set(&["x-kubernetes-list-map-keys"], keys);
            }
        }
    } else if field.atomic {
        made.set(&["x-kubernetes-map-type"], "atomic");
    }
    let strategies =
        [(field.patch_merge, "merge"), (field.patch_replace, "replace"), (field.patch_retain_keys, "retainKeys")];
    let strategies: Vec<&str> = strategies.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect();
    if !strategies.is_empty() {
        made.set(&["x-kubernetes-patch-strategy"], strategies.join(","));
    }
    if let Some(key) = &field.patch_merge_key {
        made.set(&["x-kubernetes-patch-merge-key"], key.clone());
    }
}

fn shape<'s>(ty: TypeRef<'s>, written: &Shape, dialect: Dialect, open: &mut Vec<TypeRef<'s>>) -> Value {
    match written {
        Shape::Scalar(scalar) => match scalar {
            Scalar::Bool => value!({ "type": "boolean" }),
            Scalar::Int32 => value!({ "type": "integer", "format": "int32" }),
            Scalar::Int64 => value!({ "type": "integer", "format": "int64" }),
            Scalar::Float => value!({ "type": "number", "format": "double" }),
            Scalar::String => value!({ "type": "string" }),
            Scalar::Bytes => value!({ "type": "string", "format": "byte" }),
            Scalar::Time => reference(TIME, dialect),
            Scalar::MicroTime => reference(MICRO_TIME, dialect),
            Scalar::Duration => reference(DURATION, dialect),
            Scalar::Quantity => reference(QUANTITY, dialect),
            Scalar::IntOrString => reference(INT_OR_STRING, dialect),
            Scalar::Raw => reference(RAW, dialect),
            Scalar::Json => reference(JSON, dialect),
            Scalar::FieldsV1 => reference(FIELDS, dialect),
        },
        Shape::Struct(id) => {
            let of = ty.resolve(*id);
            open.push(of);
            reference(of.name(), dialect)
        }
        Shape::List(item) | Shape::WrappedList(item) => {
            value!({ "type": "array", "items": (shape(ty, item, dialect, open)) })
        }
        Shape::Map(item) => {
            value!({ "type": "object", "additionalProperties": (shape(ty, item, dialect, open)) })
        }
        Shape::SchemaOr(SchemaOr::Array, _) => reference(SCHEMA_OR_ARRAY, dialect),
        Shape::SchemaOr(SchemaOr::Bool, _) => reference(SCHEMA_OR_BOOL, dialect),
        Shape::SchemaOr(SchemaOr::Strings, _) => reference(SCHEMA_OR_STRINGS, dialect),
        Shape::Any => Value::map(),
    }
}

pub fn reference(name: &str, dialect: Dialect) -> Value {
    let prefix = match dialect {
        Dialect::V2 => "#/definitions/",
        Dialect::V3 => "#/components/schemas/",
    };
    value!({ "$ref": (format!("{prefix}{name}")) })
}

fn version(dialect: Dialect) -> Value {
    let required =
        ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"];
    let others = ["emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"];
    let mut properties = Map::new();
    for name in required {
        let text = match dialect {
            Dialect::V2 => value!({ "type": "string" }),
            Dialect::V3 => value!({ "type": "string", "default": "" }),
        };
        properties.insert(name, text);
    }
    others.iter().for_each(|name| drop(properties.insert(*name, value!({ "type": "string" }))));
    let required: Vec<Value> = required.iter().map(|name| Value::from(*name)).collect();
    value!({ "type": "object", "required": required, "properties": (Value::Map(properties)) })
}

/// The types that are no objects in JSON.
fn scalars(dialect: Dialect) -> Vec<(&'static str, Value)> {
    let either = |first: &str, second: &str| value!({ "oneOf": [{ "type": first }, { "type": second }] });
    let (quantity, int_or_string) = match dialect {
        Dialect::V2 => (value!({ "type": "string" }), value!({ "type": "string", "format": "int-or-string" })),
        Dialect::V3 => {
            let mut int_or_string = either("integer", "string");
            int_or_string.set(&["format"], "int-or-string");
            (either("string", "number"), int_or_string)
        }
    };
    vec![
        (QUANTITY, quantity),
        (INT_OR_STRING, int_or_string),
        (TIME, value!({ "type": "string", "format": "date-time" })),
        (MICRO_TIME, value!({ "type": "string", "format": "date-time" })),
        (DURATION, value!({ "type": "string" })),
        (RAW, value!({ "type": "object" })),
        (VERSION, version(dialect)),
        (PATCH, value!({ "type": "object" })),
        (FIELDS, value!({ "type": "object" })),
        (JSON, Value::map()),
        (SCHEMA_OR_ARRAY, Value::map()),
        (SCHEMA_OR_BOOL, Value::map()),
        (SCHEMA_OR_STRINGS, Value::map()),
    ]
}
