//! Keeps something in memory in step with the objects of a resource: a list, then a watch, again whenever that ends.

use api_meta::v1::ListOptions;
use client::{Client, ClientError, EventKind};
use informer::Resource;
use schema::Value;
use std::collections::HashSet;
use std::time::Duration;

/// After a watch that ended.
const RETRY: Duration = Duration::from_millis(200);

/// What is told of changes.
pub trait Sink: Send + Sync + 'static {
    /// An object that is there, as it is now; also when nothing has changed.
    fn set(&self, object: &Value);

    fn remove(&self, namespace: &str, name: &str);
}

/// Follows a resource until the runtime ends.
pub fn follow(client: &Client, resource: Resource, sink: impl Sink) {
    let client = client.clone();
    tokio::spawn(async move {
        let mut known = HashSet::new();
        loop {
            if let Err(error) = once(&client, &resource, &mut known, &sink).await {
                tracing::warn!(resource = %resource.plural, %error, "watching for authorization failed");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

type Known = HashSet<(String, String)>;

/// Lists, takes away what is gone, then watches until the watch ends.
async fn once(client: &Client, resource: &Resource, known: &mut Known, sink: &dyn Sink) -> Result<(), ClientError> {
    let api = client.api(resource);
    let list = api.list("", &ListOptions::default()).await?;
    let mut now = HashSet::new();
    for object in &list.items {
        sink.set(object);
        now.insert(id(object));
    }
    for (namespace, name) in known.difference(&now) {
        sink.remove(namespace, name);
    }
    *known = now;
    let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
    let mut watch = api.watch("", &options).await?;
    while let Some(event) = watch.next().await {
        let event = event?;
        match event.kind {
            EventKind::Added | EventKind::Modified => {
                sink.set(&event.object);
                known.insert(id(&event.object));
            }
            EventKind::Deleted => {
                let id = id(&event.object);
                sink.remove(&id.0, &id.1);
                known.remove(&id);
            }
            EventKind::Bookmark => {}
        }
    }
    Ok(())
}

fn id(object: &Value) -> (String, String) {
    let text = |field| object.str_at(&["metadata", field]).to_owned();
    (text("namespace"), text("name"))
}
