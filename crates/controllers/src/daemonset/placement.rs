//! On which nodes a daemon set's pods belong.

use crate::{node_match, taints};
use api_apps::apps::v1::DaemonSet;
use api_core::v1::{
    Affinity, Node, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec, Toleration,
};

const NAME_FIELD: &str = "metadata.name";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) should_run: bool,
    /// A pod that is there is not deleted.
    pub(super) may_stay: bool,
}

pub(super) fn place(set: &DaemonSet, node: &Node) -> Placement {
    let spec = &set.spec.template.spec;
    if !node_match::fits(spec, node) {
        return Placement { should_run: false, may_stay: false };
    }
    let mut tolerations = spec.tolerations.clone();
    add_tolerations(&mut tolerations, spec.host_network);
    let untolerated: Vec<&str> = node
        .spec
        .taints
        .iter()
        .filter(|taint| !tolerations.iter().any(|toleration| taints::tolerates(toleration, taint)))
        .map(|taint| taint.effect.as_str())
        .collect();
    let no_execute = untolerated.contains(&taints::NO_EXECUTE);
    Placement { should_run: !no_execute && !untolerated.contains(&taints::NO_SCHEDULE), may_stay: !no_execute }
}

/// The node that a pod is on, or waits for.
pub(super) fn node_of(pod: &Pod) -> &str {
    if !pod.spec.node_name.is_empty() {
        return &pod.spec.node_name;
    }
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    let fields =
        required.into_iter().flat_map(|selector| &selector.node_selector_terms).flat_map(|term| &term.match_fields);
    let names =
        fields.filter(|field| field.key == NAME_FIELD && field.operator == "In").flat_map(|field| &field.values);
    names.map(String::as_str).next().unwrap_or_default()
}

/// Makes the spec of a new pod one for this node.
pub(super) fn bind(spec: &mut PodSpec, node: &str) {
    let requirement =
        NodeSelectorRequirement { key: NAME_FIELD.into(), operator: "In".into(), values: vec![node.to_owned()] };
    let affinity = spec.affinity.get_or_insert_with(|| Box::new(Affinity::default()));
    let affinity = affinity.node_affinity.get_or_insert_with(|| Box::new(NodeAffinity::default()));
    // The template's own terms have been looked at already.
    let term = NodeSelectorTerm { match_fields: vec![requirement], ..NodeSelectorTerm::default() };
    affinity.required_during_scheduling_ignored_during_execution =
        Some(Box::new(NodeSelector { node_selector_terms: vec![term] }));
    let host_network = spec.host_network;
    add_tolerations(&mut spec.tolerations, host_network);
}

/// Daemons run where others may not: a node that is in trouble needs them most.
fn add_tolerations(tolerations: &mut Vec<Toleration>, host_network: bool) {
    let mut wanted = vec![
        (taints::NOT_READY, taints::NO_EXECUTE),
        (taints::UNREACHABLE, taints::NO_EXECUTE),
        (taints::DISK_PRESSURE, taints::NO_SCHEDULE),
        (taints::MEMORY_PRESSURE, taints::NO_SCHEDULE),
        (taints::PID_PRESSURE, taints::NO_SCHEDULE),
        (taints::UNSCHEDULABLE, taints::NO_SCHEDULE),
    ];
    if host_network {
        wanted.push((taints::NETWORK_UNAVAILABLE, taints::NO_SCHEDULE));
    }
    for (key, effect) in wanted {
        let made =
            Toleration { key: key.into(), operator: "Exists".into(), effect: effect.into(), ..Toleration::default() };
        let same = |have: &&mut Toleration| {
            have.key == key && have.effect == effect && have.operator == "Exists" && have.value.is_empty()
        };
        match tolerations.iter_mut().find(same) {
            Some(have) => *have = made,
            None => tolerations.push(made),
        }
    }
}
