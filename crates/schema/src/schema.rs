//! The descriptor: types and their fields, as one table.
//!
//! The table of the built-in types stands in `data/builtin.schema`, made by `cargo xtask codegen`; [`Schema::builtin`] parses
//! it once. A custom resource compiles to a `Schema` of its own through [`Builder`], so both share every codec and algorithm.
//!
//! One line a type, one line a field, fields in the order in which Go's JSON encoder writes them:
//!
//! ```text
//! type io.k8s.api.core.v1.Container
//! f name 1 string always req
//! f env 7 []@io.k8s.api.core.v1.EnvVar omit list=map:name patch=merge mkey=name
//! type io.k8s.api.core.v1.SecretKeySelector atomic
//! f name 1.1 string omit def=""
//! gvk v1 Pod io.k8s.api.core.v1.Pod
//! ```
//!
//! The second word of a field is its protobuf tag, as a path where Go's JSON inlines what is a message of its own in
//! protobuf, and 0 where protobuf has no such field. Shapes: `bool i32 i64 f64 string bytes time microtime duration quantity
//! intorstring raw json fieldsv1 schema-or-array schema-or-bool schema-or-strings`, `@Type`, `[]shape`, `[w]shape` (a list
//! that is a message of its own in protobuf), `{}shape`. A space in an enum's value is written `%20`.

mod builder;
mod text;

pub use builder::Builder;
pub use text::ParseError;

use crate::{Text, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Index of a type in its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(pub u32);

/// A closed set of types.
#[derive(Debug, Default)]
pub struct Schema {
    types: Vec<Type>,
    by_name: HashMap<Text, TypeId>,
    /// `apiVersion` and `kind` to type.
    by_kind: HashMap<(Text, Text), TypeId>,
}

/// A struct: an object with known fields.
#[derive(Debug, Default)]
pub struct Type {
    /// OpenAPI's name, such as `io.k8s.api.core.v1.Container`.
    pub name: Text,
    /// In the order in which they are written as JSON.
    pub fields: Vec<Field>,
    /// Server-side apply treats the whole object as one value.
    pub atomic: bool,
    /// Fields that are not listed are kept (custom resources: `x-kubernetes-preserve-unknown-fields`).
    pub preserves_unknown: bool,
    /// Shape of members that are not listed (custom resources: `additionalProperties` beside `properties`).
    pub additional: Option<Shape>,
    /// The object carries `apiVersion`, `kind` and `metadata` (custom resources: `x-kubernetes-embedded-resource`).
    pub embedded_resource: bool,
    /// Within a custom resource: read as built-in types are, its zero values left out and its wrong ones refused.
    pub built_in: bool,
    /// Indices into `fields`, sorted by JSON name.
    by_json: Vec<u32>,
    /// Indices into `fields` that protobuf has, sorted by tag path.
    by_tag: Vec<u32>,
    /// Where each of `fields` stands in `by_json`.
    rank: Vec<u32>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub json: Text,
    /// Protobuf tag; more than one where protobuf nests what JSON inlines; empty where protobuf has no such field.
    pub tags: Vec<u32>,
    pub shape: Shape,
    /// A pointer in Go: absent and zero are different.
    pub pointer: bool,
    /// Go's JSON encoder leaves the zero value out. Where false, an absent field is written as its zero value.
    pub omit_empty: bool,
    /// OpenAPI lists it as required.
    pub required: bool,
    /// OpenAPI's default, filled in where the field is absent.
    pub default: Option<Value>,
    /// Permitted values of a string; empty: any.
    pub enumeration: Vec<Text>,
    pub list_type: ListType,
    /// Server-side apply treats the map or object in this field as one value.
    pub atomic: bool,
    /// The object's type is one value to server-side apply, but not in this field.
    pub granular: bool,
    /// Null is kept (custom resources: `nullable`).
    pub nullable: bool,
    /// Strategic merge: `merge` (lists are merged), `replace`, `retainKeys`.
    pub patch_merge: bool,
    pub patch_replace: bool,
    pub patch_retain_keys: bool,
    pub patch_merge_key: Option<Text>,
    /// Go's name of the field's type (`v1.DNSPolicy`) where the shape does not tell it; part of upstream's error texts.
    pub go: Option<Text>,
    /// Go's name of the embedded struct that has the field, which upstream's error texts put before it.
    pub embedded: Option<Text>,
}

/// How server-side apply sees a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ListType {
    /// One value.
    #[default]
    Atomic,
    /// Scalars, each its own member.
    Set,
    /// Objects, told apart by these keys.
    Map(Vec<Text>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Scalar(Scalar),
    Struct(TypeId),
    List(Box<Shape>),
    /// A list that is a message of its own in protobuf (`ExtraValue`, `Verbs`).
    WrappedList(Box<Shape>),
    Map(Box<Shape>),
    /// apiextensions' unions of a schema with something else; the id is that of JSONSchemaProps.
    SchemaOr(SchemaOr, TypeId),
    /// Any value, kept as it is (custom resources: a field without a type).
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOr {
    Array,
    Bool,
    Strings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    Bool,
    Int32,
    Int64,
    Float,
    String,
    /// base64 in JSON
    Bytes,
    /// RFC 3339 with seconds
    Time,
    /// RFC 3339 with six digits
    MicroTime,
    /// Go's duration text
    Duration,
    Quantity,
    IntOrString,
    /// An embedded object (RawExtension).
    Raw,
    /// Any JSON value (apiextensions JSON).
    Json,
    /// Field paths of managedFields.
    FieldsV1,
}

/// A type together with its schema: what most functions take.
#[derive(Clone, Copy, Debug)]
pub struct TypeRef<'s> {
    pub schema: &'s Schema,
    pub id: TypeId,
}

impl Schema {
    /// The built-in types of Kubernetes v1.36.
    pub fn builtin() -> &'static Schema {
        static BUILTIN: OnceLock<Schema> = OnceLock::new();
        BUILTIN.get_or_init(|| {
            text::parse(include_str!("../data/builtin.schema")).expect("codegen checks that its own file parses")
        })
    }

    /// Parses the text form described at the top of this module.
    pub fn parse(text: &str) -> Result<Schema, ParseError> {
        text::parse(text)
    }

    pub fn by_name(&self, name: &str) -> Option<TypeRef<'_>> {
        self.by_name.get(name).map(|&id| TypeRef { schema: self, id })
    }

    /// The type of an `apiVersion` (`v1`, `apps/v1`) and `kind`.
    pub fn by_kind(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        self.by_kind.get(&(api_version.into(), kind.into())).map(|&id| TypeRef { schema: self, id })
    }

    /// Every registered (apiVersion, kind), in no particular order.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str, TypeRef<'_>)> {
        self.by_kind
            .iter()
            .map(|((version, kind), &id)| (version.as_str(), kind.as_str(), TypeRef { schema: self, id }))
    }

    pub fn get(&self, id: TypeId) -> TypeRef<'_> {
        TypeRef { schema: self, id }
    }

    pub fn types(&self) -> impl Iterator<Item = TypeRef<'_>> {
        (0..self.types.len() as u32).map(|id| TypeRef { schema: self, id: TypeId(id) })
    }
}

