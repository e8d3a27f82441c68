//! Lists that are sets or told apart by keys: nothing comes twice.

use crate::node::Node;
use kind::{FieldErrors, Path};
use schema::{Map, Text, Value};

/// What the schema says of lists as sets and maps, at every depth.
pub fn validate(node: &Node, value: &Value, path: &Path, errors: &mut FieldErrors) {
    match value {
        Value::List(items) => {
            match node.list_type.as_deref() {
                Some("set") => unique(items.to_vec(), path, errors),
                Some("map") => keyed(node, items, path, errors),
                _ => {}
            }
            if let Some(item) = &node.items {
                for (index, value) in items.iter().enumerate() {
                    validate(item, value, &path.index(index), errors);
                }
            }
        }
        Value::Map(map) => {
            for (key, value) in map.iter() {
                if let Some(property) = node.property(key) {
                    validate(property, value, &path.child(key), errors);
                } else if let Some(additional) = node.additional_schema() {
                    validate(additional, value, &path.key(key), errors);
                }
            }
        }
        _ => {}
    }
}

fn keyed(node: &Node, items: &[Value], path: &Path, errors: &mut FieldErrors) {
    let mut keys = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if item.as_map().is_none() {
            errors.invalid(&path.index(index), item, "must be an object for an array of list-type map");
            return;
        }
        keys.push(Value::Map(keys_of(node, item)));
    }
    unique(keys, path, errors);
}

/// The members of an item that tell it apart.
fn keys_of(node: &Node, item: &Value) -> Map {
    let keys = node.list_map_keys.iter();
    keys.filter_map(|key| Some((Text::from(key.as_str()), item.get(key)?.clone()))).collect()
}

fn unique(items: Vec<Value>, path: &Path, errors: &mut FieldErrors) {
    let mut order: Vec<(Vec<u8>, usize)> = items.iter().enumerate().map(|(index, item)| (bytes(item), index)).collect();
    order.sort();
    let mut repeated: Vec<usize> =
        order.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).collect();
    repeated.sort_unstable();
    for index in repeated {
        errors.duplicate(&path.index(index), &items[index]);
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    schema::json::write(value, &mut out);
    out
}

/// The item of an older list that is the same item: only lists told apart by keys have such.
pub fn correlated<'v>(node: &Node, item: &Value, old: &'v [Value]) -> Option<&'v Value> {
    if !node.is_keyed_list() || node.list_map_keys.is_empty() {
        return None;
    }
    old.iter().find(|old| node.list_map_keys.iter().all(|key| old.get(key) == item.get(key)))
}
