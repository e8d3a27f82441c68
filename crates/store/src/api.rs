//! The contract that every engine keeps: the trait, its values and its errors.
//!
//! There is one counter, the revision; each change of one key takes the next number. A read names a revision or means
//! the newest; a watch names the first revision that it wants and gets every later change of its prefix, in order,
//! without gap or duplicate, or an error.

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;

/// A store of keys and bytes. Every method may be called from any task; the futures need no particular runtime.
pub trait Store: Send + Sync + 'static {
    /// The value of `key` at `revision` (the newest if none), with the revision that was read.
    fn get(
        &self,
        key: &str,
        revision: Option<Revision>,
    ) -> BoxFuture<'_, Result<(Option<KeyValue>, Revision), StoreError>>;

    /// The keys in `[start, end)` in byte order; an empty `end` means up to the last key. See [`prefix_end`].
    fn range(&self, start: &str, end: &str, options: RangeOptions) -> BoxFuture<'_, Result<RangeResult, StoreError>>;

    /// Writes if `compare` holds for the key of `write`.
    ///
    /// The write is queued when this method returns: dropping the future does not undo it. The future resolves when the
    /// outcome is durable. An error means "unknown" for [`StoreError::Io`] and "not written" otherwise.
    fn txn(&self, compare: Compare, write: Write) -> BoxFuture<'_, Result<TxnOutcome, StoreError>>;

    /// The changes of keys that begin with `prefix`, from revision `from` on; 0 means from now on.
    ///
    /// Fails with [`StoreError::Compacted`] if `from` is no longer in the history.
    fn watch(&self, prefix: &str, from: Revision) -> BoxFuture<'_, Result<Box<dyn Watch>, StoreError>>;

    /// Forgets what was superseded at or before `revision`. Reads at `revision` stay possible, older ones do not.
    ///
    /// [`StoreError::Compacted`] if that was done already, [`StoreError::FutureRevision`] if it is not yet reached.
    fn compact(&self, revision: Revision) -> BoxFuture<'_, Result<(), StoreError>>;

    /// A lease: keys put with it are deleted when `ttl` has passed. It survives restarts and is not renewed.
    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, StoreError>>;

    /// The newest revision; 0 in a store that was never written.
    fn current_revision(&self) -> BoxFuture<'_, Result<Revision, StoreError>>;

    /// Makes the open watches of exactly this prefix emit [`WatchItem::Progress`] with a revision not older than the one
    /// returned, which is the newest of this moment or newer. An engine may miss one now and then: who waits asks again.
    fn request_progress(&self, prefix: &str) -> BoxFuture<'_, Result<Revision, StoreError>>;
}

/// An open watch. Dropping it ends it.
pub trait Watch: Send {
    /// The next item. After an error, and after `None`, nothing more comes. Cancel-safe: a dropped call loses nothing.
    fn next(&mut self) -> BoxFuture<'_, Option<Result<WatchItem, StoreError>>>;
}

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The number of a change. The first is greater than 0.
pub type Revision = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub i64);

/// One version of one key. Clones share the key and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    pub key: Arc<str>,
    pub value: Bytes,
    /// The revision that created the key, since its last deletion.
    pub create_revision: Revision,
    /// The revision that made this version.
    pub mod_revision: Revision,
    /// 1 for the version that created the key, and one more for each change.
    pub version: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct RangeOptions {
    /// Read at this revision; the newest if none.
    pub revision: Option<Revision>,
    /// The most items to return; 0 means no limit.
    pub limit: usize,
}

#[derive(Clone, Debug)]
pub struct RangeResult {
    pub items: Vec<KeyValue>,
    /// The revision that was read.
    pub revision: Revision,
    /// Whether the limit cut the range short.
    pub more: bool,
    /// How many keys of the range come after the last item.
    pub remaining: u64,
}

/// What must hold for the key before the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    NotExists,
    /// The key exists and its `mod_revision` is this.
    ModRevision(Revision),
    Any,
}

