//! What a node must satisfy.

use crate::net;
use crate::pod_spec::check;
use api_core::v1;
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub fn validate(node: &v1::Node, errors: &mut FieldErrors) {
    let (metadata, spec, status) = (Path::root("metadata"), Path::root("spec"), Path::root("status"));
    if !node.spec.taints.is_empty() {
        validate_taints(&node.spec.taints, &metadata.child("taints"), errors);
    }
    validate_amounts(node, &status, errors);
    validate_cidrs(&node.spec.pod_cidrs, &spec.child("podCIDRs"), errors);
}

fn validate_amounts(node: &v1::Node, status: &Path, errors: &mut FieldErrors) {
    let (capacity, allocatable) = (status.child("capacity"), status.child("allocatable"));
    for (amounts, path) in [(&node.status.capacity, &capacity), (&node.status.allocatable, &allocatable)] {
        for (name, amount) in amounts {
            let at = path.key(name);
            check::qualified_name(name, &at, errors);
            crate::pod_spec::validate_amount(name, amount, &at, errors);
        }
    }
}

fn validate_cidrs(cidrs: &[String], path: &Path, errors: &mut FieldErrors) {
    for (index, cidr) in cidrs.iter().enumerate() {
        let at = path.index(index);
        check::all(net::cidr_problems(cidr), cidr, &at, errors);
    }
    let dual = net::is_dual_stack(cidrs.iter().filter_map(|cidr| cidr.split('/').next()));
    let bad = cidrs.len() > 2 || (cidrs.len() == 2 && !dual);
    if bad {
        let shown = cidrs.join(",");
        errors.invalid(path, shown, "may specify no more than one CIDR for each IP family");
    }
}

pub fn validate_update(new: &v1::Node, old: &v1::Node, errors: &mut FieldErrors) {
    let (spec, status) = (Path::root("spec"), Path::root("status"));
    for (index, address) in new.status.addresses.iter().enumerate() {
        if new.status.addresses[..index].contains(address) {
            let path = status.child("addresses");
            let shown = crate::pod_spec::go::json("NodeAddress", &schema::Typed::to_value(address));
            errors.duplicate(&path.index(index), kind::field::Bare(shown));
        }
    }
    if !old.spec.pod_cidrs.is_empty() && new.spec.pod_cidrs != old.spec.pod_cidrs {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.forbidden(&spec.child("podCIDRs"), detail);
    }
    if !old.spec.provider_id.is_empty() && new.spec.provider_id != old.spec.provider_id {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.forbidden(&spec.child("providerID"), detail);
    }
    validate_amounts(new, &status, errors);
    validate_cidrs(&new.spec.pod_cidrs, &spec.child("podCIDRs"), errors);
    let metadata = Path::root("metadata");
    if !new.spec.taints.is_empty() {
        validate_taints(&new.spec.taints, &metadata.child("taints"), errors);
    }
}

/// Keys, values and effects, each pair of key and effect once.
pub fn validate_taints(taints: &[v1::Taint], path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let at = path.index(index);
        validate::label_key(&taint.key, &at.child("key"), errors);
        check::all(validate::label_value(&taint.value), &taint.value, &at.child("value"), errors);
        check::one_of(&taint.effect, EFFECTS, &at.child("effect"), errors);
        if !seen.insert((&taint.key, &taint.effect)) {
            let shown = crate::pod_spec::go::json("Taint", &schema::Typed::to_value(taint));
            errors.push(kind::FieldError {
                kind: kind::field::FieldErrorKind::Duplicate,
                field: at.to_string(),
                value: Some(shown),
                detail: "taints must be unique by key and effect pair".into(),
            });
        }
    }
}
