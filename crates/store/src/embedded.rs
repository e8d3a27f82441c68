//! The engine inside the program: everything in memory, every change on disk before anyone sees it.
//!
//! ```text
//!   txn --> queue --> writer thread --> log (one frame, one sync per batch) --> index --> watchers, callers
//!                                                                                 ^
//!   get, range, watch ------------------------------------------------------------+
//!   compact --> writer --> keeper thread: frees memory, replaces old segments by a snapshot
//! ```
//!
//! No runtime: two threads, and futures that resolve when those threads answer.
//!
//! Why a log of our own and not redb or fjall: everything is in memory anyway, so their indexes, caches and compactions
//! would do again what the index here does, and a log is all that is left for the disk to do. Measured on two cores and
//! a virtual disk with syncs of 0.2 ms, both shared with other work, so the numbers are good to a factor of 1.5; values
//! of 1 KiB:
//!
//! | | 64 in flight (for redb and fjall: bare batches of 64; of 32) | 1 in flight |
//! | --- | --- | --- |
//! | this engine, `examples/durable.rs` | 76,000 to 96,000/s, p99 1.1 to 1.4 ms | 4,900/s |
//! | redb 4.4 | 15,800/s; 7,400/s, p99 12 ms | 3,200/s |
//! | fjall 3.1 | 26,600/s; 76,200/s, p99 4 to 8 ms | 5,500/s |
//!
//! The crash tests are `tests/it/crash.rs` (kills), `tests/it/damage.rs` (torn and damaged files) and `embedded/tests.rs`
//! (failing disks, lost power).

mod clock;
mod disk;
mod index;
mod keeper;
mod leases;
mod log;
mod queue;
mod record;
mod recover;
#[cfg(test)]
mod tests;
mod watch;
mod writer;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

pub use self::clock::{Clock, SystemClock};
use self::{
    disk::{Disk, FileSystem},
    index::Index,
    keeper::Keeper,
    leases::Leases,
    queue::{Command, Queue, Reply},
    recover::recover,
    watch::Hub,
    writer::Writer,
};
use crate::{
    BoxFuture, Compare, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, Store, StoreError, TxnOutcome, Watch,
    Write,
};

/// The embedded engine, open on one directory. Dropping it finishes what is queued and releases the directory.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    max_request_bytes: usize,
    writer: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
    /// Held, and with it the lock, until both threads are done.
    lock: File,
}

#[derive(Clone)]
pub struct EmbeddedOptions {
    /// Made, 0700, if it is not there.
    pub directory: PathBuf,
    pub sync: StoreSync,
    /// The length at which a log segment is closed and the next one begun.
    pub segment_bytes: u64,
    /// The most bytes of keys and values in memory, history included; puts beyond it fail with [`StoreError::Full`].
    pub quota_bytes: u64,
    /// The most bytes of one key and value.
    pub max_request_bytes: usize,
    pub clock: Arc<dyn Clock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StoreSync {
    /// A write is acknowledged when it is on disk.
    #[default]
    Always,
    /// The kernel writes when it likes: a crash of the machine loses acknowledged writes. For tests.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedStats {
    pub revision: Revision,
    pub compacted: Revision,
    pub keys: usize,
    pub memory_bytes: u64,
    pub disk_bytes: u64,
}

/// What the engine's threads and its handle share.
struct Shared {
    index: Arc<RwLock<Index>>,
    leases: Mutex<Leases>,
    hub: Arc<Hub>,
    queue: Queue,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    quota_bytes: u64,
}

impl EmbeddedOptions {
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            sync: StoreSync::Always,
            segment_bytes: 16 << 20,
            quota_bytes: 2 << 30,
            // etcd's limit, which upstream's users know.
            max_request_bytes: 1536 << 10,
            clock: Arc::new(SystemClock),
        }
    }
}

impl EmbeddedStore {
    /// Opens or makes the store. Reads everything into memory, so it blocks for as long as that takes.
    pub fn open(options: EmbeddedOptions) -> Result<Self, StoreError> {
        let sync = options.sync == StoreSync::Always;
        if !sync {
            tracing::warn!("store-sync=never: a crash of this machine loses writes that were acknowledged");
        }
        Self::open_on(Arc::new(FileSystem { sync }), options)
    }

