//! The pods that wait for a node: ready ones by priority, those that failed until their backoff is over or the cluster changes.

use api_core::v1::Pod;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// Nanoseconds since the Unix epoch.
pub type Nanos = i64;

const SECOND: Nanos = 1_000_000_000;
const INITIAL_BACKOFF: Nanos = SECOND;
const MAX_BACKOFF: Nanos = 10 * SECOND;
/// A pod that nothing that happened could help is tried again after this all the same.
const MAX_UNSCHEDULABLE: Nanos = 5 * 60 * SECOND;

/// Each pod is in at most one of the three places.
#[derive(Default)]
pub struct Queue {
    pods: HashMap<String, Waiting>,
    active: BinaryHeap<Ranked>,
    /// When to look at a pod again.
    timers: BinaryHeap<Reverse<(Nanos, String)>>,
    /// Breaks ties between pods in the order in which they came.
    sequence: u64,
    /// Counts the events that may have made room; a pod that failed before one is tried again.
    moves: u64,
}

struct Waiting {
    pod: Arc<Pod>,
    attempts: u32,
    place: Place,
    came: Nanos,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Active,
    /// Being decided upon.
    Taken,
    Backoff,
    Unschedulable,
}

#[derive(PartialEq, Eq)]
struct Ranked {
    priority: i32,
    came: Nanos,
    sequence: u64,
    uid: String,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        let key = |ranked: &Ranked| (ranked.priority, Reverse(ranked.came), Reverse(ranked.sequence));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Queue {
    /// A pod without a node, new or changed. One that is gated waits until it changes.
    pub fn set(&mut self, pod: Arc<Pod>, now: Nanos) {
        let uid = pod.metadata.uid.clone();
        if !pod.spec.scheduling_gates.is_empty() {
            self.pods.remove(&uid);
            return;
        }
        match self.pods.get_mut(&uid) {
            Some(waiting) => {
                let changed = waiting.pod.spec != pod.spec || waiting.pod.metadata.labels != pod.metadata.labels;
                waiting.pod = pod;
                // What kept it from being scheduled may be what was changed.
                if changed && waiting.place == Place::Unschedulable {
                    self.activate(&uid);
                }
            }
            None => {
                self.pods.insert(uid.clone(), Waiting { pod, attempts: 0, place: Place::Backoff, came: now });
                self.activate(&uid);
            }
        }
    }

    pub fn remove(&mut self, uid: &str) {
        self.pods.remove(uid);
    }

    /// The next pod to decide upon, and the count of events to give back with a failure.
    pub fn pop(&mut self, now: Nanos) -> Option<(Arc<Pod>, u64)> {
        self.wake(now);
        while let Some(ranked) = self.active.pop() {
            if let Some(waiting) = self.pods.get_mut(&ranked.uid)
                && waiting.place == Place::Active
            {
                waiting.place = Place::Taken;
                waiting.attempts += 1;
                return Some((waiting.pod.clone(), self.moves));
            }
        }
        None
    }

    /// No node could take the pod. `moves`: as [`Queue::pop`] gave it.
    pub fn failed(&mut self, uid: &str, moves: u64, now: Nanos) {
        let changed = self.moves != moves;
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        let (place, wait) = if changed {
            (Place::Backoff, backoff(waiting.attempts))
        } else {
            (Place::Unschedulable, MAX_UNSCHEDULABLE)
        };
        waiting.place = place;
        self.timers.push(Reverse((now + wait, uid.to_owned())));
    }

    /// The decision could not be carried out: try again soon.
    pub fn retry(&mut self, uid: &str, now: Nanos) {
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        waiting.place = Place::Backoff;
        let wait = backoff(waiting.attempts);
        self.timers.push(Reverse((now + wait, uid.to_owned())));
    }

    /// Something happened that may make room: a node came or changed, a pod went.
    pub fn room_may_have_come(&mut self, now: Nanos) {
        self.moves += 1;
        let hopeful: Vec<(String, u32)> = self
            .pods
            .iter()
            .filter(|(_, waiting)| waiting.place == Place::Unschedulable)
            .map(|(uid, waiting)| (uid.clone(), waiting.attempts))
            .collect();
        for (uid, attempts) in hopeful {
            if let Some(waiting) = self.pods.get_mut(&uid) {
                waiting.place = Place::Backoff;
            }
            self.timers.push(Reverse((now + backoff(attempts), uid)));
        }
    }

    /// When [`Queue::pop`] may have something without anything happening.
    pub fn next_timer(&self) -> Option<Nanos> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    pub fn len(&self) -> usize {
        self.pods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    fn wake(&mut self, now: Nanos) {
        while let Some(Reverse((at, _))) = self.timers.peek() {
            if *at > now {
                break;
            }
            let Some(Reverse((_, uid))) = self.timers.pop() else { break };
            let waits = self.pods.get(&uid).map(|waiting| waiting.place);
            if matches!(waits, Some(Place::Backoff | Place::Unschedulable)) {
                self.activate(&uid);
            }
        }
    }

    fn activate(&mut self, uid: &str) {
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        waiting.place = Place::Active;
        self.sequence += 1;
        let priority = waiting.pod.spec.priority.unwrap_or_default();
        let ranked = Ranked { priority, came: waiting.came, sequence: self.sequence, uid: uid.to_owned() };
        self.active.push(ranked);
    }
}

/// A second, doubled with each attempt, ten at the most.
fn backoff(attempts: u32) -> Nanos {
    (INITIAL_BACKOFF << attempts.saturating_sub(1).min(10)).min(MAX_BACKOFF)
}
