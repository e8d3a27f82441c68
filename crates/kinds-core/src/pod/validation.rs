//! What holds of a pod besides its spec, and what an update of it may not change.

use super::diff;
use crate::pod_spec::annotations::{self, APP_ARMOR_PREFIX, MIRROR};
use crate::pod_spec::{self, Options, containers, go};
use api_core::v1::{Affinity, NodeAffinity, NodeSelectorTerm, Pod, PodSchedulingGate, PodSpec, Toleration};
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use schema::{Typed, Value};
use std::collections::BTreeMap;

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
pub const SPEC: Path = Path::root("spec");
const METADATA: Path = Path::root("metadata");

pub fn create(pod: &Pod, errors: &mut FieldErrors) {
    metadata_and_spec(pod, &Options::pod(), errors);
    let spec = &pod.spec;
    if !spec.ephemeral_containers.is_empty() {
        errors.forbidden(&SPEC.child("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.node_name.is_empty() && !spec.scheduling_gates.is_empty() {
        errors.forbidden(&SPEC.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
    annotations::validate_fields_match(&pod.metadata, spec, &SPEC, errors);
}

/// The metadata itself is the registry's to check.
pub fn metadata_and_spec(pod: &Pod, options: &Options, errors: &mut FieldErrors) {
    annotations::validate(&pod.metadata, &pod.spec, &METADATA.child("annotations"), errors);
    pod_spec::validate(&pod.spec, &pod.metadata, &SPEC, options, errors);
    if pod.spec.service_account_name.is_empty() {
        tokens_without_account(&pod.spec, errors);
    }
    containers::validate_images_of_pod(&pod.spec.containers, &SPEC.child("containers"), errors);
    containers::validate_images_of_pod(&pod.spec.init_containers, &SPEC.child("initContainers"), errors);
}

fn tokens_without_account(spec: &PodSpec, errors: &mut FieldErrors) {
    let volumes = SPEC.child("volumes");
    for (index, volume) in spec.volumes.iter().enumerate() {
        let Some(projected) = &volume.projected else { continue };
        let at = volumes.index(index);
        let at = at.child("projected");
        let at = at.child("sources");
        for (index, _) in projected.sources.iter().enumerate().filter(|(_, s)| s.service_account_token.is_some()) {
            let detail = "must not be specified when serviceAccountName is not set";
            errors.forbidden(&at.index(index).child("serviceAccountToken"), detail);
        }
    }
}

/// Mirror pods and AppArmor profiles stay what they were.
pub fn annotation_updates(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    let path = METADATA.child("annotations");
    let (new_ones, old_ones) = (&new.metadata.annotations, &old.metadata.annotations);
    for (key, value) in old_ones {
        if new_ones.get(key) == Some(value) {
            continue;
        }
        if key.starts_with(APP_ARMOR_PREFIX) {
            errors.forbidden(&path.key(key), "may not remove or update AppArmor annotations");
        }
        if key == MIRROR {
            errors.forbidden(&path.key(key), "may not remove or update mirror pod annotation");
        }
    }
    for key in new_ones.keys().filter(|key| !old_ones.contains_key(*key)) {
        if key.starts_with(APP_ARMOR_PREFIX) {
            errors.forbidden(&path.key(key), "may not add AppArmor annotations");
        }
        if key == MIRROR {
            errors.forbidden(&path.key(key), "may not add mirror pod annotation");
        }
    }
    annotations::validate(&new.metadata, &new.spec, &path, errors);
}

pub fn update(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    metadata_and_spec(new, &Options::pod().tolerating(&old.spec), errors);
    annotation_updates(new, old, errors);
    let lists = [
        (&new.spec.containers, &old.spec.containers, "containers"),
        (&new.spec.init_containers, &old.spec.init_containers, "initContainers"),
    ];
    for (new, old, name) in lists {
        let path = SPEC.child(name);
        if new.len() != old.len() {
            errors.forbidden(&path, "pod updates may not add or remove containers");
            return;
        }
        for (index, _) in new.iter().enumerate().filter(|(_, container)| container.image.is_empty()) {
            errors.required(&path.index(index).child("image"), "");
        }
        containers::validate_images_of_pod(new, &path, errors);
    }
    if !deadline(new.spec.active_deadline_seconds, old.spec.active_deadline_seconds, errors) {
        return;
    }
    tolerations(&new.spec.tolerations, &old.spec.tolerations, errors);
    scheduling_gates(&new.spec.scheduling_gates, &old.spec.scheduling_gates, errors);
    if new.spec != old.spec {
        rest_of_spec(&new.spec, &old.spec, errors);
    }
}

/// A deadline may be set, and brought forward; `false`: nothing more needs to be said.
fn deadline(new: Option<i64>, old: Option<i64>, errors: &mut FieldErrors) -> bool {
    let path = SPEC.child("activeDeadlineSeconds");
    match (new, old) {
        (Some(new), _) if !(0..=i32::MAX.into()).contains(&new) => {
            errors.invalid(&path, new, "must be between 0 and 2147483647, inclusive");
            false
        }
        (Some(new), Some(old)) if new > old => {
            errors.invalid(&path, new, "must be less than or equal to previous value");
            false
        }
        (None, Some(_)) => {
            errors.invalid(&path, &Value::Null, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

fn tolerations(new: &[Toleration], old: &[Toleration], errors: &mut FieldErrors) {
    let path = SPEC.child("tolerations");
    let same = |new: &Toleration, old: &Toleration| {
        Toleration { toleration_seconds: old.toleration_seconds, ..new.clone() } == *old
    };
    if !old.iter().all(|old| new.iter().any(|new| same(new, old))) {
        errors.forbidden(&path, "existing toleration can not be modified except its tolerationSeconds");
        return;
    }
    pod_spec::validate_tolerations(new, &path, errors);
}

fn scheduling_gates(new: &[PodSchedulingGate], old: &[PodSchedulingGate], errors: &mut FieldErrors) {
    let path = SPEC.child("schedulingGates");
    for (index, gate) in new.iter().enumerate().filter(|(_, gate)| !old.contains(gate)) {
        let detail = format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
        errors.forbidden(&path.index(index).child("name"), detail);
    }
}

/// What may change is put back; then nothing may differ.
fn rest_of_spec(new: &PodSpec, old: &PodSpec, errors: &mut FieldErrors) {
    let mut munged = new.clone();
    for (container, old) in munged.containers.iter_mut().zip(&old.containers) {
        container.image.clone_from(&old.image);
    }
    for (container, old) in munged.init_containers.iter_mut().zip(&old.init_containers) {
        container.image.clone_from(&old.image);
    }
    munged.active_deadline_seconds = old.active_deadline_seconds;
    munged.scheduling_gates.clone_from(&old.scheduling_gates);
    munged.tolerations.clone_from(&old.tolerations);
    let was_negative = old.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0);
    if was_negative && munged.termination_grace_period_seconds == Some(1) {
        munged.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    if !old.scheduling_gates.is_empty() {
        of_gated_pod(&mut munged, old, errors);
    }
    if munged != *old {
        let detail = format!("pod updates may not change fields other than {UPDATABLE}\n{}", spec_diff(old, &munged));
        errors.forbidden(&SPEC, detail);
    }
}

pub fn spec_diff(old: &PodSpec, new: &PodSpec) -> String {
    diff::unified(&go::lines("PodSpec", &as_internal(old)), &go::lines("PodSpec", &as_internal(new)))
}

/// Upstream's internal security context has fields that the API has beside it.
fn as_internal(spec: &PodSpec) -> Value {
    let mut value = spec.to_value();
    if spec.security_context.is_some() {
        for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
            if let Some(moved) = value.remove(&[field]) {
                value.set(&["securityContext", field], moved);
            }
        }
    }
    value
}

/// Before its gates are open, a pod may be bound to fewer nodes than it was.
fn of_gated_pod(munged: &mut PodSpec, old: &PodSpec, errors: &mut FieldErrors) {
    if munged.node_selector != old.node_selector {
        node_selector(&munged.node_selector, &old.node_selector, errors);
        munged.node_selector.clone_from(&old.node_selector);
    }
    let of_nodes = |spec: &PodSpec| spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    let (new_affinity, old_affinity) = (of_nodes(munged), of_nodes(old));
    if new_affinity == old_affinity {
        return;
    }
    node_affinity(new_affinity.as_deref(), old_affinity.as_deref(), errors);
    match &mut munged.affinity {
        None if old_affinity.is_none() => {}
        None => munged.affinity = Some(Box::new(Affinity { node_affinity: old_affinity, ..Affinity::default() })),
        Some(affinity) => {
            affinity.node_affinity = old_affinity;
            if old.affinity.is_none() && **affinity == Affinity::default() {
                munged.affinity = None;
            }
        }
    }
}

fn node_selector(new: &BTreeMap<String, String>, old: &BTreeMap<String, String>, errors: &mut FieldErrors) {
    if old.iter().any(|(key, value)| new.get(key) != Some(value)) {
        let shown: schema::Map =
            new.iter().map(|(key, value)| (key.as_str().into(), Value::from(value.as_str()))).collect();
        let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid(&SPEC.child("nodeSelector"), &Value::Map(shown), detail);
    }
}

fn node_affinity(new: Option<&NodeAffinity>, old: Option<&NodeAffinity>, errors: &mut FieldErrors) {
    let required = |affinity: Option<&NodeAffinity>| {
        affinity.and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.clone())
    };
    // Without terms before, there is nothing to be weakened.
    let Some(old) = required(old) else { return };
    let path = SPEC.child("affinity");
    let path = path.child("nodeAffinity");
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    let path = path.child("nodeSelectorTerms");
    let new = required(new).map(|selector| selector.node_selector_terms).unwrap_or_default();
    let shown = || Bare(list_of("NodeSelectorTerm", &new));
    if old.node_selector_terms.is_empty() {
        return;
    }
    if new.len() != old.node_selector_terms.len() {
        errors.invalid(&path, shown(), "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
        return;
    }
    for (index, (new, old)) in new.iter().zip(&old.node_selector_terms).enumerate() {
        if !only_adds(new, old) {
            let value = Bare(go::json("NodeSelectorTerm", &new.to_value()));
            errors.invalid(&path.index(index), value, "only additions are allowed (no mutations or deletions)");
        }
    }
}

fn only_adds(new: &NodeSelectorTerm, old: &NodeSelectorTerm) -> bool {
    let was_empty = old.match_expressions.is_empty() && old.match_fields.is_empty();
    (!was_empty || new == old)
        && new.match_expressions.starts_with(&old.match_expressions)
        && new.match_fields.starts_with(&old.match_fields)
}

fn list_of<T: Typed>(ty: &str, items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| go::json(ty, &item.to_value())).collect();
    format!("[{}]", items.join(","))
}

/// Ephemeral containers are only ever added.
pub fn ephemeral_containers(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    if old.metadata.annotations.contains_key(MIRROR) {
        errors.forbidden(&Path::object(), "static pods do not support ephemeral containers");
        return;
    }
    metadata_and_spec(new, &Options::pod().tolerating(&old.spec), errors);
    annotation_updates(new, old, errors);
    let path = SPEC.child("ephemeralContainers");
    for before in &old.spec.ephemeral_containers {
        match new.spec.ephemeral_containers.iter().find(|container| container.name == before.name) {
            None => {
                let detail = format!("existing ephemeral containers {:?} may not be removed\n", before.name);
                errors.forbidden(&path, detail);
            }
            Some(after) if after != before => {
                let show = |value: &Value| go::lines("EphemeralContainer", value);
                let difference = diff::unified(&show(&before.to_value()), &show(&after.to_value()));
                let detail =
                    format!("existing ephemeral containers {:?} may not be changed\n{difference}", before.name);
                errors.forbidden(&path, detail);
            }
            Some(_) => {}
        }
    }
}

/// A node's name, where one is given.
pub fn node_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    for problem in validate::dns1123_subdomain(name) {
        errors.invalid(path, name, problem);
    }
}
