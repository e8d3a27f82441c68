//! Strategic merge patch: a merge whose lists are merged by the descriptor's keys, steered by directives in the patch.
//!
//! | directive | where | what |
//! | --- | --- | --- |
//! | `$patch: replace` | in a map, or alone in a list item | the patch takes the place of the original |
//! | `$patch: delete` | in a map or list item | the original goes |
//! | `$retainKeys: [..]` | in a map | members of the original that are not named go |
//! | `$setElementOrder/<list>: [..]` | beside a list | the order of the merged list |
//! | `$deleteFromPrimitiveList/<list>: [..]` | beside a list of scalars | these items go |
//!
//! Deliberately absent: making patches from two objects (clients do that), and schemas from OpenAPI.

mod list;
mod lookup;

use crate::PatchError;
use crate::go_format::{Go, GoList, type_name};
use crate::merge::without_nulls;
use list::{Items, merge_lists};
use lookup::{Member, Place};
use schema::{Map, Text, TypeRef, Value};

pub(crate) const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";

/// Merges `patch` into `target`, the written form of an object of type `ty`.
pub fn apply(ty: TypeRef, target: &mut Value, patch: &Value) -> Result<(), PatchError> {
    match patch {
        Value::Map(patch) => {
            let have = std::mem::take(target.make_map());
            *target = Value::Map(merge_maps(Place::Struct(ty), have, patch)?);
            Ok(())
        }
        Value::Null => Ok(()),
        other => Err(PatchError::BadRequest(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            crate::go_format::json_name(other)
        ))),
    }
}

pub(crate) fn merge_maps(place: Place, mut have: Map, patch: &Map) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(without(patch, |key| key == DIRECTIVE)),
            Some("delete") => Ok(Map::new()),
            _ => Err(bad_directive(directive, patch)),
        };
    }
    retain_keys(&mut have, patch)?;
    let ordered = merge_ordered_lists(place, &mut have, patch)?;
    delete_from_lists(place, &mut have, patch)?;
    merge_members(place, have, patch, &ordered)
}

/// One pass over both, which are sorted. Directives and the lists that were `ordered` are done already.
fn merge_members(place: Place, have: Map, patch: &Map, ordered: &[&str]) -> Result<Map, PatchError> {
    let is_member = |key: &str| {
        key != RETAIN_KEYS
            && !key.starts_with(SET_ORDER)
            && !key.starts_with(DELETE_FROM_LIST)
            && ordered.binary_search(&key).is_err()
    };
    let mut entries: Vec<(Text, Value)> = Vec::with_capacity(have.len() + patch.len());
    let mut changes = patch.iter().filter(|(key, _)| is_member(key)).peekable();
    for (key, value) in have {
        while let Some((new_key, new)) = changes.next_if(|(new_key, _)| *new_key < key.as_str()) {
            entries.extend(taken_over(new).map(|new| (new_key.into(), new)));
        }
        match changes.next_if(|(new_key, _)| *new_key == key.as_str()) {
            None => entries.push((key, value)),
            Some((_, Value::Null)) => {}
            Some((_, new)) => {
                let merged = merge_value(place, &key, value, new)?;
                entries.extend(merged.map(|merged| (key, merged)));
            }
        }
    }
    for (key, new) in changes {
        entries.extend(taken_over(new).map(|new| (key.into(), new)));
    }
    Ok(Map::build(entries).0)
}

fn merge_value(place: Place, key: &str, have: Value, new: &Value) -> Result<Option<Value>, PatchError> {
    match (have, new) {
        (Value::Map(have), Value::Map(new)) => {
            let member = place.member(key)?;
            if member.replaces {
                return Ok(Some(Value::Map(new.clone())));
            }
            merge_maps(member.place, have, new).map(|merged| Some(Value::Map(merged)))
        }
        (Value::List(have), Value::List(new)) => {
            let member = place.member(key)?;
            if !member.merges {
                return Ok(Some(Value::List(new.clone())));
            }
            merge_lists(&member, have, new).map(|merged| Some(Value::List(merged)))
        }
        (_, new) => Ok(taken_over(new)),
    }
}

/// A value of the patch that meets nothing to merge with: without nulls, and without maps that carry a directive.
fn taken_over(new: &Value) -> Option<Value> {
    if new.is_null() {
        return None;
    }
    without_directives(without_nulls(new))
}

fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Map(map) if map.contains_key(DIRECTIVE) => None,
        Value::Map(map) => Some(Value::Map(
            map.into_iter().filter_map(|(key, value)| without_directives(value).map(|value| (key, value))).collect(),
        )),
        Value::List(items) => Some(Value::List(items.into_iter().filter_map(without_directives).collect())),
        other => Some(other),
    }
}

