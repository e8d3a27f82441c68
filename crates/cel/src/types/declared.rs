//! The types of built-in kinds, as their OpenAPI schemas declare them.

use super::escape::unescape;
use super::{FieldType, Fields, ObjectType, Type};
use schema::{Field, Scalar, Shape, TypeRef};
use std::sync::Arc;

/// The type of objects of a built-in kind. Fields are made when they are asked for: the types refer to each other.
pub fn of_schema(ty: TypeRef<'static>) -> Type {
    Type::Object(object_of_schema(ty))
}

/// The same, for [`crate::env::Builder::object_type`].
pub fn object_of_schema(ty: TypeRef<'static>) -> Arc<ObjectType> {
    let fields = move |name: &str| {
        let json = unescape(name)?;
        ty.field(&json).map(|field| field_type(ty, field))
    };
    Arc::new(ObjectType { name: ty.name().into(), fields: Fields::Lazy(Box::new(fields)) })
}

fn field_type(owner: TypeRef<'static>, field: &Field) -> FieldType {
    FieldType {
        ty: of_shape(owner, &field.shape),
        json: field.json.as_str().into(),
        max_elements: None,
        list_type: field.list_type.clone(),
    }
}

fn of_shape(owner: TypeRef<'static>, shape: &Shape) -> Type {
    match shape {
        Shape::Scalar(scalar) => of_scalar(*scalar),
        Shape::Struct(id) => of_schema(owner.resolve(*id)),
        Shape::List(element) | Shape::WrappedList(element) => Type::list(of_shape(owner, element)),
        Shape::Map(value) => Type::map(Type::String, of_shape(owner, value)),
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
