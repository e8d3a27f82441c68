//! What several controllers ask about pods.

use api_core::v1::{Pod, PodCondition};
use schema::Time;

/// Neither finished nor being deleted.
pub fn is_active(pod: &Pod) -> bool {
    !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") && pod.metadata.deletion_timestamp.is_none()
}

/// Being deleted, and not yet finished.
pub fn is_terminating(pod: &Pod) -> bool {
    !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") && pod.metadata.deletion_timestamp.is_some()
}

pub fn condition<'p>(pod: &'p Pod, type_: &str) -> Option<&'p PodCondition> {
    pod.status.conditions.iter().find(|condition| condition.type_ == type_)
}

pub fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready.status == "True")
}

/// Since when the pod is ready; `None` if it is not, or does not say.
pub fn ready_since(pod: &Pod) -> Option<Time> {
    condition(pod, "Ready").filter(|ready| ready.status == "True")?.last_transition_time.filter(|time| !time.is_zero())
}

/// Ready for at least `min_ready_seconds`.
pub fn is_available(pod: &Pod, min_ready_seconds: i32, now: Time) -> bool {
    if !is_ready(pod) {
        return false;
    }
    min_ready_seconds == 0
        || ready_since(pod).is_some_and(|since| now.secs_since(since) >= i64::from(min_ready_seconds))
}

/// Seconds until the pod becomes available, if it is ready and nothing but time is missing.
pub fn seconds_to_available(pod: &Pod, min_ready_seconds: i32, now: Time) -> Option<i64> {
    let left = i64::from(min_ready_seconds) - now.secs_since(ready_since(pod)?);
    (left > 0).then_some(left)
}

/// Sets a condition; the time of its transition moves only with its status.
pub fn set_condition(pod: &mut Pod, mut condition: PodCondition, now: Time) {
    let conditions = &mut pod.status.conditions;
    match conditions.iter_mut().find(|have| have.type_ == condition.type_) {
        Some(have) => {
            let same = have.status == condition.status;
            condition.last_transition_time = if same { have.last_transition_time } else { Some(now) };
            *have = condition;
        }
        None => {
            condition.last_transition_time = Some(now);
            conditions.push(condition);
        }
    }
}
