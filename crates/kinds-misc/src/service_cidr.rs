//! ServiceCIDR.

use api_misc::networking::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct ServiceCIDR;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "ServiceCIDR",
    plural: "servicecidrs",
    singular: "servicecidr",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.ServiceCIDR" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ServiceCIDR")],
};

static COLUMNS: &[Column<v1::ServiceCIDR>] =
    &[Column::NAME, Column::string("CIDRs", CIDRS_DESCRIPTION, 0, cidrs), Column::AGE];

const CIDRS_DESCRIPTION: &str = "CIDRs defines the IP blocks in CIDR notation (e.g. \"192.168.0.0/24\" or \"2001:db8::/64\") from which to assign service cluster IPs. Max of two CIDRs is allowed, one of each IP family. This field is immutable.";

impl Kind for ServiceCIDR {
    type Object = v1::ServiceCIDR;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ServiceCIDR>] {
        COLUMNS
    }
}

fn cidrs(object: &v1::ServiceCIDR, _now: Time) -> Cell {
    Cell::from(object.spec.cidrs.join(","))
}
