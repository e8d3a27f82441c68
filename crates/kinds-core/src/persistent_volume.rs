//! PersistentVolume: its phase, and a source that never changes.

mod sources;
pub(crate) mod validation;

use crate::{cells, pod_spec};
use api_core::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Scope, Subresource, Verb, Version};
use schema::{Time, Typed};

pub struct PersistentVolume;

pub(crate) const CLASS_WARNING: &str = "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead";
/// Where the class stood before it was a field.
pub(crate) const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

static NAMES: Names = Names {
    group: "",
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short_names: &["pv"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.PersistentVolume" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("PersistentVolume")],
};

static COLUMNS: &[Column<v1::PersistentVolume>] = &[
    Column::NAME,
    Column::string("Capacity", CAPACITY_DESCRIPTION, 0, capacity),
    Column::string("Access Modes", MODES_DESCRIPTION, 0, modes),
    Column::string("Reclaim Policy", RECLAIM_DESCRIPTION, 0, reclaim),
    Column::string("Status", STATUS_DESCRIPTION, 0, status),
    Column::string("Claim", CLAIM_DESCRIPTION, 0, claim),
    Column::string("StorageClass", "StorageClass of the pv", 0, class),
    Column::string("VolumeAttributesClass", "VolumeAttributesClass of the pv", 0, attributes_class),
    Column::string("Reason", REASON_DESCRIPTION, 0, reason),
    Column::AGE,
    Column::string("VolumeMode", VOLUME_MODE_DESCRIPTION, 1, volume_mode),
];

const CAPACITY_DESCRIPTION: &str = "capacity is the description of the persistent volume's resources and capacity. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity";
const MODES_DESCRIPTION: &str = "accessModes contains all ways the volume can be mounted. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes";
const RECLAIM_DESCRIPTION: &str = "persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its claim. Valid options are Retain (default for manually created PersistentVolumes), Delete (default for dynamically provisioned PersistentVolumes), and Recycle (deprecated). Recycle must be supported by the volume plugin underlying this PersistentVolume. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#reclaiming";
const STATUS_DESCRIPTION: &str = "phase indicates if a volume is available, bound to a claim, or released by a claim. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#phase";
const CLAIM_DESCRIPTION: &str = "claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding";
const REASON_DESCRIPTION: &str = "reason is a brief CamelCase string that describes any failure and is meant for machine parsing and tidy display in the CLI.";
const VOLUME_MODE_DESCRIPTION: &str = "volumeMode defines if a volume is intended to be used with a formatted filesystem or to remain in raw block state. Value of Filesystem is implied when not included in spec.";

impl Kind for PersistentVolume {
    type Object = v1::PersistentVolume;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PersistentVolume>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::PersistentVolume) {
        let set = |text: &mut String, default: &str| {
            if text.is_empty() {
                *text = default.into();
            }
        };
        set(&mut object.status.phase, "Pending");
        set(&mut object.spec.persistent_volume_reclaim_policy, "Retain");
        object.spec.volume_mode.get_or_insert_with(|| "Filesystem".into());
        pod_spec::round_up(&mut object.spec.capacity);
        sources::default(&mut object.spec);
    }

    fn prepare_create(&self, object: &mut v1::PersistentVolume, context: &Context) {
        object.status = v1::PersistentVolumeStatus {
            phase: "Pending".into(),
            last_phase_transition_time: Some(context.now),
            ..v1::PersistentVolumeStatus::default()
        };
    }

    fn prepare_update(&self, new: &mut v1::PersistentVolume, old: &v1::PersistentVolume, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::PersistentVolume, old: &v1::PersistentVolume, context: &Context) {
        new.spec = old.spec.clone();
        if new.status.phase != old.status.phase {
            let time = new.status.last_phase_transition_time;
            if time.is_none() || time == old.status.last_phase_transition_time {
                new.status.last_phase_transition_time = Some(context.now);
            }
        } else if new.status.last_phase_transition_time.is_none() {
            new.status.last_phase_transition_time = old.status.last_phase_transition_time;
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::PersistentVolume, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn validate_update(&self, new: &v1::PersistentVolume, old: &v1::PersistentVolume, errors: &mut FieldErrors) {
        validation::validate_update(new, old, errors);
    }

    fn warnings(&self, new: &v1::PersistentVolume, _old: Option<&v1::PersistentVolume>) -> Vec<String> {
        warnings(new)
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

fn warnings(volume: &v1::PersistentVolume) -> Vec<String> {
    let spec = &volume.spec;
    let has = |annotation: &str| volume.metadata.annotations.contains_key(annotation);
    const MOUNT_OPTIONS: &str = "volume.beta.kubernetes.io/mount-options";
    let given = [
        (has(CLASS_ANNOTATION), CLASS_WARNING.to_owned()),
        (
            has(MOUNT_OPTIONS),
            format!("metadata.annotations[{MOUNT_OPTIONS}]: deprecated since v1.31; use \"mountOptions\" attribute instead"),
        ),
        (
            spec.persistent_volume_reclaim_policy == "Recycle",
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned(),
        ),
        (spec.cephfs.is_some(), "spec.cephfs: deprecated in v1.28, non-functional in v1.31+".to_owned()),
        (
            spec.photon_persistent_disk.is_some(),
            "spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+".to_owned(),
        ),
        (spec.scale_io.is_some(), "spec.scaleIO: deprecated in v1.16, non-functional in v1.22+".to_owned()),
        (spec.storageos.is_some(), "spec.storageOS: deprecated in v1.22, non-functional in v1.25+".to_owned()),
        (spec.glusterfs.is_some(), "spec.glusterfs: deprecated in v1.25, non-functional in v1.26+".to_owned()),
        (spec.rbd.is_some(), "spec.rbd: deprecated in v1.28, non-functional in v1.31+".to_owned()),
    ];
    given.into_iter().filter(|(given, _)| *given).map(|(_, warning)| warning).collect()
}

/// `RWO,ROX,RWX,RWOP`, each once.
pub(crate) fn modes_text(modes: &[String]) -> String {
    const SHORT: &[(&str, &str)] =
        &[("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let shown = SHORT.iter().filter(|(mode, _)| modes.iter().any(|has| has == mode)).map(|(_, short)| *short);
    shown.collect::<Vec<_>>().join(",")
}

/// The class in the old annotation goes before the field.
pub fn class_of(object: &v1::PersistentVolume) -> &str {
    object.metadata.annotations.get(CLASS_ANNOTATION).unwrap_or(&object.spec.storage_class_name)
}

fn capacity(object: &v1::PersistentVolume, _now: Time) -> Cell {
    Cell::from(object.spec.capacity.get("storage").map_or("0".to_owned(), |size| size.to_string()))
}

fn modes(object: &v1::PersistentVolume, _now: Time) -> Cell {
    Cell::from(modes_text(&object.spec.access_modes))
}

fn reclaim(object: &v1::PersistentVolume, _now: Time) -> Cell {
    cells::text(&object.spec.persistent_volume_reclaim_policy)
}

fn status(object: &v1::PersistentVolume, _now: Time) -> Cell {
    let deleted = object.metadata.deletion_timestamp.is_some();
    cells::text(if deleted { "Terminating" } else { &object.status.phase })
}

fn claim(object: &v1::PersistentVolume, _now: Time) -> Cell {
    Cell::from(match &object.spec.claim_ref {
        Some(claim) => format!("{}/{}", claim.namespace, claim.name),
        None => String::new(),
    })
}

fn class(object: &v1::PersistentVolume, _now: Time) -> Cell {
    cells::text(class_of(object))
}

fn attributes_class(object: &v1::PersistentVolume, _now: Time) -> Cell {
    cells::text(object.spec.volume_attributes_class_name.as_deref().unwrap_or(cells::UNSET))
}

fn reason(object: &v1::PersistentVolume, _now: Time) -> Cell {
    cells::text(&object.status.reason)
}

fn volume_mode(object: &v1::PersistentVolume, _now: Time) -> Cell {
    cells::text(object.spec.volume_mode.as_deref().unwrap_or(cells::UNSET))
}

/// A source of a volume in the form that pods have; the two differ in the namespaces of secrets.
fn as_in_pods<T: Typed>(source: &impl Typed) -> T {
    T::from_value(&source.to_value())
}
