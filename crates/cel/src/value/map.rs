//! Maps, and objects made by expressions.

use super::Val;
use super::view::View;
use crate::eval::EvalError;
use crate::types::{ObjectType, Type};
use schema::{ListType, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Of a map. Ints and uints of one amount are one key.
#[derive(Clone, Debug)]
pub enum Key {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Arc<str>),
}

#[derive(Clone, Debug)]
pub enum Map {
    View(MapView),
    Made(Arc<BTreeMap<Key, Val>>),
}

/// A map or an object with declared fields, in an object.
#[derive(Clone, Debug)]
pub struct MapView {
    pub(super) view: View,
    pub(super) members: Members,
}

#[derive(Clone, Debug)]
pub(super) enum Members {
    /// Any key; values of one type.
    All(Arc<Type>),
    /// Those that the type declares.
    Fields(Arc<ObjectType>),
}

/// An object that an expression makes, by the names of its fields in JSON.
#[derive(Clone, Debug)]
pub struct Object {
    pub type_name: Arc<str>,
    pub fields: BTreeMap<Arc<str>, Val>,
}

impl Map {
    pub fn len(&self) -> usize {
        match self {
            Map::View(map) => map.view.node().as_map().map_or(0, schema::Map::len),
            Map::Made(entries) => entries.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `None` where there is no such key.
    pub fn get(&self, key: &Key) -> Option<Result<Val, EvalError>> {
        match (self, key) {
            (Map::View(map), Key::String(name)) => map.get(name),
            (Map::View(_), _) => None,
            (Map::Made(entries), key) => entries.get(key).cloned().map(Ok),
        }
    }

    /// As [`Map::get`], of a name.
    pub fn field(&self, name: &Arc<str>) -> Option<Result<Val, EvalError>> {
        match self {
            Map::View(map) => map.get(name),
            Map::Made(entries) => entries.get(&Key::String(Arc::clone(name))).cloned().map(Ok),
        }
    }

    /// In their order.
    pub fn keys(&self) -> Vec<Key> {
        match self {
            Map::View(map) => map.view.node().as_map().into_iter().flat_map(schema::Map::keys).map(Key::from).collect(),
            Map::Made(entries) => entries.keys().cloned().collect(),
        }
    }

    /// The node of the object, where nothing else has a say in what its members are.
    pub(super) fn untyped_node(&self) -> Option<&Value> {
        match self {
            Map::View(MapView { view, members: Members::All(ty) }) if matches!(**ty, Type::Dyn) => Some(view.node()),
            _ => None,
        }
    }

    pub(super) fn type_of(&self) -> Type {
        match self {
            Map::View(MapView { members: Members::Fields(object), .. }) => Type::Object(Arc::clone(object)),
            _ => Type::map(Type::Dyn, Type::Dyn),
        }
    }
}

impl MapView {
    fn get(&self, name: &str) -> Option<Result<Val, EvalError>> {
        match &self.members {
            Members::All(ty) => self.member(name, ty, &ListType::Atomic),
            Members::Fields(object) => match object.field(name) {
                Some(field) => self.member(&field.json, &field.ty, &field.list_type),
                None => self.member(name, &Type::Dyn, &ListType::Atomic),
            },
        }
    }

    fn member(&self, json: &str, ty: &Type, list_type: &ListType) -> Option<Result<Val, EvalError>> {
        let map = self.view.node().as_map()?;
        let at = map.position(json)?;
        Some(self.view.child(at).typed(ty, list_type))
    }
}

impl Key {
    /// `None` for what cannot be a key.
    pub fn of(value: &Val) -> Option<Key> {
        match value {
            Val::Bool(value) => Some(Key::Bool(*value)),
            Val::Int(value) => Some(Key::Int(*value)),
            Val::Uint(value) => Some(Key::Uint(*value)),
            Val::String(value) => Some(Key::String(Arc::clone(value))),
            // A whole number finds the int of its amount.
            Val::Double(value) if *value == value.trunc() && value.abs() < 9e15 => Some(Key::Int(*value as i64)),
            _ => None,
        }
    }

    pub fn to_val(&self) -> Val {
        match self {
            Key::Bool(value) => Val::Bool(*value),
            Key::Int(value) => Val::Int(*value),
            Key::Uint(value) => Val::Uint(*value),
            Key::String(value) => Val::String(Arc::clone(value)),
        }
    }

    fn number(&self) -> Option<i128> {
        match self {
            Key::Int(value) => Some((*value).into()),
            Key::Uint(value) => Some((*value).into()),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Key::Bool(_) => 0,
            Key::Int(_) | Key::Uint(_) => 1,
            Key::String(_) => 2,
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key::String(text.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Bool(value) => value.fmt(f),
            Key::Int(value) => value.fmt(f),
            Key::Uint(value) => value.fmt(f),
            Key::String(value) => f.write_str(value),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Bool(a), Key::Bool(b)) => a.cmp(b),
            (Key::String(a), Key::String(b)) => a.cmp(b),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => self.rank().cmp(&other.rank()),
            },
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}
