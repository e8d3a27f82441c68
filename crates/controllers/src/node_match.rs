//! Does a pod's spec let it run on a node, as far as names, labels and required affinity say?

use api_core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec};

pub(crate) fn fits(spec: &PodSpec, node: &Node) -> bool {
    let name = &node.metadata.name;
    let by_name = spec.node_name.is_empty() || spec.node_name == *name;
    let labels = &node.metadata.labels;
    let by_selector = spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value));
    let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
    by_name
        && by_selector
        && required.is_none_or(|selector| selector.node_selector_terms.iter().any(|term| term_holds(term, node)))
}

/// An empty term holds for no node.
fn term_holds(term: &NodeSelectorTerm, node: &Node) -> bool {
    let labels = |requirement: &NodeSelectorRequirement| {
        holds(requirement, node.metadata.labels.get(&requirement.key).map(String::as_str))
    };
    let fields = |requirement: &NodeSelectorRequirement| {
        holds(requirement, (requirement.key == "metadata.name").then_some(node.metadata.name.as_str()))
    };
    let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    !empty && term.match_expressions.iter().all(labels) && term.match_fields.iter().all(fields)
}

fn holds(requirement: &NodeSelectorRequirement, have: Option<&str>) -> bool {
    let listed = |have: &str| requirement.values.iter().any(|value| value == have);
    let compare = |order: std::cmp::Ordering| {
        let number = |text: &str| text.parse::<i64>().ok();
        let wanted = requirement.values.first().and_then(|value| number(value));
        matches!((have.and_then(number), wanted), (Some(have), Some(wanted)) if have.cmp(&wanted) == order)
    };
    match requirement.operator.as_str() {
        "In" => have.is_some_and(listed),
        "NotIn" => !have.is_some_and(listed),
        "Exists" => have.is_some(),
        "DoesNotExist" => have.is_none(),
        "Gt" => compare(std::cmp::Ordering::Greater),
        "Lt" => compare(std::cmp::Ordering::Less),
        _ => false,
    }
}
