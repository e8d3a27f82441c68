//! What the scheduler knows: changes come in, decisions go out, all under one lock.

use super::SCHEDULER_NAME;
use super::writes::{Outcome, Work};
use api_apps::policy::v1::PodDisruptionBudget;
use api_core::v1::{Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use api_meta::v1::ObjectMeta;
use api_misc::storage::v1::StorageClass;
use informer::Key;
use parking_lot::Mutex;
use scheduler::around::Surroundings;
use scheduler::{Cache, Decision, Happened, Nomination, Queue, Refusal};
use schema::Object;
use std::sync::Arc;
use stdx::{Clock, Rng};

pub(super) struct World {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

#[derive(Default)]
struct State {
    cache: Cache,
    queue: Queue,
    /// Where among the nodes the next decision begins.
    start: usize,
}

/// What the loop does next.
pub(super) enum Step {
    Do(Work),
    /// Nothing until something changes, or until a time in nanoseconds since the Unix epoch.
    Wait(Option<i64>),
}

impl World {
    pub(super) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> World {
        World { state: Mutex::default(), clock, rng }
    }

    /// Decides upon the next pod, if there is one.
    pub(super) fn step(&self) -> Step {
        let now = self.clock.now();
        let State { cache, queue, start } = &mut *self.state.lock();
        let Some(pod) = queue.pop(now) else { return Step::Wait(queue.next_timer()) };
        let decision = scheduler::schedule(&pod, &cache.snapshot(), start, self.rng.as_ref());
        match decision {
            Decision::Node(node) => {
                cache.assume(&pod, &node);
                Step::Do(Work::Bind { pod, node })
            }
            Decision::Unschedulable(refusal) => {
                match &refusal.nomination {
                    Nomination::Keep => queue.failed(&pod.metadata.uid, refusal.rejected_by, now),
                    Nomination::Clear => {
                        cache.clear_nomination(&pod.metadata.uid);
                        queue.failed(&pod.metadata.uid, refusal.rejected_by, now);
                    }
                    // The pod is not decided upon again before the victims are on their way.
                    Nomination::Make(preemption) => {
                        cache.nominate(&pod, &preemption.node);
                        let demoted = preemption.demoted.iter();
                        demoted.for_each(|pod| cache.clear_nomination(&pod.metadata.uid));
                    }
                }
                Step::Do(Work::Refuse { pod, refusal })
            }
        }
    }

    pub(super) fn written(&self, outcome: Outcome) {
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        match outcome {
            Outcome::Done => {}
            // A binding that failed gives the node's room back, and the pod another try.
            Outcome::NotBound { pod } => {
                if cache.forget(&pod.metadata.uid) {
                    queue.happened(Happened::PodGone, now);
                    queue.retry(&pod.metadata.uid, now);
                }
            }
            Outcome::Preempted { pod, refusal: Refusal { rejected_by, .. } } => {
                queue.failed(&pod.metadata.uid, rejected_by, now);
            }
            Outcome::NotPreempted { pod } => {
                cache.clear_nomination(&pod.metadata.uid);
                queue.retry(&pod.metadata.uid, now);
            }
        }
    }

    pub(super) fn node_changed(&self, old: Option<Arc<Node>>, new: Option<Arc<Node>>) {
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        match (old, new) {
            (Some(old), Some(new)) => {
                cache.set_node(&new);
                changes_of(&old, &new).into_iter().for_each(|what| queue.happened(what, now));
            }
            (None, Some(new)) => {
                cache.set_node(&new);
                queue.happened(Happened::NodeAdded, now);
            }
            (Some(gone), None) => {
                cache.remove_node(&gone.metadata.name);
                queue.happened(Happened::NodeRemoved, now);
            }
            (None, None) => {}
        }
    }

    pub(super) fn pod_changed(&self, old: Option<Arc<Pod>>, new: Option<Arc<Pod>>) {
        let now = self.clock.now();
        let state = &mut *self.state.lock();
        let replaced = |old: &Pod| new.as_ref().is_none_or(|new| new.metadata.uid != old.metadata.uid);
        if let Some(gone) = old.as_ref().filter(|old| replaced(old)) {
            state.queue.remove(&gone.metadata.uid);
            if state.cache.remove_pod(&gone.metadata.uid) {
                state.queue.happened(Happened::PodGone, now);
            }
        }
        let Some(pod) = new else { return };
        let before = old.filter(|old| !replaced_by(old, &pod));
        if pod.spec.node_name.is_empty() {
            state.unassigned(before, pod, now);
        } else {
            state.assigned(before, &pod, now);
        }
    }

    pub(super) fn namespace_changed(&self, old: Option<Arc<Namespace>>, new: Option<Arc<Namespace>>) {
        let labels = |namespace: &Option<Arc<Namespace>>| namespace.as_ref().map(|n| n.metadata.labels.clone());
        let what = (labels(&old) != labels(&new)).then_some(Happened::NamespaceChanged);
        self.around(old, new, what, |around, key, object| match object {
            Some(object) => around.namespaces.insert(key, object),
            None => around.namespaces.remove(&key),
        });
    }

    pub(super) fn budget_changed(&self, old: Option<Arc<PodDisruptionBudget>>, new: Option<Arc<PodDisruptionBudget>>) {
        self.around(old, new, None, |around, key, object| match object {
            Some(object) => around.budgets.insert(key, object),
            None => around.budgets.remove(&key),
        });
    }

    pub(super) fn claim_changed(
        &self,
        old: Option<Arc<PersistentVolumeClaim>>,
        new: Option<Arc<PersistentVolumeClaim>>,
    ) {
        self.around(old, new, Some(Happened::VolumesChanged), |around, key, object| match object {
            Some(object) => around.claims.insert(key, object),
            None => around.claims.remove(&key),
        });
    }

    pub(super) fn volume_changed(&self, old: Option<Arc<PersistentVolume>>, new: Option<Arc<PersistentVolume>>) {
        self.around(old, new, Some(Happened::VolumesChanged), |around, key, object| match object {
            Some(object) => around.volumes.insert(key, object),
            None => around.volumes.remove(&key),
        });
    }

    pub(super) fn storage_class_changed(&self, old: Option<Arc<StorageClass>>, new: Option<Arc<StorageClass>>) {
        self.around(old, new, Some(Happened::VolumesChanged), |around, key, object| match object {
            Some(object) => around.storage_classes.insert(key, object),
            None => around.storage_classes.remove(&key),
        });
    }

    fn around<T: Object<Meta = ObjectMeta>, R>(
        &self,
        old: Option<Arc<T>>,
        new: Option<Arc<T>>,
        what: Option<Happened>,
        put: fn(&mut Surroundings, Key, Option<Arc<T>>) -> R,
    ) {
        let Some(key) = new.as_ref().or(old.as_ref()).map(|object| Key::of(object.meta())) else { return };
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        put(cache.around_mut(), key, new);
        if let Some(what) = what {
            queue.happened(what, now);
        }
    }
}

impl State {
    fn assigned(&mut self, before: Option<Arc<Pod>>, pod: &Arc<Pod>, now: i64) {
        self.queue.remove(&pod.metadata.uid);
        self.cache.set_pod(pod);
        let known = before.filter(|before| !before.spec.node_name.is_empty());
        if is_over(pod) {
            self.queue.happened(Happened::PodGone, now);
        } else if known.is_none_or(|known| known.metadata.labels != pod.metadata.labels) {
            self.queue.happened(Happened::PodAssigned, now);
        }
    }

    fn unassigned(&mut self, before: Option<Arc<Pod>>, pod: Arc<Pod>, now: i64) {
        let uid = pod.metadata.uid.clone();
        let ours = pod.spec.scheduler_name == SCHEDULER_NAME;
        if is_over(&pod) || pod.metadata.deletion_timestamp.is_some() {
            self.queue.remove(&uid);
            return self.cache.clear_nomination(&uid);
        }
        let promised = pod.status.nominated_node_name.as_str();
        let promised_before = before.as_ref().map_or("", |before| before.status.nominated_node_name.as_str());
        // Room promised a moment ago may not be in the pod's status yet.
        if !promised.is_empty() && promised != promised_before && !self.cache.is_assumed(&uid) {
            self.cache.nominate(&pod, promised);
        } else if promised.is_empty() && !promised_before.is_empty() {
            self.cache.clear_nomination(&uid);
        }
        if ours {
            self.queue.set(pod, now);
        }
    }
}

fn replaced_by(old: &Pod, new: &Pod) -> bool {
    old.metadata.uid != new.metadata.uid
}

fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// The changes of a node that pods may have waited for.
fn changes_of(old: &Node, new: &Node) -> Vec<Happened> {
    let mut changes = Vec::new();
    if old.status.allocatable != new.status.allocatable {
        changes.push(Happened::AllocatableChanged);
    }
    if old.metadata.labels != new.metadata.labels {
        changes.push(Happened::LabelsChanged);
    }
    if old.spec.taints != new.spec.taints || old.spec.unschedulable != new.spec.unschedulable {
        changes.push(Happened::TaintsChanged);
    }
    changes
}
