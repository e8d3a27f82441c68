//! The visible state: every key with its versions, and the order of changes. Pure: no lock, no disk, no thread.
//!
//! ```text
//!   keys:  "/a" -> latest(rev 7) <- older [rev 3, rev 5]        order:  [ "/a", "/b", "/a", .. ]
//!          "/b" -> latest(rev 4, deleted)                               rev 3   4     5
//! ```
//!
//! One revision changes one key, so `order` needs no numbers: its n-th entry is revision `first + n`. It is what
//! watches replay and what tells the garbage collection which keys to look at.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::{Bound, ControlFlow},
    sync::Arc,
};

use bytes::Bytes;

use crate::{Event, EventKind, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, StoreError};

#[derive(Default)]
pub(super) struct Index {
    keys: BTreeMap<Arc<str>, History>,
    order: VecDeque<Arc<str>>,
    revision: Revision,
    /// The newest compaction. What is below it may still be in `keys` and `order` until [`Index::collect`] has passed.
    floor: Revision,
    bytes: u64,
}

/// One version of a key; a deletion is a version too.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub modified: Revision,
    /// 0 for a deletion.
    pub created: Revision,
    pub number: u64,
    pub lease: Option<LeaseId>,
    pub value: Bytes,
}

struct History {
    latest: Version,
    /// Ascending. Empty, and without an allocation, for most keys.
    older: Vec<Version>,
}

/// What a key costs beside its own bytes and its value's, about: for the quota, not for the allocator.
const VERSION_OVERHEAD: u64 = 128;

impl Index {
    pub fn revision(&self) -> Revision {
        self.revision
    }

    pub fn floor(&self) -> Revision {
        self.floor
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keys with any version in memory, deleted ones included until they are collected.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    pub fn get(&self, key: &str, revision: Option<Revision>) -> Result<(Option<KeyValue>, Revision), StoreError> {
        let revision = self.readable(revision)?;
        let found = self.keys.get_key_value(key).and_then(|(key, history)| history.at(revision).map(|v| v.kv(key)));
        Ok((found, revision))
    }

    pub fn range(&self, start: &str, end: &str, options: RangeOptions) -> Result<RangeResult, StoreError> {
        let revision = self.readable(options.revision)?;
        let mut result = RangeResult { items: Vec::new(), revision, more: false, remaining: 0 };
        if !end.is_empty() && start >= end {
            return Ok(result);
        }
        let end = if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end) };
        let mut visible = self
            .keys
            .range::<str, _>((Bound::Included(start), end))
            .filter_map(|(key, history)| history.at(revision).map(|version| (key, version)));
        let limit = if options.limit == 0 { usize::MAX } else { options.limit };
        result.items.extend(visible.by_ref().take(limit).map(|(key, version)| version.kv(key)));
        result.remaining = visible.count() as u64;
        result.more = result.remaining > 0;
        Ok(result)
    }

    /// The shared key and the newest version, which may be a deletion.
    pub fn newest(&self, key: &str) -> Option<(&Arc<str>, &Version)> {
        self.keys.get_key_value(key).map(|(key, history)| (key, &history.latest))
    }

    /// Adds the next revision. The caller numbers them without gaps.
    pub fn apply(&mut self, key: Arc<str>, version: Version) {
        self.revision = version.modified;
        self.bytes += cost(&key, &version);
        self.order.push_back(Arc::clone(&key));
        self.insert(key, version);
    }

    /// Starts from a snapshot: `revision` is both the newest and the floor. Entries follow through [`Index::restore`].
    pub fn restore_at(&mut self, revision: Revision) {
        self.revision = revision;
        self.floor = revision;
    }

    pub fn restore(&mut self, key: Arc<str>, version: Version) {
        self.bytes += cost(&key, &version);
        self.insert(key, version);
    }

    fn insert(&mut self, key: Arc<str>, version: Version) {
        match self.keys.get_mut(&key) {
            Some(history) => {
                let older = std::mem::replace(&mut history.latest, version);
                history.older.push(older);
            }
            None => {
                self.keys.insert(key, History { latest: version, older: Vec::new() });
            }
        }
    }

    /// The events of keys with `prefix` from revision `from` on, and the revision to go on from.
    ///
    /// Looks at no more than `max_scan` revisions and returns no more than `max_events`. Fails with the floor if `from`
    /// is not above it.
    pub fn events(&self, prefix: &str, from: Revision, max_events: usize, max_scan: usize) -> Result<Events, Revision> {
        if from <= self.floor {
            return Err(self.floor);
        }
        let mut found = Vec::new();
        let mut next = from;
        let skip = usize::try_from(from.saturating_sub(self.first())).unwrap_or(usize::MAX);
        for key in self.order.iter().skip(skip).take(max_scan) {
            if found.len() == max_events {
                break;
            }
            if key.starts_with(prefix)
                && let Some(event) = self.event(key, next)
            {
                found.push(event);
            }
            next += 1;
        }
        Ok(Events { found, next })
    }

    fn event(&self, key: &Arc<str>, revision: Revision) -> Option<Event> {
        let history = self.keys.get(key)?;
        let version = history.at_or_deleted(revision)?;
        let previous = history.at(revision - 1).map(|previous| previous.kv(key));
        let kind = if version.deleted() { EventKind::Delete } else { EventKind::Put };
        Some(Event { kind, kv: version.kv(key), previous })
    }

    /// Makes revisions below `revision` unreadable; the memory is freed by [`Index::collect`].
    pub fn compact(&mut self, revision: Revision) {
        self.floor = self.floor.max(revision);
    }

    /// Drops versions superseded at or before `floor`, for up to `max` revisions; true when there is nothing left to do.
    pub fn collect(&mut self, floor: Revision, max: usize) -> bool {
        for _ in 0..max {
            if self.first() > floor {
                return true;
            }
            let Some(key) = self.order.pop_front() else { return true };
            let Some(history) = self.keys.get_mut(&key) else { continue };
            let (freed, dead) = history.collect(&key, floor);
            self.bytes = self.bytes.saturating_sub(freed);
            if dead {
                self.keys.remove(&key);
            }
        }
        self.first() > floor
    }

    /// Up to `max` keys after `after` as they were at `revision`, for a snapshot, until `visit` says that it has
    /// enough; and the last key that was looked at.
    pub fn page(
        &self,
        after: Option<&str>,
        revision: Revision,
        max: usize,
        mut visit: impl FnMut(&str, &Version) -> ControlFlow<()>,
    ) -> Option<Arc<str>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (key, history) in self.keys.range::<str, _>((start, Bound::Unbounded)).take(max) {
            last = Some(key);
            if let Some(version) = history.at(revision)
                && visit(key, version).is_break()
            {
                break;
            }
        }
        last.cloned()
    }

    /// Every key whose newest version hangs on a lease.
    pub fn leased(&self) -> impl Iterator<Item = (&Arc<str>, LeaseId)> {
        self.keys.iter().filter_map(|(key, history)| history.latest.lease.map(|lease| (key, lease)))
    }

    /// The revision of the first entry of `order`.
    fn first(&self) -> Revision {
        self.revision + 1 - self.order.len() as u64
    }

    fn readable(&self, revision: Option<Revision>) -> Result<Revision, StoreError> {
        match revision {
            None => Ok(self.revision),
            Some(requested) if requested > self.revision => {
                Err(StoreError::FutureRevision { requested, current: self.revision })
            }
            Some(requested) if requested < self.floor => {
                Err(StoreError::Compacted { requested, compacted: self.floor })
            }
            Some(requested) => Ok(requested),
        }
    }
}

