//! The pods of this node, and a worker for each.
//!
//! ```text
//!   watch of pods (spec.nodeName) --+
//!   relist of the runtime ----------+--> Inbox of the pod --> its worker
//!   probe results ------------------+
//! ```
//!
//! An inbox holds the newest of each, so nothing queues up however slow a worker is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use api_core::v1::Pod;
use api_meta::v1::ListOptions;
use client::{ClientError, EventKind};
use kubelet_core::{ProbeKind, ProbeOutcome, admission};
use parking_lot::Mutex;
use schema::Quantity;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::kubelet::Kubelet;
use crate::runtime::Fingerprint;
use crate::server::PodLookup;
use crate::worker::Worker;

/// What a worker learns from outside.
pub struct Inbox {
    state: Mutex<State>,
    pub changed: Notify,
}

struct State {
    pod: Arc<Pod>,
    removed: bool,
    probes: Vec<ProbeNews>,
    /// The node has taken the pod.
    admitted: bool,
}

pub struct News {
    pub pod: Arc<Pod>,
    /// The API does not have the pod any more.
    pub removed: bool,
    /// Since the worker looked last.
    pub probes: Vec<ProbeNews>,
}

#[derive(Clone, Debug)]
pub struct ProbeNews {
    pub container_id: String,
    pub container: String,
    pub kind: ProbeKind,
    pub outcome: ProbeOutcome,
}

impl Inbox {
    fn new(pod: Arc<Pod>) -> Inbox {
        let state = State { pod, removed: false, probes: Vec::new(), admitted: false };
        Inbox { state: Mutex::new(state), changed: Notify::new() }
    }

    /// The news; probe results are taken out.
    pub fn take(&self) -> News {
        let mut state = self.state.lock();
        let probes = std::mem::take(&mut state.probes);
        News { pod: state.pod.clone(), removed: state.removed, probes }
    }

    /// The newest form of the pod, without taking anything.
    pub fn peek(&self) -> Arc<Pod> {
        self.state.lock().pod.clone()
    }

    pub fn is_deleted(&self) -> bool {
        let state = self.state.lock();
        state.removed || state.pod.metadata.deletion_timestamp.is_some()
    }

    pub fn probe(&self, news: ProbeNews) {
        let mut state = self.state.lock();
        if state.probes.len() < MAX_PROBE_NEWS {
            state.probes.push(news);
        }
        drop(state);
        self.changed.notify_one();
    }

    fn pod(&self, pod: Arc<Pod>) {
        self.state.lock().pod = pod;
        self.changed.notify_one();
    }

    fn removed(&self) {
        self.state.lock().removed = true;
        self.changed.notify_one();
    }
}

/// The pods that have a worker, by uid.
#[derive(Default)]
pub struct PodTable {
    workers: Mutex<BTreeMap<String, Arc<Inbox>>>,
}

impl PodTable {
    /// Whether the node takes the pod; asked once, before anything of it runs. Pods are taken one after the other, so that
    /// two that exclude each other are not both refused. `always`: it runs already.
    pub fn admit(
        &self,
        pod: &Pod,
        allocatable: &BTreeMap<String, Quantity>,
        always: bool,
    ) -> Result<(), admission::Rejection> {
        let workers = self.workers.lock();
        let taken = |inbox: &&Arc<Inbox>| inbox.state.lock().admitted;
        let others: Vec<_> = workers.values().filter(taken).map(|inbox| inbox.state.lock().pod.clone()).collect();
        if !always {
            admission::admit(pod, others.iter().map(AsRef::as_ref), allocatable)?;
        }
        if let Some(inbox) = workers.get(&pod.metadata.uid) {
            inbox.state.lock().admitted = true;
        }
        Ok(())
    }

    pub fn has(&self, uid: &str) -> bool {
        self.workers.lock().contains_key(uid)
    }

    fn inbox(&self, uid: &str) -> Option<Arc<Inbox>> {
        self.workers.lock().get(uid).cloned()
    }
}

impl PodLookup for PodTable {
    fn all(&self) -> Vec<Arc<Pod>> {
        self.workers.lock().values().map(|inbox| inbox.peek()).collect()
    }

    fn find(&self, namespace: &str, name: &str, uid: Option<&str>) -> Option<Arc<Pod>> {
        let workers = self.workers.lock();
        let mut pods = workers.values().map(|inbox| inbox.peek());
        pods.find(|pod| {
            let meta = &pod.metadata;
            meta.namespace == namespace && meta.name == name && uid.is_none_or(|uid| meta.uid == uid)
        })
    }
}

