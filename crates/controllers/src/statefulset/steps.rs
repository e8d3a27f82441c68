//! What is next for a stateful set. In order, one pod is waited for before the next is touched; in parallel, none is.

use super::{Scene, identity, ordinals};
use crate::deployment::scale::resolve;
use crate::{EventRecord, Plan, pods};
use api_apps::apps::v1::ControllerRevision;
use api_core::v1::Pod;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pods that one plan creates or deletes at most.
const MAX_BURST: usize = 500;

pub(super) fn add(plan: &mut Plan, scene: &Scene) {
    let (replicas, surplus) = ordinals::sort(scene);
    let ordered = scene.set.spec.pod_management_policy != "Parallel";
    let settled = fill(plan, scene, &replicas, ordered) && thin(plan, scene, &replicas, &surplus, ordered);
    if settled && scene.set.spec.update_strategy.type_ != "OnDelete" {
        replace(plan, scene, &replicas);
    }
}

fn is_going(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// Works, and has done so for as long as is asked.
pub(super) fn is_available(scene: &Scene, pod: &Pod) -> bool {
    pod.status.phase == "Running" && pods::is_available(pod, scene.set.spec.min_ready_seconds, scene.now)
}

fn is_healthy(scene: &Scene, pod: &Pod) -> bool {
    is_available(scene, pod) && !is_going(pod)
}

/// Makes the pods that are missing; `false`: what comes after has to wait.
fn fill(plan: &mut Plan, scene: &Scene, replicas: &BTreeMap<i32, Arc<Pod>>, ordered: bool) -> bool {
    let mut written = 0;
    for ordinal in ordinals::wanted(scene.set) {
        match replicas.get(&ordinal) {
            None => {
                identity::create(plan, scene, ordinal, revision_for(scene, ordinal));
                written += 1;
            }
            Some(pod) if matches!(pod.status.phase.as_str(), "Failed" | "Succeeded") => {
                if is_going(pod) {
                    if ordered {
                        return false;
                    }
                    continue;
                }
                plan.event(ended(scene, pod));
                plan.push(identity::delete(scene, pod));
                written += 1;
            }
            Some(pod) if ordered && !is_healthy(scene, pod) => return false,
            Some(_) => continue,
        }
        if ordered || written >= MAX_BURST {
            return false;
        }
    }
    true
}

fn ended(scene: &Scene, pod: &Pod) -> EventRecord {
    let name = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
    let set = format!("{}/{}", scene.set.metadata.namespace, scene.set.metadata.name);
    if pod.status.phase == "Failed" {
        EventRecord::warning(
            scene.set,
            "RecreatingFailedPod",
            format!("StatefulSet {set} is recreating failed Pod {name}"),
        )
    } else {
        let message = format!("StatefulSet {set} is recreating terminated Pod {name}");
        EventRecord::normal(scene.set, "RecreatingTerminatedPod", message)
    }
}

/// Takes pods away, the highest first.
fn thin(
    plan: &mut Plan,
    scene: &Scene,
    replicas: &BTreeMap<i32, Arc<Pod>>,
    surplus: &BTreeMap<i32, Arc<Pod>>,
    ordered: bool,
) -> bool {
    let all = replicas.values().chain(surplus.values().rev());
    let first_unhealthy = all.clone().find(|pod| !is_healthy(scene, pod)).map(|pod| pod.metadata.name.clone());
    for pod in surplus.values().rev().take(MAX_BURST) {
        if is_going(pod) {
            if ordered {
                return false;
            }
            continue;
        }
        // The one that does not work may go; while another does not, the number of those that do stays.
        let is_first_unhealthy = first_unhealthy.as_ref() == Some(&pod.metadata.name);
        if ordered && !is_available(scene, pod) && !is_first_unhealthy {
            return false;
        }
        plan.push(identity::delete(scene, pod));
        if ordered {
            return false;
        }
    }
    true
}

/// Replaces pods of another revision, the highest first, down to the partition.
fn replace(plan: &mut Plan, scene: &Scene, replicas: &BTreeMap<i32, Arc<Pod>>) {
    let rolling = scene.set.spec.update_strategy.rolling_update.as_deref();
    let partition = partition(scene);
    let total = i32::try_from(replicas.len()).unwrap_or(i32::MAX);
    let most = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
    let most = most.map_or(1, |most| resolve(most, total, true).max(1));
    let from = ordinals::wanted(scene.set).start.saturating_add(partition);
    let mut unavailable = replicas.values().filter(|pod| !is_healthy(scene, pod)).count();
    let room = usize::try_from(most).unwrap_or(1);
    for pod in replicas.range(from.max(0)..).rev().map(|(_, pod)| pod) {
        let is_old = !scene.is_of(pod, &scene.update);
        if is_old && !is_going(pod) {
            let unhealthy = !is_healthy(scene, pod);
            if !unhealthy && unavailable >= room {
                return;
            }
            unavailable += usize::from(!unhealthy);
            plan.push(identity::delete(scene, pod));
            if room == 1 {
                return;
            }
        } else if room == 1 && !is_healthy(scene, pod) {
            return;
        }
    }
}

fn partition(scene: &Scene) -> i32 {
    let rolling = scene.set.spec.update_strategy.rolling_update.as_deref();
    rolling.and_then(|rolling| rolling.partition).unwrap_or_default()
}

/// Below the partition a pod comes back as it was.
fn revision_for<'s>(scene: &'s Scene, ordinal: i32) -> &'s ControllerRevision {
    let start = ordinals::wanted(scene.set).start;
    let strategy = &scene.set.spec.update_strategy;
    let keeps = match &strategy.rolling_update {
        _ if strategy.type_ == "OnDelete" => false,
        Some(rolling) if rolling.partition.is_some() => ordinal < start.saturating_add(partition(scene)),
        _ => ordinal < start.saturating_add(scene.set.status.current_replicas),
    };
    if keeps { &scene.current } else { &scene.update }
}
