//! Tells in the status of each pod disruption budget how many of its pods may be evicted.
//!
//! Deliberately absent: the scale of custom resources (their pods count as they are).

use crate::deployment::scale::resolve;
use crate::{Controller, EventRecord, Plan, Watch, pods};
use api_apps::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use api_apps::policy::v1::PodDisruptionBudget;
use api_core::v1::{Pod, ReplicationController};
use api_meta::v1::Condition;
use informer::{Key, Selector, View, controller_of};
use schema::{IntOrString, Time};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A pod that was evicted, but is not being deleted after so long, is back.
const EVICTION_SECONDS: i64 = 120;

pub struct DisruptionController;

impl Controller for DisruptionController {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn event_source(&self) -> &'static str {
        "controllermanager"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| {
            let budgets = view.list_in::<PodDisruptionBudget>(&pod.metadata.namespace);
            let selecting = budgets.iter().filter(|budget| selector(budget).matches(&pod.metadata.labels));
            selecting.map(|budget| Key::of(&budget.metadata)).collect()
        };
        vec![
            Watch::own::<PodDisruptionBudget>(),
            Watch::of::<Pod, _>(pods),
            Watch::of::<Deployment, _>(|owner, view| all_in(&owner.metadata.namespace, view)),
            Watch::of::<ReplicaSet, _>(|owner, view| all_in(&owner.metadata.namespace, view)),
            Watch::of::<StatefulSet, _>(|owner, view| all_in(&owner.metadata.namespace, view)),
            Watch::of::<ReplicationController, _>(|owner, view| all_in(&owner.metadata.namespace, view)),
        ]
    }

    fn workers(&self) -> usize {
        1
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(budget) = view.get::<PodDisruptionBudget>(&key.namespace, &key.name) {
            sync(&mut plan, &budget, view, now);
        }
        plan
    }
}

fn all_in(namespace: &str, view: &View) -> Vec<Key> {
    view.list_in::<PodDisruptionBudget>(namespace).iter().map(|budget| Key::of(&budget.metadata)).collect()
}

fn selector(budget: &PodDisruptionBudget) -> Selector {
    Selector::new(budget.spec.selector.as_deref())
}

fn sync(plan: &mut Plan, budget: &PodDisruptionBudget, view: &View, now: Time) {
    let selector = selector(budget);
    let mut pods = view.list_in::<Pod>(&budget.metadata.namespace);
    pods.retain(|pod| selector.matches(&pod.metadata.labels));
    if pods.is_empty() {
        plan.event(EventRecord::normal(budget, "NoPods", "No matching pods found"));
    }
    let (expected, desired) = numbers(budget, &pods, view);
    let disrupted = still_disrupted(budget, &pods, now);
    if let Some(first) = disrupted.values().flatten().min() {
        let left = EVICTION_SECONDS - now.secs_since(*first);
        plan.look_again(Duration::from_secs(left.max(1).unsigned_abs()));
    }
    let healthy = pods.iter().filter(|pod| {
        let counts = pod.metadata.deletion_timestamp.is_none() && !disrupted.contains_key(&pod.metadata.name);
        counts && pods::is_ready(pod)
    });
    let healthy = i32::try_from(healthy.count()).unwrap_or(i32::MAX);
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let mut after = budget.clone();
    let status = &mut after.status;
    status.current_healthy = healthy;
    status.desired_healthy = desired;
    status.expected_pods = expected;
    status.disruptions_allowed = allowed;
    status.disrupted_pods = disrupted;
    status.observed_generation = budget.metadata.generation;
    set_allowed(&mut after, now);
    plan.update_status(budget, &after);
}

/// How many pods there should be, and how many have to be healthy.
fn numbers(budget: &PodDisruptionBudget, pods: &[Arc<Pod>], view: &View) -> (i32, i32) {
    let present = i32::try_from(pods.len()).unwrap_or(i32::MAX);
    match (&budget.spec.max_unavailable, &budget.spec.min_available) {
        (Some(most), _) => {
            let expected = scale(pods, view);
            (expected, (expected - resolve(most, expected, true)).max(0))
        }
        (None, Some(IntOrString::Int(least))) => (present, *least),
        (None, Some(least)) => {
            let expected = scale(pods, view);
            (expected, resolve(least, expected, true))
        }
        (None, None) => (present, 0),
    }
}

/// What the pods' controllers want in all; a pod without a controller, or with an unknown one, counts as itself.
fn scale(pods: &[Arc<Pod>], view: &View) -> i32 {
    let mut wanted = BTreeMap::<String, i32>::new();
    for pod in pods {
        let known = controller_of(&pod.metadata).and_then(|owner| replicas(&owner.uid, view));
        let (uid, replicas) = known.unwrap_or_else(|| (pod.metadata.uid.clone(), 1));
        wanted.insert(uid, replicas);
    }
    wanted.values().fold(0, |sum, replicas| sum.saturating_add(*replicas))
}

/// The uid and the size of what stands behind a controller: for a replica set its deployment, if it has one.
fn replicas(uid: &str, view: &View) -> Option<(String, i32)> {
    if let Some(set) = view.by_uid::<ReplicaSet>(uid) {
        let deployment = controller_of(&set.metadata).and_then(|owner| view.by_uid::<Deployment>(&owner.uid));
        let of_set = (set.metadata.uid.clone(), set.spec.replicas.unwrap_or(1));
        return Some(deployment.map_or(of_set, |d| (d.metadata.uid.clone(), d.spec.replicas.unwrap_or(1))));
    }
    if let Some(set) = view.by_uid::<StatefulSet>(uid) {
        return Some((uid.to_owned(), set.spec.replicas.unwrap_or(1)));
    }
    view.by_uid::<ReplicationController>(uid).map(|owner| (uid.to_owned(), owner.spec.replicas.unwrap_or(1)))
}

/// Evicted pods whose deletion has not been seen yet.
fn still_disrupted(budget: &PodDisruptionBudget, pods: &[Arc<Pod>], now: Time) -> BTreeMap<String, Option<Time>> {
    let told = budget.status.disrupted_pods.iter();
    let open = told.filter(|(name, since)| {
        let pod = pods.iter().find(|pod| pod.metadata.name == **name);
        let waits = pod.is_some_and(|pod| pod.metadata.deletion_timestamp.is_none());
        waits && since.is_some_and(|since| now.secs_since(since) < EVICTION_SECONDS)
    });
    open.map(|(name, since)| (name.clone(), *since)).collect()
}

fn set_allowed(budget: &mut PodDisruptionBudget, now: Time) {
    let allowed = budget.status.disruptions_allowed > 0;
    let (status, reason) = if allowed { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let conditions = &mut budget.status.conditions;
    let made = Condition {
        type_: "DisruptionAllowed".into(),
        status: status.into(),
        reason: reason.into(),
        message: String::new(),
        observed_generation: budget.metadata.generation,
        last_transition_time: Some(now),
    };
    match conditions.iter_mut().find(|condition| condition.type_ == made.type_) {
        Some(have) => {
            let since = if have.status == made.status { have.last_transition_time } else { Some(now) };
            *have = Condition { last_transition_time: since, ..made };
        }
        None => conditions.push(made),
    }
}

#[cfg(test)]
mod tests;
