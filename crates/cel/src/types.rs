//! Types of expressions.

mod declared;
pub(crate) mod display;
mod escape;

pub use declared::{object_of_schema, of_question, of_schema};
pub use escape::{RESERVED, escape, unescape};

use schema::ListType;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Whatever; checked at run time.
    Dyn,
    /// Of an expression that failed to check.
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    /// With declared fields: a struct of the API, an object of a custom resource, `Object` of a mutating policy.
    Object(Arc<ObjectType>),
    Optional(Arc<Type>),
    /// A library's own: `kubernetes.Quantity`, `net.IP`.
    Opaque(&'static str),
    /// The type of types.
    Type(Arc<Type>),
    /// A parameter of a function's declaration: `T`.
    Param(&'static str),
    /// A variable of the checker while it solves parameters.
    Var(u32),
}

/// Two are the same when their names are.
#[derive(Debug)]
pub struct ObjectType {
    pub name: Arc<str>,
    /// By name as expressions write it (escaped); lazily made where types refer to each other.
    pub fields: Fields,
}

/// Finds a field by the name that expressions write.
pub type FindField = dyn Fn(&str) -> Option<FieldType> + Send + Sync;

/// Where an object type has its fields from.
pub enum Fields {
    Known(BTreeMap<Arc<str>, FieldType>),
    /// Made when asked for: types of the API are recursive and many.
    Lazy(Box<FindField>),
}

#[derive(Clone, Debug)]
pub struct FieldType {
    pub ty: Type,
    /// The name in the object, where an expression must write another.
    pub json: Arc<str>,
    /// What bounds the value's size (`maxItems`, `maxLength`, `maxProperties`), for estimated cost.
    pub max_elements: Option<u64>,
    /// How a list in this field compares and adds (`x-kubernetes-list-type`); [`ListType::Atomic`] for anything else.
    pub list_type: ListType,
}

impl Type {
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new(key), Arc::new(value))
    }

    pub fn optional(inner: Type) -> Type {
        Type::Optional(Arc::new(inner))
    }
}

impl ObjectType {
    pub fn field(&self, name: &str) -> Option<FieldType> {
        match &self.fields {
            Fields::Known(fields) => fields.get(name).cloned(),
            Fields::Lazy(find) => find(name),
        }
    }
}

impl PartialEq for ObjectType {
    fn eq(&self, other: &ObjectType) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fields::Known(fields) => formatter.debug_set().entries(fields.keys()).finish(),
            Fields::Lazy(_) => formatter.write_str("lazy"),
        }
    }
}
