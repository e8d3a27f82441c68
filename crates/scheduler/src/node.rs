//! A node as the plugins see it: what it has, what is taken.

use crate::class::Class;
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
    pub pods: BTreeMap<String, Arc<Placed>>,
    /// How many pods there are of each class.
    pub classes: Vec<(Arc<Class>, i64)>,
}

/// A pod on a node, with what plugins need of it.
#[derive(Debug)]
pub struct Placed {
    pub pod: Arc<Pod>,
    pub class: Arc<Class>,
    pub requests: Resources,
    pub nonzero_requests: Resources,
    pub host_ports: Vec<HostPort>,
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

    pub fn add_pod(&mut self, placed: &Arc<Placed>) {
        self.remove_pod(&placed.pod.metadata.uid);
        self.pods.insert(placed.pod.metadata.uid.clone(), placed.clone());
        self.requested.add(&placed.requests);
        self.nonzero_requested.add(&placed.nonzero_requests);
        self.used_ports.extend(placed.host_ports.iter().cloned());
        match self.classes.iter_mut().find(|(class, _)| Arc::ptr_eq(class, &placed.class)) {
            Some((_, count)) => *count += 1,
            None => self.classes.push((placed.class.clone(), 1)),
        }
    }

    pub fn remove_pod(&mut self, uid: &str) {
        let Some(placed) = self.pods.remove(uid) else { return };
        self.requested.sub(&placed.requests);
        self.nonzero_requested.sub(&placed.nonzero_requests);
        if !placed.host_ports.is_empty() {
            self.used_ports = self.pods.values().flat_map(|placed| placed.host_ports.iter().cloned()).collect();
        }
        if let Some(index) = self.classes.iter().position(|(class, _)| Arc::ptr_eq(class, &placed.class)) {
            self.classes[index].1 -= 1;
            if self.classes[index].1 == 0 {
                self.classes.swap_remove(index);
            }
        }
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

impl Placed {
    pub fn new(pod: &Arc<Pod>, class: Arc<Class>) -> Placed {
        Placed {
            pod: pod.clone(),
            class,
            requests: resources::requests(pod),
            nonzero_requests: resources::nonzero_requests(pod),
            host_ports: host_ports(pod),
        }
    }

    pub fn priority(&self) -> i32 {
        priority(&self.pod)
    }
}

pub fn priority(pod: &Pod) -> i32 {
    pod.spec.priority.unwrap_or_default()
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
