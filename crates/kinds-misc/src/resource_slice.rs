//! ResourceSlice.

use crate::formats;
use api_misc::resource::v1;
use kind::field::Bare;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
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

    fn spec_changed(&self, new: &v1::ResourceSlice, old: &v1::ResourceSlice) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn selectable(&self, object: &v1::ResourceSlice) -> Vec<(&'static str, String)> {
        vec![
            ("spec.nodeName", object.spec.node_name.clone().unwrap_or_default()),
            ("spec.driver", object.spec.driver.clone()),
        ]
    }

    fn unknown_field_selector(&self, field: &str) -> String {
        format!("field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {field}")
    }

    fn validate(&self, object: &v1::ResourceSlice, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        formats::csi_driver(&spec.driver, &path.child("driver"), errors);
        let pool = path.child("pool");
        if spec.pool.name.is_empty() {
            errors.required(&pool.child("name"), "");
        }
        if spec.pool.resource_slice_count <= 0 {
            let why = "must be greater than zero";
            errors.invalid(&pool.child("resourceSliceCount"), spec.pool.resource_slice_count, why);
        }
        validate::not_negative(spec.pool.generation, &pool.child("generation"), errors);
        let choices = [
            spec.node_name.is_some(),
            spec.node_selector.is_some(),
            spec.all_nodes == Some(true),
            spec.per_device_node_selection == Some(true),
        ];
        let one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
        match choices.into_iter().filter(|set| *set).count() {
            0 => errors.required(&path, one),
            1 => {}
            _ => errors.invalid(&path, Bare("null"), format!("{one}, but multiple fields are set")),
        }
        let devices = path.child("devices");
        let mut seen = std::collections::BTreeSet::new();
        for (index, device) in spec.devices.iter().enumerate() {
            let name = devices.index(index);
            for sentence in validate::dns1123_label(&device.name) {
                errors.invalid(&name.child("name"), &device.name, sentence);
            }
            if !seen.insert(&device.name) {
                errors.duplicate(&name.child("name"), &device.name);
            }
        }
    }

    fn validate_update(&self, new: &v1::ResourceSlice, old: &v1::ResourceSlice, errors: &mut FieldErrors) {
        self.validate(new, errors);
        let path = Path::root("spec");
        let pool = path.child("pool");
        validate::immutable(&new.spec.driver, &old.spec.driver, &path.child("driver"), errors);
        validate::immutable(&new.spec.pool.name, &old.spec.pool.name, &pool.child("name"), errors);
        if new.spec.node_name != old.spec.node_name {
            let name = new.spec.node_name.as_deref().unwrap_or_default();
            errors.invalid(&path.child("nodeName"), name, "field is immutable");
        }
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
