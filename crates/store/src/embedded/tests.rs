//! Disks that fail and machines that lose power.

mod sim;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use self::sim::{Fault, SimDisk};
use super::{EmbeddedOptions, EmbeddedStore};
use crate::{BoxFuture, Compare, RangeOptions, Revision, Store, StoreError, TxnOutcome, WatchItem, Write};

#[tokio::test]
async fn a_full_disk_fails_writes_and_nothing_else() {
    let world = World::new();
    let store = world.open().unwrap();
    let mut watch = store.watch("/", 0).await.unwrap();
    put(&store, "/a", "1").await.unwrap();
    world.disk.fail(Fault::Write, io::ErrorKind::StorageFull);
    // Several at once, so that they fail as one commit; a conflict within it would have told of what never was.
    let writes: Vec<_> = ["/b", "/c", "/b"].map(|key| store.txn(Compare::NotExists, write(key, "1"))).into();
    for outcome in writes {
        let outcome = outcome.await;
        assert!(matches!(outcome, Err(StoreError::Full(_))), "{outcome:?}");
    }
    assert!(matches!(store.grant_lease(Duration::from_secs(1)).await, Err(StoreError::Full(_))));
    assert_eq!(listing(&store), ["/a=1"]);
    world.disk.heal();
    assert_eq!(put(&store, "/d", "1").await.unwrap(), 2);
    let mut events = Vec::new();
    while events.len() < 2 {
        let Some(Ok(WatchItem::Events(more))) = watch.next().await else { panic!() };
        events.extend(more);
    }
    assert_eq!(events.iter().map(|event| &*event.kv.key).collect::<Vec<_>>(), ["/a", "/d"]);
    drop(store);
    assert_eq!(listing(&world.open().unwrap()), ["/a=1", "/d=1"]);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_written_until_the_store_is_reopened() {
    let world = World::new();
    let store = world.open().unwrap();
    put(&store, "/a", "1").await.unwrap();
    world.disk.fail(Fault::Sync, io::ErrorKind::StorageFull);
    let outcome = put(&store, "/b", "1").await;
    // Even for a full disk: what a failed sync left behind is unknown.
    assert!(matches!(outcome, Err(StoreError::Io { .. })), "{outcome:?}");
    world.disk.heal();
    let outcome = put(&store, "/c", "1").await;
    assert!(outcome.as_ref().is_err_and(|error| error.to_string().contains("until it is reopened")), "{outcome:?}");
    assert_eq!(listing(&store), ["/a=1"]);
    drop(store);
    let store = world.open().unwrap();
    assert_eq!(listing(&store)[0], "/a=1");
    put(&store, "/c", "1").await.unwrap();
}

#[tokio::test]
async fn a_failed_write_that_cannot_be_cut_off_stops_the_log() {
    let world = World::new();
    let store = world.open().unwrap();
    put(&store, "/a", "1").await.unwrap();
    world.disk.fail(Fault::WriteAndTruncate, io::ErrorKind::Other);
    assert!(put(&store, "/b", "1").await.is_err());
    world.disk.heal();
    assert!(put(&store, "/c", "1").await.is_err());
    drop(store);
    assert_eq!(listing(&world.open().unwrap()), ["/a=1"]);
}

#[tokio::test]
async fn a_segment_that_cannot_be_made_is_tried_again() {
    let world = World::new();
    let store = world.open().unwrap();
    world.disk.fail(Fault::Create, io::ErrorKind::StorageFull);
    let mut written = 0;
    let error = loop {
        match put(&store, &format!("/{written:04}"), &"x".repeat(200)).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    world.disk.heal();
    for number in written..written * 3 {
        put(&store, &format!("/{number:04}"), &"x".repeat(200)).await.unwrap();
    }
    drop(store);
    assert_eq!(listing(&world.open().unwrap()).len(), written * 3);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_is_tried_again() {
    let world = World::new();
    let store = world.open().unwrap();
    for number in 0..60 {
        put(&store, &format!("/{}", number % 5), &"x".repeat(200)).await.unwrap();
    }
    let before = store.stats().disk_bytes;
    world.disk.fail(Fault::Create, io::ErrorKind::StorageFull);
    store.compact(30).await.unwrap();
    until(|| world.disk.faults() > 0);
    world.disk.heal();
    store.compact(60).await.unwrap();
    until(|| store.stats().disk_bytes < before / 2);
    drop(store);
    assert_eq!(listing(&world.open().unwrap()).len(), 5);
}

#[test]
fn a_disk_that_is_full_from_the_start_is_told() {
    let world = World::new();
    world.disk.fail(Fault::Create, io::ErrorKind::StorageFull);
    assert!(matches!(world.open().err(), Some(StoreError::Full(_))));
}

/// Power goes at a random moment; what was not synced is lost in part, and so are names that were not synced.
#[tokio::test]
async fn what_was_acknowledged_survives_losing_power() {
    for seed in 0..150 {
        let world = World::new();
        world.disk.seed(seed);
        let mut acknowledged = BTreeMap::new();
        for life in 0..4 {
            let store = world.open().unwrap();
            check(&store, &acknowledged);
            world.disk.cut_after(5 + (seed * 31 + life * 17) % 120);
            live_until_the_cut(&store, &mut acknowledged, life).await;
            drop(store);
            world.disk.restore_power();
        }
        check(&world.open().unwrap(), &acknowledged);
    }
}

async fn live_until_the_cut(store: &EmbeddedStore, acknowledged: &mut BTreeMap<String, (Revision, String)>, life: u64) {
    for round in 0.. {
        let wave: Vec<_> = (0..8)
            .map(|number| {
                let (key, value) = (format!("/{number}"), format!("{life}-{round}-{}", "x".repeat(90)));
                let outcome = store.txn(Compare::Any, write(&key, &value));
                (key, value, outcome)
            })
            .collect();
        let mut failed = false;
        for (key, value, outcome) in wave {
            match outcome.await {
                Ok(TxnOutcome::Done { revision, .. }) => {
                    acknowledged.insert(key, (revision, value));
                }
                Ok(conflict) => panic!("{conflict:?}"),
                Err(_) => failed = true,
            }
        }
        if failed {
            return;
        }
        if round % 3 == 2 {
            // It may fail: the power may be gone.
            let _ = store.compact(store.stats().revision).await;
        }
    }
}

/// Each key shows what was acknowledged last, or something newer that was on its way.
fn check(store: &EmbeddedStore, acknowledged: &BTreeMap<String, (Revision, String)>) {
    for (key, (revision, value)) in acknowledged {
        let (found, newest) = now(store.get(key, None)).unwrap();
        let found = found.unwrap_or_else(|| panic!("{key} is gone"));
        assert!(newest >= *revision && found.mod_revision >= *revision, "{key} is older than acknowledged");
        if found.mod_revision == *revision {
            assert_eq!(found.value, value.as_bytes());
        }
    }
}

/// A simulated disk with a directory.
struct World {
    disk: Arc<SimDisk>,
    directory: PathBuf,
}

impl World {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("store-sim-{}-{number}", std::process::id()));
        Self { disk: Arc::default(), directory }
    }

    fn open(&self) -> Result<EmbeddedStore, StoreError> {
        let options = EmbeddedOptions { segment_bytes: 2000, ..EmbeddedOptions::new(&self.directory) };
        EmbeddedStore::open_on(Arc::clone(&self.disk) as Arc<_>, options)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn write(key: &str, value: &str) -> Write {
    Write::Put { key: key.to_owned(), value: Bytes::copy_from_slice(value.as_bytes()), lease: None }
}

async fn put(store: &EmbeddedStore, key: &str, value: &str) -> Result<Revision, StoreError> {
    match store.txn(Compare::Any, write(key, value)).await? {
        TxnOutcome::Done { revision, .. } => Ok(revision),
        conflict => panic!("{conflict:?}"),
    }
}

fn listing(store: &EmbeddedStore) -> Vec<String> {
    let result = now(store.range("", "", RangeOptions::default())).unwrap();
    result.items.iter().map(|kv| format!("{}={}", kv.key, String::from_utf8_lossy(&kv.value))).collect()
}

/// Reads are ready at once.
fn now<T>(future: BoxFuture<'_, T>) -> T {
    let mut future = future;
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("not ready"),
    }
}

fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "it never came true");
        std::thread::yield_now();
    }
}
