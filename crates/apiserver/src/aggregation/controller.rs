//! Follows the APIService objects: the table is what they say, each that has a service has a worker, and each version of
//! custom resources has an object.

use super::handler::Aggregation;
use super::registration::{self, Action};
use super::table::{Spec, Table};
use super::worker;
use crate::served::Source;
use api_meta::v1::{DeleteOptions, ListOptions, Preconditions};
use api_misc::apiextensions::v1::CustomResourceDefinition;
use api_misc::apiregistration::v1::APIService;
use client::{Client, ClientError, EventKind};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// After a watch or a write that failed.
const RETRY: Duration = Duration::from_millis(200);

/// Works until the runtime ends.
pub fn spawn(aggregation: Arc<Aggregation>, client: Client) {
    tokio::spawn(async move {
        let routes_changed = Arc::new(Notify::new());
        if let Ok(registry) = aggregation.registry.get() {
            let routes_changed = routes_changed.clone();
            registry.observe(Arc::new(move || routes_changed.notify_one()));
        }
        let mut controller =
            Controller { aggregation, client, objects: BTreeMap::new(), workers: HashMap::new(), routes_changed };
        loop {
            if let Err(error) = controller.follow().await {
                tracing::warn!(%error, "watching the APIServices failed");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

struct Controller {
    aggregation: Arc<Aggregation>,
    client: Client,
    objects: BTreeMap<String, APIService>,
    workers: HashMap<String, Worker>,
    routes_changed: Arc<Notify>,
}

struct Worker {
    spec: Arc<Spec>,
    task: AbortHandle,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Controller {
    /// Lists, then watches until the watch ends.
    async fn follow(&mut self) -> Result<(), ClientError> {
        let list = self.client.list::<APIService>("", &ListOptions::default()).await?;
        let objects = list.items.into_iter().map(|object| (object.metadata.name.clone(), object));
        self.objects = objects.collect();
        self.apply();
        self.register().await;
        let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
        let mut events = self.client.watch::<APIService>("", &options).await?;
        loop {
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { return Ok(()) };
                    let event = event?;
                    let name = event.object.metadata.name.clone();
                    match event.kind {
                        EventKind::Added | EventKind::Modified => drop(self.objects.insert(name, event.object)),
                        EventKind::Deleted => drop(self.objects.remove(&name)),
                        EventKind::Bookmark => continue,
                    }
                    self.apply();
                    self.register().await;
                }
                () = self.routes_changed.notified() => self.register().await,
            }
        }
    }

    /// Brings table and workers to what the objects say.
    fn apply(&mut self) {
        let aggregation = &self.aggregation;
        let objects = &self.objects;
        aggregation.change(|before| Some(Table::of(objects.values(), |of| aggregation.is_builtin(of), before)));
        let table = aggregation.table();
        let wanted: HashMap<&str, &Arc<Spec>> =
            table.remotes.values().map(|remote| (remote.spec.name.as_str(), &remote.spec)).collect();
        self.workers.retain(|name, worker| wanted.get(name.as_str()).is_some_and(|spec| **spec == worker.spec));
        for (name, spec) in wanted {
            if self.workers.contains_key(name) {
                continue;
            }
            let work = worker::run(self.aggregation.clone(), self.client.clone(), spec.clone());
            let task = tokio::spawn(work).abort_handle();
            self.workers.insert(name.to_owned(), Worker { spec: spec.clone(), task });
        }
    }

    /// Brings the objects to what is served. What fails is tried again at the next change, of which it is one itself
    /// where another writer came first.
    async fn register(&self) {
        let Ok(served) = self.aggregation.now() else { return };
        let mut plan = registration::plan(&registration::custom_versions(&served), &self.objects);
        if plan.iter().any(|action| matches!(action, Action::Delete { .. })) {
            // Right after the start, kinds may not be served yet whose definitions are there.
            match self.client.list::<CustomResourceDefinition>("", &ListOptions::default()).await {
                Ok(definitions) => registration::keep_defined(&mut plan, &definitions.items),
                Err(error) => {
                    tracing::warn!(%error, "the definitions of custom resources cannot be listed");
                    return;
                }
            }
        }
        for action in plan {
            let done = match &action {
                Action::Create(object) => self.client.create(&**object).await.map(drop),
                Action::Update(object) => self.client.update(&**object).await.map(drop),
                Action::Delete { name, uid } => {
                    let preconditions = Preconditions { uid: Some(uid.clone()), ..Preconditions::default() };
                    let options =
                        DeleteOptions { preconditions: Some(Box::new(preconditions)), ..DeleteOptions::default() };
                    self.client.delete::<APIService>("", name, &options).await.map(drop)
                }
            };
            match done {
                Err(error) if !(error.is_already_exists() || error.is_not_found() || error.is_conflict()) => {
                    tracing::warn!(%error, ?action, "an APIService of custom resources cannot be kept");
                }
                _ => {}
            }
        }
    }
}
