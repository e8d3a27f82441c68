//! Whether the schema of a definition is one, in upstream's words: what OpenAPI permits, what Kubernetes adds to it.

mod defaults;
mod selectable;
mod source;

pub use selectable::selectable_fields;
pub use source::{internal_json, rule_json};
pub use source::{object as json_object, optional as json_optional, text as json_text};

use crate::node::{Additional, Node};
use crate::structural;
use kind::field::{Bare, Shown};
use kind::{FieldErrors, Path};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const OF_RESOURCES: &[&str] = &["apiVersion", "kind", "metadata"];
const REASONS: &[&str] = &["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
/// What a root may say beside a status subresource, whose schema stands for itself.
const AT_ROOT: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";

/// What was let pass in the definition before, and so is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strictness {
    pub structural: bool,
    pub valid_types: bool,
    pub pruned_defaults: bool,
    pub atomic_sets: bool,
    pub keys_of_maps: bool,
}

impl Strictness {
    pub const ALL: Strictness = Strictness {
        structural: true,
        valid_types: true,
        pruned_defaults: true,
        atomic_sets: true,
        keys_of_maps: true,
    };

    /// For an update of a definition with these schemas.
    pub fn after(old: &[Node]) -> Strictness {
        let none = |test: &dyn Fn(&Node) -> bool| !old.iter().any(|node| node.any(test));
        let structural = |node: &Node| {
            let mut errors = FieldErrors::new();
            structural::validate(node, &Path::object(), &mut errors);
            structural::unsupported(node).is_none() && errors.is_empty()
        };
        Strictness {
            structural: old.iter().all(structural),
            valid_types: none(&|node| !node.ty.is_empty() && !TYPES.contains(&node.ty.as_str())),
            pruned_defaults: none(&defaults::is_unpruned),
            atomic_sets: none(&|node| set_items(node).is_some_and(|(_, wrong)| wrong)),
            keys_of_maps: none(&|node| {
                let mut errors = FieldErrors::new();
                keys_of_maps(node, &Path::object(), &mut errors);
                !errors.is_empty()
            }),
        }
    }
}

/// What the checks share on their way down.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// Why no default may stand here.
    no_defaults: Option<&'p str>,
    inside_metadata: bool,
    is_root: bool,
}

/// Checks the schema of a version. `path` is that of `openAPIV3Schema`. Gives whether rules can be looked at.
pub fn schema(node: &Node, has_status: bool, strict: Strictness, path: &Path, errors: &mut FieldErrors) -> bool {
    let before = errors.len();
    if has_status {
        root_beside_status(node, path, errors);
    }
    if node.nullable {
        errors.forbidden(&path.child("nullable"), "nullable cannot be true at the root");
    }
    let mut unstructured = None;
    let mut rules = false;
    if strict.structural {
        let found = errors.len();
        unstructured = structural::unsupported(node);
        if unstructured.is_none() {
            structural::validate(node, path, errors);
            if errors.len() == found {
                defaults::validate(node, strict.pruned_defaults, path, errors);
            }
            rules = errors.len() == found;
        }
    }
    let place = Place { no_defaults: None, inside_metadata: false, is_root: true };
    node_and_below(node, place, strict, path, errors);
    if let Some(why) = unstructured.filter(|_| errors.len() == before) {
        errors.invalid(path, "", why);
    }
    rules
}

/// Whether anything is wrong with a node and what is below, for who can only look at what is right.
pub fn has_errors(node: &Node, strict: Strictness) -> bool {
    let mut errors = FieldErrors::new();
    let place = Place { no_defaults: None, inside_metadata: false, is_root: false };
    node_and_below(node, place, strict, &Path::object(), &mut errors);
    !errors.is_empty()
}

/// The status is validated by its own schema: the root must not say more of it.
fn root_beside_status(node: &Node, path: &Path, errors: &mut FieldErrors) {
    if !node.ty.is_empty() && node.ty != "object" {
        let why =
            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.invalid(&path.child("type"), &node.ty, why);
    }
    let more = !node.all_of.is_empty()
        || !node.any_of.is_empty()
        || !node.one_of.is_empty()
        || node.not.is_some()
        || node.default.is_some()
        || node.nullable
        || !node.enumeration.is_empty()
        || node.max_properties.is_some()
        || node.min_properties.is_some()
        || node.additional.is_some()
        || node.embedded
        || node.int_or_string
        || node.list_type.is_some()
        || node.map_type.is_some()
        || !node.list_map_keys.is_empty();
    if more {
        let why =
            format!("only {AT_ROOT} fields are allowed at the root of the schema if the status subresource is enabled");
        errors.invalid(path, Bare(internal_json(node)), why);
    }
}

fn node_and_below(node: &Node, place: Place, strict: Strictness, path: &Path, errors: &mut FieldErrors) {
    openapi(node, place, strict, path, errors);
    if node.unique_items {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.forbidden(&path.child("uniqueItems"), why);
    }
    below(node, place, strict, path, errors);
    maps(node, path, errors);
    lists(node, strict, path, errors);
    rules(node, path, errors);
}