fn retain_keys(have: &mut Map, patch: &Map) -> Result<(), PatchError> {
    let Some(named) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let wrong = || PatchError::BadRequest("invalid patch format of retainKeys".into());
    let mut keep: Vec<&str> = named.as_list().ok_or_else(wrong)?.iter().filter_map(Value::as_str).collect();
    keep.sort_unstable();
    for (key, value) in patch.iter() {
        let directive = key == RETAIN_KEYS || key.starts_with(DELETE_FROM_LIST) || key.starts_with(SET_ORDER);
        if !directive && !value.is_null() && keep.binary_search(&key).is_err() {
            return Err(wrong());
        }
    }
    have.retain(|key, _| keep.binary_search(&key).is_ok());
    Ok(())
}

/// Merges and orders each list that has a `$setElementOrder`; returns the names of these lists, sorted.
fn merge_ordered_lists<'p>(place: Place, have: &mut Map, patch: &'p Map) -> Result<Vec<&'p str>, PatchError> {
    let (mut done, mut lists) = (Vec::new(), Vec::new());
    for (directive, order) in patch.iter().filter(|(key, _)| key.starts_with(SET_ORDER)) {
        let order = as_list(order)?;
        let name = list_name(directive, SET_ORDER, "invalid patch format of setElementOrder list")?;
        let original = have.get(name).map(as_list).transpose()?;
        let new = patch.get(name).map(as_list).transpose()?;
        let member = place.member(name)?;
        if let Some(list) = merge_ordered_list(&member, original, new, order)? {
            lists.push((Text::from(name), Value::List(list)));
            done.push(name);
        }
    }
    if !lists.is_empty() {
        *have = Map::build(std::mem::take(have).into_iter().chain(lists).collect()).0;
    }
    Ok(done)
}

/// `None` where there is no list to order.
fn merge_ordered_list(
    member: &Member,
    original: Option<&[Value]>,
    new: Option<&[Value]>,
    order: &[Value],
) -> Result<Option<Vec<Value>>, PatchError> {
    list::validate_order(member, new.unwrap_or_default(), order)?;
    let merged = match (original, new) {
        (None, None) => return Ok(None),
        (Some(original), None) => original.to_vec(),
        (None, Some(new)) => new.iter().filter(|item| item.get(DIRECTIVE).is_none()).cloned().collect(),
        (Some(_), Some(new)) if !member.merges => new.to_vec(),
        (Some(original), Some(new)) => merge_lists(member, original.to_vec(), new)?,
    };
    let original = original.unwrap_or_default();
    Items::of(original, new.unwrap_or_default())?;
    list::in_order(member, merged, order, &list::ranks(member, original)?).map(Some)
}

fn delete_from_lists(place: Place, have: &mut Map, patch: &Map) -> Result<(), PatchError> {
    let mut gone_lists = Vec::new();
    for (directive, gone) in patch.iter().filter(|(key, _)| key.starts_with(DELETE_FROM_LIST)) {
        let name = list_name(directive, DELETE_FROM_LIST, "invalid patch format of primitive list")?;
        if gone.is_null() {
            gone_lists.push(name);
            continue;
        }
        let (Some(Value::List(items)), Value::List(gone)) = (have.get_mut(name), gone) else { continue };
        let member = place.member(name)?;
        if !member.merges {
            *items = gone.clone();
        } else if !(items.is_empty() && gone.is_empty()) {
            match Items::of(items, gone)? {
                Items::Scalars => list::delete_scalars(items, gone),
                Items::Maps => *items = merge_lists(&member, std::mem::take(items), gone)?,
            }
        }
    }
    if !gone_lists.is_empty() {
        have.retain(|key, _| gone_lists.binary_search(&key).is_err());
    }
    Ok(())
}

/// The list that a directive `<prefix>/<list>` is about.
fn list_name<'p>(directive: &'p str, prefix: &str, wrong: &str) -> Result<&'p str, PatchError> {
    match directive.split_once('/') {
        Some((found, name)) if found == prefix => Ok(name),
        _ => Err(PatchError::BadRequest(wrong.into())),
    }
}

fn as_list(value: &Value) -> Result<&[Value], PatchError> {
    value.as_list().ok_or_else(|| bad_type("[]interface {}", value))
}

fn without(map: &Map, mut leave_out: impl FnMut(&str) -> bool) -> Map {
    let kept = map.iter().filter(|(key, _)| !leave_out(key));
    kept.map(|(key, value)| (Text::from(key), value.clone())).collect()
}

fn bad_directive(directive: &Value, patch: &Map) -> PatchError {
    let patch = Value::Map(patch.clone());
    PatchError::Internal(format!("unknown patch type: {} in map: {}", Go(directive), Go(&patch)))
}

fn bad_type(expected: &str, actual: &Value) -> PatchError {
    PatchError::Internal(format!("expected a {expected}, but received a {}", type_name(actual)))
}

fn no_merge_key(item: &Value, key: &str) -> PatchError {
    PatchError::Internal(format!("map: {} does not contain declared merge key: {key}", Go(item)))
}

fn bad_order(patch: &[Value], order: &[Value]) -> PatchError {
    PatchError::Internal(format!(
        "The order in patch list:\n{}\n doesn't match {SET_ORDER} list:\n{}\n",
        GoList(patch),
        GoList(order)
    ))
}

#[cfg(test)]
mod tests;
