//! Reading a message of a type into a normal value.

use super::wire::{Payload, Reader, TOO_DEEP, WRONG_TYPE};
use super::{MAX_DEPTH, special};
use crate::decode::{DecodeError, walk};
use crate::scalar::push_base64;
use crate::schema::SchemaOr;
use crate::{Map, Scalar, Shape, Text, TypeRef, Value};

/// Reads a message without its envelope. Tags that the type does not have are passed over.
pub fn decode(ty: TypeRef<'_>, bytes: &[u8]) -> Result<Value, DecodeError> {
    decode_at(ty, bytes, MAX_DEPTH)
}

/// The same, with a limit for how deep it may be.
pub(super) fn decode_at(ty: TypeRef<'_>, bytes: &[u8], depth: usize) -> Result<Value, DecodeError> {
    Decoder { scratch: Vec::with_capacity(64), depth }.message(ty, bytes)
}

struct Decoder {
    /// Members of all the messages that are open, by the rank of the field in its struct.
    scratch: Vec<(u32, Value)>,
    /// How much deeper it may go.
    depth: usize,
}

/// Entries of the maps of a message. They are sorted once, at its end.
type Maps = Vec<(u32, Vec<(Text, Value)>)>;

impl Decoder {
    fn message(&mut self, ty: TypeRef<'_>, bytes: &[u8]) -> Result<Value, DecodeError> {
        let def = ty.def();
        let base = self.scratch.len();
        let mut maps = Maps::new();
        self.fields(ty, def.by_tag(), 0, bytes, base, &mut maps)?;
        for (rank, entries) in maps {
            self.scratch.push((rank, Value::Map(Map::build(entries).0)));
        }
        let members = &mut self.scratch[base..];
        if !members.is_sorted_by_key(|(rank, _)| *rank) {
            members.sort_unstable_by_key(|(rank, _)| *rank);
        }
        let members = self.scratch.drain(base..).map(|(rank, value)| (def.at_rank(rank).json.clone(), value));
        Ok(Value::Map(Map::from_sorted(members.collect())))
    }

    /// The fields `order`, which are alike in the first `depth` steps of their tag paths.
    fn fields(
        &mut self,
        ty: TypeRef<'_>,
        order: &[u32],
        depth: usize,
        bytes: &[u8],
        base: usize,
        maps: &mut Maps,
    ) -> Result<(), DecodeError> {
        self.depth = self.depth.checked_sub(1).ok_or(TOO_DEEP)?;
        let fields = &ty.def().fields;
        let tag_at = |at: usize| order.get(at).map(|&index| fields[index as usize].tags[depth]);
        let mut reader = Reader { rest: bytes };
        // Tags come in order, so that the search goes on from where the last was found.
        let mut at = 0;
        while let Some((tag, payload)) = reader.field()? {
            if tag_at(at).is_none_or(|have| have > tag) || (at > 0 && tag_at(at - 1) == Some(tag)) {
                at = order.partition_point(|&index| fields[index as usize].tags[depth] < tag);
            }
            while tag_at(at).is_some_and(|have| have < tag) {
                at += 1;
            }
            if tag_at(at) != Some(tag) {
                continue;
            }
            let index = order[at] as usize;
            if fields[index].tags.len() == depth + 1 {
                self.field(ty, index, payload, base, maps)?;
            } else {
                let same = order[at..].iter().take_while(|&&index| fields[index as usize].tags[depth] == tag).count();
                self.fields(ty, &order[at..at + same], depth + 1, payload.bytes()?, base, maps)?;
            }
        }
        self.depth += 1;
        Ok(())
    }

    fn field(
        &mut self,
        ty: TypeRef<'_>,
        index: usize,
        payload: Payload<'_>,
        base: usize,
        maps: &mut Maps,
    ) -> Result<(), DecodeError> {
        let def = ty.def();
        let field = &def.fields[index];
        let rank = def.rank(index);
        match &field.shape {
            Shape::List(item) => {
                let value = self.element(ty, item, payload)?;
                if let Some(at) = self.find(base, rank) {
                    if let Value::List(items) = &mut self.scratch[at].1 {
                        items.push(value);
                    }
                } else {
                    self.scratch.push((rank, Value::List(vec![value])));
                }
            }
            Shape::Map(item) => {
                let entry = self.entry(ty, item, payload.bytes()?)?;
                match maps.iter_mut().find(|(have, _)| *have == rank) {
                    Some((_, entries)) => entries.push(entry),
                    None => maps.push((rank, vec![entry])),
                }
            }
            shape => {
                let value = self.element(ty, shape, payload)?;
                match (self.find(base, rank), walk::keeps(field, &value)) {
                    (Some(at), true) => self.scratch[at].1 = value,
                    (Some(at), false) => {
                        self.scratch.remove(at);
                    }
                    (None, true) => self.scratch.push((rank, value)),
                    (None, false) => {}
                }
            }
        }
        Ok(())
    }

