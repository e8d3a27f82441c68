//! Scale, the form that `/scale` has of what has replicas: its columns. It is served only as a subresource.

use api_apps::autoscaling::v1;
use kind::{Column, Kind, Names, Scope, Version};

pub struct Scale;

static NAMES: Names = Names {
    group: "autoscaling",
    kind: "Scale",
    plural: "scales",
    singular: "scale",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.autoscaling.v1.Scale" }],
    verbs: &[],
    subresources: &[],
};

static COLUMNS: &[Column<v1::Scale>] = &[
    Column { format: "", ..Column::NAME },
    Column {
        name: "Desired",
        kind: "integer",
        format: "",
        description: "replicas is the desired number of instances for the scaled object.",
        priority: 0,
        cell: |scale, _| scale.spec.replicas.into(),
    },
    Column {
        name: "Available",
        kind: "integer",
        format: "",
        description: "replicas is the actual number of observed instances of the scaled object.",
        priority: 0,
        cell: |scale, _| scale.status.replicas.into(),
    },
    Column::AGE,
];

impl Kind for Scale {
    type Object = v1::Scale;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Scale>] {
        COLUMNS
    }
}
