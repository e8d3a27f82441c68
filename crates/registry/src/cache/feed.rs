//! The one task that keeps a cache: lists, then watches, and begins anew when the watch breaks.

use super::{Event, Object};
use crate::Storage;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use stdx::Timer;
use store::{EventKind, KeyValue, RangeOptions, StoreError, WatchItem, prefix_end};

/// The pause before a broken watch is begun anew.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Objects of one page of the first list.
const PAGE: usize = 2_000;

/// Runs until the cache is closed, or the store.
pub async fn run(storage: Arc<Storage>, timer: Arc<dyn Timer>) {
    loop {
        let closed = pin!(storage.cache.closed());
        let ended = match select(pin!(list_and_watch(&storage)), closed).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => return,
        };
        match ended {
            Ok(()) | Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::warn!(prefix = storage.prefix, %error, "the watch cache begins anew");
                let unreadable = matches!(error, StoreError::Unreadable { .. }).then_some(error);
                storage.cache.set_unreadable(unreadable);
            }
        }
        timer.sleep(RETRY_PAUSE).await;
    }
}

async fn list_and_watch(storage: &Storage) -> Result<(), StoreError> {
    let (objects, revision) = list(storage).await?;
    let mut watch = storage.store().watch(&storage.prefix, revision + 1).await?;
    storage.cache.reset(objects, revision);
    storage.cache.set_unreadable(None);
    while let Some(item) = watch.next().await {
        match item? {
            WatchItem::Events(events) => apply(storage, events),
            WatchItem::Progress(revision) => storage.cache.progress(revision),
        }
    }
    Ok(())
}

/// All objects at one revision, page by page.
async fn list(storage: &Storage) -> Result<(Vec<Arc<Object>>, u64), StoreError> {
    let end = prefix_end(&storage.prefix);
    let (mut start, mut revision) = (storage.prefix.clone(), None);
    let mut objects = Vec::new();
    loop {
        let page = storage.store().range(&start, &end, RangeOptions { revision, limit: PAGE }).await?;
        objects.extend(page.items.iter().filter_map(|kv| object(storage, kv)));
        match page.items.last() {
            Some(last) if page.more => {
                start = format!("{}\0", last.key);
                // Revision 0 of an empty store cannot be read again, and has no second page.
                revision = Some(page.revision);
            }
            _ => return Ok((objects, page.revision)),
        }
    }
}

/// What cannot be read is left out and named in the log; it must not stop the rest.
pub(super) fn object(storage: &Storage, kv: &KeyValue) -> Option<Arc<Object>> {
    match Object::new(storage, kv) {
        Ok(object) => Some(Arc::new(object)),
        Err(error) => {
            tracing::error!(%error, "a stored object cannot be read");
            None
        }
    }
}

fn apply(storage: &Storage, events: Vec<store::Event>) {
    // Decoding happens before the cache is locked.
    let decoded: Vec<(store::Event, Option<Arc<Object>>)> = events
        .into_iter()
        .map(|event| {
            let new = (event.kind == EventKind::Put).then(|| object(storage, &event.kv)).flatten();
            (event, new)
        })
        .collect();
    storage.cache.apply(decoded, |(event, new), previous| {
        let previous = previous(&event.kv.key);
        (new.is_some() || previous.is_some()).then(|| Arc::new(Event::new(event.kv.mod_revision, new, previous)))
    });
}
