//! What the kubelet remembers about one pod and neither the API nor the runtime can tell.

use std::collections::{BTreeMap, BTreeSet};

use api_core::v1::PodStatus;

use crate::backoff::Backoffs;
use crate::probe::Probes;
use crate::{Nanos, SECOND};

/// Lost at a restart of the kubelet, which costs a fresh back-off and a fresh round of probes and no more.
#[derive(Clone, Debug, Default)]
pub struct PodMemory {
    /// Why containers could not be started at the last attempt, by name; shown as their `waiting` state.
    pub failures: BTreeMap<String, StartFailure>,
    /// Of containers that ended, by name.
    pub restarts: Backoffs,
    /// Of image pulls, by reference.
    pub pulls: Backoffs,
    /// What the last pull of an image failed with, by reference.
    pub pull_errors: BTreeMap<String, String>,
    /// Of sandboxes and of containers that could not even be made.
    pub retries: Retries,
    pub probes: Probes,
    /// When the pod was first seen here: `status.startTime` where the API does not have one yet.
    pub first_seen: Option<Nanos>,
    /// When its containers were first told to end.
    pub terminating_since: Option<Nanos>,
    /// The pod was ended by the node itself, with this reason and message.
    pub ended: Option<(String, String)>,
    /// The node's addresses.
    pub host_ips: Vec<String>,
    /// The status that was decided last; the API may not have it yet.
    pub last_status: Option<PodStatus>,
    /// The kubelet has seen to it that nothing of the pod runs or is mounted.
    pub cleaned: bool,
    /// The API was told to forget the pod.
    pub deleted: bool,
    /// Containers whose `preStop` hook ran, by id.
    pub prestop_done: BTreeSet<String>,
    /// Ends of containers whose back-off an event was made for, by name.
    pub announced: BTreeMap<String, Nanos>,
}

/// A container's `waiting` state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFailure {
    pub reason: String,
    pub message: String,
}

/// Retries of what failed before there was a container to show for it.
#[derive(Clone, Debug)]
pub struct Retries(Backoffs);

impl Default for Retries {
    fn default() -> Self {
        Retries(Backoffs::new(SECOND, 10 * SECOND))
    }
}

/// The key under which [`Retries`] keeps the sandbox; container names cannot contain a slash.
pub const SANDBOX: &str = "/sandbox";
/// The same for what precedes the sandbox: volumes.
pub const VOLUMES: &str = "/volumes";

impl Retries {
    pub fn failed(&mut self, key: &str, now: Nanos) {
        self.0.next(key, now, now);
    }

    pub fn succeeded(&mut self, key: &str) {
        self.0.forget(key);
    }

    pub fn until(&self, key: &str, now: Nanos) -> Option<Nanos> {
        self.0.until(key, now)
    }

    /// Nothing has failed since the last success.
    pub fn is_fresh(&self, key: &str) -> bool {
        self.0.delay(key) == 0
    }
}

impl PodMemory {
    /// A container was made and started.
    pub fn started(&mut self, name: &str) {
        self.failures.remove(name);
        self.retries.succeeded(name);
    }

    /// A container could not be made or started.
    pub fn failed(&mut self, name: &str, reason: &str, message: &str, now: Nanos) {
        let failure = StartFailure { reason: reason.to_owned(), message: message.to_owned() };
        self.failures.insert(name.to_owned(), failure);
        // An image in back-off has its own time; a container that failed to run is seen as ended.
        if !matches!(reason, "ImagePullBackOff" | "ErrImagePull" | "RunContainerError" | "CrashLoopBackOff") {
            self.retries.failed(name, now);
        }
    }
}
