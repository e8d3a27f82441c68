//! ResourceSlice.

use api_misc::resource::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct ResourceSlice;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "ResourceSlice",
    plural: "resourceslices",
    singular: "resourceslice",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.ResourceSlice" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ResourceSlice>] = &[
    Column::NAME,
    Column::string("Node", NODE_DESCRIPTION, 0, node),
    Column::string("Driver", DRIVER_DESCRIPTION, 0, driver),
    Column::string("Pool", POOL_DESCRIPTION, 0, pool),
    Column::AGE,
];

const NODE_DESCRIPTION: &str = "NodeName identifies the node which provides the resources in this pool. A field selector can be used to list only ResourceSlice objects belonging to a certain node.\n\nThis field can be used to limit access from nodes to ResourceSlices with the same node name. It also indicates to autoscalers that adding new nodes of the same type as some old node might also make new resources available.\n\nExactly one of NodeName, NodeSelector, AllNodes, and PerDeviceNodeSelection must be set. This field is immutable.";
const DRIVER_DESCRIPTION: &str = "Driver identifies the DRA driver providing the capacity information. A field selector can be used to list only ResourceSlice objects with a certain driver name.\n\nMust be a DNS subdomain and should end with a DNS domain owned by the vendor of the driver. It should use only lower case characters. This field is immutable.";
const POOL_DESCRIPTION: &str = "Name is used to identify the pool. For node-local devices, this is often the node name, but this is not required.\n\nIt must not be longer than 253 characters and must consist of one or more DNS sub-domains separated by slashes. This field is immutable.";

impl Kind for ResourceSlice {
    type Object = v1::ResourceSlice;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ResourceSlice>] {
        COLUMNS
    }
}

fn node(object: &v1::ResourceSlice, _now: Time) -> Cell {
    Cell::from(object.spec.node_name.as_deref().unwrap_or_default())
}

fn driver(object: &v1::ResourceSlice, _now: Time) -> Cell {
    Cell::from(object.spec.driver.as_str())
}

fn pool(object: &v1::ResourceSlice, _now: Time) -> Cell {
    Cell::from(object.spec.pool.name.as_str())
}
