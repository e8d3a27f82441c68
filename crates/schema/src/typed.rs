//! Typed objects: what generated structs implement.
//!
//! `from_value` cannot fail: it takes a value that was decoded against the type's schema (a field of another shape reads
//! as its zero value). `to_value` gives a normal value: what Go's encoder would leave out is absent.

use crate::{Schema, Text, TypeRef, Value};
use std::collections::BTreeMap;

mod structs;

pub use structs::{Fields, finish, type_meta};

/// A struct made from the schema.
pub trait Typed: Clone + Default + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// OpenAPI's name of the type.
    const TYPE: &'static str;

    fn from_value(value: &Value) -> Self;
    fn to_value(&self) -> Value;

    fn type_ref() -> TypeRef<'static> {
        Schema::builtin().by_name(Self::TYPE).expect("generated with the schema that has it")
    }
}

/// Where objects of a kind are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceInfo {
    /// Empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    /// Lower-case plural, as in paths.
    pub plural: &'static str,
    pub namespaced: bool,
}

impl ResourceInfo {
    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.into() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// A typed object that is served as a resource of its own. `to_value` of such a type includes apiVersion and kind.
pub trait Object: Typed {
    const RESOURCE: ResourceInfo;
    /// The generated ObjectMeta (crate api-meta).
    type Meta;

    fn meta(&self) -> &Self::Meta;
    fn meta_mut(&mut self) -> &mut Self::Meta;
}

/// A field's Rust type: how it reads from and writes to a value. Generated code calls nothing else.
pub trait Part: Sized + Default {
    fn read(value: &Value) -> Self;
    /// What is written where the field is present.
    fn write(&self) -> Value;
    /// Go's zero value: left out where the field has omitempty.
    fn is_zero(&self) -> bool;
}

/// Reads one field of a map.
pub fn read<P: Part>(value: &Value, key: &str) -> P {
    value.get(key).map(P::read).unwrap_or_default()
}

/// Writes one field into a normal map: zero values are left out, with or without omitempty (the encoder adds them).
pub fn write<P: Part>(entries: &mut Vec<(Text, Value)>, key: &'static str, part: &P) {
    if !part.is_zero() {
        entries.push((Text::const_new(key), part.write()));
    }
}

impl Part for String {
    fn read(value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
    fn write(&self) -> Value {
        Value::Str(self.as_str().into())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl Part for bool {
    fn read(value: &Value) -> bool {
        value.as_bool().unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
    fn is_zero(&self) -> bool {
        !*self
    }
}

impl Part for i32 {
    fn read(value: &Value) -> i32 {
        value.as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::Int((*self).into())
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Part for i64 {
    fn read(value: &Value) -> i64 {
        value.as_i64().unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::Int(*self)
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Part for f64 {
    fn read(value: &Value) -> f64 {
        value.as_f64().unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::Float(*self)
    }
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
}

/// An embedded object or any JSON value, as it is.
impl Part for Value {
    fn read(value: &Value) -> Value {
        value.clone()
    }
    fn write(&self) -> Value {
        self.clone()
    }
    fn is_zero(&self) -> bool {
        self.is_null()
    }
}

impl<P: Part> Part for Option<P> {
    fn read(value: &Value) -> Option<P> {
        (!value.is_null()).then(|| P::read(value))
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, P::write)
    }
    fn is_zero(&self) -> bool {
        self.is_none()
    }
}

impl<P: Part> Part for Box<P> {
    fn read(value: &Value) -> Box<P> {
        Box::new(P::read(value))
    }
    fn write(&self) -> Value {
        (**self).write()
    }
    fn is_zero(&self) -> bool {
        (**self).is_zero()
    }
}

impl<P: Part> Part for Vec<P> {
    fn read(value: &Value) -> Vec<P> {
        value.items().iter().map(P::read).collect()
    }
    fn write(&self) -> Value {
        Value::List(self.iter().map(P::write).collect())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl<P: Part> Part for BTreeMap<String, P> {
    fn read(value: &Value) -> BTreeMap<String, P> {
        value
            .as_map()
            .map(|map| map.iter().map(|(key, value)| (key.to_owned(), P::read(value))).collect())
            .unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::Map(self.iter().map(|(key, part)| (Text::from(key.as_str()), part.write())).collect())
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}
