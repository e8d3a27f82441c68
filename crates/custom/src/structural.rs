//! Whether a schema is structural: it says of every field, once and outside of alternatives, what it is.

#[cfg(test)]
mod tests;

use crate::node::{Additional, Node};
use cel::functions::regex;
use kind::{FieldError, FieldErrors, Path};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// A failure of a schema before it can be looked at as a structural one.
pub fn unsupported(node: &Node) -> Option<String> {
    let not_supported = |what: &str| Some(format!("OpenAPIV3Schema '{what}' is not supported"));
    if !node.id.is_empty() {
        return not_supported("id");
    }
    if !node.schema_url.is_empty() {
        return not_supported("schema");
    }
    if node.reference.as_ref().is_some_and(|reference| !reference.is_empty()) {
        return not_supported("$ref");
    }
    if !node.pattern_properties.is_empty() {
        return not_supported("patternProperties");
    }
    if !node.dependencies.is_empty() {
        return not_supported("dependencies");
    }
    if node.additional_items.is_some() {
        return not_supported("additionalItems");
    }
    if !node.definitions.is_empty() {
        return not_supported("definitions");
    }
    if !node.items_list.is_empty() {
        return Some("OpenAPIV3Schema 'items' must be a schema, but is an array".into());
    }
    if node.preserve_unknown == Some(false) {
        return Some("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined".into());
    }
    node.children().find_map(unsupported)
}

/// What keeps a schema from being structural, sorted as upstream sorts it.
pub fn validate(node: &Node, path: &Path, errors: &mut FieldErrors) {
    let mut found = FieldErrors::new();
    invariants(node, Level::Root, path, &mut found);
    completeness(node, path, &mut found);
    let mut sorted: Vec<FieldError> = found.iter().cloned().collect();
    sorted.sort_by_key(FieldError::to_string);
    sorted.into_iter().for_each(|error| errors.push(error));
}

fn invariants(node: &Node, level: Level, path: &Path, errors: &mut FieldErrors) {
    if node.ty == "array" && node.items.is_none() {
        errors.required(&path.child("items"), "must be specified");
    }
    if let Some(items) = &node.items {
        invariants(items, Level::Item, &path.child("items"), errors);
    }
    for (name, property) in &node.properties {
        invariants(property, Level::Field, &path.child("properties").key(name), errors);
    }
    if let Some(additional) = &node.additional {
        let path = path.child("additionalProperties");
        if level == Level::Root {
            errors.forbidden(&path, "must not be used at the root");
        }
        if let Additional::Of(member) = additional {
            invariants(member, Level::Field, &path, errors);
        }
    }
    if node.int_or_string && node.preserves_unknown() {
        let why = "must be false if x-kubernetes-int-or-string is true";
        errors.invalid(&path.child("x-kubernetes-preserve-unknown-fields"), true, why);
    }
    if node.int_or_string && node.embedded {
        let why = "must be false if x-kubernetes-int-or-string is true";
        errors.invalid(&path.child("x-kubernetes-embedded-resource"), true, why);
    }
    let skip_any_of = is_int_or_string(&node.any_of);
    let skip_first = node.all_of.first().is_some_and(|first| is_int_or_string(&first.any_of));
    value_validation(node, skip_any_of, skip_first, path, errors);
    types(node, level, path, errors);
    metadata(node, level, path, errors);
    if node.embedded && !node.preserves_unknown() && node.properties.is_empty() {
        let why =
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.required(&path.child("properties"), why);
    }
}

fn types(node: &Node, level: Level, path: &Path, errors: &mut FieldErrors) {
    let ty = path.child("type");
    if node.embedded && node.ty != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        if node.ty.is_empty() {
            errors.required(&ty, why);
        } else {
            errors.invalid(&ty, &node.ty, why);
        }
    } else if node.ty.is_empty() && !node.int_or_string && !node.preserves_unknown() {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.required(&ty, why);
    }
    if node.embedded && node.additional.is_some() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        errors.forbidden(&path.child("additionalProperties"), why);
    }
    if level == Level::Root && !node.ty.is_empty() && node.ty != "object" {
        errors.invalid(&ty, &node.ty, "must be object at the root");
    }
}

