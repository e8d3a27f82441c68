//! A node as the plugins see it: what it has, what is taken.

use crate::resources::{self, Resources};
use api_core::v1::{Node, Pod, Taint};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// One node and the pods on it. Immutable once in a snapshot.
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub taints: Vec<Taint>,
    pub unschedulable: bool,
    pub allocatable: Resources,
    pub allowed_pods: i64,
    pub requested: Resources,
    /// With containers that ask for nothing counted as asking for a little.
    pub nonzero_requested: Resources,
    /// Taken by pods: host address, protocol, port.
    pub used_ports: HashSet<HostPort>,
    /// Bytes of each image by every name that it has.
    pub images: HashMap<String, i64>,
    /// By uid.
    pub pods: BTreeMap<String, Arc<Pod>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    pub address: String,
    pub protocol: String,
    pub port: i32,
}

const ANY_ADDRESS: &str = "0.0.0.0";

impl NodeInfo {
    /// Takes over what the node's object says; the pods on it stay.
    pub fn set_node(&mut self, node: &Node) {
        self.name = node.metadata.name.clone();
        self.labels = node.metadata.labels.clone();
        self.taints = node.spec.taints.clone();
        self.unschedulable = node.spec.unschedulable;
        self.allocatable = Resources::of(&node.status.allocatable);
        self.allowed_pods = node.status.allocatable.get("pods").map_or(0, |pods| pods.value());
        let images = node.status.images.iter();
        self.images =
            images.flat_map(|image| image.names.iter().map(|name| (name.clone(), image.size_bytes))).collect();
    }

    pub fn add_pod(&mut self, pod: &Arc<Pod>) {
        if let Some(before) = self.pods.insert(pod.metadata.uid.clone(), pod.clone()) {
            self.take_away(&before);
        }
        self.requested.add(&resources::requests(pod));
        self.nonzero_requested.add(&resources::nonzero_requests(pod));
        self.used_ports.extend(host_ports(pod));
    }

    pub fn remove_pod(&mut self, uid: &str) {
        if let Some(pod) = self.pods.remove(uid) {
            self.take_away(&pod);
        }
    }

    fn take_away(&mut self, pod: &Pod) {
        self.requested.sub(&resources::requests(pod));
        self.nonzero_requested.sub(&resources::nonzero_requests(pod));
        self.used_ports = self.pods.values().flat_map(|pod| host_ports(pod)).collect();
    }

    /// Whether something on the node has the port already; the unspecified address is in conflict with every other.
    pub fn port_is_taken(&self, wanted: &HostPort) -> bool {
        self.used_ports.iter().any(|used| {
            let same_address =
                used.address == wanted.address || used.address == ANY_ADDRESS || wanted.address == ANY_ADDRESS;
            used.port == wanted.port && used.protocol == wanted.protocol && same_address
        })
    }
}

/// The host ports that a pod takes.
pub fn host_ports(pod: &Pod) -> Vec<HostPort> {
    let sidecars = pod.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    let containers = pod.spec.containers.iter().chain(sidecars);
    let ports = containers.flat_map(|container| &container.ports).filter(|port| port.host_port > 0);
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    ports
        .map(|port| HostPort {
            address: or(&port.host_ip, ANY_ADDRESS),
            protocol: or(&port.protocol, "TCP"),
            port: port.host_port,
        })
        .collect()
}
