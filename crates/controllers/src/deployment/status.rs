//! Counts and conditions: what the deployment says about its replica sets.

use super::conditions::{
    self, AVAILABLE, NEW_AVAILABLE, PROGRESSING, REPLICA_FAILURE, TIMED_OUT, condition, has_progress_deadline,
};
use super::rollout::{Member, Rollout, replicas};
use super::scale::max_unavailable;
use api_apps::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus};
use schema::Time;
use std::time::Duration;

/// All pods are of the new template, and available.
pub(super) fn is_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    let desired = replicas(deployment);
    status.updated_replicas == desired
        && status.replicas == desired
        && status.available_replicas == desired
        && status.observed_generation >= deployment.metadata.generation
}

impl Rollout<'_> {
    /// The status of a deployment that does not roll.
    pub(super) fn report(&mut self) {
        self.deployment.status = self.calculate();
    }

    /// The status of a rollout, with how it gets on.
    pub(super) fn report_progress(&mut self) {
        let mut status = self.calculate();
        if has_progress_deadline(&self.deployment) {
            self.progress(&mut status);
        } else {
            conditions::remove(&mut status.conditions, PROGRESSING);
        }
        match self.replica_failure() {
            Some(failure) => conditions::set(&mut status.conditions, failure),
            None => conditions::remove(&mut status.conditions, REPLICA_FAILURE),
        }
        if status == self.before.status {
            self.requeue_after = self.until_deadline(&status);
        }
        self.deployment.status = status;
    }

    fn calculate(&self) -> DeploymentStatus {
        let sum = |count: &dyn Fn(&Member) -> i32| self.all().map(count).sum::<i32>();
        let available = sum(&|member| member.seen.status.available_replicas);
        let total = sum(&|member| member.seen.spec.replicas.unwrap_or(1));
        let desired = replicas(&self.deployment);
        let mut status = DeploymentStatus {
            observed_generation: self.deployment.metadata.generation,
            replicas: sum(&|member| member.seen.status.replicas),
            updated_replicas: self.new.as_ref().map_or(0, |new| new.seen.status.replicas),
            ready_replicas: sum(&|member| member.seen.status.ready_replicas),
            available_replicas: available,
            unavailable_replicas: (total - available).max(0),
            terminating_replicas: self.all().map(|member| member.seen.status.terminating_replicas).sum(),
            collision_count: self.deployment.status.collision_count,
            conditions: self.deployment.status.conditions.clone(),
        };
        let (is, reason, message) = if available >= desired - max_unavailable(&self.deployment) {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        conditions::set(&mut status.conditions, condition(AVAILABLE, is, reason, message, self.now));
        status
    }

    fn progress(&self, status: &mut DeploymentStatus) {
        let present = conditions::get(&self.deployment.status.conditions, PROGRESSING);
        let was_complete = present.is_some_and(|condition| condition.reason == NEW_AVAILABLE);
        if status.replicas == status.updated_replicas && was_complete {
            return;
        }
        let who = match &self.new {
            Some(new) => format!("ReplicaSet {:?}", new.name()),
            None => format!("Deployment {:?}", self.deployment.metadata.name),
        };
        let now = self.now;
        if is_complete(&self.deployment, status) {
            let message = format!("{who} has successfully progressed.");
            conditions::set(&mut status.conditions, condition(PROGRESSING, "True", NEW_AVAILABLE, message, now));
        } else if has_progressed(&self.deployment.status, status) {
            let message = format!("{who} is progressing.");
            let mut progressing = condition(PROGRESSING, "True", "ReplicaSetUpdated", message, now);
            if let Some(present) = present.filter(|present| present.status == "True") {
                progressing.last_transition_time = present.last_transition_time;
            }
            // Its time of update is new even if nothing else is.
            conditions::remove(&mut status.conditions, PROGRESSING);
            status.conditions.push(progressing);
        } else if has_timed_out(&self.deployment, status, now) {
            let message = format!("{who} has timed out progressing.");
            conditions::set(&mut status.conditions, condition(PROGRESSING, "False", TIMED_OUT, message, now));
        }
    }

    /// The new replica set's failure counts before all others'.
    fn replica_failure(&self) -> Option<DeploymentCondition> {
        let failures = self.new.iter().chain(&self.old).flat_map(|member| &member.seen.status.conditions);
        let failure = failures.into_iter().find(|condition| condition.type_ == REPLICA_FAILURE)?;
        Some(DeploymentCondition {
            type_: failure.type_.clone(),
            status: failure.status.clone(),
            reason: failure.reason.clone(),
            message: failure.message.clone(),
            last_update_time: failure.last_transition_time,
            last_transition_time: failure.last_transition_time,
        })
    }

    /// When a rollout that does not move has to be called stuck.
    fn until_deadline(&self, status: &DeploymentStatus) -> Option<Duration> {
        let present = conditions::get(&self.deployment.status.conditions, PROGRESSING)?;
        let over = is_complete(&self.deployment, status) || present.reason == TIMED_OUT;
        if over || !has_progress_deadline(&self.deployment) {
            return None;
        }
        let deadline = self.deployment.spec.progress_deadline_seconds.unwrap_or_default();
        let left = i64::from(deadline) - self.now.secs_since(present.last_update_time?);
        Some(Duration::from_secs(left.max(0) as u64 + 1))
    }
}

fn has_progressed(old: &DeploymentStatus, new: &DeploymentStatus) -> bool {
    new.updated_replicas > old.updated_replicas
        || new.replicas - new.updated_replicas < old.replicas - old.updated_replicas
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

fn has_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Time) -> bool {
    let Some(present) = conditions::get(&status.conditions, PROGRESSING) else { return false };
    match present.reason.as_str() {
        NEW_AVAILABLE => false,
        TIMED_OUT => true,
        _ => {
            let deadline = deployment.spec.progress_deadline_seconds.unwrap_or_default();
            present.last_update_time.is_some_and(|since| now.secs_since(since) > i64::from(deadline))
        }
    }
}