    /// Where a field of the innermost message already is; mostly the last one, if any.
    fn find(&self, base: usize, rank: u32) -> Option<usize> {
        self.scratch[base..].iter().rposition(|(have, _)| *have == rank).map(|at| base + at)
    }

    fn entry(&mut self, ty: TypeRef<'_>, item: &Shape, bytes: &[u8]) -> Result<(Text, Value), DecodeError> {
        let mut reader = Reader { rest: bytes };
        let (mut key, mut value) = (Text::default(), None);
        while let Some((tag, payload)) = reader.field()? {
            match tag {
                1 => key = text(payload.bytes()?),
                2 => value = Some(self.element(ty, item, payload)?),
                _ => {}
            }
        }
        let value = match (value, item) {
            (Some(value), _) => value,
            (None, Shape::Scalar(scalar)) => crate::decode::zero(*scalar),
            (None, Shape::List(_) | Shape::WrappedList(_)) => Value::List(Vec::new()),
            (None, _) => Value::map(),
        };
        Ok((key, value))
    }

    /// One occurrence of a tag.
    fn element(&mut self, ty: TypeRef<'_>, shape: &Shape, payload: Payload<'_>) -> Result<Value, DecodeError> {
        match shape {
            Shape::Scalar(scalar) => self.scalar(*scalar, payload),
            Shape::Struct(id) => self.message(ty.resolve(*id), payload.bytes()?),
            Shape::List(item) | Shape::WrappedList(item) => {
                self.depth = self.depth.checked_sub(1).ok_or(TOO_DEEP)?;
                let mut reader = Reader { rest: payload.bytes()? };
                let mut items = Vec::new();
                while let Some((tag, payload)) = reader.field()? {
                    if tag == 1 {
                        items.push(self.element(ty, item, payload)?);
                    }
                }
                self.depth += 1;
                Ok(Value::List(items))
            }
            Shape::SchemaOr(or, id) => self.schema_or(*or, ty.resolve(*id), payload.bytes()?),
            Shape::Map(_) | Shape::Any => Ok(Value::Null),
        }
    }

    fn scalar(&mut self, scalar: Scalar, payload: Payload<'_>) -> Result<Value, DecodeError> {
        Ok(match (scalar, payload) {
            (Scalar::Bool, Payload::Varint(n)) => Value::Bool(n != 0),
            (Scalar::Int32, Payload::Varint(n)) => Value::Int((n as i32).into()),
            (Scalar::Int64, Payload::Varint(n)) => Value::Int(n as i64),
            (Scalar::Float, Payload::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
            (Scalar::String, Payload::Bytes(bytes)) => Value::Str(text(bytes)),
            (Scalar::Bytes, Payload::Bytes(bytes)) => {
                let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
                push_base64(bytes, &mut text);
                Value::from(text)
            }
            (Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Float, _) => return Err(WRONG_TYPE),
            (_, payload) => special::read(scalar, payload.bytes()?, self.depth)?,
        })
    }

    fn schema_or(&mut self, or: SchemaOr, schema: TypeRef<'_>, bytes: &[u8]) -> Result<Value, DecodeError> {
        let mut reader = Reader { rest: bytes };
        let mut value = if or == SchemaOr::Bool { Value::Bool(false) } else { Value::Null };
        while let Some((tag, payload)) = reader.field()? {
            match (or, tag) {
                (SchemaOr::Bool, 1) => {
                    let allows = payload.varint()? != 0;
                    if value.as_bool().is_some() {
                        value = Value::Bool(allows);
                    }
                }
                (SchemaOr::Bool, 2) | (SchemaOr::Array | SchemaOr::Strings, 1) => {
                    value = self.message(schema, payload.bytes()?)?;
                }
                (SchemaOr::Array, 2) => push(&mut value, self.message(schema, payload.bytes()?)?),
                (SchemaOr::Strings, 2) => push(&mut value, Value::Str(text(payload.bytes()?))),
                _ => {}
            }
        }
        Ok(value)
    }
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::List(items) => items.push(item),
        other => *other = Value::List(vec![item]),
    }
}

/// Upstream does not look at whether a string is UTF-8 until it writes it as JSON.
fn text(bytes: &[u8]) -> Text {
    Text::from_utf8_lossy(bytes)
}
