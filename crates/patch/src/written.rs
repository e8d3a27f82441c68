//! The written form of an object: its value with every field that Go's JSON encoder writes even when it is zero.
//!
//! A normal value leaves such fields out. Patches address the JSON text that clients read, and field management compares
//! structs as Go sees them, so both start from this form.

use schema::schema::SchemaOr;
use schema::{Map, Scalar, Shape, Text, TypeRef, Value};

/// `value`, of type `ty`, with its always-written fields.
pub fn form(ty: TypeRef, value: &Value) -> Value {
    let Some(have) = value.as_map() else { return value.clone() };
    let mut entries: Vec<(Text, Value)> = Vec::with_capacity(have.len() + 4);
    for (key, value) in have.iter() {
        let shape = ty.field(key).map(|field| &field.shape).or(ty.def().additional.as_ref());
        entries.push((key.into(), shape.map_or_else(|| value.clone(), |shape| of_shape(ty, shape, value))));
    }
    for field in ty.fields() {
        if !field.omit_empty && !have.contains_key(&field.json) {
            let zero = if field.pointer { Value::Null } else { zero(ty, &field.shape) };
            entries.push((field.json.clone(), zero));
        }
    }
    Value::Map(Map::build(entries).0)
}

fn of_shape(ty: TypeRef, shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        (Shape::Struct(id), Value::Map(_)) => form(ty.resolve(*id), value),
        (Shape::List(item) | Shape::WrappedList(item), Value::List(items)) => {
            Value::List(items.iter().map(|value| of_shape(ty, item, value)).collect())
        }
        (Shape::Map(item), Value::Map(map)) => {
            Value::Map(map.iter().map(|(key, value)| (key.into(), of_shape(ty, item, value))).collect())
        }
        (Shape::SchemaOr(_, id), Value::Map(_)) => form(ty.resolve(*id), value),
        (Shape::SchemaOr(SchemaOr::Array, id), Value::List(items)) => {
            Value::List(items.iter().map(|value| form(ty.resolve(*id), value)).collect())
        }
        _ => value.clone(),
    }
}

fn zero(ty: TypeRef, shape: &Shape) -> Value {
    match shape {
        Shape::Scalar(scalar) => match scalar {
            Scalar::Bool => Value::Bool(false),
            Scalar::Int32 | Scalar::Int64 | Scalar::IntOrString => Value::Int(0),
            Scalar::Float => Value::Int(0),
            Scalar::String => Value::str(""),
            Scalar::Duration => Value::str("0s"),
            Scalar::Quantity => Value::str("0"),
            Scalar::Bytes | Scalar::Time | Scalar::MicroTime | Scalar::Raw | Scalar::Json | Scalar::FieldsV1 => {
                Value::Null
            }
        },
        Shape::Struct(id) => form(ty.resolve(*id), &Value::map()),
        Shape::List(_) | Shape::WrappedList(_) | Shape::Map(_) | Shape::SchemaOr(..) | Shape::Any => Value::Null,
    }
}
