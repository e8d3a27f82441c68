//! Counting each pod once.

use super::failure_policy::{Meaning, meaning};
use super::{Scene, TRACKING, indexes};
use crate::{PatchKind, Plan, Tolerate, Write, pods};
use api_apps::batch::v1::{Job, JobStatus, UncountedTerminatedPods};
use api_core::v1::Pod;
use informer::{Key, View, controller_of};
use schema::{Value, value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Uids in the status at once; the rest waits for its turn.
const MAX_UNCOUNTED: usize = 500;
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// What the pods amount to, counted or not.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    pub(super) completed: BTreeSet<i32>,
    pub(super) failed_indexes: BTreeSet<i32>,
    /// Why a failed pod fails the whole job.
    pub(super) fatal: Option<String>,
    /// In the status and still with their finalizer: to be released.
    uncounted: BTreeSet<String>,
    /// Finished pods of which the status holds nothing, as their failure is ignored.
    ignored: BTreeSet<String>,
}

impl Tally {
    /// Is every finished pod in the numbers of the status?
    pub(super) fn is_settled(&self) -> bool {
        self.uncounted.is_empty()
    }
}

/// Moves what was released into the numbers, and takes in what has newly finished.
pub(super) fn tally(scene: &Scene, status: &mut JobStatus) -> Tally {
    let tracked: Vec<&Arc<Pod>> = scene.pods.iter().filter(|pod| is_tracked(pod)).collect();
    let is_tracked_uid = |uid: &String| tracked.iter().any(|pod| pod.metadata.uid == *uid);
    let mut uncounted = status.uncounted_terminated_pods.take().map(|uncounted| *uncounted).unwrap_or_default();
    let count = |counter: &mut i32, uids: &mut Vec<String>| {
        let before = uids.len();
        uids.retain(is_tracked_uid);
        *counter = counter.saturating_add(i32::try_from(before - uids.len()).unwrap_or(i32::MAX));
    };
    // An indexed job counts indexes, not pods.
    let mut dropped = 0;
    count(if scene.is_indexed() { &mut dropped } else { &mut status.succeeded }, &mut uncounted.succeeded);
    count(&mut status.failed, &mut uncounted.failed);
    let completions = scene.job.spec.completions.unwrap_or(1);
    let mut tally = Tally {
        completed: indexes::parse(&status.completed_indexes, completions),
        failed_indexes: indexes::parse(status.failed_indexes.as_deref().unwrap_or_default(), completions),
        ..Tally::default()
    };
    for pod in tracked {
        take_in(scene, pod, &mut uncounted, &mut tally);
    }
    tally.uncounted = uncounted.succeeded.iter().chain(&uncounted.failed).cloned().collect();
    let number = |counted: i32, more: usize| usize::try_from(counted).unwrap_or_default() + more;
    tally.failed = number(status.failed, uncounted.failed.len());
    if scene.is_indexed() {
        tally.succeeded = tally.completed.len();
        status.completed_indexes = indexes::text(&tally.completed);
        status.succeeded = i32::try_from(tally.completed.len()).unwrap_or(i32::MAX);
        if scene.job.spec.backoff_limit_per_index.is_some() {
            status.failed_indexes = Some(indexes::text(&tally.failed_indexes));
        }
    } else {
        tally.succeeded = number(status.succeeded, uncounted.succeeded.len());
    }
    status.uncounted_terminated_pods = Some(Box::new(uncounted));
    tally
}

