//! Equality and order of values, and `+` of lists of an object.
//!
//! Numbers compare by amount, whatever their types; what cannot be equal is not equal and no error.

use super::{Key, List, Map, Val, runtime_name};
use crate::eval::EvalError;
use schema::{ListType, Value};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

/// How many values comparisons or a conversion may visit: shared parts make a small value a huge tree, of which cost
/// knows nothing.
#[derive(Debug)]
pub struct Fuel(u32);

const VISITS: u32 = 10_000_000;
/// Of values inside values; a tree of a request is not deeper.
const MAX_DEPTH: u32 = 600;

impl Default for Fuel {
    fn default() -> Fuel {
        Fuel(VISITS)
    }
}

impl Fuel {
    pub fn burn(&mut self) -> Result<(), EvalError> {
        self.0 = self.0.checked_sub(1).ok_or(EvalError::CostExceeded)?;
        Ok(())
    }
}

/// Whether two values are equal.
pub fn equals(a: &Val, b: &Val, fuel: &mut Fuel) -> Result<bool, EvalError> {
    Comparison { fuel }.equals(a, b, 0)
}

/// The order of two values of types that have one with each other.
pub fn compare(a: &Val, b: &Val) -> Result<Ordering, EvalError> {
    if let Some(ordering) = compare_numbers(a, b) {
        return ordering.ok_or_else(|| EvalError::message("NaN values cannot be ordered"));
    }
    Ok(match (a, b) {
        (Val::Bool(a), Val::Bool(b)) => a.cmp(b),
        (Val::String(a), Val::String(b)) => a.cmp(b),
        (Val::Bytes(a), Val::Bytes(b)) => a.cmp(b),
        (Val::Timestamp(a), Val::Timestamp(b)) => a.cmp(b),
        (Val::Duration(a), Val::Duration(b)) => a.cmp(b),
        _ => return Err(EvalError::NoSuchOverload),
    })
}

/// `a + b`, as the list type of `a` has it.
pub fn add_lists(a: List, b: List) -> Result<List, EvalError> {
    match a.kind().clone() {
        ListType::Atomic => a.join(b),
        kind => merge_lists(&a, &b, kind),
    }
}

/// The elements of `a`, with those of `b` that are not in it behind them; of a list of type map those of `b` replace
/// the elements of the same keys.
pub fn merge_lists(a: &List, b: &List, kind: ListType) -> Result<List, EvalError> {
    let mut items = a.to_vec()?;
    let mut positions = std::collections::HashMap::new();
    for (at, item) in items.iter().enumerate() {
        positions.insert(identity(item, &kind)?, at);
    }
    for item in b.iter() {
        let item = item?;
        match positions.entry(identity(&item, &kind)?) {
            std::collections::hash_map::Entry::Occupied(at) if matches!(kind, ListType::Map(_)) => {
                items[*at.get()] = item;
            }
            std::collections::hash_map::Entry::Occupied(_) => {}
            std::collections::hash_map::Entry::Vacant(at) => {
                at.insert(items.len());
                items.push(item);
            }
        }
    }
    Ok(List::Made(Arc::new(super::list::Made { items, kind })))
}

/// What tells an element from others of its list, as text.
fn identity(item: &Val, kind: &ListType) -> Result<String, EvalError> {
    let ListType::Map(keys) = kind else {
        return Ok(format!("{item:?}"));
    };
    let mut identity = String::new();
    for key in keys {
        let part = match item {
            Val::Map(map) => map.get(&Key::from(key.as_str())).transpose()?,
            Val::Object(object) => object.fields.get(key.as_str()).cloned(),
            _ => None,
        };
        identity.push_str(&format!("{part:?}\n"));
    }
    Ok(identity)
}

struct Comparison<'f> {
    fuel: &'f mut Fuel,
}

