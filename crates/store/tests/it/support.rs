//! Directories that go away, clocks that are set by hand, and short words for common writes.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use store::{Clock, Compare, EmbeddedOptions, EmbeddedStore, Revision, Store, TxnOutcome, Write};

/// A fresh directory, removed at the end.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("store-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Options with small segments, so that tests meet many of them.
    pub fn options(&self) -> EmbeddedOptions {
        EmbeddedOptions { segment_bytes: 16 << 10, ..EmbeddedOptions::new(self.0.join("store")) }
    }

    pub fn open(&self) -> Arc<EmbeddedStore> {
        Arc::new(EmbeddedStore::open(self.options()).unwrap())
    }

    /// The store's files of a kind, in order.
    pub fn files(&self, prefix: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.join("store")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect();
        files.sort();
        files
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicU64);

impl ManualClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1_000_000)))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub fn put(key: &str, value: impl AsRef<[u8]>) -> Write {
    Write::Put { key: key.to_owned(), value: Bytes::copy_from_slice(value.as_ref()), lease: None }
}

pub async fn put_any(store: &dyn Store, key: &str, value: impl AsRef<[u8]>) -> Revision {
    match store.txn(Compare::Any, put(key, value)).await.unwrap() {
        TxnOutcome::Done { revision, .. } => revision,
        conflict => panic!("{conflict:?}"),
    }
}

/// Everything in the store, as `key=value`.
pub async fn listing(store: &dyn Store) -> Vec<String> {
    let result = store.range("", "", store::RangeOptions::default()).await.unwrap();
    result.items.iter().map(|kv| format!("{}={}", kv.key, String::from_utf8_lossy(&kv.value))).collect()
}

/// Waits, without sleeping longer than a blink at a time, until `done`.
pub async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what} never came true");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What a future is ready with, without waiting.
pub fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

/// Copies a store's directory.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
