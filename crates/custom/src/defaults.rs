//! Filling in what the schema gives as default, and dropping nulls that it does not permit.

#[cfg(test)]
mod tests;

use crate::node::Node;
use schema::{Map, Value};

/// Members that are absent, or null where null is not permitted, get their default; other nulls of that sort go.
pub fn apply(node: &Node, value: &mut Value) {
    fill(node, value);
    drop_nulls(node, value);
}

fn fill(node: &Node, value: &mut Value) {
    match value {
        Value::Map(map) => {
            for (name, property) in &node.properties {
                if let Some(default) = &property.default
                    && map.get(name).is_none_or(|value| value.is_null() && !property.nullable)
                {
                    map.insert(name.as_str(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(member) = node.property(key).or_else(|| node.additional_schema()) {
                    fill_null(member, value);
                    fill(member, value);
                }
            }
        }
        Value::List(items) => {
            if let Some(item) = &node.items {
                for value in items {
                    fill_null(item, value);
                    fill(item, value);
                }
            }
        }
        _ => {}
    }
}

fn fill_null(node: &Node, value: &mut Value) {
    if let Some(default) = node.default.as_ref().filter(|_| value.is_null() && !node.nullable) {
        *value = default.clone();
    }
}

fn drop_nulls(node: &Node, value: &mut Value) {
    match value {
        Value::Map(map) => {
            map.retain(|key, value| {
                let member = node.property(key).or_else(|| node.additional_schema());
                let Some(member) = member else { return true };
                drop_nulls(member, value);
                !(value.is_null() && !member.nullable && node.property(key).is_some() && member.default.is_none())
            });
        }
        Value::List(items) => {
            if let Some(item) = &node.items {
                items.iter_mut().for_each(|value| drop_nulls(item, value));
            }
        }
        _ => {}
    }
}

/// Takes the unknown fields out of a value that is not decoded by a compiled schema: a default.
/// `in_resource`: the value is an object with apiVersion, kind and metadata of its own.
pub fn prune(node: &Node, value: &mut Value, in_resource: bool) {
    match value {
        Value::Map(map) => prune_map(node, map, in_resource),
        Value::List(items) => {
            if let Some(item) = &node.items {
                items.iter_mut().for_each(|value| prune(item, value, item.embedded));
            }
        }
        _ => {}
    }
}

fn prune_map(node: &Node, map: &mut Map, in_resource: bool) {
    let of_resource = |key: &str| in_resource && matches!(key, "apiVersion" | "kind" | "metadata");
    let keeps_all = node.preserves_unknown() || node.additional.is_some();
    map.retain(|key, value| match node.property(key) {
        _ if of_resource(key) => true,
        Some(property) => {
            prune(property, value, property.embedded);
            true
        }
        None => {
            if let Some(additional) = node.additional_schema() {
                prune(additional, value, additional.embedded);
            }
            keeps_all
        }
    });
}