/// Of the metadata a schema may say how the name looks, and nothing else.
fn metadata(node: &Node, level: Level, path: &Path, errors: &mut FieldErrors) {
    let checked = level == Level::Root || node.embedded;
    let properties = path.child("properties");
    for name in ["kind", "apiVersion"] {
        if let Some(property) = node.property(name).filter(|property| checked && property.ty != "string") {
            errors.invalid(&properties.key(name).child("type"), &property.ty, "must be string");
        }
    }
    let Some(metadata) = node.property("metadata") else { return };
    let path = properties.key("metadata");
    if checked && metadata.ty != "object" {
        errors.invalid(&path.child("type"), &metadata.ty, "must be object");
    }
    if level == Level::Root && !says_only_names(metadata) {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.forbidden(&path, why);
    }
}

fn says_only_names(metadata: &Node) -> bool {
    let names = metadata.properties.keys().all(|key| matches!(key.as_str(), "name" | "generateName"));
    let Node { description, title, nullable, format, enumeration, required, preserve_unknown, .. } = metadata;
    let plain = description.is_empty()
        && title.is_empty()
        && !nullable
        && format.is_empty()
        && enumeration.is_empty()
        && required.is_empty()
        && preserve_unknown.is_none()
        && !metadata.embedded
        && !metadata.int_or_string
        && metadata.list_type.is_none()
        && metadata.map_type.is_none()
        && metadata.list_map_keys.is_empty()
        && metadata.rules.is_empty();
    let unbound = metadata.items.is_none()
        && metadata.additional.is_none()
        && metadata.all_of.is_empty()
        && metadata.any_of.is_empty()
        && metadata.one_of.is_empty()
        && metadata.not.is_none()
        && metadata.max_properties.is_none()
        && metadata.min_properties.is_none()
        && metadata.pattern.source.is_empty();
    names && plain && unbound
}

/// `anyOf: [{type: integer}, {type: string}]`, the one form of alternatives with types.
fn is_int_or_string(any_of: &[Node]) -> bool {
    match any_of {
        [first, second] => only_type(first, "integer") && only_type(second, "string"),
        _ => false,
    }
}

fn only_type(node: &Node, ty: &str) -> bool {
    node.ty == ty
        && node.children().next().is_none()
        && node.enumeration.is_empty()
        && node.required.is_empty()
        && node.pattern.source.is_empty()
        && node.format.is_empty()
        && node.default.is_none()
        && !node.nullable
        && [node.maximum, node.minimum, node.multiple_of].iter().all(Option::is_none)
        && [node.max_length, node.min_length, node.max_items, node.min_items].iter().all(Option::is_none)
}

fn value_validation(node: &Node, skip_any_of: bool, skip_first: bool, path: &Path, errors: &mut FieldErrors) {
    if !skip_any_of {
        for (index, part) in node.any_of.iter().enumerate() {
            nested(part, false, &path.child("anyOf").index(index), errors);
        }
    }
    for (index, part) in node.all_of.iter().enumerate() {
        nested(part, skip_first && index == 0, &path.child("allOf").index(index), errors);
    }
    for (index, part) in node.one_of.iter().enumerate() {
        nested(part, false, &path.child("oneOf").index(index), errors);
    }
    if let Some(not) = &node.not {
        nested(not, false, &path.child("not"), errors);
    }
    let pattern = &node.pattern.source;
    if !pattern.is_empty()
        && let Err(why) = regex::compile(pattern)
    {
        let why = format!("must be a valid regular expression, but isn't: {why}");
        errors.invalid(&path.child("pattern"), pattern, why);
    }
}

