//! The deployment controller: rolls pods from one template to the next by scaling replica sets, one for each template.
//!
//! ```text
//!   reconcile --> Rollout: the deployment and its replica sets, as they are and as they are to be
//!                   revision: which replica set is the new one; numbers and history of revisions
//!                   strategy: rolling or recreate: what to scale up and down next
//!                   scale:    how a change of size is shared out; what maxSurge and maxUnavailable allow
//!                   status:   counts and conditions
//!             --> one write for each object that is to be otherwise
//! ```
//!
//! Deliberately absent: pods (they are the replica set controller's; only Recreate asks whether old ones still run) and the
//! rollback annotation of extensions/v1beta1.

mod conditions;
pub(crate) mod hash;
mod revision;
mod rollout;
pub(crate) mod scale;
mod status;
mod strategy;

use crate::claim::claim;
use crate::watch::controller_key;
use crate::{Action, Controller, EventRecord, Failure, Plan, Watch};
use api_apps::apps::v1::{Deployment, ReplicaSet};
use api_core::v1::Pod;
use api_meta::v1::ObjectMeta;
use conditions::{PROGRESSING, condition, has_progress_deadline};
use informer::{Key, Selector, View, controller_of};
use rollout::Rollout;
use schema::{Object, Time, Typed};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default)]
pub struct DeploymentController;

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Deployment>(),
            Watch::of::<ReplicaSet, _>(|replica_set, view| concerned(&replica_set.metadata, view)),
            Watch::of::<Pod, _>(|pod, view| recreated_by(&pod.metadata, view).into_iter().collect()),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        let Some(deployment) = view.get::<Deployment>(&key.namespace, &key.name) else { return plan };
        let selector = Selector::new(deployment.spec.selector.as_deref());
        if selector.is_empty() {
            refuse_to_select_all(&deployment, &mut plan);
            return plan;
        }
        let replica_sets = claim_replica_sets(&deployment, &selector, view, &mut plan);
        let mut rollout = Rollout::new(&deployment, replica_sets, now);
        proceed(&mut rollout, &selector, view);
        rollout.write(&mut plan);
        plan
    }

    /// A replica set could not be created: its name is taken by another (then a new name is tried), or the server refuses.
    fn failed(&self, key: &Key, view: &View, now: Time, failure: &Failure) -> Plan {
        let mut plan = Plan::default();
        let Action::Create { object, .. } = &failure.write.action else { return plan };
        let Some(before) = view.get::<Deployment>(&key.namespace, &key.name) else { return plan };
        let wanted = ReplicaSet::from_value(object);
        let mut deployment = before.as_ref().clone();
        let error = &failure.error;
        let namespace_goes = error.0.details.iter().flat_map(|details| &details.causes);
        if namespace_goes.into_iter().any(|cause| cause.reason == "NamespaceTerminating") {
            return plan;
        }
        if error.is_already_exists() {
            let there = view.get::<ReplicaSet>(&wanted.metadata.namespace, &wanted.metadata.name);
            if !there.is_some_and(|there| is_ours(&deployment, &there)) {
                *deployment.status.collision_count.get_or_insert_default() += 1;
            }
        } else {
            let message = format!("Failed to create new replica set {:?}: {}", wanted.metadata.name, error.0.message);
            plan.event(EventRecord::warning(&deployment, "ReplicaSetCreateError", message.as_str()));
            if has_progress_deadline(&deployment) {
                let failed = condition(PROGRESSING, "False", "ReplicaSetCreateError", message, now);
                conditions::set(&mut deployment.status.conditions, failed);
            }
        }
        plan.update_status(before.as_ref(), &deployment);
        plan
    }
}

/// What the controller's own replica set of the present template looks like in a cache that was behind.
fn is_ours(deployment: &Deployment, there: &ReplicaSet) -> bool {
    controller_of(&there.metadata).is_some_and(|owner| owner.uid == deployment.metadata.uid)
        && revision::same_template(&deployment.spec.template, &there.spec.template)
}

/// In upstream's order: what is being deleted only reports; a pause and a change of size come before a rollout.
fn proceed(rollout: &mut Rollout, selector: &Selector, view: &View) {
    if rollout.deployment.metadata.deletion_timestamp.is_some() {
        rollout.sync_revision();
        rollout.report();
        return;
    }
    rollout.check_paused();
    rollout.sync_revision();
    let paused = rollout.deployment.spec.paused;
    if paused || rollout.is_scaling() {
        rollout.scale();
        if paused {
            rollout.clean_up();
        }
        rollout.report();
        return;
    }
    if rollout.deployment.spec.strategy.type_ == "Recreate" {
        let pods = pods_of(&rollout.deployment, selector, view);
        rollout.recreate(&pods);
    } else {
        rollout.roll();
    }
    rollout.report_progress();
}

fn refuse_to_select_all(deployment: &Deployment, plan: &mut Plan) {
    let message = "This deployment is selecting all pods. A non-empty selector is required.";
    plan.event(EventRecord::warning(deployment, "SelectingAll", message));
    if deployment.status.observed_generation < deployment.metadata.generation {
        let mut seen = deployment.clone();
        seen.status.observed_generation = deployment.metadata.generation;
        plan.update_status(deployment, &seen);
    }
}

fn claim_replica_sets(
    deployment: &Deployment,
    selector: &Selector,
    view: &View,
    plan: &mut Plan,
) -> Vec<Arc<ReplicaSet>> {
    let meta = &deployment.metadata;
    let mut candidates = view.owned_by::<ReplicaSet>(&meta.uid);
    candidates.extend(view.orphans_in::<ReplicaSet>(&meta.namespace));
    candidates.retain(|replica_set| replica_set.metadata.namespace == meta.namespace);
    let mut claimed = claim(deployment, selector, candidates);
    claimed.write(deployment, plan);
    claimed.objects
}

/// The deployment that a replica set names, or for an orphan all that select it.
fn concerned(replica_set: &ObjectMeta, view: &View) -> Vec<Key> {
    if controller_of(replica_set).is_some() {
        return controller_key::<Deployment>(replica_set).into_iter().collect();
    }
    let deployments = view.list_in::<Deployment>(&replica_set.namespace);
    let selecting = deployments.iter().filter(|deployment| {
        let selector = Selector::new(deployment.spec.selector.as_deref());
        !selector.is_empty() && selector.matches(&replica_set.labels)
    });
    selecting.map(|deployment| Key::of(deployment.meta())).collect()
}

/// The deployment of a pod, if it waits for its old pods to go.
fn recreated_by(pod: &ObjectMeta, view: &View) -> Option<Key> {
    let replica_set = controller_key::<ReplicaSet>(pod)?;
    let replica_set = view.get::<ReplicaSet>(&replica_set.namespace, &replica_set.name)?;
    let key = controller_key::<Deployment>(&replica_set.metadata)?;
    let deployment = view.get::<Deployment>(&key.namespace, &key.name)?;
    (deployment.spec.strategy.type_ == "Recreate").then_some(key)
}

/// Pods that the deployment selects.
fn pods_of(deployment: &Deployment, selector: &Selector, view: &View) -> Vec<Arc<Pod>> {
    let mut pods = view.list_in::<Pod>(&deployment.metadata.namespace);
    pods.retain(|pod| selector.matches(&pod.metadata.labels));
    pods
}

#[cfg(test)]
mod tests;
