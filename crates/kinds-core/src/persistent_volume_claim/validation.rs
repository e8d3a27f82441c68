//! What a claim must satisfy.

use crate::persistent_volume::validation::{VOLUME_MODES, validate_modes};
use crate::pod_spec::{check, go};
use api_core::v1;
use kind::{FieldErrors, Path, validate};
use schema::Typed;

pub fn validate(claim: &v1::PersistentVolumeClaim, errors: &mut FieldErrors) {
    validate_spec(&claim.spec, &Path::root("spec"), errors);
}

pub fn validate_spec(spec: &v1::PersistentVolumeClaimSpec, root: &Path, errors: &mut FieldErrors) {
    let modes = root.child("accessModes");
    if spec.access_modes.is_empty() {
        errors.required(&modes, "at least 1 access mode is required");
    }
    if let Some(selector) = &spec.selector {
        validate::label_selector(selector, false, &root.child("selector"), errors);
    }
    validate_modes(&spec.access_modes, &modes, errors);
    let resources = root.child("resources");
    let storage = resources.key("storage");
    match spec.resources.requests.get("storage") {
        None => errors.required(&storage, ""),
        Some(size) if size.is_zero() || size.is_negative() => {
            errors.invalid(&storage, size.to_string(), "must be greater than zero");
        }
        Some(_) => {}
    }
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        check::dns_subdomain(class, &root.child("storageClassName"), errors);
    }
    if let Some(mode) = &spec.volume_mode {
        check::known(mode, VOLUME_MODES, &root.child("volumeMode"), errors);
    }
    validate_sources(spec, root, errors);
    if let Some(class) = spec.volume_attributes_class_name.as_deref().filter(|class| !class.is_empty()) {
        check::dns_subdomain(class, &root.child("volumeAttributesClassName"), errors);
    }
}

fn validate_sources(spec: &v1::PersistentVolumeClaimSpec, root: &Path, errors: &mut FieldErrors) {
    let (source, reference) = (root.child("dataSource"), root.child("dataSourceRef"));
    let one = |name: &str, kind: &str, group: Option<&str>, path: &Path, errors: &mut FieldErrors| {
        check::required(name, &path.child("name"), errors);
        check::required(kind, &path.child("kind"), errors);
        match group {
            None | Some("") if kind != "PersistentVolumeClaim" => {
                errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
            }
            Some(group) if !group.is_empty() => check::dns_subdomain(group, &path.child("apiGroup"), errors),
            _ => {}
        }
    };
    if let Some(from) = &spec.data_source {
        one(&from.name, &from.kind, from.api_group.as_deref(), &source, errors);
    }
    let Some(from) = &spec.data_source_ref else { return };
    one(&from.name, &from.kind, from.api_group.as_deref(), &reference, errors);
    if let Some(namespace) = from.namespace.as_deref().filter(|namespace| !namespace.is_empty()) {
        check::dns_label(namespace, &reference.child("namespace"), errors);
        if spec.data_source.is_some() {
            let shown = kind::field::Bare(go::json("PersistentVolumeClaimSpec", &spec.to_value()));
            errors.invalid(root, shown, "may not be specified when dataSourceRef.namespace is specified");
        }
    } else if let Some(old) = &spec.data_source
        && (&old.name, &old.kind) != (&from.name, &from.kind)
    {
        let shown = kind::field::Bare(go::json("TypedLocalObjectReference", &old.to_value()));
        errors.invalid(root, shown, "must match dataSourceRef");
    }
}

pub fn validate_update(new: &v1::PersistentVolumeClaim, old: &v1::PersistentVolumeClaim, errors: &mut FieldErrors) {
    validate(new, errors);
    let root = Path::root("spec");
    let mut comparable = new.spec.clone();
    // The first to bind the claim names the volume.
    if old.spec.volume_name.is_empty() {
        comparable.volume_name.clear();
    }
    // A claim that was made before there was a default class may get it later.
    if super::class_of(old).is_none() {
        comparable.storage_class_name = None;
    }
    if old.status.phase == "Bound" {
        keep_growth(&mut comparable, old, &root, errors);
        comparable.volume_attributes_class_name = old.spec.volume_attributes_class_name.clone();
    }
    if comparable != old.spec {
        let lines = |spec: &v1::PersistentVolumeClaimSpec| go::lines("PersistentVolumeClaimSpec", &spec.to_value());
        let diff = crate::pod::diff::unified(&lines(&old.spec), &lines(&comparable));
        let detail = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{diff}"
        );
        errors.forbidden(&root, detail);
    }
    if new.spec.volume_mode != old.spec.volume_mode {
        let shown = new.spec.volume_mode.as_ref().map_or("null".to_owned(), |mode| kind::field::quoted(mode));
        errors.invalid(&Path::root("volumeMode"), kind::field::Bare(shown), "field is immutable");
    }
}

/// A bound claim may ask for more, and for less than it asked for as long as it is not less than it has.
fn keep_growth(
    comparable: &mut v1::PersistentVolumeClaimSpec,
    old: &v1::PersistentVolumeClaim,
    root: &Path,
    errors: &mut FieldErrors,
) {
    let asked = |spec: &v1::PersistentVolumeClaimSpec| spec.resources.requests.get("storage").cloned();
    let (Some(new_size), Some(old_size)) = (asked(comparable), asked(&old.spec)) else { return };
    let has = old.status.capacity.get("storage");
    if new_size < old_size && has.is_none_or(|has| new_size <= *has) {
        let resources = root.child("resources");
        let detail = "field can not be less than status.capacity";
        errors.forbidden(&resources.child("requests").child("storage"), detail);
    }
    comparable.resources.requests.insert("storage".into(), old_size);
}

pub fn validate_status(claim: &v1::PersistentVolumeClaim, errors: &mut FieldErrors) {
    let root = Path::root("status");
    if claim.metadata.resource_version.is_empty() {
        errors.required(&Path::root("resourceVersion"), "");
    }
    if claim.spec.access_modes.is_empty() {
        let spec = Path::root("spec");
        errors.required(&spec.child("accessModes"), "");
    }
    let capacity = root.child("capacity");
    for (name, amount) in &claim.status.capacity {
        if amount.is_negative() {
            let detail = "must be greater than or equal to 0";
            errors.invalid(&capacity.key(name), amount.to_string(), detail);
        }
    }
}
