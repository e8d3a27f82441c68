//! Watches read the history itself: a watcher is a cursor into it, so it needs no queue that could overflow, and a
//! watch from the past and one from now are the same code. The bound is the history's own: a watcher that has not read
//! an event when it is compacted away ends with [`StoreError::SlowWatcher`].
//!
//! After each commit the writer wakes the watchers whose prefix was touched and moves the cursors of the others, so a
//! watcher of a quiet prefix costs one comparison per change and never falls behind.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::index::Index;
use crate::{BoxFuture, Event, Revision, StoreError, Watch, WatchItem};

/// The most events in one item.
const MAX_EVENTS: usize = 1024;
/// The most revisions that one look at the history covers, so that a long replay does not hold the lock.
const MAX_SCAN: usize = 16 * 1024;

#[derive(Default)]
pub(super) struct Hub {
    watchers: Mutex<Vec<Weak<Watcher>>>,
    closed: AtomicBool,
}

struct Watcher {
    prefix: String,
    /// Everything of the prefix before this revision was delivered. It is changed only under a lock of the index, by
    /// the reader after a scan and by the writer past revisions that do not concern this watcher.
    next: AtomicU64,
    progress: AtomicBool,
    wake: Notify,
}

impl Hub {
    /// Opens a watch; call it with the index locked, as `next` was computed from it.
    pub fn open(self: &Arc<Self>, index: &Arc<RwLock<Index>>, prefix: &str, next: Revision) -> EmbeddedWatch {
        let watcher = Arc::new(Watcher {
            prefix: prefix.to_owned(),
            next: AtomicU64::new(next),
            progress: AtomicBool::new(false),
            wake: Notify::new(),
        });
        self.watchers.lock().push(Arc::downgrade(&watcher));
        EmbeddedWatch { hub: Arc::clone(self), index: Arc::clone(index), watcher, ended: false }
    }

    /// Tells the watchers of the revisions `first..`, whose keys are `keys`; call it with the index locked.
    pub fn publish<'a>(&self, first: Revision, keys: impl Iterator<Item = &'a str> + Clone) {
        let last = first + keys.clone().count() as u64 - 1;
        self.watchers.lock().retain(|watcher| {
            let Some(watcher) = watcher.upgrade() else { return false };
            if keys.clone().any(|key| key.starts_with(&watcher.prefix)) {
                watcher.wake.notify_one();
            } else if (first..=last).contains(&watcher.next.load(Ordering::Acquire)) {
                watcher.next.fetch_max(last + 1, Ordering::AcqRel);
            }
            true
        });
    }

    pub fn request_progress(&self, prefix: &str) {
        let of_prefix = |watcher: &Arc<Watcher>| watcher.prefix == prefix;
        for watcher in self.watchers.lock().iter().filter_map(Weak::upgrade).filter(of_prefix) {
            watcher.progress.store(true, Ordering::Release);
            watcher.wake.notify_one();
        }
    }

    /// Ends every watch.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for watcher in self.watchers.lock().iter().filter_map(Weak::upgrade) {
            watcher.wake.notify_one();
        }
    }
}

pub(super) struct EmbeddedWatch {
    hub: Arc<Hub>,
    index: Arc<RwLock<Index>>,
    watcher: Arc<Watcher>,
    ended: bool,
}

impl EmbeddedWatch {
    /// What can be delivered now; `None` if nothing.
    fn poll_history(&mut self) -> Result<Option<WatchItem>, StoreError> {
        loop {
            if self.hub.closed.load(Ordering::Acquire) {
                return Err(StoreError::Closed);
            }
            // Taken before the scan, so that the revision reported is not older than the request.
            let progress = self.watcher.progress.load(Ordering::Acquire);
            let index = self.index.read();
            let next = self.watcher.next.load(Ordering::Acquire);
            let events = index
                .events(&self.watcher.prefix, next, MAX_EVENTS, MAX_SCAN)
                .map_err(|compacted| StoreError::SlowWatcher { next, compacted })?;
            self.watcher.next.fetch_max(events.next, Ordering::AcqRel);
            let revision = index.revision();
            drop(index);
            if !events.found.is_empty() {
                return Ok(Some(WatchItem::Events(events.found)));
            }
            if events.next <= revision {
                continue;
            }
            if progress {
                self.watcher.progress.store(false, Ordering::Release);
                return Ok(Some(WatchItem::Progress(revision)));
            }
            return Ok(None);
        }
    }

    async fn next_item(&mut self) -> Option<Result<WatchItem, StoreError>> {
        if self.ended {
            return None;
        }
        loop {
            match self.poll_history() {
                Ok(Some(item)) => return Some(Ok(item)),
                Ok(None) => self.watcher.wake.notified().await,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Watch for EmbeddedWatch {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<WatchItem, StoreError>>> {
        Box::pin(self.next_item())
    }
}

/// The events of an item, for readers that do not care about progress.
impl WatchItem {
    pub fn events(&self) -> &[Event] {
        match self {
            Self::Events(events) => events,
            Self::Progress(_) => &[],
        }
    }
}
