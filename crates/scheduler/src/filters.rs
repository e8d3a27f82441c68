//! Filters: which nodes cannot take a pod, and why, in upstream's words and order.

use crate::affinity;
use crate::node::{HostPort, NodeInfo, host_ports};
use crate::resources::{self, Resources};
use crate::taints;
use api_core::v1::{Pod, Taint};

/// A pod with what several plugins need of it, worked out once.
pub struct Asked<'p> {
    pub pod: &'p Pod,
    pub requests: Resources,
    pub nonzero_requests: Resources,
    pub host_ports: Vec<HostPort>,
}

/// Why a node cannot take a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub reasons: Vec<String>,
    /// Taking pods away from the node would not help.
    pub unresolvable: bool,
}

/// One filter, by upstream's name of the plugin.
pub struct Filter {
    pub name: &'static str,
    pub run: fn(&Asked, &NodeInfo) -> Option<Rejection>,
}

/// In upstream's order; the first that rejects a node is the one that is named.
pub const FILTERS: &[Filter] = &[
    Filter { name: "NodeUnschedulable", run: unschedulable },
    Filter { name: "NodeName", run: node_name },
    Filter { name: "TaintToleration", run: taint_toleration },
    Filter { name: "NodeAffinity", run: node_affinity },
    Filter { name: "NodePorts", run: node_ports },
    Filter { name: "NodeResourcesFit", run: fit },
];

impl<'p> Asked<'p> {
    pub fn new(pod: &'p Pod) -> Asked<'p> {
        Asked {
            pod,
            requests: resources::requests(pod),
            nonzero_requests: resources::nonzero_requests(pod),
            host_ports: host_ports(pod),
        }
    }
}

impl Rejection {
    fn unresolvable(reason: impl Into<String>) -> Option<Rejection> {
        Some(Rejection { reasons: vec![reason.into()], unresolvable: true })
    }
}

fn unschedulable(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    if !node.unschedulable {
        return None;
    }
    let taint =
        Taint { key: "node.kubernetes.io/unschedulable".into(), effect: "NoSchedule".into(), ..Taint::default() };
    let tolerated = asked.pod.spec.tolerations.iter().any(|toleration| taints::tolerates(toleration, &taint));
    if tolerated { None } else { Rejection::unresolvable("node(s) were unschedulable") }
}

fn node_name(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    let wanted = asked.pod.spec.node_name.as_str();
    if wanted.is_empty() || wanted == node.name {
        return None;
    }
    Rejection::unresolvable("node(s) didn't match the requested node name")
}

fn taint_toleration(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    taints::untolerated(&node.taints, &asked.pod.spec.tolerations, &["NoSchedule", "NoExecute"])?;
    Rejection::unresolvable("node(s) had untolerated taint(s)")
}

fn node_affinity(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    if affinity::required(asked.pod, node) {
        return None;
    }
    Rejection::unresolvable("node(s) didn't match Pod's node affinity/selector")
}

fn node_ports(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    if !asked.host_ports.iter().any(|port| node.port_is_taken(port)) {
        return None;
    }
    let reason = "node(s) didn't have free ports for the requested pod ports";
    Some(Rejection { reasons: vec![reason.into()], unresolvable: false })
}

fn fit(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    let mut reasons = Vec::new();
    let mut unresolvable = false;
    if node.pods.len() as i64 + 1 > node.allowed_pods {
        reasons.push("Too many pods".to_owned());
    }
    let mut check = |name: &str, wanted: i64, used: i64, has: i64| {
        if wanted > 0 && wanted > has - used {
            reasons.push(format!("Insufficient {name}"));
            unresolvable |= wanted > has;
        }
    };
    let (wanted, used, has) = (&asked.requests, &node.requested, &node.allocatable);
    check("cpu", wanted.milli_cpu, used.milli_cpu, has.milli_cpu);
    check("memory", wanted.memory, used.memory, has.memory);
    check("ephemeral-storage", wanted.ephemeral_storage, used.ephemeral_storage, has.ephemeral_storage);
    for (name, &amount) in &wanted.others {
        let of = |resources: &Resources| resources.others.get(name).copied().unwrap_or_default();
        check(name, amount, of(used), of(has));
    }
    (!reasons.is_empty()).then_some(Rejection { reasons, unresolvable })
}
