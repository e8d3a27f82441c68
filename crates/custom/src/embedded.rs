//! Objects within objects: each says what it is and has metadata of its own.

use crate::node::Node;
use kind::{FieldErrors, MetadataRules, NameFormat, Path, metadata};
use schema::Value;

/// Checks every embedded resource below the root.
pub fn validate(node: &Node, value: &Value, errors: &mut FieldErrors) {
    below(node, value, &Path::object(), errors);
}

fn below(node: &Node, value: &Value, path: &Path, errors: &mut FieldErrors) {
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                if let Some(property) = node.property(key) {
                    at(property, value, &path.child(key), errors);
                } else if let Some(member) = node.additional_schema() {
                    at(member, value, &path.key(key), errors);
                }
            }
        }
        Value::List(items) => {
            if let Some(item) = &node.items {
                for (index, value) in items.iter().enumerate() {
                    at(item, value, &path.index(index), errors);
                }
            }
        }
        _ => {}
    }
}

fn at(node: &Node, value: &Value, path: &Path, errors: &mut FieldErrors) {
    if node.embedded && value.as_map().is_some() {
        check(value, path, errors);
    }
    below(node, value, path, errors);
}

fn check(value: &Value, path: &Path, errors: &mut FieldErrors) {
    for field in ["apiVersion", "kind"] {
        if value.str_at(&[field]).is_empty() {
            errors.required(&path.child(field), "must not be empty");
        }
    }
    let api_version = value.str_at(&["apiVersion"]);
    if api_version.matches('/').count() > 1 {
        errors.invalid(
            &path.child("apiVersion"),
            api_version,
            format!("unexpected GroupVersion string: {api_version}"),
        );
    }
    let kind = value.str_at(&["kind"]);
    for sentence in kind::validate::dns1035_label(&kind.to_lowercase()) {
        if !kind.is_empty() {
            let why = format!("may have mixed case, but should otherwise match: {sentence}");
            errors.invalid(&path.child("kind"), kind, why);
        }
    }
    // An embedded object needs no name, but what it says must be possible.
    let mut own = FieldErrors::new();
    let mut metadata = value["metadata"].clone();
    if metadata.str_at(&["name"]).is_empty() && metadata.str_at(&["generateName"]).is_empty() {
        metadata.set(&["name"], "x");
    }
    let rules = MetadataRules { name: NameFormat::PathSegment, ..MetadataRules::COMMON };
    let namespaced = !metadata.str_at(&["namespace"]).is_empty();
    metadata::check(&metadata, namespaced, &rules, &mut own);
    for error in own.iter() {
        let field = format!("{path}.{}", error.field);
        errors.push(kind::FieldError { field, ..error.clone() });
    }
}
