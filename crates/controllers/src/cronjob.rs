//! Cron jobs: a job each time that the schedule names.
//!
//! Which jobs are running is read from the jobs; the status only tells of it. A time that was missed is made up for once,
//! the last of them, unless it is too late. Deliberately absent: time zones other than UTC (the event says so).

mod schedule;

use crate::{Controller, DeleteOptions, EventRecord, Plan, Tolerate, Watch, Write, controller_reference, plan};
use api_apps::batch::v1::{CronJob, Job};
use api_core::v1::ObjectReference;
use api_meta::v1::ObjectMeta;
use informer::{Key, View};
use schedule::Schedule;
use schema::Time;
use std::sync::Arc;
use std::time::Duration;

const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// More missed times than this are a sign of a wrong clock.
const MANY_MISSED: usize = 100;
const SUCCESSFUL_HISTORY: i32 = 3;
const FAILED_HISTORY: i32 = 1;

pub struct CronJobController;

impl Controller for CronJobController {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::own::<CronJob>(), Watch::managed_by::<Job, CronJob>()]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(cron) = view.get::<CronJob>(&key.namespace, &key.name) {
            let jobs = view.owned_by::<Job>(&cron.metadata.uid);
            let mut after = cron.as_ref().clone();
            take_stock(&mut plan, &cron, &jobs, &mut after);
            thin_out(&mut plan, &cron, &jobs);
            if cron.metadata.deletion_timestamp.is_none() && cron.spec.suspend != Some(true) {
                start(&mut plan, &cron, &jobs, &mut after, now);
            }
            plan.update_status(cron.as_ref(), &after);
        }
        plan
    }
}

/// `Complete` or `Failed`, once the job is over.
fn end(job: &Job) -> Option<&str> {
    let conditions = job.status.conditions.iter();
    let ended = |type_: &str| type_ == "Complete" || type_ == "Failed";
    conditions.filter(|condition| condition.status == "True").map(|c| c.type_.as_str()).find(|type_| ended(type_))
}

/// Tells which jobs are running, which have ended, and which are gone.
fn take_stock(plan: &mut Plan, cron: &CronJob, jobs: &[Arc<Job>], after: &mut CronJob) {
    for told in &cron.status.active {
        match jobs.iter().find(|job| job.metadata.uid == told.uid) {
            Some(job) => {
                let Some(end) = end(job) else { continue };
                let message = format!("Saw completed job: {}, condition: {end}", job.metadata.name);
                plan.event(EventRecord::normal(cron, "SawCompletedJob", message));
            }
            None => {
                let message = format!("Active job went missing: {}", told.name);
                plan.event(EventRecord::normal(cron, "MissingJob", message));
            }
        }
    }
    let running = jobs.iter().filter(|job| end(job).is_none());
    after.status.active = running.map(|job| reference(job, &cron.status.active)).collect();
    let completed = jobs.iter().filter(|job| end(job) == Some("Complete")).filter_map(|job| job.status.completion_time);
    after.status.last_successful_time = completed.chain(cron.status.last_successful_time).max();
}

/// The reference that is there already, as the job's version changes all the time.
fn reference(job: &Job, told: &[ObjectReference]) -> ObjectReference {
    let known = told.iter().find(|reference| reference.uid == job.metadata.uid);
    known.cloned().unwrap_or_else(|| plan::reference(job))
}

/// Deletes the oldest of the jobs that have ended.
fn thin_out(plan: &mut Plan, cron: &CronJob, jobs: &[Arc<Job>]) {
    let limits = [
        ("Complete", cron.spec.successful_jobs_history_limit.unwrap_or(SUCCESSFUL_HISTORY)),
        ("Failed", cron.spec.failed_jobs_history_limit.unwrap_or(FAILED_HISTORY)),
    ];
    for (how, limit) in limits {
        let mut ended: Vec<_> =
            jobs.iter().filter(|job| end(job) == Some(how) && job.metadata.deletion_timestamp.is_none()).collect();
        ended.sort_by_key(|job| (job.status.start_time, job.metadata.name.clone()));
        let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        ended[..surplus].iter().for_each(|job| plan.push(delete(cron, job)));
    }
}

