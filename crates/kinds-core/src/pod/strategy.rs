//! What a write to a pod may change, besides what validation refuses.

use super::qos;
use api_core::v1::{Container, Pod, PodCondition, PodStatus};
use kind::Context;
use std::collections::BTreeMap;

pub fn prepare_create(pod: &mut Pod, _context: &Context) {
    pod.status = PodStatus { phase: "Pending".into(), qos_class: qos::compute(pod).into(), ..PodStatus::default() };
    drop_disabled(pod, None);
    if !pod.spec.scheduling_gates.is_empty() {
        pod.status.conditions.push(PodCondition {
            type_: "PodScheduled".into(),
            status: "False".into(),
            reason: "SchedulingGated".into(),
            message: "Scheduling is blocked due to non-empty scheduling gates".into(),
            ..PodCondition::default()
        });
    }
}

/// Fields that are served only with features that are off by default; an object that has them keeps them.
pub fn drop_disabled(new: &mut Pod, old: Option<&Pod>) {
    if old.is_none_or(|old| old.spec.scheduling_group.is_none()) {
        new.spec.scheduling_group = None;
    }
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
