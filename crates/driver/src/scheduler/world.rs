//! What the scheduler knows: changes come in, decisions go out, all under one lock.

use super::SCHEDULER_NAME;
use super::writes::{Outcome, Work};
use api_core::v1::{Node, Pod};
use parking_lot::Mutex;
use scheduler::{Cache, Decision, Queue};
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
        let Some((pod, moves)) = queue.pop(now) else { return Step::Wait(queue.next_timer()) };
        match scheduler::schedule(&pod, &cache.snapshot(), start, self.rng.as_ref()) {
            Decision::Node(node) => {
                cache.assume(&pod, &node);
                Step::Do(Work::Bind { pod, node })
            }
            Decision::Unschedulable(why) => {
                queue.failed(&pod.metadata.uid, moves, now);
                Step::Do(Work::Refuse { pod, why })
            }
        }
    }

    /// A binding that failed gives the node's room back, and the pod another try.
    pub(super) fn written(&self, outcome: Outcome) {
        let Outcome::NotBound { pod } = outcome else { return };
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        if cache.forget(&pod.metadata.uid) {
            queue.room_may_have_come(now);
            queue.retry(&pod.metadata.uid, now);
        }
    }

    pub(super) fn node_changed(&self, old: Option<Arc<Node>>, new: Option<Arc<Node>>) {
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        match (&old, &new) {
            (_, Some(node)) => {
                cache.set_node(node);
                if old.is_none_or(|old| matters(&old, node)) {
                    queue.room_may_have_come(now);
                }
            }
            (Some(gone), None) => cache.remove_node(&gone.metadata.name),
            (None, None) => {}
        }
    }

    pub(super) fn pod_changed(&self, old: Option<Arc<Pod>>, new: Option<Arc<Pod>>) {
        let now = self.clock.now();
        let State { cache, queue, .. } = &mut *self.state.lock();
        let replaced = |old: &Pod| new.as_ref().is_none_or(|new| new.metadata.uid != old.metadata.uid);
        if let Some(gone) = old.as_ref().filter(|old| replaced(old)) {
            queue.remove(&gone.metadata.uid);
            if cache.remove_pod(&gone.metadata.uid) {
                queue.room_may_have_come(now);
            }
        }
        let Some(pod) = new else { return };
        if !pod.spec.node_name.is_empty() {
            queue.remove(&pod.metadata.uid);
            cache.set_pod(&pod);
            if is_over(&pod) {
                queue.room_may_have_come(now);
            }
        } else if pod.spec.scheduler_name == SCHEDULER_NAME
            && !is_over(&pod)
            && pod.metadata.deletion_timestamp.is_none()
        {
            queue.set(pod, now);
        } else {
            queue.remove(&pod.metadata.uid);
        }
    }
}

fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Whether the change of a node is one that a pod may have waited for.
fn matters(old: &Node, new: &Node) -> bool {
    old.spec.taints != new.spec.taints
        || old.spec.unschedulable != new.spec.unschedulable
        || old.metadata.labels != new.metadata.labels
        || old.status.allocatable != new.status.allocatable
}
