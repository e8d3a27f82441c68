//! The claim that an ephemeral volume makes.

use super::check;
use api_core::v1::PersistentVolumeClaimTemplate;
use kind::{FieldErrors, Path, validate};

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub fn validate(template: &PersistentVolumeClaimTemplate, path: &Path, errors: &mut FieldErrors) {
    let why = "cannot be set for an ephemeral volume";
    validate::template_metadata(&template.metadata, &path.child("metadata"), why, errors);
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
