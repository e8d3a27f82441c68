//! Writing an object of a type: fields in Go's order, and the zero values that Go always writes.

use super::write::write;
use super::write_key;
use crate::schema::SchemaOr;
use crate::{Field, Map, Scalar, Shape, TypeRef, Value};

/// Writes a normal value of the type, compact and without a line end.
pub fn encode(ty: TypeRef<'_>, value: &Value, out: &mut Vec<u8>) {
    let mut encoder = Encoder { slots: Vec::with_capacity(64), out };
    match value {
        Value::Map(map) => encoder.structure(ty, Some(map)),
        other => write(other, encoder.out),
    }
}

struct Encoder<'v, 'o> {
    /// A stack of frames, one a struct, one slot a field: what the struct has there.
    slots: Vec<Option<&'v Value>>,
    out: &'o mut Vec<u8>,
}

impl<'v> Encoder<'v, '_> {
    fn structure(&mut self, ty: TypeRef<'_>, map: Option<&'v Map>) {
        let def = ty.def();
        if def.preserves_unknown || def.additional.is_some() || def.embedded_resource {
            // A custom resource, which upstream writes from a map.
            return self.sorted(ty, map);
        }
        let base = self.slots.len();
        self.slots.resize(base + def.fields.len(), None);
        for (key, value) in map.iter().flat_map(|map| map.iter()) {
            if let Some(index) = def.field_index(key) {
                self.slots[base + index] = Some(value);
            }
        }
        self.out.push(b'{');
        let mut first = true;
        for (index, field) in def.fields.iter().enumerate() {
            let value = self.slots[base + index];
            if value.is_none() && field.omit_empty {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.push(b'"');
            self.out.extend_from_slice(field.json.as_bytes());
            self.out.extend_from_slice(b"\":");
            match value {
                Some(value) => self.shape(ty, &field.shape, value),
                None => self.zero(ty, field),
            }
        }
        self.out.push(b'}');
        self.slots.truncate(base);
    }

    fn sorted(&mut self, ty: TypeRef<'_>, map: Option<&'v Map>) {
        self.out.push(b'{');
        for (index, (key, value)) in map.iter().flat_map(|map| map.iter()).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_key(key, self.out);
            match ty.field(key) {
                Some(field) => self.shape(ty, &field.shape, value),
                None => write(value, self.out),
            }
        }
        self.out.push(b'}');
    }

    fn shape(&mut self, ty: TypeRef<'_>, shape: &Shape, value: &'v Value) {
        match (shape, value) {
            (Shape::Struct(id), Value::Map(map)) => self.structure(ty.resolve(*id), Some(map)),
            (Shape::SchemaOr(_, id), Value::Map(map)) => self.structure(ty.resolve(*id), Some(map)),
            (Shape::SchemaOr(SchemaOr::Array, id), Value::List(items)) => {
                self.list(items, |this, item| match item {
                    Value::Map(map) => this.structure(ty.resolve(*id), Some(map)),
                    other => write(other, this.out),
                });
            }
            (Shape::List(item) | Shape::WrappedList(item), Value::List(items)) => {
                self.list(items, |this, value| this.shape(ty, item, value));
            }
            (Shape::Map(item), Value::Map(map)) => {
                self.out.push(b'{');
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    write_key(key, self.out);
                    self.shape(ty, item, value);
                }
                self.out.push(b'}');
            }
            (_, other) => write(other, self.out),
        }
    }

    fn list(&mut self, items: &'v [Value], mut each: impl FnMut(&mut Self, &'v Value)) {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            each(self, item);
        }
        self.out.push(b']');
    }

    /// What Go writes for a field that is not set and not left out.
    fn zero(&mut self, ty: TypeRef<'_>, field: &Field) {
        let text: &[u8] = match &field.shape {
            _ if field.pointer => b"null",
            Shape::Struct(id) => return self.structure(ty.resolve(*id), None),
            Shape::Scalar(Scalar::Bool) => b"false",
            Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Float | Scalar::IntOrString) => b"0",
            Shape::Scalar(Scalar::String) => b"\"\"",
            Shape::Scalar(Scalar::Duration) => b"\"0s\"",
            Shape::Scalar(Scalar::Quantity) => b"\"0\"",
            _ => b"null",
        };
        self.out.extend_from_slice(text);
    }
}
