//! Writing a value of a type.

use super::special;
use super::wire::{FIXED64, VARINT, close, open, push_bytes, push_key, push_varint};
use crate::schema::SchemaOr;
use crate::{Field, Map, Scalar, Shape, TypeRef, Value};

/// Writes a normal value as a message, without an envelope.
pub fn encode(ty: TypeRef<'_>, value: &Value, out: &mut Vec<u8>) {
    Encoder { slots: Vec::with_capacity(64), out }.message(ty, value.as_map());
}

struct Encoder<'v, 'o> {
    /// A stack of frames, one a message, one slot a field: what the message has there.
    slots: Vec<Option<&'v Value>>,
    out: &'o mut Vec<u8>,
}

impl<'v> Encoder<'v, '_> {
    fn message(&mut self, ty: TypeRef<'_>, map: Option<&'v Map>) {
        let def = ty.def();
        let base = self.slots.len();
        self.slots.resize(base + def.fields.len(), None);
        for (key, value) in map.iter().flat_map(|map| map.iter()) {
            if let Some(index) = def.field_index(key) {
                self.slots[base + index] = Some(value);
            }
        }
        self.fields(ty, def.by_tag(), 0, base);
        self.slots.truncate(base);
    }

    /// The fields `order`, which are alike in the first `depth` steps of their tag paths.
    fn fields(&mut self, ty: TypeRef<'_>, order: &[u32], depth: usize, base: usize) {
        let fields = &ty.def().fields;
        let mut at = 0;
        while let Some(&index) = order.get(at) {
            let field = &fields[index as usize];
            if field.tags.len() == depth + 1 {
                self.field(ty, field, self.slots[base + index as usize]);
                at += 1;
                continue;
            }
            let tag = field.tags[depth];
            let same = order[at..].iter().take_while(|&&index| fields[index as usize].tags[depth] == tag).count();
            let start = open(tag, self.out);
            self.fields(ty, &order[at..at + same], depth + 1, base);
            close(start, self.out);
            at += same;
        }
    }

    fn field(&mut self, ty: TypeRef<'_>, field: &Field, value: Option<&'v Value>) {
        let Some(&tag) = field.tags.last() else { return };
        match (&field.shape, value.filter(|value| !value.is_null())) {
            (_, None) if field.pointer => {}
            (Shape::Scalar(Scalar::Bytes), None) => {}
            (shape @ (Shape::Scalar(_) | Shape::Struct(_)), value) => self.element(ty, tag, shape, value),
            (Shape::List(item), Some(Value::List(items))) => {
                for value in items {
                    self.element(ty, tag, item, Some(value));
                }
            }
            (Shape::Map(item), Some(Value::Map(map))) => {
                for (key, value) in map.iter() {
                    let start = open(tag, self.out);
                    push_bytes(1, key.as_bytes(), self.out);
                    self.element(ty, 2, item, Some(value));
                    close(start, self.out);
                }
            }
            (shape @ (Shape::WrappedList(_) | Shape::SchemaOr(..)), value @ Some(_)) => {
                self.element(ty, tag, shape, value);
            }
            _ => {}
        }
    }

    /// One occurrence of a tag. `None` is the zero value.
    fn element(&mut self, ty: TypeRef<'_>, tag: u32, shape: &Shape, value: Option<&'v Value>) {
        match shape {
            Shape::Scalar(scalar) => self.scalar(tag, *scalar, value.unwrap_or(&Value::Null)),
            Shape::Struct(id) => {
                let start = open(tag, self.out);
                self.message(ty.resolve(*id), value.and_then(Value::as_map));
                close(start, self.out);
            }
            Shape::List(item) | Shape::WrappedList(item) => {
                let start = open(tag, self.out);
                for value in value.map(Value::items).unwrap_or_default() {
                    self.element(ty, 1, item, Some(value));
                }
                close(start, self.out);
            }
            Shape::SchemaOr(or, id) => {
                let start = open(tag, self.out);
                self.schema_or(*or, ty.resolve(*id), value.unwrap_or(&Value::Null));
                close(start, self.out);
            }
            Shape::Map(_) | Shape::Any => {}
        }
    }

    fn scalar(&mut self, tag: u32, scalar: Scalar, value: &Value) {
        match scalar {
            Scalar::Bool => {
                push_key(tag, VARINT, self.out);
                self.out.push(value.as_bool().unwrap_or_default().into());
            }
            Scalar::Int32 | Scalar::Int64 => {
                push_key(tag, VARINT, self.out);
                push_varint(value.as_i64().unwrap_or_default() as u64, self.out);
            }
            Scalar::Float => {
                push_key(tag, FIXED64, self.out);
                self.out.extend_from_slice(&value.as_f64().unwrap_or_default().to_le_bytes());
            }
            Scalar::String => push_bytes(tag, value.as_str().unwrap_or_default().as_bytes(), self.out),
            Scalar::Bytes => {
                let start = open(tag, self.out);
                special::push_base64(value.as_str().unwrap_or_default(), self.out);
                close(start, self.out);
            }
            _ => {
                let start = open(tag, self.out);
                special::push(scalar, value, self.out);
                close(start, self.out);
            }
        }
    }

    fn schema_or(&mut self, or: SchemaOr, schema: TypeRef<'_>, value: &'v Value) {
        if or == SchemaOr::Bool {
            push_key(1, VARINT, self.out);
            self.out.push(value.as_bool().unwrap_or(value.as_map().is_some()).into());
        }
        match value {
            Value::Map(_) => {
                let tag = if or == SchemaOr::Bool { 2 } else { 1 };
                self.element(schema, tag, &Shape::Struct(schema.id), Some(value));
            }
            Value::List(items) if or == SchemaOr::Array => {
                for item in items {
                    self.element(schema, 2, &Shape::Struct(schema.id), Some(item));
                }
            }
            Value::List(items) => {
                for item in items {
                    self.element(schema, 2, &Shape::Scalar(Scalar::String), Some(item));
                }
            }
            _ => {}
        }
    }
}
