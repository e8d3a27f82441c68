//! The writer: one thread through which every change goes.
//!
//! It takes what is queued, compares and numbers it against the newest state (its own batch included), writes one frame
//! with one sync, and only then shows the batch: to readers, to watchers, to the callers, in this order. A batch that
//! fails was never seen by anyone.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::RwLockWriteGuard;
use tokio::sync::oneshot;

use super::{
    Shared,
    index::{Index, Version, cost},
    leases::{Grant, Leases},
    log::Log,
    queue::{Command, Reply},
    record::{Frame, Operation, change},
};
use crate::{Compare, KeyValue, LeaseId, Revision, StoreError, TxnOutcome, Write};

/// The most bytes of one batch, beside its last write.
const MAX_BATCH_BYTES: usize = 4 << 20;
/// The most keys of ended leases that one batch deletes.
const MAX_EXPIRED: usize = 1024;
/// The longest sleep while leases exist: the clock may be one that is set by hand.
const MAX_SLEEP: Duration = Duration::from_secs(5);

pub(super) struct Writer {
    shared: Arc<Shared>,
    log: Log,
    frame: Frame,
    batch: Batch,
}

/// What is decided but not yet durable.
#[derive(Default)]
struct Batch {
    changes: Vec<(Arc<str>, Version)>,
    /// The last change of each key, by its place in `changes`.
    newest: HashMap<Arc<str>, usize>,
    bytes: u64,
    grants: Vec<Grant>,
    revoked: Vec<LeaseId>,
    compact: Option<Revision>,
    answers: Vec<Answer>,
}

/// A caller who waits, and what it will hear if the batch becomes durable.
enum Answer {
    Txn(Reply<TxnOutcome>, Result<TxnOutcome, StoreError>),
    Grant(Reply<LeaseId>, LeaseId),
    Compact(Reply<()>, Result<(), StoreError>),
}

impl Writer {
    pub fn new(shared: Arc<Shared>, log: Log) -> Self {
        Self { shared, log, frame: Frame::new(), batch: Batch::default() }
    }

    /// Runs until the store is closed and the queue is empty.
    pub fn run(mut self) {
        let mut commands = Vec::new();
        loop {
            let sleep = self.until_next_lease();
            let open = self.shared.queue.take(&mut commands, MAX_BATCH_BYTES, sleep);
            if !commands.is_empty() {
                for command in commands.drain(..) {
                    self.stage(command);
                }
                self.commit();
            }
            // One step at a time, so that many keys that end at once do not keep writers waiting.
            if open && self.stage_expired() {
                self.commit();
            }
            if !open && self.shared.queue.is_empty() {
                return;
            }
        }
    }

    fn until_next_lease(&self) -> Option<Duration> {
        let deadline_ms = self.shared.leases.lock().deadline_ms()?;
        let wait = Duration::from_millis(deadline_ms.saturating_sub(self.shared.clock.now_ms()));
        // A lease that has ended and is still there could not be deleted; that is tried again, but not in a tight loop.
        Some(wait.clamp(Duration::from_millis(10), MAX_SLEEP))
    }

    fn stage(&mut self, command: Command) {
        match command {
            Command::Txn { compare, write, reply } => {
                let outcome = self.stage_write(compare, write);
                self.batch.answers.push(Answer::Txn(reply, outcome));
            }
            Command::Grant { ttl, reply } => {
                let grant = self.stage_grant(ttl);
                self.batch.answers.push(Answer::Grant(reply, grant));
            }
            Command::Compact { revision, reply } => {
                let outcome = self.stage_compact(revision);
                self.batch.answers.push(Answer::Compact(reply, outcome));
            }
        }
    }

    fn stage_write(&mut self, compare: Compare, write: Write) -> Result<TxnOutcome, StoreError> {
        if let Write::Put { lease: Some(lease), .. } = &write
            && !self.shared.leases.lock().alive(*lease, self.shared.clock.now_ms())
        {
            return Err(StoreError::LeaseNotFound(*lease));
        }
        let index = self.shared.index.read();
        let last = self.batch.last_revision(&index);
        let before = self.batch.newest(&index, write.key()).map(|(key, version)| (Arc::clone(key), version.clone()));
        let current = before.as_ref().filter(|(_, version)| !version.deleted()).map(|(key, v)| v.kv(key));
        if !holds(compare, current.as_ref()) {
            return Ok(TxnOutcome::Conflict { current, revision: last });
        }
        let revision = last + 1;
        let (key, version) = match write {
            Write::Delete { .. } if current.is_none() => {
                return Ok(TxnOutcome::Done { revision: last, previous: None });
            }
            Write::Delete { key } => (key, Version::deletion(revision)),
            Write::Put { key, value, lease } => {
                let version = Version::put(revision, before.as_ref().map(|(_, version)| version), value, lease);
                self.check_quota(&index, &key, &version)?;
                (key, version)
            }
        };
        drop(index);
        let key = before.map_or_else(|| key.into(), |(key, _)| key);
        self.push(key, version);
        Ok(TxnOutcome::Done { revision, previous: current })
    }

    fn check_quota(&self, index: &Index, key: &str, version: &Version) -> Result<(), StoreError> {
        let quota = self.shared.quota_bytes;
        if index.bytes() + self.batch.bytes + cost(key, version) > quota {
            return Err(StoreError::Full(format!("the quota of {quota} bytes is reached")));
        }
        Ok(())
    }

