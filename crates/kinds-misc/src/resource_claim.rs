//! ResourceClaim.

use api_misc::resource::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct ResourceClaim;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "ResourceClaim",
    plural: "resourceclaims",
    singular: "resourceclaim",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.ResourceClaim" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ResourceClaim")],
};

static COLUMNS: &[Column<v1::ResourceClaim>] = &[
    Column::NAME,
    Column::string("State", "A summary of the current state (allocated, pending, reserved, etc.).", 0, state),
    Column::AGE,
];

impl Kind for ResourceClaim {
    type Object = v1::ResourceClaim;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ResourceClaim>] {
        COLUMNS
    }
}

fn state(object: &v1::ResourceClaim, _now: Time) -> Cell {
    let mut states = Vec::new();
    let deleted = object.metadata.deletion_timestamp.is_some();
    if deleted {
        states.push("deleted");
    }
    match (&object.status.allocation, deleted) {
        (None, false) => states.push("pending"),
        (None, true) => {}
        (Some(_), _) => states.push("allocated"),
    }
    if object.status.allocation.is_some() && !object.status.reserved_for.is_empty() {
        states.push("reserved");
    }
    Cell::from(states.join(","))
}
