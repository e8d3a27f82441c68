//! Which pods a job that goes on creates and deletes.

use super::outcome::backoff_left;
use super::tracking::{self, Tally, failures_before, is_failed, set_failures};
use super::{Scene, TRACKING, indexes};
use crate::{Plan, Write, managed, pods};
use api_core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, Pod};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Pods that one plan creates or deletes at most.
const MAX_BURST: usize = 500;
/// What the server appends to a generated name, and a dash before it.
const MAX_PREFIX: usize = 63 - 5;

/// Writes about pods.
#[derive(Default)]
pub(super) struct Changes {
    create: Vec<Write>,
    /// The finalizer first: what the job itself deletes is no failure.
    release: Vec<Write>,
    delete: Vec<Write>,
}

impl Changes {
    pub(super) fn created(&self) -> usize {
        self.create.len()
    }

    pub(super) fn deleted(&self) -> usize {
        self.delete.len()
    }

    pub(super) fn write(self, plan: &mut Plan) {
        plan.together(self.release);
        plan.together(self.delete);
        plan.slow_start(self.create);
    }

    fn drop_pod(&mut self, scene: &Scene, pod: &Pod) {
        self.release.push(tracking::without_finalizer(pod));
        self.delete.push(managed::delete(scene.job, pod));
    }
}

/// All pods go: the job is decided.
pub(super) fn stop(scene: &Scene) -> Changes {
    let delete = scene.active().into_iter().map(|pod| managed::delete(scene.job, pod)).collect();
    Changes { delete, ..Changes::default() }
}

pub(super) fn manage(scene: &Scene, tally: &Tally) -> Changes {
    let mut changes = Changes::default();
    let active = scene.active();
    if scene.is_suspended() {
        active.iter().take(MAX_BURST).for_each(|pod| changes.drop_pod(scene, pod));
        return changes;
    }
    let parallelism = usize::try_from(scene.job.spec.parallelism.unwrap_or(1)).unwrap_or_default();
    let done = tally.succeeded + tally.failed_indexes.len();
    let wanted = match scene.job.spec.completions {
        Some(completions) => usize::try_from(completions).unwrap_or_default().saturating_sub(done).min(parallelism),
        // Once one has succeeded, no other is begun.
        None if tally.succeeded > 0 => active.len().min(parallelism),
        None => parallelism,
    };
    let mut kept = active.clone();
    if scene.is_indexed() {
        let (valid, surplus) = one_for_each_index(scene, tally, active);
        surplus.iter().for_each(|pod| changes.drop_pod(scene, pod));
        kept = valid;
    }
    if kept.len() > wanted {
        kept.sort_by_key(|pod| least_loss(pod));
        let surplus = (kept.len() - wanted).min(MAX_BURST);
        kept[..surplus].iter().for_each(|pod| changes.drop_pod(scene, pod));
        return changes;
    }
    let leaving = if scene.replaces_only_failed() { scene.terminating() } else { 0 };
    let missing = wanted.saturating_sub(kept.len() + leaving).min(MAX_BURST);
    if missing > 0 && (scene.job.spec.backoff_limit_per_index.is_some() || backoff_left(scene) <= 0) {
        changes.create = new_pods(scene, tally, &kept, missing);
    }
    changes
}

/// Pods that have not begun are deleted before those that run, young ones before old ones.
fn least_loss(pod: &Pod) -> (bool, u8, bool, std::cmp::Reverse<Option<schema::Time>>) {
    let phase = match pod.status.phase.as_str() {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    };
    let assigned = !pod.spec.node_name.is_empty();
    (assigned, phase, pods::is_ready(pod), std::cmp::Reverse(pod.metadata.creation_timestamp))
}

/// Active pods that are needed, one an index, and the others.
fn one_for_each_index<'p>(
    scene: &Scene,
    tally: &Tally,
    active: Vec<&'p Arc<Pod>>,
) -> (Vec<&'p Arc<Pod>>, Vec<&'p Arc<Pod>>) {
    let completions = scene.job.spec.completions.unwrap_or_default();
    let mut taken = BTreeSet::new();
    active.into_iter().partition(|pod| {
        let index = indexes::of_pod(pod).filter(|index| *index < completions);
        let needed = index.filter(|index| !tally.completed.contains(index) && !tally.failed_indexes.contains(index));
        needed.is_some_and(|index| taken.insert(index))
    })
}

fn new_pods(scene: &Scene, tally: &Tally, kept: &[&Arc<Pod>], missing: usize) -> Vec<Write> {
    let mut pod = managed::pod(scene.job, &scene.job.spec.template);
    pod.metadata.finalizers.push(TRACKING.into());
    if !scene.is_indexed() {
        return vec![managed::create(scene.job, &pod); missing];
    }
    let completions = scene.job.spec.completions.unwrap_or_default();
    let leaving = scene.pods.iter().filter(|pod| scene.replaces_only_failed() && pods::is_terminating(pod));
    let taken: BTreeSet<i32> = kept.iter().copied().chain(leaving).filter_map(|pod| indexes::of_pod(pod)).collect();
    let free = (0..completions).filter(|index| {
        !taken.contains(index) && !tally.completed.contains(index) && !tally.failed_indexes.contains(index)
    });
    free.take(missing).map(|index| managed::create(scene.job, &indexed(scene, &pod, index))).collect()
}

/// The pod of an index: it finds the index in its name, labels, annotations, host name and environment.
fn indexed(scene: &Scene, pod: &Pod, index: i32) -> Pod {
    let mut pod = pod.clone();
    let name = &scene.job.metadata.name;
    let mut prefix = format!("{name}-{index}-");
    if prefix.len() > MAX_PREFIX {
        let room = MAX_PREFIX.saturating_sub(format!("-{index}-").len());
        let cut = name.get(..room.min(name.len())).unwrap_or_default();
        prefix = format!("{cut}-{index}-");
    }
    pod.metadata.generate_name = prefix;
    pod.metadata.annotations.insert(indexes::ANNOTATION.into(), index.to_string());
    pod.metadata.labels.insert(indexes::ANNOTATION.into(), index.to_string());
    if scene.job.spec.backoff_limit_per_index.is_some() {
        let before = scene.pods.iter().filter(|pod| indexes::of_pod(pod) == Some(index) && is_failed(scene, pod));
        set_failures(&mut pod, before.map(|pod| failures_before(pod) + 1).max().unwrap_or_default());
    }
    pod.spec.hostname = format!("{name}-{index}");
    let field = format!("metadata.labels['{}']", indexes::ANNOTATION);
    let source = EnvVarSource {
        field_ref: Some(Box::new(ObjectFieldSelector { field_path: field, ..ObjectFieldSelector::default() })),
        ..EnvVarSource::default()
    };
    let variable =
        EnvVar { name: "JOB_COMPLETION_INDEX".into(), value_from: Some(Box::new(source)), ..EnvVar::default() };
    for container in pod.spec.init_containers.iter_mut().chain(&mut pod.spec.containers) {
        if !container.env.iter().any(|have| have.name == variable.name) {
            container.env.push(variable.clone());
        }
    }
    pod
}