#[derive(Clone, Debug)]
pub enum Write {
    /// The engine may keep `value` as it is, so it should not be a small slice of a large buffer.
    Put {
        key: String,
        value: Bytes,
        lease: Option<LeaseId>,
    },
    Delete {
        key: String,
    },
}

impl Write {
    pub fn key(&self) -> &str {
        match self {
            Write::Put { key, .. } | Write::Delete { key } => key,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxnOutcome {
    /// Written at `revision`. Deleting a key that is not there changes nothing: `previous` is none and `revision` is
    /// the newest.
    Done { revision: Revision, previous: Option<KeyValue> },
    /// The comparison failed against `current`, as of `revision`.
    Conflict { current: Option<KeyValue>, revision: Revision },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Put,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    /// For a deletion: the key, with the deletion's revision as `mod_revision`, no value, and 0 for the rest.
    pub kv: KeyValue,
    /// The version that this event replaced.
    pub previous: Option<KeyValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchItem {
    /// All events of one or several whole revisions, in order.
    Events(Vec<Event>),
    /// Every event of the prefix up to and including this revision has been delivered.
    Progress(Revision),
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error("revision {requested} has been compacted; the oldest readable revision is {compacted}")]
    Compacted { requested: Revision, compacted: Revision },
    #[error("revision {requested} is in the future; the newest is {current}")]
    FutureRevision { requested: Revision, current: Revision },
    #[error("request is too large: {size} bytes, limit {limit}")]
    TooLarge { size: usize, limit: usize },
    #[error("requested lease {0:?} not found")]
    LeaseNotFound(LeaseId),
    /// More writes wait than the engine queues.
    #[error("too many requests: {0} writes are waiting")]
    Overloaded(usize),
    /// No room: the disk is full or the quota is reached. Nothing was written.
    #[error("database space exceeded: {0}")]
    Full(String),
    /// The write may or may not survive.
    #[error("{context}: {source}")]
    Io {
        context: String,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("{file} is corrupt at offset {offset}: {reason}")]
    Corrupt { file: String, offset: u64, reason: String },
    /// Another process has the directory open.
    #[error("{0} is in use by another process")]
    Locked(String),
    /// The reader of this watch fell so far behind that events it had not read are gone. It must list and watch anew.
    #[error("watch fell behind: revision {next} was wanted next, but the history begins after {compacted}")]
    SlowWatcher { next: Revision, compacted: Revision },
    /// A remote engine's failure that is none of the above.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// Stored bytes that their transformer refuses.
    #[error("unable to transform key {key:?}: {why}")]
    Unreadable { key: String, why: String },
    /// A value that its transformer cannot turn into stored bytes. Nothing was written.
    #[error("unable to transform key {key:?}: {why}")]
    Unwritable { key: String, why: String },
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub(crate) fn io(context: impl Into<String>, source: io::Error) -> Self {
        let context = context.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(format!("{context}: {source}")),
            _ => Self::Io { context, source: Arc::new(source) },
        }
    }
}

/// The end of the range of all keys that begin with `prefix`; empty, that is "no end", if there is no such key.
///
/// Keys are ordered by bytes, which in UTF-8 is the order of code points, so the last character is replaced by its
/// successor; characters without one are dropped first.
pub fn prefix_end(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let successor = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = successor {
            end.push(next);
            return end;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::prefix_end;

    #[test]
    fn the_end_of_a_prefix_is_the_first_key_after_it() {
        for (prefix, end) in [
            ("/registry/pods/", "/registry/pods0"),
            ("a\u{7f}", "a\u{80}"),
            ("a\u{d7ff}", "a\u{e000}"),
            ("a\u{10ffff}", "b"),
            ("\u{10ffff}", ""),
            ("", ""),
        ] {
            assert_eq!(prefix_end(prefix), end, "{prefix:?}");
        }
    }
}
