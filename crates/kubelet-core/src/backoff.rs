//! Waiting longer after each failure.

use std::collections::BTreeMap;

use crate::{Nanos, SECOND};

/// The first wait.
pub const INITIAL: Nanos = 10 * SECOND;
/// The longest wait.
pub const MAXIMUM: Nanos = 300 * SECOND;
/// A container that ran this long has earned a fresh start.
pub const RESET_AFTER: Nanos = 600 * SECOND;

/// Back-offs by key, with upstream's rules: the first failure waits for nothing, the next ten seconds, then twice that.
#[derive(Clone, Debug)]
pub struct Backoffs {
    initial: Nanos,
    maximum: Nanos,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    delay: Nanos,
    last_update: Nanos,
}

impl Default for Backoffs {
    fn default() -> Self {
        Backoffs::new(INITIAL, MAXIMUM)
    }
}

impl Backoffs {
    pub fn new(initial: Nanos, maximum: Nanos) -> Backoffs {
        Backoffs { initial, maximum, entries: BTreeMap::new() }
    }

    /// Until when `key` waits after an event (a container's end) at `since`; `None`: it need not wait.
    pub fn until_since(&self, key: &str, since: Nanos, now: Nanos) -> Option<Nanos> {
        let entry = self.entries.get(key)?;
        let expired = since - entry.last_update > RESET_AFTER;
        let until = since.saturating_add(entry.delay);
        (!expired && now < until).then_some(until)
    }

    /// Until when `key` waits after its last failure.
    pub fn until(&self, key: &str, now: Nanos) -> Option<Nanos> {
        let entry = self.entries.get(key)?;
        let until = entry.last_update.saturating_add(entry.delay);
        (now < until).then_some(until)
    }

    /// Makes the next wait longer; `since` is when that happened which is waited for.
    pub fn next(&mut self, key: &str, since: Nanos, now: Nanos) {
        let delay = match self.entries.get(key) {
            Some(entry) if since - entry.last_update <= RESET_AFTER => (entry.delay * 2).min(self.maximum),
            _ => self.initial,
        };
        self.entries.insert(key.to_owned(), Entry { delay, last_update: now });
    }

    pub fn delay(&self, key: &str) -> Nanos {
        self.entries.get(key).map_or(0, |entry| entry.delay)
    }

    pub fn forget(&mut self, key: &str) {
        self.entries.remove(key);
    }
}

/// A duration in whole seconds as Go prints it: `10s`, `1m20s`, `5m0s`.
pub fn go_seconds(nanos: Nanos) -> String {
    let seconds = nanos / SECOND;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}
