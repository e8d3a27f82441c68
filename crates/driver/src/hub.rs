//! The hub: one reflector a resource, and who is to be told of its changes.

use crate::discovery;
use crate::reflector::Reflector;
use crate::runner::{Inbox, Runner};
use crate::{Stop, stopped};
use client::Client;
use controllers::{Scope, Watch};
use informer::{AnyStore, Change, Resource, View};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stdx::Rng;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// What is served is asked again so long after a custom resource has come or gone: it takes a moment to be served.
const DISCOVERY_DELAY: Duration = Duration::from_secs(1);
/// What is served is asked again if that could not be asked.
const DISCOVERY_RETRY: Duration = Duration::from_secs(5);

pub(crate) struct Hub {
    pub(crate) view: View,
    client: Client,
    rng: Arc<dyn Rng>,
    stop: Stop,
    subscriptions: RwLock<Subscriptions>,
    /// Reflectors of metadata, each with what stops it.
    metadata: Mutex<BTreeMap<Resource, watch::Sender<bool>>>,
    /// A store has been filled for the first time, or has come or gone.
    pub(crate) synced: Notify,
    /// A custom resource has come, gone or changed.
    served_changed: Notify,
    /// What is served has been asked once.
    served_known: AtomicBool,
}

#[derive(Default)]
struct Subscriptions {
    by_resource: BTreeMap<Resource, Vec<Subscription>>,
    to_all: Vec<Subscription>,
    typed: BTreeMap<Resource, Arc<dyn AnyStore>>,
}

#[derive(Clone)]
struct Subscription {
    watch: Watch,
    inbox: Arc<Inbox>,
}

impl Hub {
    pub(crate) fn new(client: Client, view: View, rng: Arc<dyn Rng>, stop: Stop) -> Arc<Hub> {
        Arc::new(Hub {
            view,
            client,
            rng,
            stop,
            subscriptions: RwLock::default(),
            metadata: Mutex::default(),
            synced: Notify::new(),
            served_changed: Notify::new(),
            served_known: AtomicBool::new(false),
        })
    }

    pub(crate) fn subscribe(&self, runner: &Runner) {
        let mut subscriptions = self.subscriptions.write();
        for watch in runner.watches() {
            let subscription = Subscription { watch: watch.clone(), inbox: runner.inbox() };
            match &watch.scope {
                Scope::Typed { resource, store } => {
                    subscriptions.typed.insert(resource.clone(), store(&self.view));
                    subscriptions.by_resource.entry(resource.clone()).or_default().push(subscription);
                }
                Scope::Metadata(resource) => {
                    subscriptions.by_resource.entry(resource.clone()).or_default().push(subscription);
                }
                Scope::AllMetadata => subscriptions.to_all.push(subscription),
            }
        }
    }

    /// Starts the reflectors. Whole objects first: their stores serve those who want only metadata, too.
    pub(crate) async fn start(self: &Arc<Hub>, tasks: &mut JoinSet<()>) {
        let (typed, all, single) = {
            let subscriptions = self.subscriptions.read();
            let typed = subscriptions.typed.clone();
            let single: Vec<Resource> =
                subscriptions.by_resource.keys().filter(|resource| !typed.contains_key(*resource)).cloned().collect();
            (typed, !subscriptions.to_all.is_empty(), single)
        };
        for store in typed.into_values() {
            tasks.spawn(self.reflector(store).run(self.stop.clone()));
        }
        for resource in single {
            self.start_metadata(resource);
        }
        if all {
            let hub = self.clone();
            tasks.spawn(async move { hub.follow_served().await });
        }
    }

    /// Keeps a metadata reflector for each resource that is served.
    async fn follow_served(self: Arc<Hub>) {
        let mut stop = self.stop.clone();
        loop {
            let wait = match discovery::resources(&self.client).await {
                Ok(resources) => {
                    self.serve(resources);
                    None
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot ask what is served");
                    Some(DISCOVERY_RETRY)
                }
            };
            tokio::select! {
                () = stopped(&mut stop) => return,
                () = self.served_changed.notified() => {}
                () = async { match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                } } => continue,
            }
            tokio::select! {
                () = stopped(&mut stop) => return,
                () = tokio::time::sleep(DISCOVERY_DELAY) => {}
            }
        }
    }

    fn serve(self: &Arc<Hub>, resources: Vec<Resource>) {
        let typed: Vec<Resource> = self.subscriptions.read().typed.keys().cloned().collect();
        let single: Vec<Resource> = self.subscriptions.read().by_resource.keys().cloned().collect();
        let gone: Vec<Resource> = {
            let metadata = self.metadata.lock();
            metadata.keys().filter(|have| !resources.contains(have) && !single.contains(have)).cloned().collect()
        };
        for resource in gone {
            if let Some(stop) = self.metadata.lock().remove(&resource) {
                stop.send_replace(true);
            }
            self.view.forget(&resource);
        }
        for resource in resources {
            if !typed.contains(&resource) && !self.metadata.lock().contains_key(&resource) {
                self.start_metadata(resource);
            }
        }
        self.served_known.store(true, Ordering::Release);
        self.synced.notify_waiters();
    }

    /// Is the metadata of everything that is served in the view?
    pub(crate) fn knows_all(&self) -> bool {
        self.served_known.load(Ordering::Acquire) && self.view.stores().iter().all(|store| store.is_synced())
    }

    fn start_metadata(self: &Arc<Hub>, resource: Resource) {
        let store = self.view.metadata_store(&resource);
        let (stop_this, mut this_stopped) = watch::channel(false);
        self.metadata.lock().insert(resource, stop_this);
        let reflector = self.reflector(store).metadata();
        let all = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = reflector.run(all) => {}
                () = stopped(&mut this_stopped) => {}
            }
        });
    }

    fn reflector(self: &Arc<Hub>, store: Arc<dyn AnyStore>) -> Reflector {
        let hub = self.clone();
        let definitions = store.resource().plural == "customresourcedefinitions";
        let known = AtomicBool::new(false);
        Reflector::new(self.client.clone(), store, self.rng.clone()).on_change(move |store, changes| {
            if definitions && !changes.is_empty() {
                hub.served_changed.notify_one();
            }
            hub.tell(store, changes);
            if !known.swap(true, Ordering::Relaxed) {
                hub.synced.notify_waiters();
            }
        })
    }

    fn tell(&self, store: &dyn AnyStore, changes: Vec<Change>) {
        let subscriptions = self.subscriptions.read();
        let concerned = subscriptions.by_resource.get(store.resource()).into_iter().flatten();
        for Subscription { watch, inbox } in concerned.chain(&subscriptions.to_all) {
            for object in changes.iter().flat_map(|change| [&change.old, &change.new]).flatten() {
                for key in watch.keys(store, object, &self.view) {
                    inbox.queue.add(key);
                }
            }
        }
        for Subscription { inbox, .. } in subscriptions.by_resource.values().flatten().chain(&subscriptions.to_all) {
            inbox.queue.release(store);
        }
    }
}
