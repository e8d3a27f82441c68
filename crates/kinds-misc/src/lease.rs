//! Lease.

use api_misc::coordination::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct Lease;

static NAMES: Names = Names {
    group: "coordination.k8s.io",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.coordination.v1.Lease" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Lease>] =
    &[Column::NAME, Column::string("Holder", HOLDER_DESCRIPTION, 0, holder), Column::AGE];

const HOLDER_DESCRIPTION: &str = "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.";

impl Kind for Lease {
    type Object = v1::Lease;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Lease>] {
        COLUMNS
    }
}

fn holder(object: &v1::Lease, _now: Time) -> Cell {
    Cell::from(object.spec.holder_identity.as_deref().unwrap_or_default())
}