impl Comparison<'_> {
    fn equals(&mut self, a: &Val, b: &Val, depth: u32) -> Result<bool, EvalError> {
        self.fuel.burn()?;
        if depth > MAX_DEPTH {
            return Err(EvalError::TooDeep);
        }
        if let Some(ordering) = compare_numbers(a, b) {
            return Ok(ordering == Some(Ordering::Equal));
        }
        Ok(match (a, b) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::String(a), Val::String(b)) => a == b,
            (Val::Bytes(a), Val::Bytes(b)) => a == b,
            (Val::Timestamp(a), Val::Timestamp(b)) => a == b,
            (Val::Duration(a), Val::Duration(b)) => a == b,
            (Val::List(a), Val::List(b)) => self.lists(a, b, depth)?,
            (Val::Map(a), Val::Map(b)) => self.maps(a, b, depth)?,
            (Val::Object(a), Val::Object(b)) => {
                if a.type_name != b.type_name || a.fields.len() != b.fields.len() {
                    return Ok(false);
                }
                for (name, value) in &a.fields {
                    match b.fields.get(name) {
                        Some(other) if self.equals(value, other, depth + 1)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Val::Optional(a), Val::Optional(b)) => match (a, b) {
                (Some(a), Some(b)) => self.equals(a, b, depth + 1)?,
                (a, b) => a.is_none() && b.is_none(),
            },
            (Val::Type(a), Val::Type(b)) => runtime_name(a) == runtime_name(b),
            (Val::Opaque(a), Val::Opaque(b)) => a.type_name() == b.type_name() && a.equals(&**b),
            _ => false,
        })
    }

    fn lists(&mut self, a: &List, b: &List, depth: u32) -> Result<bool, EvalError> {
        if a.len() != b.len() {
            return Ok(false);
        }
        if let (Some(a), Some(b)) = (a.untyped_node(), b.untyped_node()) {
            return same_json(a, b, self.fuel);
        }
        match a.kind() {
            ListType::Atomic => {
                for (a, b) in a.iter().zip(b.iter()) {
                    if !self.equals(&a?, &b?, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            ListType::Set => {
                let mut members = HashSet::new();
                for item in a.iter() {
                    members.insert(identity(&item?, &ListType::Set)?);
                }
                for item in b.iter() {
                    if !members.contains(&identity(&item?, &ListType::Set)?) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            kind @ ListType::Map(_) => {
                let mut members = std::collections::HashMap::new();
                for item in a.iter() {
                    let item = item?;
                    members.insert(identity(&item, kind)?, item);
                }
                for item in b.iter() {
                    let item = item?;
                    match members.get(&identity(&item, kind)?) {
                        Some(own) if self.equals(own, &item, depth + 1)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
        }
    }

    fn maps(&mut self, a: &Map, b: &Map, depth: u32) -> Result<bool, EvalError> {
        if a.len() != b.len() {
            return Ok(false);
        }
        if let (Some(a), Some(b)) = (a.untyped_node(), b.untyped_node()) {
            return same_json(a, b, self.fuel);
        }
        for key in a.keys() {
            let (Some(value), Some(other)) = (a.get(&key), b.get(&key)) else {
                return Ok(false);
            };
            if !self.equals(&value?, &other?, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Equality of trees without a declared type: 1 and 1.0 are equal.
fn same_json(a: &Value, b: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    fuel.burn()?;
    match (a.plain(), b.plain()) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => Ok(*a as f64 == *b),
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b) {
                if !same_json(a, b, fuel)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(a), Value::Map(b)) if a.len() == b.len() => {
            for ((key, a), (other, b)) in a.iter().zip(b.iter()) {
                if key != other || !same_json(a, b, fuel)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (a, b) => Ok(a == b),
    }
}

/// `None` where one is no number, `Some(None)` where one is NaN.
fn compare_numbers(a: &Val, b: &Val) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Uint(a), Val::Uint(b)) => Some(a.cmp(b)),
        (Val::Double(a), Val::Double(b)) => a.partial_cmp(b),
        (Val::Int(a), Val::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Uint(a), Val::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Val::Int(a), Val::Double(b)) => compare_whole((*a).into(), *b),
        (Val::Uint(a), Val::Double(b)) => compare_whole((*a).into(), *b),
        (Val::Double(a), Val::Int(b)) => compare_whole((*b).into(), *a).map(Ordering::reverse),
        (Val::Double(a), Val::Uint(b)) => compare_whole((*b).into(), *a).map(Ordering::reverse),
        _ => return None,
    })
}

fn compare_whole(a: i128, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    // Saturates, which keeps the order for amounts beyond those of 64 bits.
    let whole = b.trunc() as i128;
    Some(a.cmp(&whole).then_with(|| 0.0f64.partial_cmp(&(b - b.trunc())).unwrap_or(Ordering::Equal)))
}
