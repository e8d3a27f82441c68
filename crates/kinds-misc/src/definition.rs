//! What a CustomResourceDefinition must satisfy.
//!
//! Upstream validates its internal form, in which what all versions have in common stands above them; the paths of
//! failures are those of that form (`spec.validation.openAPIV3Schema`).
//! Deliberately absent: what a schema must be (crate `custom`).

mod conversion;
mod internal;
#[cfg(test)]
mod tests;
mod version;

use api_misc::apiextensions::v1;
use custom::Node;
use custom::check::{Strictness, selectable_fields};
use custom::status::{self, APPROVED_ANNOTATION, Approval};
use internal::{Internal, versions_json};
use kind::field::{Bare, Shown};
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

/// Of a creation: the name says what is defined.
pub fn validate_name(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    let spec = &object.spec;
    let wanted = format!("{}.{}", spec.names.plural, spec.group);
    // That there is no name is said elsewhere.
    if !object.metadata.name.is_empty() && object.metadata.name != wanted {
        let metadata = Path::root("metadata");
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.invalid(&metadata.child("name"), &object.metadata.name, why);
    }
}

pub fn validate(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    validate_all(object, None, errors);
    let refuse_preserving = object.spec.preserve_unknown_fields;
    validate_approval(object, None, errors);
    if refuse_preserving {
        preserving(errors);
    }
}

pub fn validate_update(
    new: &v1::CustomResourceDefinition,
    old: &v1::CustomResourceDefinition,
    errors: &mut FieldErrors,
) {
    validate_all(new, Some(old), errors);
    let (spec, names) = (Path::root("spec"), Path::root("spec"));
    let names = names.child("names");
    if status::is_true(&old.status, "Established") {
        validate::immutable(&new.spec.scope, &old.spec.scope, &spec.child("scope"), errors);
        validate::immutable(&new.spec.names.kind, &old.spec.names.kind, &names.child("kind"), errors);
    }
    validate::immutable(&new.spec.group, &old.spec.group, &spec.child("group"), errors);
    validate::immutable(&new.spec.names.plural, &old.spec.names.plural, &names.child("plural"), errors);
    validate_approval(new, Some(old), errors);
    if new.spec.preserve_unknown_fields && !old.spec.preserve_unknown_fields {
        preserving(errors);
    }
}

pub fn validate_status(object: &v1::CustomResourceDefinition, errors: &mut FieldErrors) {
    let status = Path::root("status");
    validate_names(&object.status.accepted_names, &status.child("acceptedNames"), errors);
}

fn validate_all(
    object: &v1::CustomResourceDefinition,
    old: Option<&v1::CustomResourceDefinition>,
    errors: &mut FieldErrors,
) {
    let (spec, path) = (&object.spec, Path::root("spec"));
    validate_group(&spec.group, &path.child("group"), errors);
    match spec.scope.as_str() {
        "" => errors.required(&path.child("scope"), ""),
        "Cluster" | "Namespaced" => {}
        other => errors.not_supported(&path.child("scope"), other, &["Cluster", "Namespaced"]),
    }
    let internal = Internal::new(spec);
    let strict = old.map_or(Strictness::ALL, |old| Strictness::after(&Internal::new(&old.spec).schemas()));
    let schemas = version::Schemas { strict, new: spec, old: old.map(|old| &old.spec) };
    validate_versions(spec, &internal, &schemas, &path, errors);
    required_names(&spec.names, &path.child("names"), errors);
    validate_names(&spec.names, &path.child("names"), errors);
    validate_shared(spec, &internal, &schemas, &path, errors);
    let conversion = spec.conversion.as_deref();
    conversion::validate(spec, conversion, old, &path.child("conversion"), errors);
    validate_status(object, errors);
    validate_stored(object, errors);
}

fn validate_group(group: &str, path: &Path, errors: &mut FieldErrors) {
    if group.is_empty() {
        return errors.required(path, "");
    }
    let problems = validate::dns1123_subdomain(group);
    if !problems.is_empty() {
        errors.invalid(path, group, problems.join(","));
    } else if !group.contains('.') {
        errors.invalid(path, group, "should be a domain with at least one dot");
    }
}

fn validate_versions(
    spec: &v1::CustomResourceDefinitionSpec,
    internal: &Internal,
    schemas: &version::Schemas,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let versions = path.child("versions");
    let has_shared = matches!(&internal.schema, Some(Some(_)));
    for (index, version) in spec.versions.iter().enumerate() {
        let lacks = version.schema.as_ref().is_none_or(|schema| schema.open_api_v3_schema.is_none());
        if lacks && !has_shared {
            let path = versions.index(index);
            errors.required(&path.child("schema").child("openAPIV3Schema"), "schemas are required");
        }
    }
    let mut seen = BTreeSet::new();
    let mut unique = true;
    for (index, version) in spec.versions.iter().enumerate() {
        let path = versions.index(index);
        unique &= seen.insert(&version.name);
        let problems = validate::dns1035_label(&version.name);
        if !problems.is_empty() {
            errors.invalid(&path.child("name"), &version.name, problems.join(","));
        }
        version::validate(spec, version, internal, schemas, &path, errors);
    }
    let shown = || Bare(versions_json(spec, internal));
    if !unique {
        errors.invalid(&versions, shown(), "must contain unique version names");
    }
    if spec.versions.iter().filter(|version| version.storage).count() != 1 {
        errors.invalid(&versions, shown(), "must have exactly one version marked as storage version");
    }
}