/// Follows the API and the runtime until `stop`.
pub async fn run(kubelet: Arc<Kubelet>, mut stop: watch::Receiver<bool>) {
    let table = kubelet.pods.clone();
    let (workers, tasks) = (JoinSet::new(), HashMap::new());
    let (synced, synced_receiver) = watch::channel(false);
    let relister =
        Relister { kubelet: kubelet.clone(), synced: synced_receiver, seen: BTreeMap::new(), orphans: BTreeMap::new() };
    let mut manager = Manager { kubelet, table, workers, tasks, synced };
    let mut wait = FIRST_RETRY;
    let following = async {
        loop {
            match manager.follow().await {
                Ok(()) => wait = FIRST_RETRY,
                Err(error) if error.is_expired() => wait = FIRST_RETRY,
                Err(error) => {
                    tracing::warn!(%error, "cannot follow the node's pods");
                    wait = (wait * 2).min(LAST_RETRY);
                }
            }
            tokio::time::sleep(wait).await;
        }
    };
    tokio::select! {
        () = following => {}
        () = relister.run() => {}
        // An error means that whoever could stop us is gone.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

struct Manager {
    kubelet: Arc<Kubelet>,
    table: Arc<PodTable>,
    workers: JoinSet<()>,
    /// Whose worker a task is.
    tasks: HashMap<tokio::task::Id, String>,
    /// The API's pods are known, so what else runs belongs to nobody.
    synced: watch::Sender<bool>,
}

impl Manager {
    /// One list and one watch.
    async fn follow(&mut self) -> Result<(), ClientError> {
        let field_selector = format!("spec.nodeName={}", self.kubelet.config.node_name);
        let options = ListOptions { field_selector, ..ListOptions::default() };
        let client = self.kubelet.client.clone();
        let list = client.list::<Pod>("", &options).await?;
        self.replace(list.items);
        let options = ListOptions { resource_version: list.resource_version, allow_watch_bookmarks: true, ..options };
        let mut watch = client.watch::<Pod>("", &options).await?;
        loop {
            tokio::select! {
                event = watch.next() => match event {
                    None => return Ok(()),
                    Some(event) => {
                        let event = event?;
                        match event.kind {
                            EventKind::Added | EventKind::Modified => self.update(event.object),
                            EventKind::Deleted => self.gone(&event.object),
                            EventKind::Bookmark => {}
                        }
                    }
                },
                Some(done) = self.workers.join_next_with_id() => self.finished(done),
            }
        }
    }

    fn replace(&mut self, pods: Vec<Pod>) {
        let there: Vec<String> = pods.iter().map(|pod| pod.metadata.uid.clone()).collect();
        for pod in pods {
            self.update(pod);
        }
        for (uid, inbox) in self.table.workers.lock().iter() {
            if !there.contains(uid) {
                inbox.removed();
            }
        }
        if !self.synced.send_replace(true) {
            tokio::spawn(crate::cleanup::leftovers(self.kubelet.clone(), there));
        }
    }

    fn update(&mut self, pod: Pod) {
        let pod = Arc::new(pod);
        let uid = pod.metadata.uid.clone();
        if let Some(inbox) = self.table.inbox(&uid) {
            inbox.pod(pod);
            return;
        }
        let inbox = Arc::new(Inbox::new(pod));
        self.table.workers.lock().insert(uid.clone(), inbox.clone());
        self.spawn(uid, inbox);
    }

    fn gone(&mut self, pod: &Pod) {
        if let Some(inbox) = self.table.inbox(&pod.metadata.uid) {
            inbox.removed();
        }
    }

    fn spawn(&mut self, uid: String, inbox: Arc<Inbox>) {
        let task = self.workers.spawn(Worker::new(self.kubelet.clone(), inbox).run());
        self.tasks.insert(task.id(), uid);
    }

    fn finished(&mut self, done: Result<(tokio::task::Id, ()), tokio::task::JoinError>) {
        let id = done.as_ref().map_or_else(tokio::task::JoinError::id, |(id, ())| *id);
        let Some(uid) = self.tasks.remove(&id) else { return };
        match done {
            Ok(_) => drop(self.table.workers.lock().remove(&uid)),
            Err(error) => {
                // The pod is not lost for it: a new worker starts from what it finds.
                tracing::error!(uid, %error, "a pod's worker failed");
                if let Some(inbox) = self.table.inbox(&uid) {
                    self.spawn(uid, inbox);
                }
            }
        }
    }
}

/// Follows the runtime, whether or not the API answers.
struct Relister {
    kubelet: Arc<Kubelet>,
    synced: watch::Receiver<bool>,
    seen: BTreeMap<String, Fingerprint>,
    /// Seen running without a pod, and how often.
    orphans: BTreeMap<String, u32>,
}

impl Relister {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(self.kubelet.config.relist_period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.relist().await;
        }
    }

    /// Wakes the workers of pods whose containers changed, and ends what runs for no pod.
    async fn relist(&mut self) {
        let now = match self.kubelet.runtime.relist().await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(%error, "cannot list what the runtime has");
                return;
            }
        };
        let table = &self.kubelet.pods;
        let uids = now.keys().chain(self.seen.keys());
        for uid in uids.filter(|uid| now.get(*uid) != self.seen.get(*uid)) {
            if let Some(inbox) = table.inbox(uid) {
                inbox.changed.notify_one();
            }
        }
        let orphans: Vec<_> = now.keys().filter(|uid| !table.has(uid)).cloned().collect();
        self.seen = now;
        self.orphans.retain(|uid, _| orphans.contains(uid));
        // Before the API's pods are known, nothing is an orphan.
        let synced = *self.synced.borrow();
        for uid in orphans.into_iter().filter(|_| synced) {
            let times = self.orphans.entry(uid.clone()).or_default();
            *times += 1;
            // A pod that was just deleted is still being taken away by its worker's last breath.
            if *times == ORPHAN_AFTER {
                *times = 0;
                crate::cleanup::orphan(&self.kubelet, &uid).await;
            }
        }
    }
}

/// Results that a worker does not fetch are the same again.
const MAX_PROBE_NEWS: usize = 64;
/// Lists in which a pod without an API object is seen before it is ended.
const ORPHAN_AFTER: u32 = 2;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);
