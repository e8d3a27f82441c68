//! What a CustomResourceDefinition must satisfy.
//!
//! Deliberately absent: whether the schemas are structural; the compiler of schemas says so.

use api_misc::apiextensions::v1;
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

/// Of a creation: the name says what is defined.
pub fn validate_name(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    let spec = &object.spec;
    let wanted = format!("{}.{}", spec.names.plural, spec.group);
    if object.metadata.name != wanted {
        let metadata = Path::root("metadata");
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.invalid(&metadata.child("name"), &object.metadata.name, why);
    }
}

pub fn validate(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    let (spec, path) = (&object.spec, Path::root("spec"));
    validate_group(&spec.group, &path.child("group"), errors);
    match spec.scope.as_str() {
        "" => errors.required(&path.child("scope"), ""),
        "Cluster" | "Namespaced" => {}
        other => errors.not_supported(&path.child("scope"), other, &["Cluster", "Namespaced"]),
    }
    validate_versions(spec, &path, errors);
    validate_names(&spec.names, &path.child("names"), errors);
    validate_stored(object, errors);
}

fn validate_group(group: &str, path: &Path, errors: &mut FieldErrors) {
    if group.is_empty() {
        return errors.required(path, "");
    }
    let problems = validate::dns1123_subdomain(group);
    if problems.is_empty() && !group.contains('.') {
        errors.invalid(path, group, "should be a domain with at least one dot");
    }
    for sentence in problems {
        errors.invalid(path, group, sentence);
    }
}

fn validate_versions(spec: &v1::CustomResourceDefinitionSpec, path: &Path, errors: &mut FieldErrors) {
    let versions = path.child("versions");
    let mut seen = BTreeSet::new();
    for (index, version) in spec.versions.iter().enumerate() {
        let path = versions.index(index);
        for sentence in validate::dns1035_label(&version.name) {
            errors.invalid(&path.child("name"), &version.name, sentence);
        }
        if !seen.insert(&version.name) {
            let why = "must contain unique version names";
            errors.invalid(&path, &version.name, why);
        }
        if version.schema.as_ref().is_none_or(|schema| schema.open_api_v3_schema.is_none()) {
            let schema = path.child("schema");
            errors.required(&schema.child("openAPIV3Schema"), "schemas are required");
        }
    }
    if spec.versions.iter().filter(|version| version.storage).count() != 1 {
        let shown = if spec.versions.is_empty() { "null".to_owned() } else { names_of(spec) };
        errors.invalid(&versions, Bare(shown), "must have exactly one version marked as storage version");
    }
}

fn names_of(spec: &v1::CustomResourceDefinitionSpec) -> String {
    let names: Vec<String> = spec.versions.iter().map(|version| kind::field::quoted(&version.name)).collect();
    format!("[{}]", names.join(","))
}

fn validate_names(names: &v1::CustomResourceDefinitionNames, path: &Path, errors: &mut FieldErrors) {
    let single = [
        ("plural", &names.plural, false),
        ("singular", &names.singular, false),
        ("kind", &names.kind, true),
        ("listKind", &names.list_kind, true),
    ];
    for (field, text, mixed) in single {
        let path = path.child(field);
        if text.is_empty() {
            errors.required(&path, "");
            continue;
        }
        let checked = if mixed { text.to_lowercase() } else { text.clone() };
        for sentence in validate::dns1035_label(&checked) {
            let prefix = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.invalid(&path, text, format!("{prefix}{sentence}"));
        }
    }
    for (field, texts) in [("shortNames", &names.short_names), ("categories", &names.categories)] {
        let list = path.child(field);
        for (index, text) in texts.iter().enumerate() {
            for sentence in validate::dns1035_label(text) {
                errors.invalid(&list.index(index), text, sentence);
            }
        }
    }
    if !names.kind.is_empty() && names.kind == names.list_kind {
        errors.invalid(&path.child("listKind"), &names.list_kind, "kind and listKind may not be the same");
    }
}

/// Of the versions that objects may still be stored in.
fn validate_stored(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    let status = Path::root("status");
    let path = status.child("storedVersions");
    let stored = &object.status.stored_versions;
    if stored.is_empty() {
        errors.invalid(&path, Bare("null"), "must have at least one stored version");
    }
    for (index, name) in stored.iter().enumerate() {
        if !object.spec.versions.iter().any(|version| version.name == *name) {
            errors.invalid(&path.index(index), name, "must appear in spec.versions");
        }
    }
}
