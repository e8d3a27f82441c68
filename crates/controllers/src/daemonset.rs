//! Daemon sets: one pod on each node that it fits.
//!
//! ```text
//!   nodes -> where a pod should be, where one may stay     (placement.rs)
//!   pods by node -> pods to create and to delete           (below)
//!   old pods by node -> the next to be replaced            (rollout.rs)
//! ```
//!
//! The pods are bound by the scheduler: each says by its affinity for which node it is. Deliberately absent: a memory of
//! failed pods; one that has failed is deleted when it has been there for a while.

mod placement;
mod rollout;
mod status;

use crate::claim::claim;
use crate::watch::controller_key;
use crate::{Controller, EventRecord, Plan, Watch, Write, managed, revisions};
use api_apps::apps::v1::{ControllerRevision, DaemonSet};
use api_core::v1::{Node, Pod};
use informer::{Key, Selector, View, controller_of};
use placement::Placement;
use schema::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const HASH: &str = "controller-revision-hash";
const GENERATION: &str = "deprecated.daemonset.template.generation";
/// Pods that one plan creates or deletes at most.
const MAX_BURST: usize = 250;
/// A failed pod is not replaced sooner than so long after it was made.
const FAILED_POD_SECONDS: i64 = 5;
const HISTORY: i32 = 10;

pub struct DaemonSetController;

impl Controller for DaemonSetController {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| match controller_of(&pod.metadata) {
            Some(_) => controller_key::<DaemonSet>(&pod.metadata).into_iter().collect(),
            None => {
                let sets = view.list_in::<DaemonSet>(&pod.metadata.namespace);
                sets.iter()
                    .filter(|set| selector(set).matches(&pod.metadata.labels))
                    .map(|set| Key::of(&set.metadata))
                    .collect()
            }
        };
        let nodes = |_: &Node, view: &View| view.list::<DaemonSet>().iter().map(|set| Key::of(&set.metadata)).collect();
        vec![
            Watch::own::<DaemonSet>(),
            Watch::of::<Pod, _>(pods),
            Watch::of::<Node, _>(nodes),
            Watch::managed_by::<ControllerRevision, DaemonSet>(),
        ]
    }

    fn workers(&self) -> usize {
        2
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        let Some(set) = view.get::<DaemonSet>(&key.namespace, &key.name) else { return plan };
        let everything = set
            .spec
            .selector
            .as_ref()
            .is_none_or(|selector| selector.match_labels.is_empty() && selector.match_expressions.is_empty());
        if everything {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            plan.event(EventRecord::warning(set.as_ref(), "SelectingAll", message));
            return plan;
        }
        if set.metadata.deletion_timestamp.is_none() {
            sync(&mut plan, &set, view, now);
        }
        plan
    }
}

fn selector(set: &DaemonSet) -> Selector {
    Selector::new(set.spec.selector.as_deref())
}

/// A daemon set with the pods it has, by the node that each is for.
struct Scene<'s> {
    set: &'s DaemonSet,
    hash: String,
    nodes: Vec<(Arc<Node>, Placement)>,
    pods: BTreeMap<String, Vec<Arc<Pod>>>,
    now: Time,
}

impl Scene<'_> {
    fn pods_on(&self, node: &Node) -> &[Arc<Pod>] {
        self.pods.get(&node.metadata.name).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_updated(&self, pod: &Pod) -> bool {
        pod.metadata.labels.get(HASH) == Some(&self.hash)
    }
}

fn sync(plan: &mut Plan, set: &DaemonSet, view: &View, now: Time) {
    let history = revisions::history(set, &set.spec.template, HASH, set.status.collision_count, view, plan);
    let mut candidates = view.owned_by::<Pod>(&set.metadata.uid);
    candidates.extend(view.orphans_in::<Pod>(&set.metadata.namespace));
    candidates.retain(|pod| pod.metadata.namespace == set.metadata.namespace);
    let mut claimed = claim(set, &selector(set), candidates);
    claimed.write(set, plan);
    let mut pods = BTreeMap::<String, Vec<Arc<Pod>>>::new();
    for pod in claimed.objects {
        pods.entry(placement::node_of(&pod).to_owned()).or_default().push(pod);
    }
    let nodes = view.list::<Node>();
    let nodes = nodes.into_iter().map(|node| (node.clone(), placement::place(set, &node))).collect();
    let scene = Scene { set, hash: history.hash.clone(), nodes, pods, now };
    let mut changes = Changes::default();
    scene.nodes.iter().for_each(|(node, placement)| one_node(&scene, node, *placement, &mut changes));
    on_lost_nodes(&scene, &mut changes);
    if changes.is_empty() {
        rollout::next(&scene, &mut changes);
    }
    changes.write(&scene, plan);
    let used = |revision: &ControllerRevision| {
        let hash = revision.metadata.labels.get(HASH);
        scene.pods.values().flatten().any(|pod| pod.metadata.labels.get(HASH) == hash)
    };
    revisions::clean_up(plan, &history, set.spec.revision_history_limit.unwrap_or(HISTORY), used);
    let after = status::calculate(&scene, history.collision_count);
    plan.update_status(set, &after);
    status::next_availability(&scene).into_iter().for_each(|wait| plan.look_again(wait));
}

