//! Affinity to nodes and to other pods.

use super::check;
use api_core::v1::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm,
    WeightedPodAffinityTerm,
};
use api_meta::v1::LabelSelector;
use kind::{FieldErrors, Path, validate};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `allow_invalid_values`: values that no label can have, in the selectors of stored pods.
pub fn validate(affinity: &Affinity, allow_invalid_values: bool, path: &Path, errors: &mut FieldErrors) {
    if let Some(nodes) = &affinity.node_affinity {
        node_affinity(nodes, &path.child("nodeAffinity"), errors);
    }
    if let Some(pods) = &affinity.pod_affinity {
        let at = path.child("podAffinity");
        required_terms(&pods.required_during_scheduling_ignored_during_execution, allow_invalid_values, &at, errors);
        preferred_terms(&pods.preferred_during_scheduling_ignored_during_execution, allow_invalid_values, &at, errors);
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        let at = path.child("podAntiAffinity");
        required_terms(&pods.required_during_scheduling_ignored_during_execution, allow_invalid_values, &at, errors);
        preferred_terms(&pods.preferred_during_scheduling_ignored_during_execution, allow_invalid_values, &at, errors);
    }
}

fn node_affinity(affinity: &NodeAffinity, path: &Path, errors: &mut FieldErrors) {
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        validate_node_selector(selector, &path.child(REQUIRED), errors);
    }
    let at = path.child(PREFERRED);
    for (index, term) in affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
        let path = at.index(index);
        weight(term.weight, &path.child("weight"), errors);
        node_selector_term(&term.preference, &path.child("preference"), errors);
    }
}

fn weight(weight: i32, path: &Path, errors: &mut FieldErrors) {
    if !(1..=100).contains(&weight) {
        errors.invalid(path, weight, "must be in the range 1-100");
    }
}

/// Also of volumes and resource slices.
pub fn validate_node_selector(selector: &NodeSelector, path: &Path, errors: &mut FieldErrors) {
    let terms = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.required(&terms, "must have at least one node selector term");
    }
    for (index, term) in selector.node_selector_terms.iter().enumerate() {
        node_selector_term(term, &terms.index(index), errors);
    }
}

fn node_selector_term(term: &NodeSelectorTerm, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        on_labels(requirement, &at.index(index), errors);
    }
    let at = path.child("matchFields");
    for (index, requirement) in term.match_fields.iter().enumerate() {
        on_fields(requirement, &at.index(index), errors);
    }
}

fn on_labels(requirement: &NodeSelectorRequirement, path: &Path, errors: &mut FieldErrors) {
    let values = path.child("values");
    match (requirement.operator.as_str(), requirement.values.len()) {
        ("In" | "NotIn", 0) => errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'"),
        ("Exists" | "DoesNotExist", 1..) => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        ("Gt" | "Lt", count) if count != 1 => {
            errors.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => {}
        (other, _) => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    validate::label_key(&requirement.key, &path.child("key"), errors);
}

fn on_fields(requirement: &NodeSelectorRequirement, path: &Path, errors: &mut FieldErrors) {
    let values = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.len() == 1 => {}
        "In" | "NotIn" => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&values, detail);
        }
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    if requirement.key == "metadata.name" {
        for (index, name) in requirement.values.iter().enumerate() {
            check::dns_subdomain(name, &values.index(index), errors);
        }
    } else {
        errors.invalid(&path.child("key"), &requirement.key, "not a valid field selector key");
    }
}

fn required_terms(terms: &[PodAffinityTerm], allow_invalid_values: bool, path: &Path, errors: &mut FieldErrors) {
    let at = path.child(REQUIRED);
    for (index, term) in terms.iter().enumerate() {
        pod_term(term, allow_invalid_values, &at.index(index), errors);
    }
}

fn preferred_terms(
    terms: &[WeightedPodAffinityTerm],
    allow_invalid_values: bool,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let at = path.child(PREFERRED);
    for (index, term) in terms.iter().enumerate() {
        let path = at.index(index);
        weight(term.weight, &path.child("weight"), errors);
        pod_term(&term.pod_affinity_term, allow_invalid_values, &path.child("podAffinityTerm"), errors);
    }
}

fn pod_term(term: &PodAffinityTerm, allow_invalid_values: bool, path: &Path, errors: &mut FieldErrors) {
    for (selector, name) in [(&term.label_selector, "labelSelector"), (&term.namespace_selector, "namespaceSelector")] {
        if let Some(selector) = selector {
            validate::label_selector(selector, allow_invalid_values, &path.child(name), errors);
        }
    }
    for namespace in &term.namespaces {
        check::dns_label(namespace, &path.child("namespace"), errors);
    }
    let selector = term.label_selector.as_deref();
    validate_label_keys(&term.match_label_keys, selector, &path.child("matchLabelKeys"), errors);
    validate_label_keys(&term.mismatch_label_keys, selector, &path.child("mismatchLabelKeys"), errors);
    let at = path.child("matchLabelKeys");
    for (index, key) in term.match_label_keys.iter().enumerate() {
        if term.mismatch_label_keys.contains(key) {
            errors.invalid(&at.index(index), key, "exists in both matchLabelKeys and mismatchLabelKeys");
        }
    }
    let topology = path.child("topologyKey");
    if term.topology_key.is_empty() {
        errors.required(&topology, "can not be empty");
    }
    validate::label_key(&term.topology_key, &topology, errors);
}

/// Keys whose values are taken from the pod's own labels; they add to a selector, so there must be one.
pub fn validate_label_keys(keys: &[String], selector: Option<&LabelSelector>, path: &Path, errors: &mut FieldErrors) {
    if keys.is_empty() {
        return;
    }
    if selector.is_none() {
        errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in keys.iter().enumerate() {
        validate::label_key(key, &path.index(index), errors);
    }
}
