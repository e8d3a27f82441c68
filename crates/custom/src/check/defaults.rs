//! Whether defaults are valid values of their own schemas, without unknown fields.

use crate::node::Node;
use crate::rules::Validator;
use crate::{defaults, embedded, values};
use kind::{FieldErrors, Path};

pub fn validate(root: &Node, must_be_pruned: bool, path: &Path, errors: &mut FieldErrors) {
    check(root, true, must_be_pruned, path, errors);
}

fn check(node: &Node, is_resource: bool, must_be_pruned: bool, path: &Path, errors: &mut FieldErrors) {
    if let Some(default) = &node.default {
        let path = path.child("default");
        let mut pruned = default.clone();
        defaults::prune(node, &mut pruned, is_resource || node.embedded);
        if must_be_pruned && pruned != *default {
            errors.invalid(&path, default, "must not have unknown fields");
        }
        let before = errors.len();
        embedded::validate(node, default, errors);
        if errors.len() == before {
            values::validate(node, default, &path.to_string(), errors);
        }
        if let Some(rules) = Validator::new(node, is_resource).filter(|_| errors.len() == before) {
            rules.validate_default(default, &path, errors);
        }
    }
    // Defaults below additionalProperties are not looked at, as upstream does not.
    if let Some(items) = &node.items {
        check(items, false, must_be_pruned, &path.child("items"), errors);
    }
    for (name, property) in &node.properties {
        let of_metadata = is_resource && matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
        let path = path.child("properties");
        check(property, false, must_be_pruned && !of_metadata, &path.key(name), errors);
    }
}

/// Whether the default here has fields that the schema does not know.
pub fn is_unpruned(node: &Node) -> bool {
    node.default.as_ref().is_some_and(|default| {
        let mut pruned = default.clone();
        defaults::prune(node, &mut pruned, node.embedded);
        pruned != *default
    })
}
