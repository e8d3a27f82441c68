//! RuntimeClass.

use api_misc::node::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct RuntimeClass;

static NAMES: Names = Names {
    group: "node.k8s.io",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    singular: "runtimeclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.node.v1.RuntimeClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::RuntimeClass>] = &[Column::NAME, Column::string("Handler", "", 0, handler), Column::AGE];

impl Kind for RuntimeClass {
    type Object = v1::RuntimeClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::RuntimeClass>] {
        COLUMNS
    }
}

fn handler(object: &v1::RuntimeClass, _now: Time) -> Cell {
    Cell::from(object.handler.as_str())
}
