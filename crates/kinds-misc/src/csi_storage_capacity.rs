//! CSIStorageCapacity.

use api_misc::storage::v1;
use kind::{Column, Kind, Names, Scope, Verb, Version};

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
}
