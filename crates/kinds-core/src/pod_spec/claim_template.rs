//! The claim that an ephemeral volume makes.

use super::check;
use api_core::v1::PersistentVolumeClaimTemplate;
use api_meta::v1::ObjectMeta;
use kind::{FieldErrors, Path, validate};

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub fn validate(template: &PersistentVolumeClaimTemplate, path: &Path, errors: &mut FieldErrors) {
    metadata(&template.metadata, path, errors);
    let (claim, path) = (&template.spec, path.child("spec"));
    let modes = path.child("accessModes");
    if claim.access_modes.is_empty() {
        errors.required(&modes, "at least 1 access mode is required");
    }
    if let Some(selector) = &claim.selector {
        validate::label_selector(selector, false, &path.child("selector"), errors);
    }
    for mode in &claim.access_modes {
        check::known(mode, ACCESS_MODES, &modes, errors);
    }
    let alone = claim.access_modes.iter().filter(|mode| *mode == "ReadWriteOncePod").count();
    if alone > 0 && alone < claim.access_modes.len() {
        errors.forbidden(&modes, "may not use ReadWriteOncePod with other access modes");
    }
    let resources = path.child("resources");
    let storage = resources.key("storage");
    match claim.resources.requests.get("storage") {
        None => errors.required(&storage, ""),
        Some(size) if size.is_zero() || size.is_negative() => {
            errors.invalid(&storage, size.to_string(), "must be greater than zero");
        }
        Some(_) => {}
    }
    if let Some(class) = claim.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        check::dns_subdomain(class, &path.child("storageClassName"), errors);
    }
    if let Some(mode) = &claim.volume_mode {
        check::known(mode, &["Block", "Filesystem"], &path.child("volumeMode"), errors);
    }
}

/// Only labels and annotations may be given.
fn metadata(meta: &ObjectMeta, path: &Path, errors: &mut FieldErrors) {
    let path = path.child("metadata");
    validate::labels(&meta.labels, &path.child("labels"), errors);
    validate::annotations(&meta.annotations, &path.child("annotations"), errors);
    let given = [
        (!meta.name.is_empty(), "name"),
        (!meta.generate_name.is_empty(), "generateName"),
        (!meta.namespace.is_empty(), "namespace"),
        (!meta.uid.is_empty(), "uID"),
        (!meta.resource_version.is_empty(), "resourceVersion"),
        (meta.generation != 0, "generation"),
        (!meta.owner_references.is_empty(), "ownerReferences"),
        (!meta.finalizers.is_empty(), "finalizers"),
    ];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), "cannot be set for an ephemeral volume");
    }
}
