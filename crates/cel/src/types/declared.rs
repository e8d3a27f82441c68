//! The types of built-in kinds, as their OpenAPI schemas declare them.

use super::escape::unescape;
use super::{FieldType, Fields, ObjectType, Type};
use schema::{Field, Scalar, Shape, TypeRef};
use std::sync::Arc;

/// How expressions write the names of fields.
#[derive(Clone, Copy)]
enum Names {
    /// What the language keeps for itself is escaped, as in objects of a kind.
    Escaped,
    /// As they are: what upstream declares field by field.
    Plain,
}

/// The type of objects of a built-in kind. Fields are made when they are asked for: the types refer to each other.
pub fn of_schema(ty: TypeRef<'static>) -> Type {
    Type::Object(object_of_schema(ty))
}

/// The same with every field under its own name, `namespace` too: the questions of reviews, and users.
pub fn of_question(ty: TypeRef<'static>) -> Type {
    Type::Object(object(ty, Names::Plain))
}

/// The same as [`of_schema`], for [`crate::env::Builder::object_type`].
pub fn object_of_schema(ty: TypeRef<'static>) -> Arc<ObjectType> {
    object(ty, Names::Escaped)
}

fn object(ty: TypeRef<'static>, names: Names) -> Arc<ObjectType> {
    let fields = move |name: &str| match names {
        Names::Escaped => ty.field(&unescape(name)?).map(|field| field_type(ty, field, names)),
        Names::Plain => ty.field(name).map(|field| field_type(ty, field, names)),
    };
    Arc::new(ObjectType { name: ty.name().into(), fields: Fields::Lazy(Box::new(fields)) })
}

fn field_type(owner: TypeRef<'static>, field: &Field, names: Names) -> FieldType {
    FieldType {
        ty: of_shape(owner, &field.shape, names),
        json: field.json.as_str().into(),
        max_elements: None,
        list_type: field.list_type.clone(),
    }
}

fn of_shape(owner: TypeRef<'static>, shape: &Shape, names: Names) -> Type {
    match shape {
        Shape::Scalar(scalar) => of_scalar(*scalar),
        Shape::Struct(id) => Type::Object(object(owner.resolve(*id), names)),
        Shape::List(element) | Shape::WrappedList(element) => Type::list(of_shape(owner, element, names)),
        Shape::Map(value) => Type::map(Type::String, of_shape(owner, value, names)),
        Shape::SchemaOr(..) | Shape::Any => Type::Dyn,
    }
}

fn of_scalar(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Bool => Type::Bool,
        Scalar::Int32 | Scalar::Int64 => Type::Int,
        Scalar::Float => Type::Double,
        Scalar::String | Scalar::Duration => Type::String,
        Scalar::Bytes => Type::Bytes,
        Scalar::Time | Scalar::MicroTime => Type::Timestamp,
        // Numbers and texts both.
        Scalar::Quantity | Scalar::IntOrString => Type::Dyn,
        Scalar::Raw | Scalar::Json | Scalar::FieldsV1 => Type::Dyn,
    }
}
