//! DeviceClass.

use api_misc::resource::v1;
use kind::{Column, Kind, Names, Scope, Verb, Version};

pub struct DeviceClass;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "DeviceClass",
    plural: "deviceclasses",
    singular: "deviceclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.DeviceClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::DeviceClass>] = &[Column::NAME, Column::AGE];

impl Kind for DeviceClass {
    type Object = v1::DeviceClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::DeviceClass>] {
        COLUMNS
    }
}
