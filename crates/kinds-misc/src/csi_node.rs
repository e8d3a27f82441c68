//! CSINode.

use api_misc::storage::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct CSINode;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "CSINode",
    plural: "csinodes",
    singular: "csinode",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.CSINode" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::CSINode>] = &[
    Column::NAME,
    Column::integer("Drivers", "Drivers indicates the number of CSI drivers registered on the node", 0, drivers),
    Column::AGE,
];

impl Kind for CSINode {
    type Object = v1::CSINode;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CSINode>] {
        COLUMNS
    }
}

fn drivers(object: &v1::CSINode, _now: Time) -> Cell {
    Cell::from(object.spec.drivers.len() as i64)
}
