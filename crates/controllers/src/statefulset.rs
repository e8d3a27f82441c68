//! Stateful sets: pods with names that stay, one after another.
//!
//! ```text
//!   ordinals -> who is missing, who is too many, who is of an older revision       (ordinals.rs)
//!   in order: make, wait until it works, go on; then take away; then replace       (steps.rs)
//!   an ordinal and a revision -> the pod and its claims                            (identity.rs)
//! ```
//!
//! Deliberately absent: owner references that `persistentVolumeClaimRetentionPolicy.whenScaled` asks for.

mod identity;
mod ordinals;
mod status;
mod steps;

use crate::claim::claim;
use crate::watch::controller_key;
use crate::{Controller, Plan, Watch, revisions};
use api_apps::apps::v1::{ControllerRevision, StatefulSet};
use api_core::v1::{PersistentVolumeClaim, Pod};
use informer::{Key, Selector, View, controller_of};
use schema::Time;
use std::sync::Arc;

/// On pods: the name of their revision.
const REVISION: &str = "controller-revision-hash";
/// On revisions.
const HASH: &str = "controller.kubernetes.io/hash";
const HISTORY: i32 = 10;

pub struct StatefulSetController;

impl Controller for StatefulSetController {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| match controller_of(&pod.metadata) {
            Some(_) => controller_key::<StatefulSet>(&pod.metadata).into_iter().collect(),
            None => {
                let sets = view.list_in::<StatefulSet>(&pod.metadata.namespace);
                sets.iter()
                    .filter(|set| selector(set).matches(&pod.metadata.labels))
                    .map(|set| Key::of(&set.metadata))
                    .collect()
            }
        };
        vec![
            Watch::own::<StatefulSet>(),
            Watch::of::<Pod, _>(pods),
            Watch::managed_by::<ControllerRevision, StatefulSet>(),
            Watch::cached::<PersistentVolumeClaim>(),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(set) = view.get::<StatefulSet>(&key.namespace, &key.name) {
            sync(&mut plan, &set, view, now);
        }
        plan
    }
}

fn selector(set: &StatefulSet) -> Selector {
    Selector::new(set.spec.selector.as_deref())
}

/// A stateful set with its pods and the two revisions between which it may be.
struct Scene<'s> {
    set: &'s StatefulSet,
    pods: Vec<Arc<Pod>>,
    current: ControllerRevision,
    update: ControllerRevision,
    view: &'s View,
    now: Time,
}

impl Scene<'_> {
    fn is_of(&self, pod: &Pod, revision: &ControllerRevision) -> bool {
        pod.metadata.labels.get(REVISION) == Some(&revision.metadata.name)
    }
}

fn sync(plan: &mut Plan, set: &StatefulSet, view: &View, now: Time) {
    let history = revisions::history(set, &set.spec.template, HASH, set.status.collision_count, view, plan);
    let of_status = history.known.iter().find(|revision| revision.metadata.name == set.status.current_revision);
    let current = of_status.map_or_else(|| history.current.clone(), |revision| revision.as_ref().clone());
    let mut candidates = view.owned_by::<Pod>(&set.metadata.uid);
    candidates.extend(view.orphans_in::<Pod>(&set.metadata.namespace));
    candidates.retain(|pod| pod.metadata.namespace == set.metadata.namespace && ordinals::of_pod(set, pod).is_some());
    let mut claimed = claim(set, &selector(set), candidates);
    claimed.write(set, plan);
    let update = history.current.clone();
    let scene = Scene { set, pods: claimed.objects, current, update, view, now };
    if set.metadata.deletion_timestamp.is_none() {
        steps::add(plan, &scene);
    }
    let used = |revision: &ControllerRevision| {
        let name = &revision.metadata.name;
        *name == scene.current.metadata.name
            || scene.pods.iter().any(|pod| pod.metadata.labels.get(REVISION) == Some(name))
    };
    revisions::clean_up(plan, &history, set.spec.revision_history_limit.unwrap_or(HISTORY), used);
    plan.update_status(set, &status::calculate(&scene, history.collision_count));
    status::next_availability(&scene).into_iter().for_each(|wait| plan.look_again(wait));
}

#[cfg(test)]
mod tests;
