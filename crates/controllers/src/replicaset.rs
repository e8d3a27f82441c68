//! The replica set controller: as many pods as wanted, no more and no fewer.
//!
//! Written over [`Replicated`], so that replication controllers are a second user of it. Deliberately absent: rollouts (they
//! are the deployment controller's), and any memory of pods just created (the driver withholds the key until they are seen).

mod kinds;
mod ranking;
mod status;

pub use status::{Condition, Status};

use crate::claim::{Claimed, claim};
use crate::watch::controller_key;
use crate::{Action, Controller, EventRecord, Failure, Plan, Tolerate, Watch, Write, controller_reference, pods};
use api_apps::apps::v1::ReplicaSet;
use api_core::v1::{Pod, PodTemplateSpec, ReplicationController};
use api_meta::v1::ObjectMeta;
use informer::{Key, Selector, View};
use schema::{Object, Time};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// Pods that one plan creates or deletes at most.
const MAX_BURST: usize = 500;

/// A kind that stands for a number of pods made from one template.
pub trait Replicated: Object<Meta = ObjectMeta> {
    const CONTROLLER: &'static str;

    fn replicas(&self) -> i32;
    fn min_ready_seconds(&self) -> i32;
    fn selector(&self) -> Selector;
    fn template(&self) -> Option<&PodTemplateSpec>;
    fn status(&self) -> Status;
    fn with_status(&self, status: Status) -> Self;
    /// Itself and others whose pods are better not on the same node: the replica sets of the same deployment.
    fn siblings(&self, view: &View) -> Vec<Arc<Self>>;
}

/// The controller of one such kind.
pub struct Replicas<T>(PhantomData<fn() -> T>);

pub type ReplicaSetController = Replicas<ReplicaSet>;
pub type ReplicationControllerController = Replicas<ReplicationController>;

impl<T> Default for Replicas<T> {
    fn default() -> Replicas<T> {
        Replicas(PhantomData)
    }
}

impl<T: Replicated> Controller for Replicas<T> {
    fn name(&self) -> &'static str {
        T::CONTROLLER
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::own::<T>(), Watch::of::<Pod, _>(|pod, view| concerned::<T>(&pod.metadata, view))]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let Some(owner) = view.get::<T>(&key.namespace, &key.name) else { return Plan::default() };
        let mut plan = Plan::default();
        let mut active = active_pods(owner.as_ref(), view);
        active.write(owner.as_ref(), &mut plan);
        if owner.meta().deletion_timestamp.is_none() {
            manage(owner.as_ref(), &active.objects, view, now, &mut plan);
        }
        let mut status = calculate(owner.as_ref(), &active.objects, view, now);
        status.conditions.retain(|condition| condition.type_ != status::REPLICA_FAILURE);
        plan.update_status(owner.as_ref(), &owner.with_status(status));
        if let Some(wait) = next_availability(owner.as_ref(), &active.objects, now) {
            plan.look_again(wait);
        }
        plan
    }

    /// Says in the status that pods could not be created or deleted.
    fn failed(&self, key: &Key, view: &View, now: Time, failure: &Failure) -> Plan {
        let mut plan = Plan::default();
        let manages = matches!(failure.write.action, Action::Create { .. } | Action::Delete { .. });
        let Some(owner) = view.get::<T>(&key.namespace, &key.name).filter(|_| manages) else { return plan };
        let active = active_pods(owner.as_ref(), view);
        let mut status = calculate(owner.as_ref(), &active.objects, view, now);
        if !status.conditions.iter().any(|condition| condition.type_ == status::REPLICA_FAILURE) {
            let creating = matches!(failure.write.action, Action::Create { .. });
            let reason = if creating { "FailedCreate" } else { "FailedDelete" };
            status.conditions.push(Condition::replica_failure(reason, &failure.error.0.message, now));
        }
        plan.update_status(owner.as_ref(), &owner.with_status(status));
        plan
    }
}

