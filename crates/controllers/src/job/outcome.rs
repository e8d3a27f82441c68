//! Has a job succeeded, failed, or neither?

use super::tracking::{Tally, is_failed};
use super::{Scene, condition};
use crate::{EventRecord, Plan};
use api_apps::batch::v1::{Job, JobCondition, JobStatus};
use schema::Time;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Succeeding(Reason),
    Failing(Reason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    reason: String,
    message: String,
}

fn reason(reason: &str, message: impl Into<String>) -> Reason {
    Reason { reason: reason.into(), message: message.into() }
}

pub(super) fn decide(scene: &Scene, status: &JobStatus, tally: &Tally, now: Time) -> Outcome {
    let told = |type_: &str| {
        let condition = condition(scene.job, type_).filter(|condition| condition.status == "True")?;
        Some(reason(&condition.reason, condition.message.as_str()))
    };
    if let Some(reason) = told("FailureTarget") {
        return Outcome::Failing(reason);
    }
    if let Some(reason) = told("SuccessCriteriaMet") {
        return Outcome::Succeeding(reason);
    }
    if let Some(reason) = failure(scene, status, tally, now) {
        return Outcome::Failing(reason);
    }
    success(scene, tally).map_or(Outcome::Open, Outcome::Succeeding)
}

fn failure(scene: &Scene, status: &JobStatus, tally: &Tally, now: Time) -> Option<Reason> {
    let spec = &scene.job.spec;
    if let Some(why) = &tally.fatal {
        return Some(reason("PodFailurePolicy", why.as_str()));
    }
    let limit = usize::try_from(spec.backoff_limit.unwrap_or(6)).unwrap_or_default();
    if tally.failed > limit || (spec.template.spec.restart_policy == "OnFailure" && restarts_reach(scene, limit)) {
        return Some(reason("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
    }
    if !scene.is_suspended()
        && let (Some(deadline), Some(start)) = (spec.active_deadline_seconds, status.start_time)
        && now.secs_since(start) >= deadline
    {
        return Some(reason("DeadlineExceeded", "Job was active longer than specified deadline"));
    }
    let failed = tally.failed_indexes.len();
    if spec.max_failed_indexes.is_some_and(|most| failed > usize::try_from(most).unwrap_or_default()) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(reason("MaxFailedIndexesExceeded", message));
    }
    let all_tried =
        spec.completions.is_some_and(|all| failed + tally.succeeded >= usize::try_from(all).unwrap_or_default());
    (failed > 0 && all_tried).then(|| reason("FailedIndexes", "Job has failed indexes"))
}

/// Pods that are restarted in place count by their restarts.
fn restarts_reach(scene: &Scene, limit: usize) -> bool {
    let running = scene.pods.iter().filter(|pod| matches!(pod.status.phase.as_str(), "Running" | "Pending"));
    let statuses =
        running.flat_map(|pod| pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses));
    let restarts: i64 = statuses.map(|status| i64::from(status.restart_count)).sum();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

fn success(scene: &Scene, tally: &Tally) -> Option<Reason> {
    if let Some(at) = success_rule(scene, tally) {
        return Some(reason("SuccessPolicy", format!("Matched rules at index {at}")));
    }
    let complete = match scene.job.spec.completions {
        Some(wanted) => tally.succeeded >= usize::try_from(wanted).unwrap_or_default(),
        // Without a number it is the pods who know: one has succeeded, and the others have ended.
        None => tally.succeeded > 0 && scene.active().is_empty(),
    };
    complete.then(|| reason("CompletionsReached", "Reached expected number of succeeded pods"))
}

fn success_rule(scene: &Scene, tally: &Tally) -> Option<usize> {
    let policy = scene.job.spec.success_policy.as_ref().filter(|_| scene.is_indexed())?;
    let completions = scene.job.spec.completions.unwrap_or_default();
    policy.rules.iter().position(|rule| {
        let wanted = rule.succeeded_indexes.as_ref().map(|text| super::indexes::parse(text, completions));
        let matching = match &wanted {
            Some(wanted) => tally.completed.intersection(wanted).count(),
            None => tally.completed.len(),
        };
        let enough = match (rule.succeeded_count, &wanted) {
            (Some(count), _) => usize::try_from(count).unwrap_or_default(),
            (None, Some(wanted)) => wanted.len(),
            (None, None) => usize::MAX,
        };
        matching >= enough
    })
}

/// Puts the outcome into the conditions: as a target at first, as the end once no pod is left and each is counted.
pub(super) fn tell(scene: &Scene, after: &mut Job, outcome: &Outcome, tally: &Tally, plan: &mut Plan, now: Time) {
    let (target, end, why) = match outcome {
        Outcome::Open => return,
        Outcome::Succeeding(why) => ("SuccessCriteriaMet", "Complete", why),
        Outcome::Failing(why) => ("FailureTarget", "Failed", why),
    };
    let Reason { reason, message } = why;
    set(after, target, "True", reason, message, now);
    let waiting = after.status.active > 0 || after.status.terminating.is_some_and(|count| count > 0);
    if waiting || !tally.is_settled() {
        return;
    }
    set(after, end, "True", reason, message, now);
    if end == "Complete" {
        after.status.completion_time = Some(now);
        plan.event(EventRecord::normal(scene.job, "Completed", "Job completed"));
    } else {
        plan.event(EventRecord::warning(scene.job, reason, message.as_str()));
    }
}

pub(super) fn set(job: &mut Job, type_: &str, status: &str, reason: &str, message: &str, now: Time) {
    let conditions = &mut job.status.conditions;
    let made = JobCondition {
        type_: type_.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_probe_time: Some(now),
        last_transition_time: Some(now),
    };
    match conditions.iter_mut().find(|condition| condition.type_ == type_) {
        Some(have) if have.status == status && have.reason == reason && have.message == message => {}
        Some(have) => *have = made,
        None => conditions.push(made),
    }
}

/// When time alone changes something: the deadline, or the end of a back-off.
pub(super) fn next_look(scene: &Scene, after: &Job, outcome: &Outcome) -> Option<Duration> {
    if *outcome != Outcome::Open || scene.is_suspended() {
        return None;
    }
    let start = after.status.start_time.unwrap_or(scene.now);
    let deadline = scene.job.spec.active_deadline_seconds.map(|deadline| deadline - scene.now.secs_since(start));
    let seconds = [deadline, Some(backoff_left(scene)).filter(|left| *left > 0)].into_iter().flatten().min()?;
    Some(Duration::from_secs(seconds.max(1).unsigned_abs()))
}

const FIRST_BACKOFF_SECONDS: i64 = 10;
const MAX_BACKOFF_SECONDS: i64 = 600;

/// Seconds until failed pods may be replaced: the more of them since the last success, the longer.
pub(super) fn backoff_left(scene: &Scene) -> i64 {
    let ended = |pod: &api_core::v1::Pod| {
        let statuses = pod.status.container_statuses.iter();
        let times = statuses.filter_map(|status| status.state.terminated.as_ref()?.finished_at);
        times.max().or(pod.metadata.deletion_timestamp).or(pod.metadata.creation_timestamp)
    };
    let succeeded = scene.pods.iter().filter(|pod| pod.status.phase == "Succeeded").filter_map(|pod| ended(pod)).max();
    let failed = scene.pods.iter().filter(|pod| is_failed(scene, pod)).filter_map(|pod| ended(pod));
    let failed: Vec<Time> = failed.filter(|time| succeeded.is_none_or(|succeeded| *time > succeeded)).collect();
    let Some(last) = failed.iter().max() else { return 0 };
    let doublings = u32::try_from(failed.len() - 1).unwrap_or(u32::MAX).min(6);
    let wait = (FIRST_BACKOFF_SECONDS << doublings).min(MAX_BACKOFF_SECONDS);
    wait - scene.now.secs_since(*last)
}
