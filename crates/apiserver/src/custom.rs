//! Custom resources: follows the definitions, serves what they define, and tells each what became of it.
//!
//! ```text
//!   watch of CustomResourceDefinitions --> Definitions (one task)
//!        changed: compile, install in the registry; names and conditions (custom::status) written back
//!        deleted: cleanup (a task of its own): its objects, then its finalizer; uninstalled when it is gone
//! ```
//!
//! A definition is served before its status says so: who waits for Established is not refused.
//! Deliberately absent: what a definition means (crate `custom`).

mod cleanup;
mod scale;
mod webhook;

pub use webhook::Caller;

use api_meta::v1::ListOptions;
use api_misc::apiextensions::v1::CustomResourceDefinition;
use client::{Client, ClientError, EventKind};
use custom::CustomKind;
use custom::status::{self, is_true};
use registry::{Converter, KindEntry, KindRef, Registry, VirtualVerb};
use scale::CustomScale;
use schema::Time;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;
use stdx::Clock;
use tokio::sync::mpsc;
use webhook::WebhookConverter;

/// After a watch that failed.
const RETRY: Duration = Duration::from_millis(200);
/// How often a status is written that conflicts with another write.
const MAX_ATTEMPTS: usize = 5;
/// Definitions that wait for another look.
const MAX_AGAIN: usize = 1_024;

/// What the task is made of.
pub struct Parts {
    pub registry: Arc<Registry>,
    pub client: Client,
    pub clock: Arc<dyn Clock>,
    pub caller: Caller,
}

/// Serves the definitions that there are, then follows them until the registry is gone.
pub async fn start(parts: Parts) -> Result<(), ClientError> {
    let (again, wanted_again) = mpsc::channel(MAX_AGAIN);
    let mut definitions = Definitions {
        registry: Arc::downgrade(&parts.registry),
        client: parts.client,
        clock: parts.clock,
        caller: parts.caller,
        known: BTreeMap::new(),
        served: HashMap::new(),
        cleaning: HashMap::new(),
        again,
    };
    let version = definitions.list().await?;
    tokio::spawn(definitions.follow(version, wanted_again));
    Ok(())
}

/// A definition that is served.
struct Served {
    group: String,
    plural: String,
    /// What of the definition counts for serving it.
    shape: schema::Value,
}

struct Definitions {
    registry: Weak<Registry>,
    client: Client,
    clock: Arc<dyn Clock>,
    caller: Caller,
    known: BTreeMap<String, CustomResourceDefinition>,
    /// By name.
    served: HashMap<String, Served>,
    /// Those whose objects are being deleted, with the task that does it.
    cleaning: HashMap<String, tokio::task::JoinHandle<()>>,
    again: mpsc::Sender<String>,
}

impl Definitions {
    async fn follow(mut self, mut version: String, mut wanted_again: mpsc::Receiver<String>) {
        while self.registry.strong_count() > 0 {
            if let Err(error) = self.watch(&version, &mut wanted_again).await {
                tracing::warn!(%error, "watching the definitions of custom resources failed");
            }
            tokio::time::sleep(RETRY).await;
            match self.list().await {
                Ok(listed) => version = listed,
                Err(error) => tracing::warn!(%error, "listing the definitions of custom resources failed"),
            }
        }
    }

    /// Takes in all definitions; gives the version to watch from.
    async fn list(&mut self) -> Result<String, ClientError> {
        let list = self.client.list::<CustomResourceDefinition>("", &ListOptions::default()).await?;
        let now: BTreeMap<String, CustomResourceDefinition> =
            list.items.into_iter().map(|definition| (definition.metadata.name.clone(), definition)).collect();
        let gone: Vec<String> = self.known.keys().filter(|name| !now.contains_key(*name)).cloned().collect();
        self.known = now;
        for name in gone {
            self.forget(&name).await;
        }
        let names: Vec<String> = self.known.keys().cloned().collect();
        for name in names {
            self.settle(&name).await;
        }
        Ok(list.resource_version)
    }

    async fn watch(&mut self, version: &str, wanted_again: &mut mpsc::Receiver<String>) -> Result<(), ClientError> {
        let options = ListOptions { resource_version: version.to_owned(), ..ListOptions::default() };
        let mut watch = self.client.watch::<CustomResourceDefinition>("", &options).await?;
        loop {
            let event = tokio::select! {
                event = watch.next() => match event {
                    Some(event) => event?,
                    None => return Ok(()),
                },
                Some(name) = wanted_again.recv() => {
                    self.cleaning.remove(&name);
                    self.settle(&name).await;
                    continue;
                }
            };
            let name = event.object.metadata.name.clone();
            match event.kind {
                EventKind::Added | EventKind::Modified => {
                    self.known.insert(name.clone(), event.object);
                    self.settle(&name).await;
                }
                EventKind::Deleted => {
                    self.known.remove(&name);
                    self.forget(&name).await;
                }
                EventKind::Bookmark => {}
            }
        }
    }

