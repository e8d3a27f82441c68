//! The watch cache of one kind: its objects as encoded bytes, the recent events, and who watches.
//!
//! ```text
//!   store.range --> objects (by key) <--apply-- store.watch            one feed
//!                      |        \--> window of recent events
//!                      v                     |
//!            lists: chains of shared      watchers: bounded queues of shared events; each frame is
//!            buffers, encoded once        encoded once for all watchers that want the same form
//! ```
//!
//! A watcher that falls behind is closed, never skipped. Reads wait until the cache has seen every answered write.

mod convert;
mod feed;
mod object;
mod stream;
mod watcher;

pub(crate) use convert::convert_objects;
pub use feed::run;
pub use object::{Encoded, Event, EventType, Form, FrameKey, FrameShape, Object};
pub use stream::{Frames, Start, WatchOptions};
pub use watcher::Filter;
pub(crate) use watcher::Watcher;

use crate::keys;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::poll_fn;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use store::StoreError;

/// Recent events of a kind that are kept for watches from an older revision; older ones come from the store.
const WINDOW_EVENTS: usize = 1_024;
/// The stored bytes that those events may hold.
const WINDOW_BYTES: usize = 8 << 20;

#[derive(Default)]
pub struct Cache {
    state: RwLock<State>,
    /// Who waits for a revision.
    waiting: Mutex<Vec<Waker>>,
    /// Who waits for the end.
    closing: Mutex<Vec<Waker>>,
    /// Why the store's objects cannot be read, while that is so.
    unreadable: Mutex<Option<StoreError>>,
    decoded: AtomicU64,
    encoded: AtomicU64,
}

#[derive(Default)]
struct State {
    /// The first list is in.
    ready: bool,
    /// The kind is served no longer, or in another form.
    closed: bool,
    /// Every event up to here has been applied.
    revision: u64,
    objects: BTreeMap<Arc<str>, Arc<Object>>,
    /// What the objects come to, as stored.
    object_bytes: usize,
    window: VecDeque<Arc<Event>>,
    window_bytes: usize,
    /// The window holds every event after this revision.
    window_start: u64,
    /// The revision of the newest event.
    last_event: u64,
    /// How often anything changed.
    changes: u64,
    watchers: HashMap<u64, Arc<Watcher>>,
    next_watcher: u64,
}

/// How much there is of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub objects: usize,
    /// Of the objects as stored.
    pub bytes: usize,
    pub watchers: usize,
    /// How often a stored object was read into a value, and a value or stored bytes were made what a client gets.
    pub decoded: u64,
    pub encoded: u64,
}

/// Objects as of one revision.
pub struct Snapshot {
    pub objects: Vec<Arc<Object>>,
    pub revision: u64,
    /// How many more matched than the limit let through.
    pub remaining: usize,
}

impl Cache {
    pub fn revision(&self) -> u64 {
        self.state.read().revision
    }

    /// A number that is another one after any object changed.
    pub fn changes(&self) -> u64 {
        self.state.read().changes
    }

    /// Stored bytes that no transformer could read kept the cache from what the store has.
    pub fn unreadable(&self) -> Option<StoreError> {
        self.unreadable.lock().clone()
    }

    fn set_unreadable(&self, error: Option<StoreError>) {
        *self.unreadable.lock() = error;
    }

    pub fn is_ready(&self) -> bool {
        self.state.read().ready
    }