    fn push(&mut self, key: Arc<str>, version: Version) {
        self.frame.push(&change(&key, &version));
        self.batch.bytes += cost(&key, &version);
        self.batch.newest.insert(Arc::clone(&key), self.batch.changes.len());
        self.batch.changes.push((key, version));
    }

    fn stage_grant(&mut self, ttl: Duration) -> LeaseId {
        let first = self.shared.leases.lock().next();
        let lease = LeaseId(first.0 + self.batch.grants.len() as i64);
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let expires_ms = self.shared.clock.now_ms().saturating_add(ttl_ms);
        self.frame.push(&Operation::Grant { lease, ttl_ms, expires_ms });
        self.batch.grants.push(Grant { lease, ttl_ms, expires_ms });
        lease
    }

    fn stage_compact(&mut self, revision: Revision) -> Result<(), StoreError> {
        let index = self.shared.index.read();
        let compacted = self.batch.compact.unwrap_or(0).max(index.floor());
        let current = self.batch.last_revision(&index);
        if revision <= compacted {
            return Err(StoreError::Compacted { requested: revision, compacted });
        }
        if revision > current {
            return Err(StoreError::FutureRevision { requested: revision, current });
        }
        self.frame.push(&Operation::Compact { revision });
        self.batch.compact = Some(revision);
        Ok(())
    }

    /// Stages the deletions of a lease that has ended, and the lease's end itself once it has no keys.
    fn stage_expired(&mut self) -> bool {
        let expired = self.shared.leases.lock().expired(self.shared.clock.now_ms(), MAX_EXPIRED);
        let Some((lease, keys)) = expired else { return false };
        let last = self.shared.index.read().revision();
        let all = keys.len() < MAX_EXPIRED;
        for (revision, key) in (last + 1..).zip(keys) {
            self.push(key, Version::deletion(revision));
        }
        if all {
            self.frame.push(&Operation::Revoke { lease });
            self.batch.revoked.push(lease);
        }
        true
    }

    /// Makes the staged batch durable, shows it and answers everyone who waits.
    fn commit(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let result = self.write_frame();
        if result.is_ok() {
            batch.show(&self.shared);
        }
        for answer in batch.answers {
            answer.send(result.as_ref().err());
        }
        if batch.compact.is_some() && result.is_ok() {
            self.shared.keeper.wake();
        }
        self.batch.changes = batch.changes;
        self.batch.newest = batch.newest;
        self.batch.changes.clear();
        self.batch.newest.clear();
    }

    fn write_frame(&mut self) -> Result<(), StoreError> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let last_revision = self.shared.index.read().revision();
        let result = self.log.append(&mut self.frame, last_revision);
        self.frame.clear();
        if let Some(sealed) = result? {
            self.shared.keeper.add_segment(sealed);
        }
        self.shared.keeper.set_active(self.log.sequence(), self.log.length());
        Ok(())
    }
}

/// However the thread ends, nobody may wait for it forever.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue.abandon();
    }
}

impl Batch {
    fn last_revision(&self, index: &Index) -> Revision {
        self.changes.last().map_or_else(|| index.revision(), |(_, version)| version.modified)
    }

    fn newest<'a>(&'a self, index: &'a Index, key: &str) -> Option<(&'a Arc<str>, &'a Version)> {
        match self.newest.get_key_value(key) {
            Some((key, position)) => Some((key, &self.changes[*position].1)),
            None => index.newest(key),
        }
    }

    /// Applies the batch to the visible state and tells the watchers.
    fn show(&self, shared: &Shared) {
        let mut leases = shared.leases.lock();
        for grant in &self.grants {
            leases.grant(*grant);
        }
        let mut index = shared.index.write();
        for (key, version) in &self.changes {
            move_lease(&mut leases, &index, key, version);
            index.apply(Arc::clone(key), version.clone());
        }
        for lease in &self.revoked {
            leases.revoke(*lease);
        }
        if let Some(revision) = self.compact {
            index.compact(revision);
        }
        drop(leases);
        let index = RwLockWriteGuard::downgrade(index);
        if let Some((_, first)) = self.changes.first() {
            shared.hub.publish(first.modified, self.changes.iter().map(|(key, _)| &**key));
        }
        drop(index);
    }
}

fn move_lease(leases: &mut Leases, index: &Index, key: &Arc<str>, version: &Version) {
    if let Some(old) = index.newest(key).and_then(|(_, version)| version.lease) {
        leases.detach(old, key);
    }
    if let Some(new) = version.lease {
        leases.attach(new, key);
    }
}

fn holds(compare: Compare, current: Option<&KeyValue>) -> bool {
    match compare {
        Compare::Any => true,
        Compare::NotExists => current.is_none(),
        Compare::ModRevision(wanted) => current.is_some_and(|current| current.mod_revision == wanted),
    }
}

impl Answer {
    /// A caller that has gone away is not told; its write stands.
    fn send(self, failure: Option<&StoreError>) {
        fn deliver<T>(reply: oneshot::Sender<Result<T, StoreError>>, result: Result<T, StoreError>) {
            let _ = reply.send(result);
        }
        match (self, failure.cloned()) {
            (Self::Txn(reply, outcome), None) => deliver(reply, outcome),
            (Self::Grant(reply, lease), None) => deliver(reply, Ok(lease)),
            (Self::Compact(reply, outcome), None) => deliver(reply, outcome),
            (Self::Txn(reply, _), Some(error)) => deliver(reply, Err(error)),
            (Self::Grant(reply, _), Some(error)) => deliver(reply, Err(error)),
            (Self::Compact(reply, _), Some(error)) => deliver(reply, Err(error)),
        }
    }
}
