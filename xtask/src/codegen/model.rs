//! The types of the API, joined from what Go, protobuf and OpenAPI each say about them.
//!
//! Go gives fields, order and emptiness; protobuf the tags; OpenAPI the lists, defaults, enums and what is required.
//! Where two of them say the same thing they must agree, or no model is made.

use super::facts::{Facts, GoField};
use super::{kinds, names};
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Model {
    /// By OpenAPI's name.
    pub types: BTreeMap<String, TypeDef>,
    /// `apiVersion` and `kind` to OpenAPI's name.
    pub kinds: BTreeMap<(String, String), String>,
}

pub struct TypeDef {
    pub go: String,
    /// In the order in which Go writes them as JSON.
    pub fields: Vec<FieldDef>,
    pub atomic: bool,
    /// It begins with `kind` and `apiVersion`.
    pub type_meta: bool,
}

pub struct FieldDef {
    pub json: String,
    /// Empty where protobuf has no such field.
    pub tags: Vec<u64>,
    pub shape: Shape,
    pub pointer: bool,
    pub omit_empty: bool,
    pub required: bool,
    pub default: Option<Value>,
    pub enumeration: Vec<String>,
    pub list: ListKind,
    pub atomic: bool,
    /// The type is atomic, but not in this field.
    pub granular: bool,
    pub patch_strategy: Option<String>,
    pub patch_merge_key: Option<String>,
    /// Go's name of the type where the shape does not tell it, as error texts have it (`v1.DNSPolicy`).
    pub go: Option<String>,
    /// Go's name of the struct that the type embeds and that has the field.
    pub embedded: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// By the name that the text form gives it.
    Scalar(&'static str),
    /// By OpenAPI's name.
    Struct(String),
    List(Box<Shape>),
    WrappedList(Box<Shape>),
    Map(Box<Shape>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ListKind {
    Atomic,
    Set,
    Map(Vec<String>),
}

pub const TYPE_META: &str = "k8s.io/apimachinery/pkg/apis/meta/v1.TypeMeta";

/// Go types that have a shape of their own.
const SPECIAL: [(&str, &str); 17] = [
    ("k8s.io/apimachinery/pkg/apis/meta/v1.Time", "time"),
    ("k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime", "microtime"),
    ("k8s.io/apimachinery/pkg/apis/meta/v1.Duration", "duration"),
    ("k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1", "fieldsv1"),
    ("k8s.io/apimachinery/pkg/apis/meta/v1.interface{}", "json"),
    ("k8s.io/apimachinery/pkg/api/resource.Quantity", "quantity"),
    ("k8s.io/apimachinery/pkg/util/intstr.IntOrString", "intorstring"),
    ("k8s.io/apimachinery/pkg/runtime.RawExtension", "raw"),
    ("k8s.io/apimachinery/pkg/runtime.Object", "raw"),
    ("k8s.io/apimachinery/pkg/types.UID", "string"),
    ("k8s.io/apimachinery/pkg/types.NodeName", "string"),
    ("string", "string"),
    ("bool", "bool"),
    ("int32", "i32"),
    ("int64", "i64"),
    ("float64", "f64"),
    ("[]byte", "bytes"),
];

/// The unions of apiextensions, whatever the version of their package.
const SCHEMA_SPECIAL: [(&str, &str); 4] = [
    ("JSON", "json"),
    ("JSONSchemaPropsOrArray", "schema-or-array"),
    ("JSONSchemaPropsOrBool", "schema-or-bool"),
    ("JSONSchemaPropsOrStringArray", "schema-or-strings"),
];

/// Packages whose types are Go's own business, not objects or parts of objects.
const NOT_API: [&str; 3] = [
    "k8s.io/apimachinery/pkg/apis/meta/internalversion",
    "k8s.io/apimachinery/pkg/runtime",
    "k8s.io/apimachinery/pkg/api/resource",
];

impl Model {
    pub fn build(facts: &Facts) -> anyhow::Result<Model> {
        let mut types = BTreeMap::new();
        for go in facts.go_types.keys() {
            let (package, _) = names::split_go(go);
            if NOT_API.contains(&package) || go == TYPE_META || special(go).is_some() {
                continue;
            }
            let made = TypeDef::build(facts, go).with_context(|| format!("in {go}"))?;
            types.insert(names::openapi(go), made);
        }
        add_empty_types(facts, &mut types)?;
        let kinds = kinds::bind(facts, &types)?;
        Ok(Model { types, kinds })
    }
}

/// Structs without fields are not in Go's table; something refers to them, and protobuf knows them as empty messages.
fn add_empty_types(facts: &Facts, types: &mut BTreeMap<String, TypeDef>) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for def in types.values() {
        for field in &def.fields {
            if let Some(name) = field.shape.struct_name().filter(|name| !types.contains_key(*name)) {
                missing.push(name.to_owned());
            }
        }
    }
    for name in missing {
        let message = name.replacen("io.k8s.", "k8s.io.", 1).replace('-', "_");
        let empty = facts.messages.get(&message).is_some_and(|fields| fields.is_empty());
        ensure!(empty, "{name} is referred to, but Go's table does not have it");
        types.insert(name, TypeDef { go: String::new(), fields: Vec::new(), atomic: false, type_meta: false });
    }
    Ok(())
}

impl TypeDef {
    fn build(facts: &Facts, go: &str) -> anyhow::Result<TypeDef> {
        let definition = facts.definitions.get(&names::openapi(go));
        let mut made = TypeDef { go: go.into(), fields: Vec::new(), atomic: false, type_meta: false };
        made.atomic = definition.is_some_and(|definition| definition["x-kubernetes-map-type"] == "atomic");
        let mut message = Message::of(facts, &names::proto(go), Vec::new());
        made.add_fields(facts, go, &mut message)?;
        message.ensure_used_up()?;
        if let Some(definition) = definition {
            made.add_openapi(definition)?;
        }
        Ok(made)
    }

    /// Adds the fields of a Go struct: the type's own, or one that it inlines.
    fn add_fields(&mut self, facts: &Facts, go: &str, message: &mut Message) -> anyhow::Result<()> {
        let fields = facts.go_types.get(go).with_context(|| format!("{go} is inlined, but Go's table lacks it"))?;
        for field in fields {
            if field.inline && field.written_type == TYPE_META {
                self.type_meta = true;
                self.fields.push(FieldDef::new("kind", Shape::Scalar("string")));
                self.fields.push(FieldDef::new("apiVersion", Shape::Scalar("string")));
            } else if field.inline {
                let inlined = resolve_struct(facts, &field.written_type);
                let start = self.fields.len();
                match message.take_embedded(&names::proto(&inlined), &names::proto(&field.written_type)) {
                    Some((name, tags)) => {
                        let mut nested = Message::of(facts, &name, tags);
                        self.add_fields(facts, &inlined, &mut nested)?;
                        nested.ensure_used_up()?;
                    }
                    None => self.add_fields(facts, &inlined, message)?,
                }
                let (_, name) = names::split_go(&field.written_type);
                for inlined in &mut self.fields[start..] {
                    let inner = inlined.embedded.take().map_or(String::new(), |inner| format!(".{inner}"));
                    inlined.embedded = Some(format!("{name}{inner}"));
                }
            } else if let Some(json) = &field.json {
                let made = FieldDef::build(facts, field, json, message);
                self.fields.push(made.with_context(|| format!("in field {json}"))?);
            }
        }
        Ok(())
    }

    fn add_openapi(&mut self, definition: &Value) -> anyhow::Result<()> {
        let required: Vec<&str> =
            definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for field in &mut self.fields {
            field.required = required.contains(&field.json.as_str());
            let property = &definition["properties"][&field.json];
            field.add_openapi(property).with_context(|| format!("in field {}", field.json))?;
        }
        for property in definition["properties"].as_object().into_iter().flat_map(|properties| properties.keys()) {
            ensure!(self.fields.iter().any(|field| field.json == *property), "only OpenAPI has the field {property}");
        }
        Ok(())
    }

    /// A list of objects, such as PodList.
    pub fn is_list(&self) -> bool {
        let has = |json: &str, shape: &dyn Fn(&Shape) -> bool| {
            self.fields.iter().any(|field| field.json == json && shape(&field.shape))
        };
        self.type_meta
            && has("items", &|shape| matches!(shape, Shape::List(_)))
            && has("metadata", &|shape| shape.struct_name().is_some_and(|name| name.ends_with(".ListMeta")))
    }
}

impl FieldDef {
    fn new(json: &str, shape: Shape) -> FieldDef {
        FieldDef {
            json: json.into(),
            tags: Vec::new(),
            shape,
            pointer: false,
            omit_empty: true,
            required: false,
            default: None,
            enumeration: Vec::new(),
            list: ListKind::Atomic,
            atomic: false,
            granular: false,
            patch_strategy: None,
            patch_merge_key: None,
            go: None,
            embedded: None,
        }
    }

    fn build(facts: &Facts, field: &GoField, json: &str, message: &mut Message) -> anyhow::Result<FieldDef> {
        let (pointer, written) = match field.written_type.strip_prefix('*') {
            Some(target) => (true, target),
            None => (false, field.written_type.as_str()),
        };
        let mut made = FieldDef::new(json, shape(facts, written)?);
        made.go = go_name(written, &made.shape);
        made.pointer = pointer;
        made.omit_empty = field.omitted_when_empty;
        made.patch_strategy = field.patch_strategy.clone();
        made.patch_merge_key = field.patch_merge_key.clone();
        if let Some((tags, declared)) = message.take(json)? {
            made.shape.ensure_fits(&declared)?;
            made.tags = tags;
        }
        Ok(made)
    }

    fn add_openapi(&mut self, property: &Value) -> anyhow::Result<()> {
        self.default = property.get("default").cloned();
        let item = if matches!(self.shape, Shape::List(_)) { &property["items"] } else { property };
        let values = item["enum"].as_array().into_iter().flatten();
        self.enumeration = values.filter_map(Value::as_str).map(str::to_owned).collect();
        self.list = match property["x-kubernetes-list-type"].as_str() {
            None | Some("atomic") => ListKind::Atomic,
            Some("set") => ListKind::Set,
            Some("map") => {
                let keys = property["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                ListKind::Map(keys.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(other) => bail!("unknown list type {other}"),
        };
        match property["x-kubernetes-map-type"].as_str() {
            None => {}
            Some("atomic") => self.atomic = true,
            Some("granular") => self.granular = true,
            Some(other) => bail!("unknown map type {other}"),
        }
        for (key, ours) in [
            ("x-kubernetes-patch-strategy", &self.patch_strategy),
            ("x-kubernetes-patch-merge-key", &self.patch_merge_key),
        ] {
            let theirs = property[key].as_str();
            ensure!(theirs == ours.as_deref(), "{key} is {theirs:?} in OpenAPI and {ours:?} in Go");
        }
        Ok(())
    }
}

impl Shape {
    /// The struct that this shape holds, directly or in lists and maps.
    pub fn struct_name(&self) -> Option<&str> {
        match self {
            Shape::Scalar(_) => None,
            Shape::Struct(name) => Some(name),
            Shape::List(item) | Shape::WrappedList(item) | Shape::Map(item) => item.struct_name(),
        }
    }

    /// Fails where protobuf declares another type than Go.
    fn ensure_fits(&self, declared: &Value) -> anyhow::Result<()> {
        let label = declared["label"].as_str().unwrap_or_default();
        let kind = declared["type"].as_str().unwrap_or_default();
        let (expected, item) = match self {
            Shape::List(item) => ("repeated", &**item),
            Shape::Map(item) => ("map", &**item),
            other => ("optional", other),
        };
        ensure!(label == expected, "protobuf says {label}, Go {self:?}");
        let fits = match item {
            Shape::Scalar("string") => kind == "string",
            Shape::Scalar("bool") => kind == "bool",
            Shape::Scalar("i32") => kind == "int32",
            Shape::Scalar("i64") => kind == "int64",
            Shape::Scalar("f64") => kind == "double",
            Shape::Scalar("bytes") => kind == "bytes",
            _ => kind.contains('.'),
        };
        ensure!(fits, "protobuf says {label} {kind}, Go {self:?}");
        Ok(())
    }
}

/// A Go type as a shape.
fn shape(facts: &Facts, go: &str) -> anyhow::Result<Shape> {
    if let Some(found) = special(go) {
        return Ok(Shape::Scalar(found));
    }
    if let Some(item) = go.strip_prefix("[]") {
        return Ok(Shape::List(Box::new(shape(facts, item)?)));
    }
    if let Some((key, item)) = go.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
        ensure!(shape(facts, key)? == Shape::Scalar("string"), "a map with keys of type {key}");
        return Ok(Shape::Map(Box::new(shape(facts, item)?)));
    }
    if let Some(base) = facts.go_named.get(go) {
        return Ok(match shape(facts, base)? {
            Shape::List(item) if facts.messages.contains_key(&names::proto(go)) => Shape::WrappedList(item),
            other => other,
        });
    }
    ensure!(go.contains('.'), "unknown type {go}");
    Ok(Shape::Struct(names::openapi(go)))
}

/// Go's name of a type that is not what its shape is called.
fn go_name(written: &str, shape: &Shape) -> Option<String> {
    let leaf_at = written.rfind([']', '*']).map_or(0, |at| at + 1);
    let (prefix, leaf) = written.split_at(leaf_at);
    let plain = !leaf.contains('.') || (special(leaf).is_some() && !leaf.contains("/pkg/types."));
    if plain || shape.struct_name().is_some_and(|name| name == names::openapi(leaf)) {
        return None;
    }
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let prefix = match prefix.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
        Some((key, rest)) => format!("map[{}]{rest}", short(key)),
        None => prefix.to_owned(),
    };
    Some(prefix + &short(leaf))
}

fn special(go: &str) -> Option<&'static str> {
    let (package, name) = names::split_go(go);
    if package.starts_with("k8s.io/apiextensions-apiserver/") {
        return SCHEMA_SPECIAL.iter().find(|(have, _)| *have == name).map(|(_, shape)| *shape);
    }
    SPECIAL.iter().find(|(have, _)| *have == go).map(|(_, shape)| *shape)
}

/// Follows the names that stand for a struct of another package.
pub fn resolve_struct(facts: &Facts, go: &str) -> String {
    let mut go = go;
    while let Some(base) = facts.go_named.get(go) {
        go = base;
    }
    go.into()
}

/// A protobuf message whose fields are handed out one by one; no fields at all where there is no such message.
struct Message {
    prefix: Vec<u64>,
    /// Folded name to declaration.
    left: BTreeMap<String, Value>,
}

impl Message {
    fn of(facts: &Facts, name: &str, prefix: Vec<u64>) -> Message {
        let fields = facts.messages.get(name).into_iter().flatten();
        Message { prefix, left: fields.map(|(name, field)| (names::folded(name), field.clone())).collect() }
    }

    fn take(&mut self, json: &str) -> anyhow::Result<Option<(Vec<u64>, Value)>> {
        let Some(field) = self.left.remove(&names::folded(json)) else { return Ok(None) };
        Ok(Some((self.tags(&field)?, field)))
    }

    /// The field that holds an inlined struct as a message of its own: the message's name and the field's tags.
    fn take_embedded(&mut self, message: &str, alias: &str) -> Option<(String, Vec<u64>)> {
        let embedded = |field: &&Value| field["type"] == message || field["type"] == alias;
        let name = self.left.iter().find(|(_, field)| embedded(field)).map(|(name, _)| name.clone())?;
        let field = self.left.remove(&name)?;
        Some((field["type"].as_str()?.to_owned(), self.tags(&field).ok()?))
    }

    fn tags(&self, field: &Value) -> anyhow::Result<Vec<u64>> {
        let tag = field["tag"].as_u64().context("a field without a tag")?;
        Ok(self.prefix.iter().copied().chain([tag]).collect())
    }

    fn ensure_used_up(&self) -> anyhow::Result<()> {
        ensure!(self.left.is_empty(), "only protobuf has {:?}", self.left.keys());
        Ok(())
    }
}
