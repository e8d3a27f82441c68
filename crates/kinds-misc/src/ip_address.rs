//! IPAddress.

use api_misc::networking::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct IPAddress;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "IPAddress",
    plural: "ipaddresses",
    singular: "ipaddress",
    short_names: &["ip"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.IPAddress" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::IPAddress>] =
    &[Column::NAME, Column::string("ParentRef", PARENT_REF_DESCRIPTION, 0, parent_ref), Column::UNANNOUNCED_AGE];

const PARENT_REF_DESCRIPTION: &str =
    "ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.";

impl Kind for IPAddress {
    type Object = v1::IPAddress;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::IPAddress>] {
        COLUMNS
    }
}

fn parent_ref(object: &v1::IPAddress, _now: Time) -> Cell {
    let Some(parent) = &object.spec.parent_ref else { return Cell::from("<none>") };
    let resource =
        if parent.group.is_empty() { parent.resource.clone() } else { format!("{}.{}", parent.resource, parent.group) };
    let parts = [resource.as_str(), &parent.namespace, &parent.name];
    Cell::from(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}
