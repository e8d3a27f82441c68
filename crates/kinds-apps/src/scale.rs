//! Scale, the form that `/scale` has of what has replicas: its names and columns. It is served only as a subresource.

use kind::columns::{AGE_DESCRIPTION, NAME_DESCRIPTION};
use kind::{Cell, Column, Names, Scope, Version, VirtualKind};
use schema::{Time, Value};

pub static SCALE: VirtualKind = VirtualKind(&NAMES, COLUMNS);

/// The scale of a custom resource, whose columns are worded otherwise.
pub static CUSTOM_SCALE: VirtualKind = VirtualKind(&NAMES, CUSTOM_COLUMNS);

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

static COLUMNS: &[Column<Value>] = &[
    Column::string("Name", NAME_DESCRIPTION, 0, |scale, _| scale.at(&["metadata", "name"]).clone()),
    Column {
        kind: "integer",
        ..Column::string("Desired", "replicas is the desired number of instances for the scaled object.", 0, desired)
    },
    Column {
        kind: "integer",
        ..Column::string(
            "Available",
            "replicas is the actual number of observed instances of the scaled object.",
            0,
            available,
        )
    },
    Column::string("Age", AGE_DESCRIPTION, 0, age),
];

static CUSTOM_COLUMNS: &[Column<Value>] = &[
    Column {
        format: "name",
        ..Column::string("Name", NAME_DESCRIPTION, 0, |scale, _| scale.at(&["metadata", "name"]).clone())
    },
    Column { kind: "integer", ..Column::string("Desired", "Number of desired replicas", 0, desired) },
    Column { kind: "integer", ..Column::string("Available", "Number of actual replicas", 0, available) },
    Column { kind: "date", ..Column::string("Age", AGE_DESCRIPTION, 0, age) },
];

fn desired(scale: &Value, _now: Time) -> Cell {
    Cell::from(scale.at(&["spec", "replicas"]).as_i64().unwrap_or_default())
}

fn available(scale: &Value, _now: Time) -> Cell {
    Cell::from(scale.at(&["status", "replicas"]).as_i64().unwrap_or_default())
}

fn age(scale: &Value, now: Time) -> Cell {
    Cell::from(kind::age(Time::parse(scale.str_at(&["metadata", "creationTimestamp"])).ok(), now))
}