/// The owner that a pod names, or for an orphan all who select it.
fn concerned<T: Replicated>(pod: &ObjectMeta, view: &View) -> Vec<Key> {
    if informer::controller_of(pod).is_some() {
        return controller_key::<T>(pod).into_iter().collect();
    }
    let owners = view.list_in::<T>(&pod.namespace);
    let selecting = owners.iter().filter(|owner| {
        let selector = owner.selector();
        !selector.is_empty() && selector.matches(&pod.labels)
    });
    selecting.map(|owner| Key::of(owner.meta())).collect()
}

/// Its pods that are neither finished nor being deleted, with those it adopts and without those it releases.
fn active_pods<T: Replicated>(owner: &T, view: &View) -> Claimed<Pod> {
    let meta = owner.meta();
    let mut pods = view.owned_by::<Pod>(&meta.uid);
    pods.extend(view.orphans_in::<Pod>(&meta.namespace));
    pods.retain(|pod| pods::is_active(pod) && pod.metadata.namespace == meta.namespace);
    claim(owner, &owner.selector(), pods)
}

fn calculate<T: Replicated>(owner: &T, active: &[Arc<Pod>], view: &View, now: Time) -> Status {
    let selector = owner.selector();
    let owned = view.owned_by::<Pod>(&owner.meta().uid);
    let terminating = owned.iter().filter(|pod| pods::is_terminating(pod) && selector.matches(&pod.metadata.labels));
    status::calculate(owner, active, terminating.count(), now)
}

fn manage<T: Replicated>(owner: &T, active: &[Arc<Pod>], view: &View, now: Time, plan: &mut Plan) {
    let wanted = owner.replicas().max(0) as usize;
    if active.len() < wanted {
        let missing = (wanted - active.len()).min(MAX_BURST);
        if let Some(pod) = new_pod(owner) {
            plan.slow_start(vec![create(owner, &pod); missing]);
        }
    } else if active.len() > wanted {
        let surplus = (active.len() - wanted).min(MAX_BURST);
        let related = related_pods(owner, view);
        let victims = ranking::pods_to_delete(active, &related, surplus, now);
        plan.together(victims.iter().map(|pod| delete(owner, pod)).collect());
    }
}

/// Active pods of all siblings.
fn related_pods<T: Replicated>(owner: &T, view: &View) -> Vec<Arc<Pod>> {
    let siblings = owner.siblings(view);
    let pods = siblings.iter().flat_map(|sibling| view.owned_by::<Pod>(&sibling.meta().uid));
    pods.filter(|pod| pods::is_active(pod)).collect()
}

/// A pod as the template says; the server finds a name.
fn new_pod<T: Replicated>(owner: &T) -> Option<Pod> {
    let template = owner.template()?;
    Some(Pod {
        metadata: ObjectMeta {
            namespace: owner.meta().namespace.clone(),
            generate_name: format!("{}-", owner.meta().name),
            labels: template.metadata.labels.clone(),
            annotations: template.metadata.annotations.clone(),
            finalizers: template.metadata.finalizers.clone(),
            owner_references: vec![controller_reference(owner)],
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Pod::default()
    })
}

fn create<T: Replicated>(owner: &T, pod: &Pod) -> Write {
    Write::create(pod)
        .tolerating(Tolerate::NamespaceTerminating)
        .with_event(EventRecord::normal(owner, "SuccessfulCreate", "Created pod: {name}"))
        .with_failure_event(EventRecord::warning(owner, "FailedCreate", "Error creating: {error}"))
}

fn delete<T: Replicated>(owner: &T, pod: &Pod) -> Write {
    Write::delete(pod)
        .with_event(EventRecord::normal(owner, "SuccessfulDelete", "Deleted pod: {name}"))
        .with_failure_event(EventRecord::warning(owner, "FailedDelete", "Error deleting: {error}"))
}

/// When the first of the pods that are ready, but not for long enough, becomes available.
fn next_availability<T: Replicated>(owner: &T, active: &[Arc<Pod>], now: Time) -> Option<Duration> {
    let waits = active.iter().filter_map(|pod| pods::seconds_to_available(pod, owner.min_ready_seconds(), now));
    waits.min().map(|seconds| Duration::from_secs(seconds.max(0) as u64))
}

#[cfg(test)]
mod tests;
