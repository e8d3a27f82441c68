//! StorageClass.

use crate::formats;
use api_misc::storage::v1;
use kind::columns::NAME_DESCRIPTION;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
use schema::{Time, Typed};

pub struct StorageClass;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short_names: &["sc"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.StorageClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::StorageClass>] = &[
    Column { name: "Name", kind: "string", format: "name", description: NAME_DESCRIPTION, priority: 0, cell: name },
    Column::string("Provisioner", "provisioner indicates the type of the provisioner.", 0, provisioner),
    Column::string("ReclaimPolicy", RECLAIM_POLICY_DESCRIPTION, 0, reclaim_policy),
    Column::string("VolumeBindingMode", VOLUME_BINDING_MODE_DESCRIPTION, 0, volume_binding_mode),
    Column::string("AllowVolumeExpansion", ALLOW_VOLUME_EXPANSION_DESCRIPTION, 0, allow_volume_expansion),
    Column::AGE,
];

const RECLAIM_POLICY_DESCRIPTION: &str = "reclaimPolicy controls the reclaimPolicy for dynamically provisioned PersistentVolumes of this storage class. Defaults to Delete.";
const VOLUME_BINDING_MODE_DESCRIPTION: &str = "volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.  When unset, VolumeBindingImmediate is used. This field is only honored by servers that enable the VolumeScheduling feature.";
const ALLOW_VOLUME_EXPANSION_DESCRIPTION: &str =
    "allowVolumeExpansion shows whether the storage class allow volume expand.";

impl Kind for StorageClass {
    type Object = v1::StorageClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::StorageClass>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::StorageClass) {
        object.reclaim_policy.get_or_insert_with(|| "Delete".into());
        object.volume_binding_mode.get_or_insert_with(|| "Immediate".into());
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn validate(&self, object: &v1::StorageClass, errors: &mut FieldErrors) {
        formats::provisioner(&object.provisioner, &Path::root("provisioner"), errors);
        if object.parameters.keys().any(String::is_empty) {
            errors.invalid(&Path::root("parameters"), "", "field can not be empty.");
        }
        let known = [
            ("reclaimPolicy", &object.reclaim_policy, ["Delete", "Retain"]),
            ("volumeBindingMode", &object.volume_binding_mode, ["Immediate", "WaitForFirstConsumer"]),
        ];
        for (field, text, known) in known {
            match text.as_deref() {
                None => errors.required(&Path::root(field), ""),
                Some(text) if known.contains(&text) => {}
                Some("") if field == "reclaimPolicy" => {}
                Some(other) => errors.not_supported(&Path::root(field), other, &known),
            }
        }
    }

    fn validate_update(&self, new: &v1::StorageClass, old: &v1::StorageClass, errors: &mut FieldErrors) {
        self.validate(new, errors);
        if new.parameters != old.parameters {
            errors.invalid(&Path::root("parameters"), &new.to_value()["parameters"], "field is immutable");
        }
        if new.provisioner != old.provisioner {
            errors.invalid(&Path::root("provisioner"), &new.provisioner, "field is immutable");
        }
        let texts = [
            ("reclaimPolicy", &new.reclaim_policy, &old.reclaim_policy),
            ("volumeBindingMode", &new.volume_binding_mode, &old.volume_binding_mode),
        ];
        for (field, text, _) in texts.into_iter().filter(|(_, new, old)| new != old) {
            errors.invalid(&Path::root(field), text.as_deref().unwrap_or_default(), "field is immutable");
        }
    }
}

fn name(object: &v1::StorageClass, _now: Time) -> Cell {
    let annotations = &object.metadata.annotations;
    let is_default =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
            .iter()
            .any(|key| annotations.get(*key).is_some_and(|value| value == "true"));
    Cell::from(format!("{}{}", object.metadata.name, if is_default { " (default)" } else { "" }))
}

fn provisioner(object: &v1::StorageClass, _now: Time) -> Cell {
    Cell::from(object.provisioner.as_str())
}

fn reclaim_policy(object: &v1::StorageClass, _now: Time) -> Cell {
    Cell::from(object.reclaim_policy.as_deref().unwrap_or("Delete"))
}

fn volume_binding_mode(object: &v1::StorageClass, _now: Time) -> Cell {
    Cell::from(object.volume_binding_mode.as_deref().unwrap_or("Immediate"))
}

fn allow_volume_expansion(object: &v1::StorageClass, _now: Time) -> Cell {
    Cell::from(object.allow_volume_expansion.unwrap_or_default())
}
