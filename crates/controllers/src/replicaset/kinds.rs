//! The kinds that stand for a number of pods.

use super::{Condition, Replicated, Status};
use api_apps::apps::v1::{ReplicaSet, ReplicaSetCondition, ReplicaSetStatus};
use api_core::v1::{
    PodTemplateSpec, ReplicationController, ReplicationControllerCondition, ReplicationControllerStatus,
};
use informer::{Selector, View, controller_of};
use std::sync::Arc;

impl Replicated for ReplicaSet {
    const CONTROLLER: &'static str = "replicaset-controller";

    fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }

    fn selector(&self) -> Selector {
        Selector::new(self.spec.selector.as_deref())
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        Some(&self.spec.template)
    }

    fn status(&self) -> Status {
        let status = &self.status;
        Status {
            replicas: status.replicas,
            fully_labeled_replicas: status.fully_labeled_replicas,
            ready_replicas: status.ready_replicas,
            available_replicas: status.available_replicas,
            terminating_replicas: status.terminating_replicas,
            observed_generation: status.observed_generation,
            conditions: status.conditions.iter().cloned().map(Condition::from).collect(),
        }
    }

    fn with_status(&self, status: Status) -> ReplicaSet {
        ReplicaSet {
            status: ReplicaSetStatus {
                replicas: status.replicas,
                fully_labeled_replicas: status.fully_labeled_replicas,
                ready_replicas: status.ready_replicas,
                available_replicas: status.available_replicas,
                terminating_replicas: status.terminating_replicas,
                observed_generation: status.observed_generation,
                conditions: status.conditions.into_iter().map(ReplicaSetCondition::from).collect(),
            },
            ..self.clone()
        }
    }

    fn siblings(&self, view: &View) -> Vec<Arc<ReplicaSet>> {
        match controller_of(&self.metadata) {
            Some(deployment) => view.owned_by::<ReplicaSet>(&deployment.uid),
            None => vec![Arc::new(self.clone())],
        }
    }
}

impl Replicated for ReplicationController {
    const CONTROLLER: &'static str = "replicationcontroller-controller";

    fn replicas(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }

    fn selector(&self) -> Selector {
        Selector::of_labels(&self.spec.selector)
    }

    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.template.as_deref()
    }

    fn status(&self) -> Status {
        let status = &self.status;
        Status {
            replicas: status.replicas,
            fully_labeled_replicas: status.fully_labeled_replicas,
            ready_replicas: status.ready_replicas,
            available_replicas: status.available_replicas,
            terminating_replicas: None,
            observed_generation: status.observed_generation,
            conditions: status.conditions.iter().cloned().map(Condition::from).collect(),
        }
    }

    fn with_status(&self, status: Status) -> ReplicationController {
        ReplicationController {
            status: ReplicationControllerStatus {
                replicas: status.replicas,
                fully_labeled_replicas: status.fully_labeled_replicas,
                ready_replicas: status.ready_replicas,
                available_replicas: status.available_replicas,
                observed_generation: status.observed_generation,
                conditions: status.conditions.into_iter().map(ReplicationControllerCondition::from).collect(),
            },
            ..self.clone()
        }
    }

    fn siblings(&self, _view: &View) -> Vec<Arc<ReplicationController>> {
        vec![Arc::new(self.clone())]
    }
}

macro_rules! conditions {
    ($($condition:ident),*) => { $(
        impl From<$condition> for Condition {
            fn from(from: $condition) -> Condition {
                let $condition { type_, status, last_transition_time, reason, message } = from;
                Condition { type_, status, last_transition_time, reason, message }
            }
        }

        impl From<Condition> for $condition {
            fn from(from: Condition) -> $condition {
                let Condition { type_, status, last_transition_time, reason, message } = from;
                $condition { type_, status, last_transition_time, reason, message }
            }
        }
    )* };
}
conditions!(ReplicaSetCondition, ReplicationControllerCondition);