    fn open_on(disk: Arc<dyn Disk>, options: EmbeddedOptions) -> Result<Self, StoreError> {
        let EmbeddedOptions { directory, segment_bytes, quota_bytes, max_request_bytes, clock, .. } = options;
        let lock = lock_directory(&directory)?;
        let mut recovered = recover(&disk, &directory, segment_bytes)?;
        recovered.leases.clamp(clock.now_ms());
        let shared = Arc::new(Shared {
            index: Arc::new(RwLock::new(recovered.index)),
            leases: Mutex::new(recovered.leases),
            hub: Arc::default(),
            queue: Queue::default(),
            keeper: Keeper::new(recovered.files),
            clock,
            quota_bytes,
        });
        let mut store = Self { shared, max_request_bytes, writer: None, keeper: None, lock };
        let writer = Writer::new(Arc::clone(&store.shared), recovered.log);
        store.writer = Some(spawn("store-writer", move || writer.run())?);
        let shared = Arc::clone(&store.shared);
        let run = move || shared.keeper.run(&shared, &disk, &directory, segment_bytes);
        store.keeper = Some(spawn("store-keeper", run)?);
        Ok(store)
    }

    pub fn stats(&self) -> EmbeddedStats {
        let disk_bytes = self.shared.keeper.disk_bytes();
        let index = self.shared.index.read();
        EmbeddedStats {
            revision: index.revision(),
            compacted: index.floor(),
            keys: index.keys(),
            memory_bytes: index.bytes(),
            disk_bytes,
        }
    }

    /// Makes the engine look at its clock now; for clocks that are set by hand.
    pub fn tick(&self) {
        self.shared.queue.tick();
    }

    /// Queues a command before the returned future is polled.
    fn submit<T: Send + 'static>(
        &self,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let (reply, answer) = oneshot::channel();
        match self.shared.queue.push(command(reply)) {
            Ok(()) => Box::pin(async move { answer.await.unwrap_or(Err(StoreError::Closed)) }),
            Err(error) => ready(Err(error)),
        }
    }
}

impl Store for EmbeddedStore {
    fn get(
        &self,
        key: &str,
        revision: Option<Revision>,
    ) -> BoxFuture<'_, Result<(Option<KeyValue>, Revision), StoreError>> {
        ready(self.shared.index.read().get(key, revision))
    }

    fn range(&self, start: &str, end: &str, options: RangeOptions) -> BoxFuture<'_, Result<RangeResult, StoreError>> {
        ready(self.shared.index.read().range(start, end, options))
    }

    fn txn(&self, compare: Compare, write: Write) -> BoxFuture<'_, Result<TxnOutcome, StoreError>> {
        let (size, limit) = (write.size(), self.max_request_bytes);
        if size > limit {
            return ready(Err(StoreError::TooLarge { size, limit }));
        }
        self.submit(|reply| Command::Txn { compare, write, reply })
    }

    fn watch(&self, prefix: &str, from: Revision) -> BoxFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        let index = self.shared.index.read();
        let next = if from == 0 { index.revision() + 1 } else { from };
        let compacted = index.floor();
        if next <= compacted {
            return ready(Err(StoreError::Compacted { requested: from, compacted }));
        }
        ready(Ok(Box::new(self.shared.hub.open(&self.shared.index, prefix, next))))
    }

    fn compact(&self, revision: Revision) -> BoxFuture<'_, Result<(), StoreError>> {
        self.submit(|reply| Command::Compact { revision, reply })
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, StoreError>> {
        self.submit(|reply| Command::Grant { ttl, reply })
    }

    fn current_revision(&self) -> BoxFuture<'_, Result<Revision, StoreError>> {
        ready(Ok(self.shared.index.read().revision()))
    }

    fn request_progress(&self, prefix: &str) -> BoxFuture<'_, Result<Revision, StoreError>> {
        let newest = self.shared.index.read().revision();
        self.shared.hub.request_progress(prefix);
        ready(Ok(newest))
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        join(self.writer.take());
        self.shared.keeper.close();
        join(self.keeper.take());
        self.shared.hub.close();
        // Not only by closing the file: a process that is just being forked elsewhere in this one has it open too.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "cannot unlock the store's directory");
        }
    }
}

fn ready<'a, T: Send + 'a>(result: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(result))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| StoreError::io(format!("starting the thread {name}"), error))
}

fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread
        && thread.join().is_err()
    {
        tracing::error!("a thread of the store panicked");
    }
}

/// Makes the directory if need be and takes it for this process.
fn lock_directory(directory: &Path) -> Result<File, StoreError> {
    let failure = |error| StoreError::io(format!("opening the directory {}", directory.display()), error);
    make_directory(directory).map_err(failure)?;
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(directory.join("lock"));
    let lock = lock.map_err(failure)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(directory.display().to_string())),
        Err(TryLockError::Error(error)) => Err(failure(error)),
    }
}

fn make_directory(directory: &Path) -> io::Result<()> {
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        if let Some(parent) = directory.canonicalize()?.parent() {
            File::open(parent)?.sync_all()?;
        }
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}
