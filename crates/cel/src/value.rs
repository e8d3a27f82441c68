//! Values while an expression runs.
//!
//! What stands in an object is not copied: a list or a map of it is a view, a path from the root of the tree, and scalars
//! are made when they are asked for, by the type that is declared for them. What an expression makes is owned.
//!
//! ```text
//!   Arc<schema::Value> <--View-- List::View, Map::View      declared type: of elements, of fields
//!                                List::Made, List::Joined, Map::Made, Object      made by the expression
//! ```
//!
//! Deliberately absent: errors and unknowns as values (the evaluator has results), and any order of a map but its keys'.

mod compare;
mod convert;
mod list;
mod map;
mod time;
mod view;

pub use compare::{Fuel, add_lists, compare, equals, merge_lists};
pub use list::List;
pub use map::{Key, Map, Object};
pub use time::{Civil, Timestamp, duration_seconds_text, parse_timestamp};

use crate::cost::Budget;
use crate::eval::EvalError;
use crate::types::Type;
use schema::{ListType, Value};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    Timestamp(Timestamp),
    /// In nanoseconds.
    Duration(i64),
    List(List),
    Map(Map),
    /// Made by an expression such as `Object{spec: Object.spec{}}`.
    Object(Arc<Object>),
    Optional(Option<Arc<Val>>),
    Type(Type),
    Opaque(Arc<dyn Opaque>),
}

/// A value that a library or a caller brings: a quantity, an authorizer, the variables of a policy.
pub trait Opaque: fmt::Debug + Send + Sync + Any {
    fn type_name(&self) -> &str;

    /// Whether the other, of the same type name, is the same.
    fn equals(&self, other: &dyn Opaque) -> bool;

    /// As cost sees it.
    fn size(&self) -> u64 {
        1
    }

    /// For `value.field`, where the type has fields; a lazy one computes it now and on the account of `budget`.
    fn field(&self, _name: &str, _budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        None
    }
}

impl Val {
    /// A view of `value`, as `ty` says. Text that is not what its type says stays a string.
    pub fn of(value: &Arc<Value>, ty: &Type) -> Val {
        Val::of_list_type(value, ty, &ListType::Atomic)
    }

    /// As [`Val::of`], of a list with `x-kubernetes-list-type`.
    pub fn of_list_type(value: &Arc<Value>, ty: &Type, list_type: &ListType) -> Val {
        let text = || value.as_str().map_or(Val::Null, Val::str);
        view::View::root(value).typed(ty, list_type).unwrap_or_else(|_| text())
    }

    pub fn str(text: &str) -> Val {
        Val::String(Arc::from(text))
    }

    pub fn strings<'t>(texts: impl IntoIterator<Item = &'t str>) -> Val {
        Val::list(texts.into_iter().map(Val::str).collect())
    }

    pub fn list(items: Vec<Val>) -> Val {
        Val::List(List::from(items))
    }

    pub fn map(entries: impl IntoIterator<Item = (Key, Val)>) -> Val {
        Val::Map(Map::Made(Arc::new(entries.into_iter().collect())))
    }

    pub fn opaque(value: impl Opaque) -> Val {
        Val::Opaque(Arc::new(value))
    }

    pub fn some(value: Val) -> Val {
        Val::Optional(Some(Arc::new(value)))
    }

    pub const NONE: Val = Val::Optional(None);

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Val::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Val::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The opaque value inside, where it is a `T`.
    pub fn downcast<T: Opaque>(&self) -> Option<&T> {
        match self {
            Val::Opaque(value) => (&**value as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// The type at run time; lists and maps do not know what they are of.
    pub fn type_of(&self) -> Type {
        match self {
            Val::Null => Type::Null,
            Val::Bool(_) => Type::Bool,
            Val::Int(_) => Type::Int,
            Val::Uint(_) => Type::Uint,
            Val::Double(_) => Type::Double,
            Val::String(_) => Type::String,
            Val::Bytes(_) => Type::Bytes,
            Val::Timestamp(_) => Type::Timestamp,
            Val::Duration(_) => Type::Duration,
            Val::List(_) => Type::list(Type::Dyn),
            Val::Map(map) => map.type_of(),
            Val::Object(object) => Type::Object(named_type(&object.type_name)),
            Val::Optional(_) => Type::optional(Type::Dyn),
            Val::Type(_) => Type::Type(Arc::new(Type::Dyn)),
            Val::Opaque(value) => Type::Object(named_type(value.type_name())),
        }
    }

    /// The name of the type at run time, as cel-go prints it.
    pub fn type_name(&self) -> String {
        runtime_name(&self.type_of()).to_string()
    }

    /// Elements, bytes, characters, or 1.
    pub fn size(&self) -> u64 {
        match self {
            Val::String(text) => text.chars().count() as u64,
            Val::Bytes(bytes) => bytes.len() as u64,
            Val::List(list) => list.len() as u64,
            Val::Map(map) => map.len() as u64,
            Val::Opaque(value) => value.size(),
            _ => 1,
        }
    }

    /// Back to JSON; `None` for what JSON has no form for (types, opaque values, an absent optional), and for a tree
    /// that is larger than any object may be.
    pub fn to_value(&self) -> Option<Value> {
        convert::to_value(self, &mut Fuel::default())
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Val {
        Val::Bool(value)
    }
}

impl From<i64> for Val {
    fn from(value: i64) -> Val {
        Val::Int(value)
    }
}

impl From<&str> for Val {
    fn from(value: &str) -> Val {
        Val::str(value)
    }
}

impl From<String> for Val {
    fn from(value: String) -> Val {
        Val::String(value.into())
    }
}

/// The name that types compare by at run time.
pub fn runtime_name(ty: &Type) -> &str {
    match ty {
        Type::Dyn | Type::Error => "dyn",
        Type::Null => "null_type",
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Uint => "uint",
        Type::Double => "double",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Duration => "google.protobuf.Duration",
        Type::Timestamp => "google.protobuf.Timestamp",
        Type::List(_) => "list",
        Type::Map(..) => "map",
        Type::Object(object) => &object.name,
        Type::Optional(_) => "optional_type",
        Type::Opaque(name) | Type::Param(name) => name,
        Type::Type(_) => "type",
        Type::Var(_) => "dyn",
    }
}

/// A type that only its name is known of.
fn named_type(name: &str) -> Arc<crate::types::ObjectType> {
    let fields = crate::types::Fields::Known(Default::default());
    Arc::new(crate::types::ObjectType { name: name.into(), fields })
}
