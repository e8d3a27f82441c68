//! Jobs: pods until enough of them have succeeded, or too many have failed.
//!
//! A pod carries a finalizer until the job has counted it, so that each counts once, whoever deletes it:
//!
//! ```text
//!   finished, with finalizer -> its uid in status.uncounted -> finalizer taken off -> uid becomes a number  (tracking.rs)
//!   counts -> success or failure criteria, at first as a target, once no pod is left as the end              (outcome.rs)
//!   what is missing or too much -> pods                                                                     (running.rs)
//! ```
//!
//! Deliberately absent: memory of failures for the back-off; it is read from the failed pods that are there.

mod failure_policy;
mod indexes;
mod outcome;
mod running;
mod tracking;

use crate::claim::claim;
use crate::watch::controller_key;
use crate::{Controller, EventRecord, Plan, Watch, pods};
use api_apps::batch::v1::{Job, JobCondition};
use api_core::v1::Pod;
use informer::{Key, Selector, View, controller_of};
use outcome::Outcome;
use schema::Time;
use std::sync::Arc;

/// Kept on pods until they are counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// The `managedBy` of jobs that are ours.
const OURS: &str = "kubernetes.io/job-controller";

pub struct JobController;

impl Controller for JobController {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| match controller_of(&pod.metadata) {
            Some(_) => controller_key::<Job>(&pod.metadata).into_iter().collect(),
            None => {
                let jobs = view.list_in::<Job>(&pod.metadata.namespace);
                let selecting = jobs.iter().filter(|job| selector(job).matches(&pod.metadata.labels));
                selecting.map(|job| Key::of(&job.metadata)).collect()
            }
        };
        vec![Watch::own::<Job>(), Watch::of::<Pod, _>(pods)]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        tracking::release_orphans(&mut plan, key, view);
        let job = view.get::<Job>(&key.namespace, &key.name);
        if let Some(job) = job.filter(|job| job.spec.managed_by.as_deref().is_none_or(|manager| manager == OURS)) {
            sync(&mut plan, &job, view, now);
        }
        plan
    }
}

/// A job and its pods at one moment.
struct Scene<'j> {
    job: &'j Job,
    pods: Vec<Arc<Pod>>,
    now: Time,
}

impl Scene<'_> {
    fn active(&self) -> Vec<&Arc<Pod>> {
        self.pods.iter().filter(|pod| pods::is_active(pod)).collect()
    }

    fn terminating(&self) -> usize {
        self.pods.iter().filter(|pod| pods::is_terminating(pod)).count()
    }

    fn is_indexed(&self) -> bool {
        self.job.spec.completion_mode.as_deref() == Some("Indexed")
    }

    fn is_suspended(&self) -> bool {
        self.job.spec.suspend == Some(true)
    }

    /// Pods being deleted do not count as failed, and are replaced only once they have failed.
    fn replaces_only_failed(&self) -> bool {
        self.job.spec.pod_replacement_policy.as_deref() == Some("Failed") || self.job.spec.pod_failure_policy.is_some()
    }
}

fn selector(job: &Job) -> Selector {
    Selector::new(job.spec.selector.as_deref())
}

fn is_finished(job: &Job) -> bool {
    ["Complete", "Failed"].iter().any(|type_| condition(job, type_).is_some_and(|condition| condition.status == "True"))
}

fn condition<'j>(job: &'j Job, type_: &str) -> Option<&'j JobCondition> {
    job.status.conditions.iter().find(|condition| condition.type_ == type_)
}

fn sync(plan: &mut Plan, job: &Job, view: &View, now: Time) {
    let mut candidates = view.owned_by::<Pod>(&job.metadata.uid);
    candidates.extend(view.orphans_in::<Pod>(&job.metadata.namespace));
    candidates.retain(|pod| pod.metadata.namespace == job.metadata.namespace);
    let mut claimed = claim(job, &selector(job), candidates);
    if is_finished(job) {
        return tracking::release(plan, &claimed.objects);
    }
    claimed.write(job, plan);
    let scene = Scene { job, pods: claimed.objects, now };
    let mut after = job.clone();
    if !scene.is_suspended() && after.status.start_time.is_none() {
        after.status.start_time = Some(now);
    }
    let tally = tracking::tally(&scene, &mut after.status);
    let outcome = outcome::decide(&scene, &after.status, &tally, now);
    let mut changes = running::Changes::default();
    if job.metadata.deletion_timestamp.is_none() {
        changes = match &outcome {
            Outcome::Open => running::manage(&scene, &tally),
            Outcome::Succeeding(_) | Outcome::Failing(_) => running::stop(&scene),
        };
    }
    status(&scene, &mut after, &changes);
    outcome::tell(&scene, &mut after, &outcome, &tally, plan, now);
    suspension(&scene, &mut after, plan, now);
    // The status first: it holds the uids of pods that then lose their finalizer.
    plan.update_status(job, &after);
    tracking::count(plan, &scene, &tally, is_finished(&after));
    changes.write(plan);
    if let Some(wait) = outcome::next_look(&scene, &after, &outcome) {
        plan.look_again(wait);
    }
}

fn status(scene: &Scene, after: &mut Job, changes: &running::Changes) {
    let active = scene.active();
    let ready = active.iter().filter(|pod| pods::is_ready(pod)).count();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    after.status.active = count((active.len() + changes.created()).saturating_sub(changes.deleted()));
    after.status.ready = Some(count(ready));
    after.status.terminating = Some(count(scene.terminating() + changes.deleted()));
}

/// The condition `Suspended`, and when a job that goes on has begun.
fn suspension(scene: &Scene, after: &mut Job, plan: &mut Plan, now: Time) {
    if is_finished(after) {
        return;
    }
    let was = condition(scene.job, "Suspended").is_some_and(|condition| condition.status == "True");
    match (scene.is_suspended(), was) {
        (true, false) => {
            outcome::set(after, "Suspended", "True", "JobSuspended", "Job suspended", now);
            after.status.start_time = None;
            plan.event(EventRecord::normal(scene.job, "Suspended", "Job suspended"));
        }
        (false, true) => {
            outcome::set(after, "Suspended", "False", "JobResumed", "Job resumed", now);
            after.status.start_time = Some(now);
            plan.event(EventRecord::normal(scene.job, "Resumed", "Job resumed"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