/// Takes in one pod that still has its finalizer.
fn take_in(scene: &Scene, pod: &Pod, uncounted: &mut UncountedTerminatedPods, tally: &mut Tally) {
    let uid = &pod.metadata.uid;
    let index = indexes::of_pod(pod).filter(|index| *index < scene.job.spec.completions.unwrap_or(1));
    let full = uncounted.succeeded.len() + uncounted.failed.len() >= MAX_UNCOUNTED;
    let known = uncounted.succeeded.contains(uid) || uncounted.failed.contains(uid);
    if pod.status.phase == "Succeeded" {
        let new_index = !scene.is_indexed() || index.is_some_and(|index| !tally.completed.contains(&index));
        if !known && !full {
            match new_index {
                true => uncounted.succeeded.push(uid.clone()),
                false => drop(tally.ignored.insert(uid.clone())),
            }
        }
        if !full || known {
            tally.completed.extend(index.filter(|_| scene.is_indexed()));
        }
    } else if is_failed(scene, pod) && !known && !full {
        match meaning(scene.job, pod) {
            Meaning::Ignored => drop(tally.ignored.insert(uid.clone())),
            meaning => {
                uncounted.failed.push(uid.clone());
                let limit = scene.job.spec.backoff_limit_per_index;
                let last_try = limit.is_some_and(|limit| failures_before(pod) >= limit);
                if limit.is_some() && (last_try || meaning == Meaning::FailsIndex) {
                    tally.failed_indexes.extend(index);
                }
                if let Meaning::FailsJob(why) = meaning {
                    tally.fatal = Some(why);
                }
            }
        }
    }
}

pub(super) fn is_failed(scene: &Scene, pod: &Pod) -> bool {
    pod.status.phase == "Failed" || (pods::is_terminating(pod) && !scene.replaces_only_failed())
}

/// How often its index had failed before this pod.
pub(super) fn failures_before(pod: &Pod) -> i32 {
    pod.metadata.annotations.get(FAILURES).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Marks a new pod of an index that has failed before.
pub(super) fn set_failures(pod: &mut Pod, failures: i32) {
    pod.metadata.annotations.insert(FAILURES.into(), failures.to_string());
}

fn is_tracked(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().any(|finalizer| finalizer == TRACKING)
}

/// Takes the finalizer off the pods that the status now holds; off all of them if the job has ended.
pub(super) fn count(plan: &mut Plan, scene: &Scene, tally: &Tally, ended: bool) {
    let counted = |pod: &&Arc<Pod>| {
        let uid = &pod.metadata.uid;
        is_tracked(pod) && (ended || tally.uncounted.contains(uid) || tally.ignored.contains(uid))
    };
    plan.together(scene.pods.iter().filter(counted).map(|pod| without_finalizer(pod)).collect());
}

/// Takes the finalizer off all.
pub(super) fn release(plan: &mut Plan, pods: &[Arc<Pod>]) {
    plan.together(pods.iter().filter(|pod| is_tracked(pod)).map(|pod| without_finalizer(pod)).collect());
}

/// Takes the finalizer off pods whose job is gone.
pub(super) fn release_orphans(plan: &mut Plan, key: &Key, view: &View) {
    let job = view.get::<Job>(&key.namespace, &key.name);
    let mut pods = view.list_in::<Pod>(&key.namespace);
    pods.retain(|pod| {
        let owner = controller_of(&pod.metadata);
        let of_name = owner.filter(|owner| owner.kind == "Job" && key.name == owner.name.as_str());
        of_name.is_some_and(|owner| job.as_ref().is_none_or(|job| job.metadata.uid != owner.uid))
    });
    release(plan, &pods);
}

pub(super) fn without_finalizer(pod: &Pod) -> Write {
    let rest = pod.metadata.finalizers.iter().filter(|finalizer| *finalizer != TRACKING);
    let rest: Vec<Value> = rest.map(|finalizer| Value::str(finalizer.as_str())).collect();
    let finalizers = if rest.is_empty() { Value::Null } else { Value::List(rest) };
    let uid = pod.metadata.uid.as_str();
    // Finalizers come and go one by one; the version guards those of others.
    let version = pod.metadata.resource_version.as_str();
    let body = value!({ "metadata": { "uid": uid, "resourceVersion": version, "finalizers": (finalizers) } });
    Write::patch(pod, PatchKind::Merge, body).tolerating(Tolerate::NotFound)
}