/// What stands within alternatives restricts values and says nothing of structure.
fn nested(node: &Node, skip_any_of: bool, path: &Path, errors: &mut FieldErrors) {
    value_validation(node, skip_any_of, false, path, errors);
    if let Some(items) = &node.items {
        nested(items, false, &path.child("items"), errors);
    }
    for (name, property) in &node.properties {
        nested(property, false, &path.child("properties").key(name), errors);
    }
    let mut forbid = |holds: bool, field: &str, why: &str| {
        if holds {
            errors.forbidden(&path.child(field), format!("must be {why} to be structural"));
        }
    };
    forbid(!node.ty.is_empty(), "type", "empty");
    forbid(node.additional.is_some(), "additionalProperties", "undefined");
    forbid(node.default.is_some(), "default", "undefined");
    forbid(!node.title.is_empty(), "title", "empty");
    forbid(!node.description.is_empty(), "description", "empty");
    forbid(node.nullable, "nullable", "false");
    forbid(node.preserves_unknown(), "x-kubernetes-preserve-unknown-fields", "false");
    forbid(node.embedded, "x-kubernetes-embedded-resource", "false");
    forbid(node.int_or_string, "x-kubernetes-int-or-string", "false");
    forbid(!node.list_map_keys.is_empty(), "x-kubernetes-list-map-keys", "empty");
    forbid(node.list_type.is_some(), "x-kubernetes-list-type", "undefined");
    forbid(node.map_type.is_some(), "x-kubernetes-map-type", "undefined");
    forbid(!node.rules.is_empty(), "x-kubernetes-validations", "empty");
    if node.property("metadata").is_some() {
        errors.forbidden(&path.child("properties").key("metadata"), "must not be specified in a nested context");
    }
}

/// Every field that alternatives speak of is specified outside of them too.
fn completeness(node: &Node, path: &Path, errors: &mut FieldErrors) {
    for (path_of, part) in junctions(node) {
        missing(part, Some(node), &mut vec![path_of], path, path, errors);
    }
    if let Some(items) = &node.items {
        completeness(items, &path.child("items"), errors);
    }
    for (name, property) in &node.properties {
        completeness(property, &path.child("properties").key(name), errors);
    }
    if let Some(member) = node.additional_schema() {
        completeness(member, &path.child("additionalProperties"), errors);
    }
}

/// The alternatives of a node, each with where it stands.
fn junctions(node: &Node) -> impl Iterator<Item = (String, &Node)> {
    let listed = [("anyOf", &node.any_of), ("allOf", &node.all_of), ("oneOf", &node.one_of)];
    let listed = listed.into_iter().flat_map(|(name, parts)| {
        parts.iter().enumerate().map(move |(index, part)| (format!("{name}[{index}]"), part))
    });
    listed.chain(node.not.iter().map(|not| ("not".to_owned(), &**not)))
}

/// `skeleton`: what is specified outside, at the place that `part` speaks of; `at` is its path, `base` that of the node
/// whose alternative this is.
fn missing(
    part: &Node,
    skeleton: Option<&Node>,
    inside: &mut Vec<String>,
    at: &Path,
    base: &Path,
    errors: &mut FieldErrors,
) {
    let Some(skeleton) = skeleton else {
        let because = format!("because it is defined in {base}.{}", inside.join("."));
        errors.required(at, because);
        return;
    };
    if let Some(items) = &part.items {
        inside.push("items".into());
        missing(items, skeleton.items.as_deref(), inside, &at.child("items"), base, errors);
        inside.pop();
    }
    for (name, property) in &part.properties {
        inside.push(format!("properties[{name}]"));
        let path = at.child("properties");
        missing(property, skeleton.property(name), inside, &path.key(name), base, errors);
        inside.pop();
    }
    for (junction, below) in junctions(part) {
        inside.push(junction);
        missing(below, Some(skeleton), inside, at, base, errors);
        inside.pop();
    }
}
