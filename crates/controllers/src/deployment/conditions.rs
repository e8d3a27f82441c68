//! Conditions of a deployment.

use api_apps::apps::v1::{Deployment, DeploymentCondition};
use schema::Time;

pub(super) const AVAILABLE: &str = "Available";
pub(super) const PROGRESSING: &str = "Progressing";
pub(super) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The rollout is complete.
pub(super) const NEW_AVAILABLE: &str = "NewReplicaSetAvailable";
/// The rollout has come to a stand.
pub(super) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
pub(super) const PAUSED: &str = "DeploymentPaused";

pub(super) fn condition(
    type_: &str,
    status: &str,
    reason: &str,
    message: impl Into<String>,
    now: Time,
) -> DeploymentCondition {
    DeploymentCondition {
        type_: type_.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_update_time: Some(now),
        last_transition_time: Some(now),
    }
}

pub(super) fn get<'c>(conditions: &'c [DeploymentCondition], type_: &str) -> Option<&'c DeploymentCondition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Puts the condition at the end, unless status and reason are what they were. The time of the transition is that of the
/// last change of status.
pub(super) fn set(conditions: &mut Vec<DeploymentCondition>, mut condition: DeploymentCondition) {
    if let Some(present) = get(conditions, &condition.type_)
        && present.status == condition.status
    {
        if present.reason == condition.reason {
            return;
        }
        condition.last_transition_time = present.last_transition_time;
    }
    remove(conditions, &condition.type_);
    conditions.push(condition);
}

pub(super) fn remove(conditions: &mut Vec<DeploymentCondition>, type_: &str) {
    conditions.retain(|condition| condition.type_ != type_);
}

/// The largest number stands for none.
pub(super) fn has_progress_deadline(deployment: &Deployment) -> bool {
    deployment.spec.progress_deadline_seconds.is_some_and(|seconds| seconds != i32::MAX)
}
