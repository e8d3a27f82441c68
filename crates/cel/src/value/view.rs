//! A node of an object's tree: the root and the way there.

use super::list::ListView;
use super::map::{MapView, Members};
use super::{List, Map, Val, parse_timestamp};
use crate::eval::EvalError;
use crate::types::Type;
use schema::{ListType, Value};
use std::sync::Arc;

/// Positions on the way from the root: of an element in a list, of an entry in a map.
#[derive(Clone, Debug)]
pub(super) struct View {
    root: Arc<Value>,
    path: Vec<u32>,
}

static NULL: Value = Value::Null;

impl View {
    pub(super) fn root(value: &Arc<Value>) -> View {
        View { root: Arc::clone(value), path: Vec::new() }
    }

    pub(super) fn node(&self) -> &Value {
        self.path.iter().fold(&*self.root, |at, &index| child_of(at, index as usize).unwrap_or(&NULL)).plain()
    }

    pub(super) fn child(&self, index: usize) -> View {
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend_from_slice(&self.path);
        // A list of more than 2^32 elements does not fit a request.
        path.push(u32::try_from(index).unwrap_or(u32::MAX));
        View { root: Arc::clone(&self.root), path }
    }

    /// This node as `ty` says.
    pub(super) fn typed(self, ty: &Type, list_type: &ListType) -> Result<Val, EvalError> {
        let value = match self.node() {
            Value::Null => Val::Null,
            Value::Bool(value) => Val::Bool(*value),
            Value::Int(value) => match ty {
                Type::Double => Val::Double(*value as f64),
                Type::Uint => u64::try_from(*value).map_or(Val::Int(*value), Val::Uint),
                _ => Val::Int(*value),
            },
            Value::Float(value) => Val::Double(*value),
            Value::Str(text) => return typed_text(text, ty),
            Value::List(_) => {
                let element = match ty {
                    Type::List(element) => Arc::clone(element),
                    _ => Arc::new(Type::Dyn),
                };
                Val::List(List::View(ListView { view: self, element, kind: list_type.clone() }))
            }
            Value::Map(_) => {
                let members = match ty {
                    Type::Map(_, value) => Members::All(Arc::clone(value)),
                    Type::Object(object) => Members::Fields(Arc::clone(object)),
                    _ => Members::All(Arc::new(Type::Dyn)),
                };
                Val::Map(Map::View(MapView { view: self, members }))
            }
            // The node is plain.
            Value::Verbatim(_) => Val::Null,
        };
        Ok(value)
    }
}

fn child_of(value: &Value, index: usize) -> Option<&Value> {
    match value.plain() {
        Value::List(items) => items.get(index),
        Value::Map(map) => map.entry_at(index).map(|(_, value)| value),
        _ => None,
    }
}

fn typed_text(text: &str, ty: &Type) -> Result<Val, EvalError> {
    let wrong = |what: &str, why: String| EvalError::message(format!("Invalid {what} {text}: {why}"));
    match ty {
        Type::Timestamp => match parse_timestamp(text).or_else(|| parse_timestamp(&format!("{text}T00:00:00Z"))) {
            Some(timestamp) => Ok(Val::Timestamp(timestamp)),
            None => Err(wrong("date-time formatted string", format!("unable to parse {text:?}"))),
        },
        Type::Duration => match schema::Duration::parse(text) {
            Ok(duration) => Ok(Val::Duration(duration.as_nanos())),
            Err(error) => Err(wrong("duration", error.to_string())),
        },
        Type::Bytes => match schema::Bytes::from_base64(text) {
            Ok(bytes) => Ok(Val::Bytes(bytes.0.into())),
            Err(error) => Err(wrong("byte formatted string", error.to_string())),
        },
        _ => Ok(Val::str(text)),
    }
}