pub(super) struct Events {
    pub found: Vec<Event>,
    pub next: Revision,
}

impl Version {
    pub fn deletion(modified: Revision) -> Self {
        Self { modified, created: 0, number: 0, lease: None, value: Bytes::new() }
    }

    /// What a put at `modified` makes of the version before it.
    pub fn put(modified: Revision, before: Option<&Version>, value: Bytes, lease: Option<LeaseId>) -> Self {
        let (created, number) = match before {
            Some(before) if !before.deleted() => (before.created, before.number + 1),
            _ => (modified, 1),
        };
        Self { modified, created, number, lease, value }
    }

    pub fn deleted(&self) -> bool {
        self.created == 0
    }

    pub fn kv(&self, key: &Arc<str>) -> KeyValue {
        KeyValue {
            key: Arc::clone(key),
            value: self.value.clone(),
            create_revision: self.created,
            mod_revision: self.modified,
            version: self.number,
        }
    }
}

impl History {
    /// The version visible at `revision`.
    fn at(&self, revision: Revision) -> Option<&Version> {
        self.at_or_deleted(revision).filter(|version| !version.deleted())
    }

    fn at_or_deleted(&self, revision: Revision) -> Option<&Version> {
        if self.latest.modified <= revision {
            return Some(&self.latest);
        }
        let after = self.older.partition_point(|version| version.modified <= revision);
        after.checked_sub(1).map(|position| &self.older[position])
    }

    /// Forgets what `floor` supersedes; returns the bytes freed and whether nothing readable is left of the key.
    fn collect(&mut self, key: &str, floor: Revision) -> (u64, bool) {
        let mut keep_from = self.older.partition_point(|version| version.modified <= floor);
        if self.latest.modified > floor {
            // The newest version at or before the floor is what a read at the floor sees, unless that is "nothing".
            let seen = keep_from.checked_sub(1).map(|position| &self.older[position]);
            keep_from -= usize::from(seen.is_some_and(|version| !version.deleted()));
        }
        let mut freed = self.older.drain(..keep_from).map(|version| cost(key, &version)).sum();
        self.older.shrink_to_fit();
        let dead = self.latest.modified <= floor && self.latest.deleted();
        if dead {
            freed += cost(key, &self.latest);
        }
        (freed, dead)
    }
}

pub(super) fn cost(key: &str, version: &Version) -> u64 {
    key.len() as u64 + version.value.len() as u64 + VERSION_OVERHEAD
}