    /// Waits until the cache holds every change up to `revision`.
    pub async fn reached(&self, revision: u64) {
        poll_fn(|context| {
            let there = || {
                let state = self.state.read();
                state.ready && state.revision >= revision
            };
            if there() {
                return Poll::Ready(());
            }
            self.waiting.lock().push(context.waker().clone());
            if there() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Ends the cache: its watches end, and nothing more comes in.
    pub fn close(&self) {
        let mut state = self.state.write();
        state.closed = true;
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        watchers.values().for_each(|watcher| watcher.close());
        let closing = std::mem::take(&mut *self.closing.lock());
        closing.into_iter().for_each(Waker::wake);
    }

    /// Waits until the cache is closed.
    pub async fn closed(&self) {
        poll_fn(|context| {
            if self.state.read().closed {
                return Poll::Ready(());
            }
            self.closing.lock().push(context.waker().clone());
            if self.state.read().closed { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    pub fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.state.read().objects.get(key).cloned()
    }

    pub fn len(&self) -> usize {
        self.state.read().objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn counts(&self) -> Counts {
        let state = self.state.read();
        Counts {
            objects: state.objects.len(),
            bytes: state.object_bytes,
            watchers: state.watchers.len(),
            decoded: self.decoded.load(Ordering::Relaxed),
            encoded: self.encoded.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count_decoded(&self) {
        self.decoded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_encoded(&self) {
        self.encoded.fetch_add(1, Ordering::Relaxed);
    }

    /// What matches, in the order of keys; at most `limit`, if that is not 0.
    pub fn list(&self, prefix: &str, filter: &Filter, limit: usize) -> Snapshot {
        let state = self.state.read();
        let mut snapshot = Snapshot { objects: Vec::new(), revision: state.revision, remaining: 0 };
        let start = keys::namespace_prefix(prefix, &filter.namespace);
        if filter.matches_all() && filter.namespace.is_empty() && limit == 0 {
            snapshot.objects = state.objects.values().cloned().collect();
            return snapshot;
        }
        let range = state.objects.range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded));
        for (_, object) in range.take_while(|(key, _)| key.starts_with(start.as_str())) {
            if !filter.matches(object) {
                continue;
            }
            if limit != 0 && snapshot.objects.len() == limit {
                snapshot.remaining += 1;
                continue;
            }
            snapshot.objects.push(object.clone());
        }
        snapshot
    }

    fn wake_waiting(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The store's list, which replaces everything; watchers are closed, for they may have missed events.
    fn reset(&self, objects: Vec<Arc<Object>>, revision: u64) {
        let mut state = self.state.write();
        state.objects = objects.into_iter().map(|object| (object.key.clone(), object)).collect();
        state.object_bytes = state.objects.values().map(|object| object.raw.len()).sum();
        state.window.clear();
        state.window_bytes = 0;
        state.window_start = revision;
        state.last_event = state.objects.values().map(|object| object.revision).max().unwrap_or(0);
        state.revision = revision;
        state.ready = true;
        state.changes += 1;
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        watchers.values().for_each(|watcher| watcher.close());
        self.wake_waiting();
    }

    /// Applies changes in order and tells the watchers. `make` turns a change into an event, given what was there.
    fn apply<C>(
        &self,
        changes: Vec<C>,
        mut make: impl FnMut(C, &dyn Fn(&str) -> Option<Arc<Object>>) -> Option<Arc<Event>>,
    ) {
        let mut state = self.state.write();
        for change in changes {
            let event = make(change, &|key| state.objects.get(key).cloned());
            if let Some(event) = event.filter(|event| event.revision > state.last_event) {
                state.push(event);
            }
        }
        drop(state);
        self.wake_waiting();
    }

    pub(crate) fn progress(&self, revision: u64) {
        if self.revision() >= revision {
            return;
        }
        let mut state = self.state.write();
        state.revision = state.revision.max(revision);
        drop(state);
        self.wake_waiting();
    }

    fn remove_watcher(&self, id: u64) {
        self.state.write().watchers.remove(&id);
    }
}

impl State {
    fn push(&mut self, event: Arc<Event>) {
        let before = match &event.object {
            Some(object) => self.objects.insert(object.key.clone(), object.clone()),
            None => event.previous.as_ref().and_then(|object| self.objects.remove(&object.key)),
        };
        self.object_bytes += event.object.as_ref().map_or(0, |object| object.raw.len());
        self.object_bytes -= before.map_or(0, |object| object.raw.len());
        self.watchers.retain(|_, watcher| watcher.offer(&event));
        self.revision = self.revision.max(event.revision);
        self.last_event = event.revision;
        self.changes += 1;
        self.window_bytes += event.size();
        self.window.push_back(event);
        while self.window.len() > WINDOW_EVENTS || self.window_bytes > WINDOW_BYTES {
            let Some(oldest) = self.window.pop_front() else { break };
            self.window_bytes -= oldest.size();
            self.window_start = oldest.revision;
        }
    }
}
