//! The pods that wait for a node: ready ones by priority, those that failed until their backoff is over or the cluster changes.

use crate::plugin::{Happened, Plugins};
use api_core::v1::Pod;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

/// Nanoseconds since the Unix epoch.
pub type Nanos = i64;

const SECOND: Nanos = 1_000_000_000;
const INITIAL_BACKOFF: Nanos = SECOND;
const MAX_BACKOFF: Nanos = 10 * SECOND;
/// A pod that nothing that happened could help is tried again after this all the same.
const MAX_UNSCHEDULABLE: Nanos = 5 * 60 * SECOND;

/// Each pod is in at most one of the places.
#[derive(Default)]
pub struct Queue {
    pods: HashMap<String, Waiting>,
    active: BinaryHeap<Ranked>,
    /// When to look at a pod again.
    timers: BTreeSet<(Nanos, String)>,
    /// Uids of pods that wait for something to happen, or are being decided upon while it may.
    waiting: HashSet<String>,
    /// Breaks ties between pods in the order in which they came.
    sequence: u64,
}

struct Waiting {
    pod: Arc<Pod>,
    attempts: u32,
    place: Place,
    came: Nanos,
    /// The pod's timer, if it has one.
    due: Option<Nanos>,
    /// The plugins that rejected the pod.
    rejected_by: Plugins,
    /// The plugins that may think otherwise because of what happened while the pod was being decided upon.
    missed: Plugins,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Active,
    /// Being decided upon, or the decision being carried out.
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
            self.remove(&uid);
            return;
        }
        match self.pods.get_mut(&uid) {
            Some(waiting) => {
                let changed = waiting.pod.spec != pod.spec || waiting.pod.metadata.labels != pod.metadata.labels;
                waiting.pod = pod;
                // What kept it from being scheduled may be what was changed.
                match waiting.place {
                    Place::Unschedulable if changed => self.activate(&uid),
                    Place::Taken if changed => waiting.missed = Plugins::ALL,
                    _ => {}
                }
            }
            None => {
                let waiting = Waiting {
                    pod,
                    attempts: 0,
                    place: Place::Backoff,
                    came: now,
                    due: None,
                    rejected_by: Plugins::NONE,
                    missed: Plugins::NONE,
                };
                self.pods.insert(uid.clone(), waiting);
                self.activate(&uid);
            }
        }
    }

    pub fn remove(&mut self, uid: &str) {
        self.waiting.remove(uid);
        if let Some(waiting) = self.pods.remove(uid)
            && let Some(due) = waiting.due
        {
            self.timers.remove(&(due, uid.to_owned()));
        }
    }

    /// The next pod to decide upon.
    pub fn pop(&mut self, now: Nanos) -> Option<Arc<Pod>> {
        self.wake(now);
        while let Some(ranked) = self.active.pop() {
            if let Some(waiting) = self.pods.get_mut(&ranked.uid)
                && waiting.place == Place::Active
            {
                waiting.place = Place::Taken;
                waiting.attempts += 1;
                waiting.missed = Plugins::NONE;
                self.waiting.insert(ranked.uid);
                return Some(waiting.pod.clone());
            }
        }
        None
    }

    /// No node could take the pod. It waits until one of these plugins may think otherwise.
    pub fn failed(&mut self, uid: &str, rejected_by: Plugins, now: Nanos) {
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        waiting.rejected_by = rejected_by;
        if waiting.missed.has_any(rejected_by) {
            let wait = backoff(waiting.attempts);
            self.put(uid, Place::Backoff, now + wait);
        } else {
            self.put(uid, Place::Unschedulable, now + MAX_UNSCHEDULABLE);
        }
    }

    /// The decision could not be carried out: try again soon.
    pub fn retry(&mut self, uid: &str, now: Nanos) {
        let Some(waiting) = self.pods.get(uid) else { return };
        let wait = backoff(waiting.attempts);
        self.put(uid, Place::Backoff, now + wait);
    }

    /// Something happened that some pods may have waited for.
    pub fn happened(&mut self, what: Happened, now: Nanos) {
        let help = what.may_help();
        let mut hopeful = Vec::new();
        for uid in &self.waiting {
            let Some(waiting) = self.pods.get_mut(uid) else { continue };
            match waiting.place {
                Place::Taken => waiting.missed = waiting.missed | help,
                Place::Unschedulable if waiting.rejected_by.has_any(help) => {
                    hopeful.push((uid.clone(), now + backoff(waiting.attempts)));
                }
                _ => {}
            }
        }
        for (uid, at) in hopeful {
            self.put(&uid, Place::Backoff, at);
        }
    }

    /// When [`Queue::pop`] may have something without anything happening.
    pub fn next_timer(&self) -> Option<Nanos> {
        self.timers.first().map(|(at, _)| *at)
    }

    pub fn len(&self) -> usize {
        self.pods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    fn wake(&mut self, now: Nanos) {
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, uid)) = self.timers.pop_first() else { break };
            self.activate(&uid);
        }
    }

    /// Puts a pod where it waits for a time.
    fn put(&mut self, uid: &str, place: Place, until: Nanos) {
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        if let Some(due) = waiting.due.replace(until) {
            self.timers.remove(&(due, uid.to_owned()));
        }
        waiting.place = place;
        self.timers.insert((until, uid.to_owned()));
        if place == Place::Unschedulable {
            self.waiting.insert(uid.to_owned());
        } else {
            self.waiting.remove(uid);
        }
    }

    fn activate(&mut self, uid: &str) {
        let Some(waiting) = self.pods.get_mut(uid) else { return };
        if let Some(due) = waiting.due.take() {
            self.timers.remove(&(due, uid.to_owned()));
        }
        waiting.place = Place::Active;
        self.waiting.remove(uid);
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