/// What all versions have in common.
fn validate_shared(
    spec: &v1::CustomResourceDefinitionSpec,
    internal: &Internal,
    schemas: &version::Schemas,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let validation = path.child("validation");
    let node = internal.schema.as_ref().and_then(Option::as_ref);
    if let Some(node) = node {
        let has_status = spec.versions.iter().any(|v| v.subresources.as_ref().is_some_and(|s| s.status.is_some()));
        let first = spec.versions.first().map(|version| version.name.as_str()).unwrap_or_default();
        schemas.validate(node, first, has_status, &validation.child("openAPIV3Schema"), errors);
    }
    let Some(first) = spec.versions.first() else { return };
    if internal.subresources {
        version::subresources(first, &path.child("subresources"), errors);
    }
    if internal.columns {
        version::columns(first, &path.child("additionalPrinterColumns"), errors);
    }
    if internal.selectable && !first.selectable_fields.is_empty() {
        let fields = path.child("selectableFields");
        match (node, &internal.schema) {
            (Some(node), _) => selectable_fields(&version::paths(first), node, &fields, errors),
            (None, Some(None)) | (None, None) => {
                errors.invalid(&fields, "", "selectableFields may only be set when validations.schema is included");
            }
            (None, Some(Some(_))) => {}
        }
    }
}

fn required_names(names: &v1::CustomResourceDefinitionNames, path: &Path, errors: &mut FieldErrors) {
    let named = [
        ("plural", &names.plural),
        ("singular", &names.singular),
        ("kind", &names.kind),
        ("listKind", &names.list_kind),
    ];
    for (field, _) in named.iter().filter(|(_, text)| text.is_empty()) {
        errors.required(&path.child(field), "");
    }
}

fn validate_names(names: &v1::CustomResourceDefinitionNames, path: &Path, errors: &mut FieldErrors) {
    let single = [
        ("plural", &names.plural, false),
        ("singular", &names.singular, false),
        ("kind", &names.kind, true),
        ("listKind", &names.list_kind, true),
    ];
    for (field, text, mixed) in single.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        let checked = if mixed { text.to_lowercase() } else { text.clone() };
        let problems = validate::dns1035_label(&checked);
        if !problems.is_empty() {
            let prefix = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.invalid(&path.child(field), text, format!("{prefix}{}", problems.join(",")));
        }
    }
    for (field, texts) in [("shortNames", &names.short_names), ("categories", &names.categories)] {
        let list = path.child(field);
        for (index, text) in texts.iter().enumerate() {
            let problems = validate::dns1035_label(text);
            if !problems.is_empty() {
                errors.invalid(&list.index(index), text, problems.join(","));
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
        return errors.invalid(&path, Bare("null"), "must have at least one stored version");
    }
    for version in object.spec.versions.iter().filter(|version| version.storage && !stored.contains(&version.name)) {
        let shown = Bare(format!("[{}]", stored.iter().map(Shown::shown).collect::<Vec<_>>().join(",")));
        errors.invalid(&path, shown, format!("must have the storage version {}", version.name));
    }
    for (index, name) in stored.iter().enumerate() {
        if !object.spec.versions.iter().any(|version| version.name == *name) {
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            errors.invalid(&path.index(index), name, why);
        }
    }
}

/// Groups of Kubernetes' own take someone's approval.
fn validate_approval(
    new: &v1::CustomResourceDefinition,
    old: Option<&v1::CustomResourceDefinition>,
    errors: &mut FieldErrors,
) {
    let (state, why) = status::approval(new);
    let unchanged = old.is_some_and(|old| status::approval(old).0 == state);
    if !status::is_protected_group(&new.spec.group) || unchanged {
        return;
    }
    let metadata = Path::root("metadata");
    let annotations = metadata.child("annotations");
    let path = annotations.key(APPROVED_ANNOTATION);
    match state {
        Approval::Missing => errors.required(&path, why),
        Approval::Invalid => {
            let annotation = new.metadata.annotations.get(APPROVED_ANNOTATION).map(String::as_str);
            errors.invalid(&path, annotation.unwrap_or_default(), why);
        }
        Approval::Approved | Approval::Bypassed => {}
    }
}

fn preserving(errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
    errors.invalid(&spec.child("preserveUnknownFields"), true, why);
}

/// The schema of a version as it was written.
fn node_of(version: &v1::CustomResourceDefinitionVersion) -> Option<Node> {
    use schema::Typed;
    let schema = version.schema.as_ref()?.open_api_v3_schema.as_ref()?;
    Some(Node::parse(&schema.to_value()))
}