    /// Brings what is served, and what the definition's status says, in line with the definition.
    async fn settle(&mut self, name: &str) {
        for _ in 0..MAX_ATTEMPTS {
            let Some(definition) = self.known.get(name) else { return };
            let group = &definition.spec.group;
            let others = self.known.values().filter(|other| other.spec.group == *group);
            let mut settled = definition.clone();
            settled.status = status::settled(definition, others, self.now());
            let changed = settled.status != definition.status;
            let released = definition.status.accepted_names != settled.status.accepted_names;
            self.serve(&settled);
            if settled.metadata.deletion_timestamp.is_some() {
                self.clean_up(&settled);
            }
            if !changed {
                return;
            }
            match self.client.update_status(&settled).await {
                Ok(written) => {
                    self.known.insert(name.to_owned(), written);
                    if released {
                        self.settle_group(name, &settled.spec.group.clone()).await;
                    }
                    return;
                }
                Err(error) if error.is_not_found() => return,
                Err(error) if error.is_conflict() => match self.client.get("", name).await {
                    Ok(newest) => drop(self.known.insert(name.to_owned(), newest)),
                    Err(_) => return,
                },
                Err(error) => {
                    tracing::warn!(name, %error, "the status of a definition cannot be written");
                    return;
                }
            }
        }
    }

    /// The others of a group may now have names that they could not.
    async fn settle_group(&mut self, except: &str, group: &str) {
        let waiting: Vec<String> = self
            .known
            .values()
            .filter(|other| other.spec.group == group && other.metadata.name != except)
            .filter(|other| !is_true(&other.status, "NamesAccepted"))
            .map(|other| other.metadata.name.clone())
            .collect();
        for name in waiting {
            Box::pin(self.settle(&name)).await;
        }
    }

    /// Installs what a definition defines, if its names are its own and it changed.
    fn serve(&mut self, definition: &CustomResourceDefinition) {
        let Some(registry) = self.registry.upgrade() else { return };
        let name = &definition.metadata.name;
        if !is_true(&definition.status, "Established") && !is_true(&definition.status, "NamesAccepted") {
            return;
        }
        let shape = shape(definition);
        if self.served.get(name).is_some_and(|served| served.shape == shape) {
            return;
        }
        let (group, plural) = (definition.spec.group.clone(), definition.spec.names.plural.clone());
        let kind = match CustomKind::new(definition) {
            Ok(kind) => Arc::new(kind),
            Err(error) => {
                tracing::warn!(name, %error, "a custom resource is not served");
                if self.served.remove(name).is_some() {
                    registry.uninstall(&group, &plural);
                }
                return;
            }
        };
        let scaled = kind.versions().iter().any(|version| version.scale.is_some());
        let converter = self.converter(definition, &kind);
        registry.install(KindEntry { custom: true, converter, ..KindEntry::new(KindRef::Shared(kind.clone())) });
        if scaled {
            let scale = Arc::new(CustomScale { registry: self.registry.clone(), kind });
            for verb in [VirtualVerb::Get, VirtualVerb::Update, VirtualVerb::Patch] {
                registry.register(&group, &plural, "scale", verb, scale.clone());
            }
        }
        self.served.insert(name.clone(), Served { group, plural, shape });
    }

    fn converter(&self, definition: &CustomResourceDefinition, kind: &Arc<CustomKind>) -> Option<Arc<dyn Converter>> {
        let conversion = definition.spec.conversion.as_ref().filter(|_| !kind.converts_alone())?;
        let webhook = conversion.webhook.as_deref().cloned().unwrap_or_default();
        Some(Arc::new(WebhookConverter::new(self.caller.clone(), kind.clone(), &webhook)))
    }

    /// Serves a definition that is gone no longer; its names are free.
    async fn forget(&mut self, name: &str) {
        if let Some(served) = self.served.remove(name) {
            if let Some(registry) = self.registry.upgrade() {
                registry.uninstall(&served.group, &served.plural);
            }
            self.settle_group(name, &served.group).await;
        }
        self.cleaning.remove(name);
    }

    /// Begins to delete the objects of a definition that is being deleted.
    fn clean_up(&mut self, definition: &CustomResourceDefinition) {
        let name = &definition.metadata.name;
        let waits = definition.metadata.finalizers.iter().any(|finalizer| finalizer == status::FINALIZER);
        if !waits || self.cleaning.contains_key(name) {
            return;
        }
        let (client, clock, again) = (self.client.clone(), self.clock.clone(), self.again.clone());
        let name = name.clone();
        let key = name.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = cleanup::run(&client, &*clock, &name).await {
                tracing::warn!(name, %error, "the objects of a definition are not all gone; tried again");
                tokio::time::sleep(cleanup::RETRY).await;
                if again.send(name).await.is_err() {
                    tracing::debug!("the server stops; the next one goes on");
                }
            }
        });
        self.cleaning.insert(key, task);
    }

    fn now(&self) -> Time {
        Time::from_unix(self.clock.now_seconds())
    }
}

/// What of a definition decides how it is served.
fn shape(definition: &CustomResourceDefinition) -> schema::Value {
    use schema::Typed;
    let terminating = is_true(&definition.status, "Terminating");
    schema::value!({
        "uid": (definition.metadata.uid.as_str()),
        "spec": (definition.spec.to_value()),
        "names": (definition.status.accepted_names.to_value()),
        "terminating": terminating,
        "deleted": (definition.metadata.deletion_timestamp.is_some())
    })
}
