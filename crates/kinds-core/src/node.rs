//! Node.

mod validation;

pub use validation::validate_taints;

use crate::{cells, pod_spec};
use api_core::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;
use std::collections::BTreeSet;

pub struct Node;

static NAMES: Names = Names {
    group: "",
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Node" }],
    verbs: Verb::ALL,
    subresources: &[
        Subresource {
            name: "proxy",
            group: "",
            version: "",
            kind: "NodeProxyOptions",
            verbs: &[Verb::Create, Verb::Delete, Verb::Get, Verb::Patch, Verb::Update],
            only_version: "",
        },
        Subresource::status("Node"),
    ],
};

static COLUMNS: &[Column<v1::Node>] = &[
    Column::NAME,
    Column::string("Status", "The status of the node", 0, status),
    Column::string("Roles", "The roles of the node", 0, roles),
    Column::AGE,
    Column::string("Version", "Kubelet Version reported by the node.", 0, version),
    Column::string("Internal-IP", ADDRESSES_DESCRIPTION, 1, internal_ip),
    Column::string("External-IP", ADDRESSES_DESCRIPTION, 1, external_ip),
    Column::string("OS-Image", OS_IMAGE_DESCRIPTION, 1, os_image),
    Column::string("Kernel-Version", KERNEL_DESCRIPTION, 1, kernel_version),
    Column::string("Container-Runtime", RUNTIME_DESCRIPTION, 1, container_runtime),
];

const ADDRESSES_DESCRIPTION: &str = "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP).";
const OS_IMAGE_DESCRIPTION: &str =
    "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).";
const KERNEL_DESCRIPTION: &str = "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).";
const RUNTIME_DESCRIPTION: &str =
    "ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).";

impl Kind for Node {
    type Object = v1::Node;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Node>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::Node) {
        default_cidrs(&mut object.spec);
        let status = &mut object.status;
        if status.allocatable.is_empty() {
            status.allocatable = status.capacity.clone();
        }
        pod_spec::round_up(&mut status.capacity);
        pod_spec::round_up(&mut status.allocatable);
    }

    fn prepare_create(&self, object: &mut v1::Node, _context: &Context) {
        drop_disabled(object, None);
    }

    fn prepare_update(&self, new: &mut v1::Node, old: &v1::Node, _context: &Context) {
        new.status = old.status.clone();
        drop_disabled(new, Some(old));
    }

    fn prepare_subresource(&self, new: &mut v1::Node, old: &v1::Node, _context: &Context) {
        new.spec = old.spec.clone();
        drop_disabled(new, Some(old));
    }

    fn validate(&self, object: &v1::Node, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn validate_update(&self, new: &v1::Node, old: &v1::Node, errors: &mut FieldErrors) {
        validation::validate_update(new, old, errors);
    }

    fn validate_subresource(&self, new: &v1::Node, old: &v1::Node, _context: &Context, errors: &mut FieldErrors) {
        validation::validate_update(new, old, errors);
    }

    fn warnings(&self, new: &v1::Node, _old: Option<&v1::Node>) -> Vec<String> {
        let given = [
            (new.spec.config_source.is_some(), "spec.configSource: the feature is removed"),
            (
                !new.spec.external_id.is_empty(),
                "spec.externalID: this field is deprecated, and is unused by Kubernetes",
            ),
        ];
        given.into_iter().filter(|(given, _)| *given).map(|(_, warning)| warning.to_owned()).collect()
    }

    fn selectable(&self, object: &v1::Node) -> Vec<(&'static str, String)> {
        vec![("spec.unschedulable", object.spec.unschedulable.to_string())]
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}

/// The plural field rules; the singular one is its first.
fn default_cidrs(spec: &mut v1::NodeSpec) {
    if !spec.pod_cidr.is_empty() && spec.pod_cidrs.first() != Some(&spec.pod_cidr) {
        spec.pod_cidrs = vec![spec.pod_cidr.clone()];
    }
    if let Some(first) = spec.pod_cidrs.first() {
        spec.pod_cidr = first.clone();
    }
}

/// Dynamic kubelet configuration is gone; an object that has it keeps it.
fn drop_disabled(new: &mut v1::Node, old: Option<&v1::Node>) {
    if old.is_none_or(|old| old.spec.config_source.is_none()) {
        new.spec.config_source = None;
    }
    if old.is_none_or(|old| old.status.config.is_none()) {
        new.status.config = None;
    }
}

fn status(object: &v1::Node, _now: Time) -> Cell {
    let ready = object.status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let word = match ready {
        Some(condition) if condition.status == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    Cell::from(if object.spec.unschedulable { format!("{word},SchedulingDisabled") } else { word.to_owned() })
}

fn roles(object: &v1::Node, _now: Time) -> Cell {
    let role = |(key, value): (&String, &String)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None if key == "kubernetes.io/role" => Some(value.clone()),
        None => None,
    };
    let roles: BTreeSet<String> =
        object.metadata.labels.iter().filter_map(role).filter(|role| !role.is_empty()).collect();
    cells::text_or(&roles.into_iter().collect::<Vec<_>>().join(","), cells::NONE)
}

fn version(object: &v1::Node, _now: Time) -> Cell {
    cells::text(&object.status.node_info.kubelet_version)
}

fn address(object: &v1::Node, type_: &str) -> Cell {
    let found = object.status.addresses.iter().find(|address| address.type_ == type_);
    cells::text(found.map_or(cells::NONE, |address| &address.address))
}

fn internal_ip(object: &v1::Node, _now: Time) -> Cell {
    address(object, "InternalIP")
}

fn external_ip(object: &v1::Node, _now: Time) -> Cell {
    address(object, "ExternalIP")
}

fn os_image(object: &v1::Node, _now: Time) -> Cell {
    cells::text_or(&object.status.node_info.os_image, cells::UNKNOWN)
}

fn kernel_version(object: &v1::Node, _now: Time) -> Cell {
    cells::text_or(&object.status.node_info.kernel_version, cells::UNKNOWN)
}

fn container_runtime(object: &v1::Node, _now: Time) -> Cell {
    cells::text_or(&object.status.node_info.container_runtime_version, cells::UNKNOWN)
}
