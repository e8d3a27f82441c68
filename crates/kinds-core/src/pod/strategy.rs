//! What a write to a pod may change, besides what validation refuses.

use super::qos;
use crate::pod_spec;
use crate::pod_spec::annotations::APP_ARMOR_PREFIX;
use api_core::v1::{AppArmorProfile, Container, Pod, PodCondition, PodStatus};
use api_meta::v1::{LabelSelector, LabelSelectorRequirement};
use kind::Context;
use std::collections::BTreeMap;

pub fn prepare_create(pod: &mut Pod, context: &Context) {
    pod.status = PodStatus { phase: "Pending".into(), qos_class: qos::compute(pod).into(), ..PodStatus::default() };
    drop_disabled(pod, None);
    if !pod.spec.scheduling_gates.is_empty() {
        pod.status.conditions.push(PodCondition {
            type_: "PodScheduled".into(),
            status: "False".into(),
            reason: "SchedulingGated".into(),
            message: "Scheduling is blocked due to non-empty scheduling gates".into(),
            last_transition_time: Some(context.now),
            ..PodCondition::default()
        });
    }
    label_keys_to_selectors(pod);
    app_armor_annotations_to_fields(pod);
}

/// Keys of labels become requirements with the pod's own values.
fn label_keys_to_selectors(pod: &mut Pod) {
    let labels = &pod.metadata.labels;
    let terms = pod.spec.affinity.as_deref_mut().into_iter().flat_map(|affinity| {
        let (near, far) = (affinity.pod_affinity.as_deref_mut(), affinity.pod_anti_affinity.as_deref_mut());
        let near = near.map(|pods| {
            let preferred = pods.preferred_during_scheduling_ignored_during_execution.iter_mut();
            let required = pods.required_during_scheduling_ignored_during_execution.iter_mut();
            preferred.map(|term| &mut term.pod_affinity_term).chain(required)
        });
        let far = far.map(|pods| {
            let preferred = pods.preferred_during_scheduling_ignored_during_execution.iter_mut();
            let required = pods.required_during_scheduling_ignored_during_execution.iter_mut();
            preferred.map(|term| &mut term.pod_affinity_term).chain(required)
        });
        near.into_iter().flatten().chain(far.into_iter().flatten())
    });
    for term in terms {
        if let Some(selector) = &mut term.label_selector {
            require(selector, &term.match_label_keys, "In", labels);
            require(selector, &term.mismatch_label_keys, "NotIn", labels);
        }
    }
    for constraint in &mut pod.spec.topology_spread_constraints {
        if let Some(selector) = &mut constraint.label_selector {
            require(selector, &constraint.match_label_keys, "In", labels);
        }
    }
}

fn require(selector: &mut LabelSelector, keys: &[String], operator: &str, labels: &BTreeMap<String, String>) {
    for key in keys {
        if let Some(value) = labels.get(key) {
            selector.match_expressions.push(LabelSelectorRequirement {
                key: key.clone(),
                operator: operator.into(),
                values: vec![value.clone()],
            });
        }
    }
}

/// The annotation that came before the field still counts where the field is not set.
fn app_armor_annotations_to_fields(pod: &mut Pod) {
    if pod.spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        return;
    }
    let of_pod = pod.spec.security_context.as_ref().and_then(|context| context.app_armor_profile.clone());
    for container in pod.spec.init_containers.iter_mut().chain(&mut pod.spec.containers) {
        let Some(annotation) = pod.metadata.annotations.get(&format!("{APP_ARMOR_PREFIX}{}", container.name)) else {
            continue;
        };
        let profile = match annotation.as_str() {
            "unconfined" => AppArmorProfile { type_: "Unconfined".into(), localhost_profile: None },
            "runtime/default" => AppArmorProfile { type_: "RuntimeDefault".into(), localhost_profile: None },
            other => match other.strip_prefix("localhost/") {
                Some(file) if !file.is_empty() && file.trim() == file => {
                    AppArmorProfile { type_: "Localhost".into(), localhost_profile: Some(file.into()) }
                }
                _ => continue,
            },
        };
        if of_pod.as_deref() != Some(&profile) {
            let context = container.security_context.get_or_insert_default();
            context.app_armor_profile.get_or_insert_with(|| Box::new(profile));
        }
    }
}

/// As [`pod_spec::drop_disabled`].
pub fn drop_disabled(new: &mut Pod, old: Option<&Pod>) {
    pod_spec::drop_disabled(&mut new.spec, old.map(|old| &old.spec));
}

/// A write to the status keeps the spec, the owners, and what an old kubelet would lose.
pub fn prepare_status(new: &mut Pod, old: &Pod) {
    new.spec = old.spec.clone();
    new.metadata.deletion_timestamp = None;
    new.metadata.owner_references = old.metadata.owner_references.clone();
    if new.status.qos_class.is_empty() {
        new.status.qos_class = old.status.qos_class.clone();
    }
    keep_observed_generations(new, old);
}

fn keep_observed_generations(new: &mut Pod, old: &Pod) {
    if new.status.observed_generation == 0 {
        new.status.observed_generation = old.status.observed_generation;
    }
    let mut had: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for condition in old.status.conditions.iter().rev() {
        had.entry(&condition.type_).or_default().push(condition.observed_generation);
    }
    for condition in &mut new.status.conditions {
        let before = had.get_mut(condition.type_.as_str()).and_then(Vec::pop).unwrap_or_default();
        if condition.observed_generation == 0 {
            condition.observed_generation = before;
        }
    }
}

/// Everything but the ephemeral containers stays.
pub fn prepare_ephemeral_containers(new: &mut Pod, old: &Pod) {
    let containers = std::mem::take(&mut new.spec.ephemeral_containers);
    keep_all_but_metadata(new, old);
    new.spec.ephemeral_containers = containers;
}

/// Everything but the resources and resize policies stays; with other containers than before validation refuses it.
pub fn prepare_resize(new: &mut Pod, old: &Pod) {
    let same_count = new.spec.containers.len() == old.spec.containers.len()
        && new.spec.init_containers.len() == old.spec.init_containers.len();
    if !same_count {
        return;
    }
    let containers = resized(std::mem::take(&mut new.spec.containers), &old.spec.containers);
    let init_containers = resized(std::mem::take(&mut new.spec.init_containers), &old.spec.init_containers);
    let resources = new.spec.resources.take();
    keep_all_but_metadata(new, old);
    new.spec.resources = resources;
    new.spec.containers = containers;
    new.spec.init_containers = init_containers;
}

fn resized(new: Vec<Container>, old: &[Container]) -> Vec<Container> {
    if new.iter().zip(old).any(|(new, old)| new.name != old.name) {
        return new;
    }
    let merge = |(new, old): (Container, &Container)| Container {
        resources: new.resources,
        resize_policy: new.resize_policy,
        ..old.clone()
    };
    new.into_iter().zip(old).map(merge).collect()
}

fn keep_all_but_metadata(new: &mut Pod, old: &Pod) {
    new.spec = old.spec.clone();
    new.status = old.status.clone();
    new.metadata.deletion_timestamp = old.metadata.deletion_timestamp;
    new.metadata.generation = old.metadata.generation;
    new.metadata.finalizers = old.metadata.finalizers.clone();
    new.metadata.labels = old.metadata.labels.clone();
    new.metadata.annotations = old.metadata.annotations.clone();
    new.metadata.owner_references = old.metadata.owner_references.clone();
}
