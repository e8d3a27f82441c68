//! The work queue: each key at most once in it and at most once in work; delays, backoff, and keys that are withheld.
//!
//! ```text
//!   add ------------> ready --next--> busy --done------------> (gone, or ready again if added meanwhile)
//!   add_after, retry --> later --+      |
//!                                       +--withhold--> until the caches have seen the writes, then done
//! ```

use crate::backoff::{self, Bucket};
use crate::withhold::Awaited;
use informer::{AnyStore, Key};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A key is withheld at most so long: upstream's timeout of expectations.
pub const MAX_WITHHELD: Duration = Duration::from_secs(300);

/// A queue with one consumer, who may work on many keys at once.
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    ready: VecDeque<Key>,
    /// What is in `ready`, or will be once it is no longer busy.
    wanted: HashSet<Key>,
    busy: HashSet<Key>,
    later: Timetable,
    withheld: HashMap<Key, Vec<Awaited>>,
    withheld_until: Timetable,
    failures: HashMap<Key, u32>,
    bucket: Bucket,
}

/// Keys with a time each.
#[derive(Default)]
struct Timetable {
    order: BTreeSet<(Instant, Key)>,
    times: HashMap<Key, Instant>,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue::new()
    }
}

impl Queue {
    pub fn new() -> Queue {
        let state = State {
            ready: VecDeque::new(),
            wanted: HashSet::new(),
            busy: HashSet::new(),
            later: Timetable::default(),
            withheld: HashMap::new(),
            withheld_until: Timetable::default(),
            failures: HashMap::new(),
            bucket: Bucket::new(),
        };
        Queue { state: Mutex::new(state), changed: Notify::new() }
    }

    pub fn add(&self, key: Key) {
        self.state.lock().add(key);
        self.changed.notify_one();
    }

    pub fn add_after(&self, key: Key, wait: Duration) {
        self.state.lock().later.set(key, Instant::now() + wait);
        self.changed.notify_one();
    }

    /// Adds the key after a wait that grows with its failures in a row, and returns the wait.
    pub fn retry(&self, key: Key) -> Duration {
        let now = Instant::now();
        let mut state = self.state.lock();
        let failures = state.failures.entry(key.clone()).or_default();
        *failures = failures.saturating_add(1);
        let wait = backoff::after_failures(*failures).max(state.bucket.take(now));
        state.later.set(key, now + wait);
        drop(state);
        self.changed.notify_one();
        wait
    }

    /// The key has succeeded.
    pub fn forget(&self, key: &Key) {
        self.state.lock().failures.remove(key);
    }

    /// The next key to work on. It is busy until [`Queue::done`] or [`Queue::withhold`]. May be dropped while it waits.
    pub async fn next(&self) -> Key {
        loop {
            let wake = match self.state.lock().next(Instant::now()) {
                Ok(key) => return key,
                Err(wake) => wake,
            };
            match wake {
                Some(at) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    pub fn done(&self, key: &Key) {
        self.state.lock().done(key);
        self.changed.notify_one();
    }

    /// Like [`Queue::done`], but only once all of `awaited` has been seen.
    pub(crate) fn withhold(&self, key: &Key, awaited: Vec<Awaited>) {
        let mut state = self.state.lock();
        state.withheld.insert(key.clone(), awaited);
        state.withheld_until.set(key.clone(), Instant::now() + MAX_WITHHELD);
        state.release(|_| true);
        drop(state);
        self.changed.notify_one();
    }

    /// A store has seen something: keys that waited for it may be free now.
    pub(crate) fn release(&self, store: &dyn AnyStore) {
        let mut state = self.state.lock();
        if state.withheld.is_empty() {
            return;
        }
        state.release(|awaited| awaited.store().resource() == store.resource());
        drop(state);
        self.changed.notify_one();
    }

    /// Keys that wait for a worker.
    pub fn depth(&self) -> usize {
        self.state.lock().ready.len()
    }
}

impl State {
    fn add(&mut self, key: Key) {
        if self.wanted.insert(key.clone()) && !self.busy.contains(&key) {
            self.ready.push_back(key);
        }
    }

    fn done(&mut self, key: &Key) {
        self.withheld.remove(key);
        self.withheld_until.remove(key);
        if self.busy.remove(key) && self.wanted.contains(key) {
            self.ready.push_back(key.clone());
        }
    }

    /// A key to work on, or when there may be one if nothing else happens.
    fn next(&mut self, now: Instant) -> Result<Key, Option<Instant>> {
        while let Some(key) = self.later.take_due(now) {
            self.add(key);
        }
        while let Some(key) = self.withheld_until.take_due(now) {
            tracing::warn!(%key, "the caches have not seen the last writes for {MAX_WITHHELD:?}; going on without");
            self.done(&key);
        }
        let Some(key) = self.ready.pop_front() else {
            return Err(self.later.first().into_iter().chain(self.withheld_until.first()).min());
        };
        self.wanted.remove(&key);
        self.busy.insert(key.clone());
        Ok(key)
    }

    /// Looks again at what is awaited, where `concerned`.
    fn release(&mut self, concerned: impl Fn(&Awaited) -> bool) {
        let mut free = Vec::new();
        for (key, awaited) in &mut self.withheld {
            awaited.retain(|awaited| !(concerned(awaited) && awaited.is_seen()));
            if awaited.is_empty() {
                free.push(key.clone());
            }
        }
        for key in free {
            self.done(&key);
        }
    }
}

impl Timetable {
    /// The earlier time counts.
    fn set(&mut self, key: Key, at: Instant) {
        match self.times.get(&key) {
            Some(&earlier) if earlier <= at => return,
            _ => self.remove(&key),
        }
        self.times.insert(key.clone(), at);
        self.order.insert((at, key));
    }

    fn remove(&mut self, key: &Key) {
        if let Some(at) = self.times.remove(key) {
            self.order.remove(&(at, key.clone()));
        }
    }

    fn first(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: Instant) -> Option<Key> {
        if self.first()? > now {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        self.times.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests;
