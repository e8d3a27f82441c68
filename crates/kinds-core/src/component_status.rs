//! ComponentStatus: deprecated, never stored. What there is to show is computed by the API server.

use crate::cells;
use api_core::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct ComponentStatus;

static NAMES: Names = Names {
    group: "",
    kind: "ComponentStatus",
    plural: "componentstatuses",
    singular: "componentstatus",
    short_names: &["cs"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ComponentStatus" }],
    verbs: &[Verb::Get, Verb::List],
    subresources: &[],
};

static COLUMNS: &[Column<v1::ComponentStatus>] = &[
    Column::NAME,
    Column::string("Status", "Status of the component conditions", 0, status),
    Column::string("Message", "Message of the component conditions", 0, message),
    Column::string("Error", "Error of the component conditions", 0, error),
];

impl Kind for ComponentStatus {
    type Object = v1::ComponentStatus;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ComponentStatus>] {
        COLUMNS
    }

    fn deprecation(&self) -> Option<&'static str> {
        Some("v1 ComponentStatus is deprecated in v1.19+")
    }
}

fn healthy(object: &v1::ComponentStatus) -> Option<&v1::ComponentCondition> {
    object.conditions.iter().find(|condition| condition.type_ == "Healthy")
}

fn status(object: &v1::ComponentStatus, _now: Time) -> Cell {
    cells::text(match healthy(object).map(|condition| condition.status.as_str()) {
        Some("True") => "Healthy",
        Some(_) => "Unhealthy",
        None => "Unknown",
    })
}

fn message(object: &v1::ComponentStatus, _now: Time) -> Cell {
    cells::text(healthy(object).map_or("", |condition| &condition.message))
}

fn error(object: &v1::ComponentStatus, _now: Time) -> Cell {
    cells::text(healthy(object).map_or("", |condition| &condition.error))
}
