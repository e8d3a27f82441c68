//! PersistentVolumeClaim: a spec that is fixed once bound, save that it may grow.

mod validation;

use crate::persistent_volume::{CLASS_ANNOTATION, CLASS_WARNING, modes_text};
use crate::{cells, pod_spec};
use api_core::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct PersistentVolumeClaim;

static NAMES: Names = Names {
    group: "",
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.PersistentVolumeClaim" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("PersistentVolumeClaim")],
};

static COLUMNS: &[Column<v1::PersistentVolumeClaim>] = &[
    Column::NAME,
    Column::string("Status", "phase represents the current phase of PersistentVolumeClaim.", 0, status),
    Column::string(
        "Volume",
        "volumeName is the binding reference to the PersistentVolume backing this claim.",
        0,
        volume,
    ),
    Column::string("Capacity", "capacity represents the actual resources of the underlying volume.", 0, capacity),
    Column::string("Access Modes", MODES_DESCRIPTION, 0, modes),
    Column::string("StorageClass", "StorageClass of the pvc", 0, class),
    Column::string("VolumeAttributesClass", ATTRIBUTES_DESCRIPTION, 0, attributes_class),
    Column::AGE,
    Column::string("VolumeMode", VOLUME_MODE_DESCRIPTION, 1, volume_mode),
];

const MODES_DESCRIPTION: &str = "accessModes contains the actual access modes the volume backing the PVC has. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1";
const ATTRIBUTES_DESCRIPTION: &str = "VolumeAttributesClass of the pvc";
const VOLUME_MODE_DESCRIPTION: &str = "volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when not included in claim spec.";

impl Kind for PersistentVolumeClaim {
    type Object = v1::PersistentVolumeClaim;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PersistentVolumeClaim>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::PersistentVolumeClaim) {
        if object.status.phase.is_empty() {
            object.status.phase = "Pending".into();
        }
        default_spec(&mut object.spec);
        pod_spec::round_up(&mut object.status.capacity);
        pod_spec::round_up(&mut object.status.allocated_resources);
    }

    fn prepare_create(&self, object: &mut v1::PersistentVolumeClaim, _context: &Context) {
        object.status =
            v1::PersistentVolumeClaimStatus { phase: "Pending".into(), ..v1::PersistentVolumeClaimStatus::default() };
        drop_disabled(&mut object.spec, None);
        normalize_sources(&mut object.spec);
    }

    fn prepare_update(&self, new: &mut v1::PersistentVolumeClaim, old: &v1::PersistentVolumeClaim, _context: &Context) {
        new.status = old.status.clone();
        // An old client that knows one of the two sources only does not mean to take the other away.
        if old.spec.data_source_ref.is_some() && new.spec.data_source_ref.is_none() && new.spec.data_source.is_some() {
            new.spec.data_source_ref = old.spec.data_source_ref.clone();
        }
        drop_disabled(&mut new.spec, Some(&old.spec));
        normalize_sources(&mut new.spec);
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::PersistentVolumeClaim,
        old: &v1::PersistentVolumeClaim,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::PersistentVolumeClaim, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn validate_update(
        &self,
        new: &v1::PersistentVolumeClaim,
        old: &v1::PersistentVolumeClaim,
        errors: &mut FieldErrors,
    ) {
        validation::validate_update(new, old, errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::PersistentVolumeClaim,
        _old: &v1::PersistentVolumeClaim,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        validation::validate_status(new, errors);
    }

    fn warnings(&self, new: &v1::PersistentVolumeClaim, _old: Option<&v1::PersistentVolumeClaim>) -> Vec<String> {
        let mut warnings = Vec::new();
        if new.metadata.annotations.contains_key(CLASS_ANNOTATION) {
            warnings.push(CLASS_WARNING.to_owned());
        }
        let resources = &new.spec.resources;
        for (amounts, field) in [(&resources.requests, "requests"), (&resources.limits, "limits")] {
            if let Some(size) = amounts.get("storage").filter(|size| !size.is_exact_at(0)) {
                warnings.push(format!(
                    "spec.resources.{field}[storage]: fractional byte value \"{size}\" is invalid, must be an integer"
                ));
            }
        }
        warnings
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}

/// Also of the claims in templates.
pub fn default_spec(spec: &mut v1::PersistentVolumeClaimSpec) {
    spec.volume_mode.get_or_insert_with(|| "Filesystem".into());
    pod_spec::round_up(&mut spec.resources.requests);
    pod_spec::round_up(&mut spec.resources.limits);
}

/// A source in another namespace is served only with a feature that is off by default; an object that has one keeps it.
fn drop_disabled(new: &mut v1::PersistentVolumeClaimSpec, old: Option<&v1::PersistentVolumeClaimSpec>) {
    let elsewhere = |spec: &v1::PersistentVolumeClaimSpec| {
        let source = spec.data_source_ref.as_ref();
        source.is_some_and(|source| source.namespace.as_ref().is_some_and(|namespace| !namespace.is_empty()))
    };
    if elsewhere(new) && !old.is_some_and(elsewhere) {
        new.data_source_ref = None;
    }
}

/// The two fields for the source of the data say the same. The old one holds claims and snapshots only, and loses
/// anything else; only the new one may name another namespace, and then stands alone.
fn normalize_sources(spec: &mut v1::PersistentVolumeClaimSpec) {
    let known = |group: &str, kind: &str| {
        matches!((group, kind), ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot"))
    };
    if let Some(source) = &spec.data_source
        && !known(source.api_group.as_deref().unwrap_or_default(), &source.kind)
    {
        spec.data_source = None;
    }
    if spec.data_source_ref.as_ref().is_some_and(|source| source.namespace.is_some()) {
        return;
    }
    match (&spec.data_source, &spec.data_source_ref) {
        (Some(source), None) => {
            spec.data_source_ref = Some(Box::new(v1::TypedObjectReference {
                api_group: source.api_group.clone(),
                kind: source.kind.clone(),
                name: source.name.clone(),
                namespace: None,
            }));
        }
        (None, Some(source)) if known(source.api_group.as_deref().unwrap_or_default(), &source.kind) => {
            spec.data_source = Some(Box::new(v1::TypedLocalObjectReference {
                api_group: source.api_group.clone(),
                kind: source.kind.clone(),
                name: source.name.clone(),
            }));
        }
        _ => {}
    }
}

/// The class in the old annotation goes before the field; none where neither says.
pub fn class_of(object: &v1::PersistentVolumeClaim) -> Option<&str> {
    let annotation = object.metadata.annotations.get(CLASS_ANNOTATION);
    annotation.or(object.spec.storage_class_name.as_ref()).map(String::as_str)
}

fn status(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    let deleted = object.metadata.deletion_timestamp.is_some();
    cells::text(if deleted { "Terminating" } else { &object.status.phase })
}

fn volume(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    cells::text(&object.spec.volume_name)
}

fn capacity(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    if object.spec.volume_name.is_empty() {
        return cells::text("");
    }
    Cell::from(object.status.capacity.get("storage").map_or("0".to_owned(), |size| size.to_string()))
}

fn modes(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    if object.spec.volume_name.is_empty() {
        return cells::text("");
    }
    Cell::from(modes_text(&object.status.access_modes))
}

fn class(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    cells::text(class_of(object).unwrap_or_default())
}

fn attributes_class(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    cells::text(object.spec.volume_attributes_class_name.as_deref().unwrap_or(cells::UNSET))
}

fn volume_mode(object: &v1::PersistentVolumeClaim, _now: Time) -> Cell {
    cells::text(object.spec.volume_mode.as_deref().unwrap_or(cells::UNSET))
}