impl<'s> TypeRef<'s> {
    pub fn def(&self) -> &'s Type {
        &self.schema.types[self.id.0 as usize]
    }

    pub fn name(&self) -> &'s str {
        &self.def().name
    }

    /// In the order in which they are written as JSON.
    pub fn fields(&self) -> &'s [Field] {
        &self.def().fields
    }

    pub fn field(&self, json: &str) -> Option<&'s Field> {
        self.def().field(json)
    }

    /// In the order of protobuf tag paths.
    pub fn fields_by_tag(&self) -> impl Iterator<Item = &'s Field> {
        let def = self.def();
        def.by_tag.iter().map(|&index| &def.fields[index as usize])
    }

    pub fn resolve(&self, id: TypeId) -> TypeRef<'s> {
        TypeRef { schema: self.schema, id }
    }
}

impl Type {
    pub fn field(&self, json: &str) -> Option<&Field> {
        self.field_index(json).map(|index| &self.fields[index])
    }

    pub fn field_index(&self, json: &str) -> Option<usize> {
        let found = self.by_json.binary_search_by(|&index| self.fields[index as usize].json.as_str().cmp(json)).ok()?;
        Some(self.by_json[found] as usize)
    }

    /// The same, looking first at the fields that follow in the order in which Go writes them.
    pub(crate) fn field_near(&self, json: &str, expected: usize) -> Option<usize> {
        let ahead = self.fields.get(expected..).unwrap_or_default().iter().take(3);
        match ahead.enumerate().find(|(_, field)| field.json == json) {
            Some((distance, _)) => Some(expected + distance),
            None => self.field_index(json),
        }
    }

    /// Indices into `fields` that protobuf has, sorted by tag path.
    pub(crate) fn by_tag(&self) -> &[u32] {
        &self.by_tag
    }

    /// Where a field stands among the fields sorted by name.
    pub(crate) fn rank(&self, index: usize) -> u32 {
        self.rank[index]
    }

    /// The field at a rank.
    pub(crate) fn at_rank(&self, rank: u32) -> &Field {
        &self.fields[self.by_json[rank as usize] as usize]
    }

    /// Brings the indices up to date with `fields`.
    fn index(&mut self) {
        self.by_json = (0..self.fields.len() as u32).collect();
        self.by_json.sort_by(|&a, &b| self.fields[a as usize].json.cmp(&self.fields[b as usize].json));
        self.rank = vec![0; self.fields.len()];
        for (rank, &index) in self.by_json.iter().enumerate() {
            self.rank[index as usize] = rank as u32;
        }
        self.by_tag = (0..self.fields.len() as u32).filter(|&i| !self.fields[i as usize].tags.is_empty()).collect();
        self.by_tag.sort_by(|&a, &b| self.fields[a as usize].tags.cmp(&self.fields[b as usize].tags));
    }
}

impl Field {
    pub fn new(json: impl Into<Text>, shape: Shape) -> Field {
        Field {
            json: json.into(),
            tags: Vec::new(),
            shape,
            pointer: false,
            omit_empty: true,
            required: false,
            default: None,
            enumeration: Vec::new(),
            list_type: ListType::Atomic,
            atomic: false,
            granular: false,
            nullable: false,
            patch_merge: false,
            patch_replace: false,
            patch_retain_keys: false,
            patch_merge_key: None,
            go: None,
            embedded: None,
        }
    }
}