/// What is to be done about pods.
#[derive(Default)]
struct Changes {
    /// Names of nodes.
    create: Vec<String>,
    delete: Vec<Arc<Pod>>,
    events: Vec<EventRecord>,
    look_again: Option<Duration>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.create.is_empty() && self.delete.is_empty()
    }

    fn write(mut self, scene: &Scene, plan: &mut Plan) {
        self.create.truncate(MAX_BURST);
        self.delete.truncate(MAX_BURST);
        plan.slow_start(self.create.iter().map(|node| create(scene, node)).collect());
        plan.together(self.delete.iter().map(|pod| managed::delete(scene.set, pod)).collect());
        plan.events.extend(self.events);
        self.look_again.into_iter().for_each(|wait| plan.look_again(wait));
    }
}

fn create(scene: &Scene, node: &str) -> Write {
    let mut pod = managed::pod(scene.set, &scene.set.spec.template);
    pod.metadata.labels.insert(HASH.into(), scene.hash.clone());
    if let Some(generation) = scene.set.metadata.annotations.get(GENERATION) {
        pod.metadata.labels.insert("pod-template-generation".into(), generation.clone());
    }
    placement::bind(&mut pod.spec, node);
    managed::create(scene.set, &pod)
}

fn one_node(scene: &Scene, node: &Node, placement: Placement, changes: &mut Changes) {
    let pods = scene.pods_on(node);
    if !placement.may_stay {
        changes.delete.extend(pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).cloned());
        return;
    }
    let mut running = Vec::new();
    let mut blocked = false;
    for pod in pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()) {
        match pod.status.phase.as_str() {
            "Failed" | "Succeeded" => blocked |= !replace_finished(scene, node, pod, changes),
            _ => running.push(pod),
        }
    }
    let terminating = pods.iter().any(|pod| crate::pods::is_terminating(pod));
    let surging = rollout::max_surge(scene) > 0;
    let replaced = pods.iter().any(|pod| changes.delete.iter().any(|gone| gone.metadata.uid == pod.metadata.uid));
    if running.is_empty() {
        // One after the other: a pod that still ends keeps the ports and files of its successor.
        if placement.should_run && !blocked && !replaced && !terminating {
            changes.create.push(node.metadata.name.clone());
        }
        return;
    }
    running
        .sort_by_key(|pod| (pod.spec.node_name.is_empty(), pod.metadata.creation_timestamp, pod.metadata.name.clone()));
    let mut seen = Vec::new();
    for pod in running {
        // A surge has one pod of each sort; otherwise there is one.
        let kind = surging && scene.is_updated(pod);
        match seen.contains(&kind) {
            true => changes.delete.push(pod.clone()),
            false => seen.push(kind),
        }
    }
}

/// Deletes a pod that has ended; `false` if it is too early.
fn replace_finished(scene: &Scene, node: &Node, pod: &Arc<Pod>, changes: &mut Changes) -> bool {
    let failed = pod.status.phase == "Failed";
    let age = pod.metadata.creation_timestamp.map_or(i64::MAX, |made| scene.now.secs_since(made));
    if failed && age < FAILED_POD_SECONDS {
        let wait = Duration::from_secs((FAILED_POD_SECONDS - age).unsigned_abs());
        changes.look_again = Some(changes.look_again.map_or(wait, |earlier| earlier.min(wait)));
        return false;
    }
    let (namespace, name, node) = (&pod.metadata.namespace, &pod.metadata.name, &node.metadata.name);
    let event = if failed {
        let message = format!("Found failed daemon pod {namespace}/{name} on node {node}, will try to kill it");
        EventRecord::warning(scene.set, "FailedDaemonPod", message)
    } else {
        let message = format!("Found succeeded daemon pod {namespace}/{name} on node {node}, will try to delete it");
        EventRecord::normal(scene.set, "SucceededDaemonPod", message)
    };
    changes.events.push(event);
    changes.delete.push(pod.clone());
    true
}

/// Pods that wait for a node that is gone will never run.
fn on_lost_nodes(scene: &Scene, changes: &mut Changes) {
    let exists = |name: &str| scene.nodes.iter().any(|(node, _)| node.metadata.name == name);
    let lost = scene.pods.iter().filter(|(node, _)| !exists(node)).flat_map(|(_, pods)| pods);
    let waiting = lost.filter(|pod| pod.spec.node_name.is_empty() && pod.metadata.deletion_timestamp.is_none());
    changes.delete.extend(waiting.cloned());
}

#[cfg(test)]
mod tests;
