//! Filters: which nodes cannot take a pod, and why, in upstream's words and order.

use crate::Snapshot;
use crate::affinity;
use crate::class::Class;
use crate::interpod::InterPod;
use crate::node::{HostPort, NodeInfo, Placed, host_ports, priority};
use crate::plugin::Plugin;
use crate::resources::{self, Resources};
use crate::spread::Spread;
use crate::taints;
use crate::volumes::Volumes;
use api_core::v1::{Pod, Taint};
use std::borrow::Cow;

/// A pod with what the plugins need of it and of the nodes, worked out once for one decision.
pub struct Asked<'s> {
    pub pod: &'s Pod,
    pub class: &'s Class,
    pub snapshot: &'s Snapshot,
    pub requests: Resources,
    pub nonzero_requests: Resources,
    pub host_ports: Vec<HostPort>,
    pub volumes: Volumes<'s>,
    spread: Spread<'s>,
    interpod: InterPod<'s>,
}

/// Why a node cannot take a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub plugin: Plugin,
    pub reasons: Vec<Cow<'static, str>>,
    /// Taking pods away from the node would not help.
    pub unresolvable: bool,
}

type Filter = fn(&Asked, &NodeInfo) -> Option<Rejection>;

/// In upstream's order; the first that rejects a node is the one that is named.
const FILTERS: &[(Plugin, Filter)] = &[
    (Plugin::NodeUnschedulable, unschedulable),
    (Plugin::NodeName, node_name),
    (Plugin::TaintToleration, taint_toleration),
    (Plugin::NodeAffinity, node_affinity),
    (Plugin::NodePorts, node_ports),
    (Plugin::NodeResourcesFit, fit),
    (Plugin::VolumeBinding, |asked, node| asked.volumes.reject(node)),
    (Plugin::PodTopologySpread, |asked, node| asked.spread.reject(node)),
    (Plugin::InterPodAffinity, |asked, node| asked.interpod.reject(asked.class, node)),
];

impl<'s> Asked<'s> {
    /// `class`: of the pod.
    pub fn new(pod: &'s Pod, class: &'s Class, snapshot: &'s Snapshot, volumes: Volumes<'s>) -> Asked<'s> {
        Asked {
            pod,
            class,
            snapshot,
            requests: resources::requests(pod),
            nonzero_requests: resources::nonzero_requests(pod),
            host_ports: host_ports(pod),
            volumes,
            spread: Spread::new(pod, class, snapshot.nodes()),
            interpod: InterPod::new(class, snapshot.nodes(), snapshot.around()),
        }
    }

    /// Why the node cannot take the pod, also with the pods that were promised room there and are no less important.
    pub fn reject(&mut self, node: &'s NodeInfo) -> Option<Rejection> {
        self.reject_changed(node, node)
    }

    /// The same for a node without some of its pods, as told to [`Asked::update`]. `original`: the snapshot's.
    pub fn reject_changed(&mut self, node: &NodeInfo, original: &'s NodeInfo) -> Option<Rejection> {
        let snapshot = self.snapshot;
        let (uid, own) = (&self.pod.metadata.uid, priority(self.pod));
        let promised = snapshot.nominated_on(&node.name).iter();
        let promised: Vec<_> = promised.filter(|p| p.priority() >= own && p.pod.metadata.uid != *uid).collect();
        if !promised.is_empty() {
            let mut crowded = node.clone();
            for placed in &promised {
                crowded.add_pod(placed);
                self.update(placed, original, 1);
            }
            let rejection = self.filter(&crowded);
            promised.iter().for_each(|placed| self.update(placed, original, -1));
            if rejection.is_some() {
                return rejection;
            }
        }
        self.filter(node)
    }

    /// As if a pod came to a node (1) or went from it (-1).
    pub fn update(&mut self, placed: &'s Placed, node: &'s NodeInfo, by: i64) {
        self.spread.update(self.pod, placed, node, by);
        self.interpod.update(self.class, placed, node, by);
    }

    fn filter(&self, node: &NodeInfo) -> Option<Rejection> {
        FILTERS.iter().find_map(|(plugin, run)| {
            let rejection = run(self, node)?;
            Some(Rejection { plugin: *plugin, ..rejection })
        })
    }
}

impl Rejection {
    pub fn unresolvable(reason: impl Into<Cow<'static, str>>) -> Option<Rejection> {
        Some(Rejection { plugin: Plugin::NodeName, reasons: vec![reason.into()], unresolvable: true })
    }

    pub fn resolvable(reason: impl Into<Cow<'static, str>>) -> Option<Rejection> {
        Some(Rejection { plugin: Plugin::NodeName, reasons: vec![reason.into()], unresolvable: false })
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
    Rejection::resolvable("node(s) didn't have free ports for the requested pod ports")
}

fn fit(asked: &Asked, node: &NodeInfo) -> Option<Rejection> {
    let mut reasons: Vec<Cow<'static, str>> = Vec::new();
    let mut unresolvable = false;
    if node.pods.len() as i64 + 1 > node.allowed_pods {
        reasons.push("Too many pods".into());
    }
    let mut check = |name: &str, wanted: i64, used: i64, has: i64| {
        if wanted > 0 && wanted > has - used {
            reasons.push(match name {
                "cpu" => "Insufficient cpu".into(),
                "memory" => "Insufficient memory".into(),
                other => format!("Insufficient {other}").into(),
            });
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
    (!reasons.is_empty()).then_some(Rejection { plugin: Plugin::NodeResourcesFit, reasons, unresolvable })
}
