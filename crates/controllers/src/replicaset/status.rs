//! What the status says about the pods.

use super::Replicated;
use crate::pods;
use api_core::v1::Pod;
use informer::Selector;
use schema::Time;
use std::sync::Arc;

pub(super) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The status of a replicated kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub replicas: i32,
    pub fully_labeled_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    /// Kinds without such a field ignore it.
    pub terminating_replicas: Option<i32>,
    pub observed_generation: i64,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    pub type_: String,
    pub status: String,
    pub last_transition_time: Option<Time>,
    pub reason: String,
    pub message: String,
}

impl Condition {
    pub(super) fn replica_failure(reason: &str, message: &str, now: Time) -> Condition {
        Condition {
            type_: REPLICA_FAILURE.into(),
            status: "True".into(),
            last_transition_time: Some(now),
            reason: reason.into(),
            message: message.into(),
        }
    }
}

pub(super) fn calculate<T: Replicated>(owner: &T, active: &[Arc<Pod>], terminating: usize, now: Time) -> Status {
    let template_labels = owner.template().map(|template| Selector::of_labels(&template.metadata.labels));
    let count = |wanted: &dyn Fn(&Pod) -> bool| active.iter().filter(|pod| wanted(pod)).count() as i32;
    Status {
        replicas: active.len() as i32,
        fully_labeled_replicas: count(&|pod| {
            template_labels.as_ref().is_some_and(|labels| labels.matches(&pod.metadata.labels))
        }),
        ready_replicas: count(&|pod| pods::is_ready(pod)),
        available_replicas: count(&|pod| pods::is_available(pod, owner.min_ready_seconds(), now)),
        terminating_replicas: Some(terminating as i32),
        observed_generation: owner.meta().generation,
        conditions: owner.status().conditions,
    }
}
