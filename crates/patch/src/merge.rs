//! JSON merge patch, RFC 7386: null deletes, maps merge, anything else replaces.
//!
//! As upstream's library: nulls inside a value that is new to the document are dropped, nulls inside a list that replaces
//! a map stay.

use crate::PatchError;
use crate::go_format::json_name;
use schema::{Map, Text, Value};

/// Merges `patch`, which must be a map, into `target`.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), PatchError> {
    match patch {
        Value::Map(patch) => {
            let have = std::mem::take(target.make_map());
            *target = Value::Map(merge_maps(have, patch));
            Ok(())
        }
        Value::Null => Err(PatchError::BadRequest("Invalid JSON Patch".into())),
        other => Err(PatchError::BadRequest(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            json_name(other)
        ))),
    }
}

/// Both are sorted, so that one pass over them builds the result.
fn merge_maps(have: Map, patch: &Map) -> Map {
    let mut entries: Vec<(Text, Value)> = Vec::with_capacity(have.len() + patch.len());
    let mut changes = patch.iter().peekable();
    for (key, value) in have {
        while let Some((new_key, new)) = changes.next_if(|(new_key, _)| *new_key < key.as_str()) {
            add(&mut entries, new_key, new);
        }
        match changes.next_if(|(new_key, _)| *new_key == key.as_str()) {
            None => entries.push((key, value)),
            Some((_, Value::Null)) => {}
            Some((_, new)) => entries.push((key, merge_value(value, new))),
        }
    }
    for (key, new) in changes {
        add(&mut entries, key, new);
    }
    Map::build(entries).0
}

fn add(entries: &mut Vec<(Text, Value)>, key: &str, new: &Value) {
    if !new.is_null() {
        entries.push((key.into(), without_nulls(new)));
    }
}

fn merge_value(have: Value, new: &Value) -> Value {
    match (have, new) {
        (Value::Map(have), Value::Map(new)) => Value::Map(merge_maps(have, new)),
        (Value::Map(_), new) => new.clone(),
        (_, new) => without_nulls(new),
    }
}

/// A copy without the null members of maps; null items of lists stay.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Map(kept.map(|(key, value)| (key.into(), without_nulls(value))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
