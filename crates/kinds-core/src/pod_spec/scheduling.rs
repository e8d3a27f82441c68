//! Tolerations, spreading, and gates.

use super::affinity::validate_label_keys;
use super::check;
use api_core::v1::{PodReadinessGate, PodSchedulingGate, Toleration, TopologySpreadConstraint};
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub fn validate_tolerations(tolerations: &[Toleration], path: &Path, errors: &mut FieldErrors) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path.index(index);
        let operator = path.child("operator");
        if !toleration.key.is_empty() {
            validate::label_key(&toleration.key, &path.child("key"), errors);
        }
        if toleration.key.is_empty() && toleration.operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&operator, &toleration.operator, detail);
        }
        if toleration.toleration_seconds.is_some() && toleration.effect != "NoExecute" {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), &toleration.effect, detail);
        }
        match toleration.operator.as_str() {
            "" | "Equal" => {
                let problems = validate::label_value(&toleration.value);
                if !problems.is_empty() {
                    errors.invalid(&operator, &toleration.value, problems.join(";"));
                }
            }
            "Exists" if toleration.value.is_empty() => {}
            "Exists" => {
                errors.invalid(&operator, &toleration.value, "value must be empty when `operator` is 'Exists'");
            }
            // The comparing ones are named only to those who ask for them: they are behind a gate.
            "Gt" | "Lt" => {
                errors.not_supported(&operator, &toleration.operator, &["Equal", "Exists", "Lt", "Gt"]);
            }
            other => errors.not_supported(&operator, other, &["Equal", "Exists"]),
        }
        if !toleration.effect.is_empty() {
            check::known(&toleration.effect, EFFECTS, &path.child("effect"), errors);
        }
    }
}

/// `allow_invalid_selector`: of stored pods.
pub fn validate_topology_spread(
    constraints: &[TopologySpreadConstraint],
    allow_invalid_selector: bool,
    path: &Path,
    errors: &mut FieldErrors,
) {
    for (index, constraint) in constraints.iter().enumerate() {
        let at = path.index(index);
        if constraint.max_skew <= 0 {
            errors.invalid(&at.child("maxSkew"), constraint.max_skew, "must be greater than zero");
        }
        if constraint.topology_key.is_empty() {
            errors.required(&at.child("topologyKey"), "can not be empty");
        }
        let when = constraint.when_unsatisfiable.as_str();
        check::known(when, &["DoNotSchedule", "ScheduleAnyway"], &at.child("whenUnsatisfiable"), errors);
        let repeats = constraints[index + 1..]
            .iter()
            .any(|other| other.topology_key == constraint.topology_key && other.when_unsatisfiable == when);
        if repeats {
            let pair = format!("{{{}, {when}}}", constraint.topology_key);
            errors.duplicate(&at.child("{topologyKey, whenUnsatisfiable}"), pair);
        }
        if let Some(domains) = constraint.min_domains {
            let at = at.child("minDomains");
            if domains <= 0 {
                errors.invalid(&at, domains, "must be greater than zero");
            }
            if when != "DoNotSchedule" {
                let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}");
                errors.invalid(&at, domains, detail);
            }
        }
        let policies = [
            (&constraint.node_affinity_policy, "nodeAffinityPolicy"),
            (&constraint.node_taints_policy, "nodeTaintsPolicy"),
        ];
        for (policy, name) in policies {
            if let Some(policy) = policy {
                check::known(policy, &["Honor", "Ignore"], &at.child(name), errors);
            }
        }
        let selector = constraint.label_selector.as_deref();
        validate_label_keys(&constraint.match_label_keys, selector, &at.child("matchLabelKeys"), errors);
        if let Some(selector) = selector.filter(|_| !allow_invalid_selector) {
            validate::label_selector(selector, false, &at.child("labelSelector"), errors);
        }
    }
}

pub fn validate_readiness_gates(gates: &[PodReadinessGate], path: &Path, errors: &mut FieldErrors) {
    for (index, gate) in gates.iter().enumerate() {
        check::qualified_name(&gate.condition_type, &path.index(index).child("conditionType"), errors);
    }
}

pub fn validate_scheduling_gates(gates: &[PodSchedulingGate], path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, gate) in gates.iter().enumerate() {
        check::qualified_name(&gate.name, &path.index(index), errors);
        if !seen.insert(&gate.name) {
            errors.duplicate(&path.index(index), &gate.name);
        }
    }
}
