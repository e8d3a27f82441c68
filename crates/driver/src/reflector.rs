//! A reflector: keeps one store as the API server has it, by a list and watches that follow it.

use crate::{Stop, backoff, stopped};
use api_meta::v1::ListOptions;
use client::{Client, ClientError, Event, EventKind};
use informer::{AnyStore, Change, version};
use schema::Value;
use std::sync::Arc;
use std::time::Duration;
use stdx::Rng;

/// A watch is closed by the server after 5 to 10 minutes, so that watches spread over several servers.
const WATCH_SECONDS: i64 = 300;
/// A watch that ended sooner than this without an event is not begun again at once.
const SHORT_WATCH: Duration = Duration::from_secs(1);

type OnChange = Arc<dyn Fn(&dyn AnyStore, Vec<Change>) + Send + Sync>;

/// Fills one store.
pub struct Reflector {
    client: Client,
    store: Arc<dyn AnyStore>,
    rng: Arc<dyn Rng>,
    namespace: String,
    options: ListOptions,
    metadata: bool,
    on_change: OnChange,
}

/// Why a round of list and watch ended.
enum End {
    /// The server has closed the watch; it goes on from the version that was seen last.
    Closed,
    /// List again.
    Expired,
    /// The resource is no longer served.
    Gone,
    Failed(ClientError),
}

impl Reflector {
    pub fn new(client: Client, store: Arc<dyn AnyStore>, rng: Arc<dyn Rng>) -> Reflector {
        Reflector {
            client,
            store,
            rng,
            namespace: String::new(),
            options: ListOptions::default(),
            metadata: false,
            on_change: Arc::new(|_, _| {}),
        }
    }

    /// Only objects of this namespace.
    pub fn in_namespace(mut self, namespace: &str) -> Reflector {
        self.namespace = namespace.into();
        self
    }

    /// Only objects with these fields, such as `spec.nodeName=node-1`.
    pub fn with_fields(mut self, selector: &str) -> Reflector {
        self.options.field_selector = selector.into();
        self
    }

    pub fn with_labels(mut self, selector: &str) -> Reflector {
        self.options.label_selector = selector.into();
        self
    }

    /// Only the metadata.
    pub fn metadata(mut self) -> Reflector {
        self.metadata = true;
        self
    }

    /// Called after the store has changed; without changes when only its version has moved or the first list was empty.
    pub fn on_change(mut self, call: impl Fn(&dyn AnyStore, Vec<Change>) + Send + Sync + 'static) -> Reflector {
        self.on_change = Arc::new(call);
        self
    }

    /// Runs until `stop`, or until the resource is no longer served.
    pub async fn run(self, mut stop: Stop) {
        tokio::select! {
            () = self.reflect() => {}
            () = stopped(&mut stop) => {}
        }
    }

    async fn reflect(&self) {
        let resource = self.store.resource().qualified();
        let mut failures = 0;
        // Any version will do at first; after an expiry it has to be the newest.
        let mut first = true;
        let mut seen = None;
        loop {
            let end = match seen.take() {
                Some(at) => self.watch(at, &mut seen, &mut failures).await,
                None => match self.list(first).await {
                    Ok(at) => {
                        (first, failures, seen) = (false, 0, Some(at));
                        continue;
                    }
                    Err(error) if error.is_not_found() && self.metadata => End::Gone,
                    Err(error) => End::Failed(error),
                },
            };
            match end {
                End::Closed => {}
                End::Expired => {
                    tracing::debug!(resource, "the watch has expired; listing again");
                    seen = None;
                }
                End::Gone => return,
                End::Failed(error) => {
                    failures += 1;
                    let wait = backoff::reflector(failures, self.rng.as_ref());
                    tracing::debug!(resource, %error, ?wait, "cannot list or watch");
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Returns the version that a watch may start from.
    async fn list(&self, any_version: bool) -> Result<String, ClientError> {
        let mut options = self.options.clone();
        if any_version {
            options.resource_version = "0".into();
        }
        let api = self.client.api(self.store.resource());
        let api = if self.metadata { api.metadata() } else { api };
        let list = api.list(&self.namespace, &options).await?;
        let changes = self.store.replace(&list.items, version(&list.resource_version));
        (self.on_change)(self.store.as_ref(), changes);
        Ok(list.resource_version)
    }

    /// `seen` is set to what was seen last, from where the next watch may go on.
    async fn watch(&self, from: String, seen: &mut Option<String>, failures: &mut u32) -> End {
        let jitter = self.rng.below(WATCH_SECONDS as usize) as i64;
        let options = ListOptions {
            resource_version: from.clone(),
            allow_watch_bookmarks: true,
            timeout_seconds: Some(WATCH_SECONDS + jitter),
            ..self.options.clone()
        };
        *seen = Some(from);
        let started = tokio::time::Instant::now();
        let mut events = 0;
        let api = self.client.api(self.store.resource());
        let api = if self.metadata { api.metadata() } else { api };
        let mut stream = match api.watch(&self.namespace, &options).await {
            Ok(stream) => stream,
            Err(error) => return ended(error),
        };
        while let Some(event) = stream.next().await {
            match event {
                Ok(event) => {
                    events += 1;
                    *failures = 0;
                    *seen = Some(event.object.str_at(&["metadata", "resourceVersion"]).to_owned());
                    self.apply(event);
                }
                Err(error) => return ended(error),
            }
        }
        if events == 0 && started.elapsed() < SHORT_WATCH {
            // A server that closes watches at once must not be asked in a circle.
            *failures += 1;
            tokio::time::sleep(backoff::reflector(*failures, self.rng.as_ref())).await;
        }
        End::Closed
    }

    fn apply(&self, event: Event<Value>) {
        let changes = match event.kind {
            EventKind::Added | EventKind::Modified => vec![self.store.insert(&event.object)],
            EventKind::Deleted => vec![self.store.remove(&event.object)],
            EventKind::Bookmark => {
                self.store.see(version(event.object.str_at(&["metadata", "resourceVersion"])));
                Vec::new()
            }
        };
        (self.on_change)(self.store.as_ref(), changes);
    }
}

fn ended(error: ClientError) -> End {
    if error.is_expired() { End::Expired } else { End::Failed(error) }
}