fn openapi(node: &Node, place: Place, strict: Strictness, path: &Path, errors: &mut FieldErrors) {
    if strict.valid_types && !node.ty.is_empty() && !TYPES.contains(&node.ty.as_str()) {
        errors.not_supported(&path.child("type"), &node.ty, TYPES);
    }
    if let Some(why) = place.no_defaults.filter(|_| node.default.is_some()) {
        errors.forbidden(&path.child("default"), format!("must not be set {why}"));
    }
    let mut refuse = |holds: bool, field: &str| {
        if holds {
            errors.forbidden(&path.child(field), format!("{field} is not supported"));
        }
    };
    refuse(!node.id.is_empty(), "id");
    refuse(node.additional_items.is_some(), "additionalItems");
    refuse(!node.pattern_properties.is_empty(), "patternProperties");
    refuse(!node.definitions.is_empty(), "definitions");
    refuse(!node.dependencies.is_empty(), "dependencies");
    refuse(node.reference.is_some(), "$ref");
    if node.ty == "null" {
        errors.forbidden(&path.child("type"), "type cannot be set to null, use nullable as an alternative");
    }
    if !node.items_list.is_empty() {
        errors.forbidden(&path.child("items"), "items must be a schema object and not an array");
    }
    if place.inside_metadata && node.embedded {
        errors.forbidden(&path.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
    }
}

fn below(node: &Node, place: Place, strict: Strictness, path: &Path, errors: &mut FieldErrors) {
    let plain = Place { is_root: false, ..place };
    if let Some(additional) = &node.additional {
        let path = path.child("additionalProperties");
        if !node.properties.is_empty() && !matches!(additional, Additional::Allowed(true)) {
            errors.forbidden(&path, "additionalProperties and properties are mutual exclusive");
        }
        if let Additional::Of(member) = additional {
            let why = "inside additionalProperties applying to object metadata";
            let no_defaults = if place.inside_metadata { Some(why) } else { place.no_defaults };
            node_and_below(member, Place { no_defaults, ..plain }, strict, &path, errors);
        }
    }
    for (name, property) in &node.properties {
        let of_resource = (place.is_root || node.embedded) && OF_RESOURCES.contains(&name.as_str());
        let reason = format!("in top-level {name}");
        let inner = Place {
            inside_metadata: place.inside_metadata || of_resource,
            no_defaults: if of_resource && place.is_root { Some(&reason) } else { place.no_defaults },
            is_root: false,
        };
        node_and_below(property, inner, strict, &path.child("properties").key(name), errors);
    }
    let alternatives = [("allOf", &node.all_of), ("oneOf", &node.one_of), ("anyOf", &node.any_of)];
    if let Some(not) = &node.not {
        node_and_below(not, plain, strict, &path.child("not"), errors);
    }
    for (name, parts) in alternatives {
        for (index, part) in parts.iter().enumerate() {
            node_and_below(part, plain, strict, &path.child(name).index(index), errors);
        }
    }
    if let Some(items) = &node.items {
        node_and_below(items, plain, strict, &path.child("items"), errors);
    }
    if node.preserve_unknown == Some(false) {
        let path = path.child("x-kubernetes-preserve-unknown-fields");
        errors.invalid(&path, false, "must be true or undefined");
    }
}

fn maps(node: &Node, path: &Path, errors: &mut FieldErrors) {
    let Some(map_type) = &node.map_type else { return };
    must_be(node, "object", "x-kubernetes-map-type", path, errors);
    if !matches!(map_type.as_str(), "atomic" | "granular") {
        errors.not_supported(&path.child("x-kubernetes-map-type"), map_type, &["atomic", "granular"]);
    }
}

fn must_be(node: &Node, ty: &str, because: &str, path: &Path, errors: &mut FieldErrors) {
    let why = format!("must be {ty} if {because} is specified");
    if node.ty.is_empty() {
        errors.required(&path.child("type"), why);
    } else if node.ty != ty {
        errors.invalid(&path.child("type"), &node.ty, why);
    }
}

/// The extension that the items of a set lack to be values as a whole, and whether they do.
fn set_items(node: &Node) -> Option<(&'static str, bool)> {
    let items = node.items.as_ref().filter(|_| node.list_type.as_deref() == Some("set"))?;
    let atomic = |ty: &Option<String>| ty.as_deref() == Some("atomic");
    match items.ty.as_str() {
        "array" => Some(("x-kubernetes-list-type", items.list_type.is_some() && !atomic(&items.list_type))),
        "object" => Some(("x-kubernetes-map-type", !atomic(&items.map_type))),
        _ => None,
    }
}

fn lists(node: &Node, strict: Strictness, path: &Path, errors: &mut FieldErrors) {
    let list_type = path.child("x-kubernetes-list-type");
    if let Some(ty) = &node.list_type {
        if node.ty != "array" {
            must_be(node, "array", "x-kubernetes-list-type", path, errors);
        } else if let Some((field, true)) = set_items(node).filter(|_| strict.atomic_sets) {
            // Upstream shows the list type of the items for either.
            let shown = node.items.as_ref().and_then(|items| items.list_type.as_deref());
            let shown = Bare(shown.map_or("null".to_owned(), |ty| ty.shown()));
            let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
            errors.invalid(&path.child("items").child(field), shown, why);
        }
        if !matches!(ty.as_str(), "atomic" | "set" | "map") {
            errors.not_supported(&list_type, ty, &["atomic", "set", "map"]);
        }
    }
    if !node.list_map_keys.is_empty() {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        match node.list_type.as_deref() {
            None => errors.required(&list_type, why),
            Some("map") => {}
            Some(other) => errors.invalid(&list_type, other, why),
        }
    }
    if node.is_keyed_list() {
        keyed(node, path, errors);
    }
    if strict.keys_of_maps {
        keys_of_maps(node, path, errors);
    }
}

fn keyed(node: &Node, path: &Path, errors: &mut FieldErrors) {
    let keys_path = path.child("x-kubernetes-list-map-keys");
    if node.list_map_keys.is_empty() {
        errors.required(&keys_path, "must not be empty if x-kubernetes-list-type is map");
    }
    let items_path = path.child("items");
    let Some(items) = &node.items else {
        match node.items_list.is_empty() {
            true => errors.required(&items_path, "must have a schema if x-kubernetes-list-type is map"),
            false => {
                let why = "must only have a single schema if x-kubernetes-list-type is map";
                errors.invalid(&items_path, Bare("{}"), why);
            }
        }
        return;
    };
    if items.ty != "object" {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        errors.invalid(&items_path.child("type"), &items.ty, why);
        return;
    }
    let shown =
        || Bare(format!("[{}]", node.list_map_keys.iter().map(|key| key.shown()).collect::<Vec<_>>().join(",")));
    for (index, key) in node.list_map_keys.iter().enumerate() {
        match items.property(key) {
            None => errors.invalid(&keys_path, shown(), "entries must all be names of item properties"),
            Some(property) if matches!(property.ty.as_str(), "array" | "object") => {
                let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.invalid(&items_path.child("properties").key(key).child("type"), &items.ty, why);
            }
            Some(_) => {}
        }
        if node.list_map_keys[..index].contains(key) {
            errors.invalid(&keys_path, shown(), "must not contain duplicate entries");
        }
    }
}

fn keys_of_maps(node: &Node, path: &Path, errors: &mut FieldErrors) {
    let (Some(items), Some(ty @ ("set" | "map"))) = (&node.items, node.list_type.as_deref()) else { return };
    let path = path.child("items");
    if items.nullable {
        errors.forbidden(&path.child("nullable"), format!("cannot be nullable when x-kubernetes-list-type is {ty}"));
    }
    if ty == "set" {
        return;
    }
    for key in &node.list_map_keys {
        let Some(property) = items.property(key) else { continue };
        let path = path.child("properties");
        let path = path.key(key);
        if !items.required.contains(key) && property.default.is_none() {
            let why =
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.required(&path.child("default"), why);
        }
        if property.nullable {
            let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.forbidden(&path.child("nullable"), why);
        }
    }
}

/// What of rules does not take CEL to see.
fn rules(node: &Node, path: &Path, errors: &mut FieldErrors) {
    let has_breaks = |text: &str| text.contains(['\n', '\r']);
    for (index, rule) in node.rules.iter().enumerate() {
        let path = path.child("x-kubernetes-validations");
        let path = path.index(index);
        let (text, message) = (rule.rule.trim(), rule.message.trim());
        if text.is_empty() {
            errors.required(&path.child("rule"), "rule is not specified");
        } else if !rule.message.is_empty() && message.is_empty() {
            errors.invalid(&path.child("message"), &rule.message, "message must be non-empty if specified");
        } else if has_breaks(message) {
            errors.invalid(&path.child("message"), &rule.message, "message must not contain line breaks");
        } else if has_breaks(text) && message.is_empty() {
            errors.required(&path.child("message"), "message must be specified if rule contains line breaks");
        }
        if !rule.message_expression.is_empty() && rule.message_expression.trim().is_empty() {
            errors.required(&path.child("messageExpression"), "messageExpression must be non-empty if specified");
        }
        if let Some(reason) = rule.reason.as_ref().filter(|reason| !REASONS.contains(&reason.as_str())) {
            errors.not_supported(&path.child("reason"), reason, REASONS);
        }
        if rule.field_path.is_empty() {
            continue;
        }
        let field_path = path.child("fieldPath");
        if rule.field_path.trim().is_empty() {
            errors.invalid(&field_path, &rule.field_path, "fieldPath must be non-empty if specified");
        }
        if has_breaks(&rule.field_path) {
            errors.invalid(&field_path, &rule.field_path, "fieldPath must not contain line breaks");
        }
        if crate::field_path::resolve(&rule.field_path, node, true).is_err() {
            errors.invalid(&field_path, &rule.field_path, "fieldPath must be a valid path");
        }
    }
}
