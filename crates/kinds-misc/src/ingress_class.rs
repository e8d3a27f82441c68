//! IngressClass.

use api_misc::networking::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct IngressClass;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "IngressClass",
    plural: "ingressclasses",
    singular: "ingressclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.IngressClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::IngressClass>] = &[
    Column::NAME,
    Column::string("Controller", "Controller that is responsible for handling this class", 0, controller),
    Column::string("Parameters", "A reference to a resource with additional parameters", 0, parameters),
    Column::AGE,
];

impl Kind for IngressClass {
    type Object = v1::IngressClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::IngressClass>] {
        COLUMNS
    }
}

fn controller(object: &v1::IngressClass, _now: Time) -> Cell {
    Cell::from(object.spec.controller.as_str())
}

fn parameters(object: &v1::IngressClass, _now: Time) -> Cell {
    Cell::from(object.spec.parameters.as_ref().map_or_else(
        || "<none>".to_owned(),
        |parameters| {
            let group = parameters.api_group.as_ref().map_or(String::new(), |group| format!(".{group}"));
            format!("{}{group}/{}", parameters.kind, parameters.name)
        },
    ))
}
