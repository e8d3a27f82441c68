//! What a volume must satisfy.

use super::{as_in_pods, sources};
use crate::pod_spec::{check, go, validate_node_selector};
use api_core::v1;
use kind::field::{Bare, FieldErrorKind};
use kind::{FieldError, FieldErrors, Path};
use schema::Typed;

pub(crate) const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
pub(crate) const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];

pub fn validate(volume: &v1::PersistentVolume, errors: &mut FieldErrors) {
    let (spec, root) = (&volume.spec, Path::root("spec"));
    let modes = root.child("accessModes");
    if spec.access_modes.is_empty() {
        errors.required(&modes, "");
    }
    validate_modes(&spec.access_modes, &modes, errors);
    validate_capacity(spec, &root.child("capacity"), errors);
    let policy = &spec.persistent_volume_reclaim_policy;
    let reclaim = root.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        check::known(policy, &["Delete", "Recycle", "Retain"], &reclaim, errors);
    }
    let has_affinity = validate_affinity(spec.node_affinity.as_deref(), &root.child("nodeAffinity"), errors);
    sources::validate(spec, has_affinity, &root, errors);
    let whole_host = spec.host_path.as_ref().is_some_and(|source| is_root(&source.path));
    if whole_host && policy == "Recycle" {
        errors.forbidden(&reclaim, "may not be 'recycle' for a hostPath mount of '/'");
    }
    if !spec.storage_class_name.is_empty() {
        check::dns_subdomain(&spec.storage_class_name, &root.child("storageClassName"), errors);
    }
    if let Some(mode) = &spec.volume_mode {
        check::known(mode, VOLUME_MODES, &root.child("volumeMode"), errors);
    }
    if let Some(class) = &spec.volume_attributes_class_name {
        let path = root.child("volumeAttributesClassName");
        if class.is_empty() {
            errors.required(&path, "an empty string is disallowed");
        } else {
            check::dns_subdomain(class, &path, errors);
        }
        if spec.csi.is_none() {
            errors.required(&root.child("csi"), "has to be specified when using volumeAttributesClassName");
        }
    }
}

/// Each is known, and ReadWriteOncePod stands alone.
pub(crate) fn validate_modes(modes: &[String], path: &Path, errors: &mut FieldErrors) {
    for mode in modes {
        check::known(mode, ACCESS_MODES, path, errors);
    }
    let alone = modes.iter().any(|mode| mode == "ReadWriteOncePod");
    if alone && modes.iter().any(|mode| mode != "ReadWriteOncePod") {
        errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn validate_capacity(spec: &v1::PersistentVolumeSpec, path: &Path, errors: &mut FieldErrors) {
    let capacity = &spec.capacity;
    if capacity.is_empty() {
        errors.required(path, "");
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        let shown = match capacity.len() {
            0 => "null".to_owned(),
            _ => schema::json::to_string(&schema::typed::Part::write(capacity)),
        };
        errors.not_supported(path, Bare(shown), &["storage"]);
    }
    for (name, amount) in capacity {
        if amount.is_zero() || amount.is_negative() {
            errors.invalid(&path.key(name), amount.to_string(), "must be greater than zero");
        }
    }
}

/// Whether nodes are required.
fn validate_affinity(affinity: Option<&v1::VolumeNodeAffinity>, path: &Path, errors: &mut FieldErrors) -> bool {
    let Some(affinity) = affinity else { return false };
    match &affinity.required {
        Some(selector) => validate_node_selector(selector, &path.child("required"), errors),
        None => errors.required(&path.child("required"), "must specify required node constraints"),
    }
    true
}

fn is_root(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| matches!(part, "" | "."))
}

pub fn validate_update(new: &v1::PersistentVolume, old: &v1::PersistentVolume, errors: &mut FieldErrors) {
    validate(new, errors);
    let root = Path::root("spec");
    // The secrets with which volumes are expanded may come later.
    let mut comparable = new.spec.clone();
    if let (Some(new), Some(old)) = (&mut comparable.csi, &old.spec.csi) {
        if old.controller_expand_secret_ref.is_none() {
            new.controller_expand_secret_ref = None;
        }
        if old.node_expand_secret_ref.is_none() {
            new.node_expand_secret_ref = None;
        }
    }
    let (new_source, old_source) = (source_of(&comparable), source_of(&old.spec));
    if new_source != old_source {
        let lines = |source: &v1::PersistentVolumeSpec| go::lines("PersistentVolumeSource", &source.to_value());
        let diff = crate::pod::diff::unified(&lines(&old_source), &lines(&new_source));
        let detail = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.forbidden(&root.child("persistentvolumesource"), detail);
    }
    if new.spec.volume_mode != old.spec.volume_mode {
        let shown = new.spec.volume_mode.as_ref().map_or("null".to_owned(), |mode| kind::field::quoted(mode));
        errors.invalid(&Path::root("volumeMode"), Bare(shown), "field is immutable");
    }
    if old.spec.node_affinity.is_some() && new.spec.node_affinity != old.spec.node_affinity {
        let shown = new
            .spec
            .node_affinity
            .as_ref()
            .map_or("null".to_owned(), |affinity| go::json("VolumeNodeAffinity", &affinity.to_value()));
        errors.push(FieldError {
            kind: FieldErrorKind::Invalid,
            field: Path::root("nodeAffinity").to_string(),
            value: Some(shown),
            detail: "field is immutable, except for updating from beta label to GA".into(),
        });
    }
}

/// The source alone, all else empty.
fn source_of(spec: &v1::PersistentVolumeSpec) -> v1::PersistentVolumeSpec {
    let mut source: v1::PersistentVolumeSpec = as_in_pods(spec);
    source.access_modes.clear();
    source.capacity.clear();
    source.claim_ref = None;
    source.mount_options.clear();
    source.node_affinity = None;
    source.persistent_volume_reclaim_policy.clear();
    source.storage_class_name.clear();
    source.volume_attributes_class_name = None;
    source.volume_mode = None;
    source
}
