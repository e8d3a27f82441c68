//! Fields that objects may be selected by.

use crate::field_path;
use crate::node::Node;
use kind::{FieldErrors, Path};

const MAX_FIELDS: usize = 8;

pub fn selectable_fields(paths: &[String], node: &Node, path: &Path, errors: &mut FieldErrors) {
    let mut seen: Vec<String> = Vec::new();
    for (index, text) in paths.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("jsonPath");
        if text.is_empty() {
            errors.required(&path, "");
            continue;
        }
        let (found, schema) = match field_path::resolve(text, node, false) {
            Ok(found) => found,
            Err(why) => {
                errors.invalid(&path, text, format!("is an invalid path: {why}"));
                continue;
            }
        };
        if found.root() == "metadata" {
            errors.invalid(&path, text, "must not point to fields in metadata");
        }
        if !matches!(schema.ty.as_str(), "string" | "boolean" | "integer") {
            let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errors.invalid(&path, text, why);
        }
        let found = found.to_string();
        if seen.contains(&found) {
            errors.duplicate(&path, text);
        } else {
            seen.push(found);
        }
    }
    if seen.len() > MAX_FIELDS {
        errors.too_many(path, seen.len(), MAX_FIELDS);
    }
}
