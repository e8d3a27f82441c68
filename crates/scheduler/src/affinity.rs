//! Node selectors: which nodes a pod asks for, and which it would rather have.

use crate::node::NodeInfo;
use api_core::v1::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod};
use std::collections::BTreeSet;

/// Whether the node is one that the pod may run on, by nodeSelector and required affinity.
pub fn required(pod: &Pod, node: &NodeInfo) -> bool {
    let selected = pod.spec.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let wanted = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    selected && wanted.is_none_or(|selector| selects(selector, node))
}

/// The sum of the weights of the preferences that the node meets.
pub fn preferred(pod: &Pod, node: &NodeInfo) -> i64 {
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let preferences = affinity.map(|a| a.preferred_during_scheduling_ignored_during_execution.as_slice());
    let met = preferences.unwrap_or_default().iter().filter(|preference| term_matches(&preference.preference, node));
    met.map(|preference| i64::from(preference.weight)).sum()
}

/// The only nodes that the pod may run on, where its affinity names them (as daemon sets do).
pub fn named(pod: &Pod) -> Option<BTreeSet<&str>> {
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    let mut all = BTreeSet::new();
    for term in terms {
        let names = |field: &&NodeSelectorRequirement| field.key == "metadata.name" && field.operator == "In";
        let sets = term.match_fields.iter().filter(names);
        let mut sets = sets.map(|field| field.values.iter().map(String::as_str).collect::<BTreeSet<_>>());
        let first = sets.next()?;
        all.extend(sets.fold(first, |both, set| both.intersection(&set).copied().collect()));
    }
    (!terms.is_empty()).then_some(all)
}

/// Any of the terms; no term selects nothing.
pub fn selects(selector: &NodeSelector, node: &NodeInfo) -> bool {
    selector.node_selector_terms.iter().any(|term| term_matches(term, node))
}

/// All of the requirements; a term without any matches nothing.
fn term_matches(term: &NodeSelectorTerm, node: &NodeInfo) -> bool {
    if term.match_expressions.is_empty() && term.match_fields.is_empty() {
        return false;
    }
    let label = |requirement: &NodeSelectorRequirement| {
        matches(requirement, node.labels.get(&requirement.key).map(String::as_str))
    };
    let field = |requirement: &NodeSelectorRequirement| {
        matches(requirement, (requirement.key == "metadata.name").then_some(node.name.as_str()))
    };
    term.match_expressions.iter().all(label) && term.match_fields.iter().all(field)
}

fn matches(requirement: &NodeSelectorRequirement, have: Option<&str>) -> bool {
    let listed = |have: &str| requirement.values.iter().any(|value| value == have);
    let compared = |order: fn(i64, i64) -> bool| {
        let wanted = requirement.values.first().and_then(|value| value.parse::<i64>().ok());
        let have = have.and_then(|have| have.parse::<i64>().ok());
        have.zip(wanted).is_some_and(|(have, wanted)| order(have, wanted))
    };
    match requirement.operator.as_str() {
        "In" => have.is_some_and(listed),
        "NotIn" => !have.is_some_and(listed),
        "Exists" => have.is_some(),
        "DoesNotExist" => have.is_none(),
        "Gt" => compared(|have, wanted| have > wanted),
        "Lt" => compared(|have, wanted| have < wanted),
        _ => false,
    }
}