fn delete(cron: &CronJob, job: &Job) -> Write {
    let options = DeleteOptions {
        uid: Some(job.metadata.uid.clone()),
        propagation: Some("Background"),
        ..DeleteOptions::default()
    };
    let message = format!("Deleted job {}", job.metadata.name);
    Write::delete_with::<Job>(Key::of(&job.metadata), options).with_event(EventRecord::normal(
        cron,
        "SuccessfulDelete",
        message,
    ))
}

/// Starts the job that is due.
fn start(plan: &mut Plan, cron: &CronJob, jobs: &[Arc<Job>], after: &mut CronJob, now: Time) {
    if let Some(zone) = cron.spec.time_zone.as_deref().filter(|zone| !matches!(*zone, "UTC" | "Etc/UTC")) {
        let message = format!("invalid timeZone: \"{zone}\": unknown time zone {zone}");
        plan.event(EventRecord::warning(cron, "UnknownTimeZone", message));
        return;
    }
    let schedule = match Schedule::parse(&cron.spec.schedule) {
        Ok(schedule) => schedule,
        Err(error) => {
            let message = format!("unparseable schedule: \"{}\" : {error}", cron.spec.schedule);
            plan.event(EventRecord::warning(cron, "UnparseableSchedule", message));
            return;
        }
    };
    if let Some(next) = schedule.after(now) {
        plan.look_again(Duration::from_secs(next.secs_since(now).unsigned_abs()));
    }
    let Some(due) = due(plan, cron, &schedule, now) else { return };
    if cron.spec.starting_deadline_seconds.is_some_and(|deadline| due.plus_secs(deadline) < now) {
        let message = format!("Missed scheduled time to start a job: {due}");
        plan.event(EventRecord::warning(cron, "MissSchedule", message));
        return;
    }
    let job = job(cron, due);
    if jobs.iter().any(|have| have.metadata.name == job.metadata.name) || cron.status.last_schedule_time == Some(due) {
        return;
    }
    let running: Vec<_> = jobs.iter().filter(|job| end(job).is_none()).collect();
    if !running.is_empty() && cron.spec.concurrency_policy == "Forbid" {
        let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
        plan.event(EventRecord::normal(cron, "JobAlreadyActive", message));
        return;
    }
    if cron.spec.concurrency_policy == "Replace" {
        running.iter().for_each(|job| plan.push(delete(cron, job)));
    }
    let created = EventRecord::normal(cron, "SuccessfulCreate", format!("Created job {}", job.metadata.name));
    let failed = EventRecord::warning(cron, "FailedCreate", "Error creating job: {error}");
    let write = Write::create(&job).tolerating(Tolerate::AlreadyExists).tolerating(Tolerate::NamespaceTerminating);
    plan.push(write.with_event(created).with_failure_event(failed));
    after.status.last_schedule_time = Some(due);
}

/// The last time that has passed since the last job.
fn due(plan: &mut Plan, cron: &CronJob, schedule: &Schedule, now: Time) -> Option<Time> {
    let mut since = cron.status.last_schedule_time.or(cron.metadata.creation_timestamp)?;
    if let Some(deadline) = cron.spec.starting_deadline_seconds {
        since = since.max(now.plus_secs(-deadline));
    }
    let mut last = None;
    let mut missed = 0;
    let mut at = since;
    while let Some(next) = schedule.after(at).filter(|next| *next <= now) {
        (last, at) = (Some(next), next);
        missed += 1;
        if missed > MANY_MISSED {
            let message = format!(
                "too many missed start times: {missed}. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            );
            plan.event(EventRecord::warning(cron, "TooManyMissedTimes", message));
            return schedule.before(now).or(last);
        }
    }
    last
}

fn job(cron: &CronJob, at: Time) -> Job {
    let template = &cron.spec.job_template;
    let mut annotations = template.metadata.annotations.clone();
    annotations.insert(SCHEDULED_AT.into(), at.to_text().to_string());
    Job {
        metadata: ObjectMeta {
            namespace: cron.metadata.namespace.clone(),
            name: format!("{}-{}", cron.metadata.name, at.unix().div_euclid(60)),
            labels: template.metadata.labels.clone(),
            annotations,
            creation_timestamp: None,
            owner_references: vec![controller_reference(cron)],
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Job::default()
    }
}

#[cfg(test)]
mod tests;
