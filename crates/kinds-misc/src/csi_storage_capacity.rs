//! CSIStorageCapacity.

use crate::formats;
use api_misc::storage::v1;
use kind::{Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version, validate};
use schema::Typed;

pub struct CSIStorageCapacity;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "CSIStorageCapacity",
    plural: "csistoragecapacities",
    singular: "csistoragecapacity",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.CSIStorageCapacity" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::CSIStorageCapacity>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for CSIStorageCapacity {
    type Object = v1::CSIStorageCapacity;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CSIStorageCapacity>] {
        COLUMNS
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_update: false, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::CSIStorageCapacity, errors: &mut FieldErrors) {
        formats::subdomain(&object.storage_class_name, &Path::root("storageClassName"), errors);
        if let Some(topology) = &object.node_topology {
            validate::label_selector(topology, false, &Path::root("nodeTopology"), errors);
        }
        for (field, amount) in [("capacity", &object.capacity), ("maximumVolumeSize", &object.maximum_volume_size)] {
            if let Some(amount) = amount.as_ref().filter(|amount| amount.is_negative()) {
                let shown = amount.to_text();
                errors.invalid(&Path::root(field), shown.as_str(), "must be greater than or equal to 0");
            }
        }
    }

    fn validate_update(&self, new: &v1::CSIStorageCapacity, old: &v1::CSIStorageCapacity, errors: &mut FieldErrors) {
        self.validate(new, errors);
        if new.node_topology != old.node_topology {
            errors.invalid(&Path::root("nodeTopology"), &new.to_value()["nodeTopology"], "field is immutable");
        }
        if new.storage_class_name != old.storage_class_name {
            errors.invalid(&Path::root("storageClassName"), &new.storage_class_name, "field is immutable");
        }
    }
}
