//! What only the embedded engine promises: its directory, its restart, its limits.

use std::{os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use bytes::Bytes;
use store::{
    Compare, EmbeddedOptions, EmbeddedStore, RangeOptions, Store, StoreError, StoreSync, TxnOutcome, WatchItem, Write,
};

use crate::support::{Directory, ManualClock, eventually, listing, put, put_any};

#[tokio::test]
async fn passes_the_suite() {
    let directory = Directory::new("suite");
    let store: Arc<dyn Store> = directory.open();
    store::suite::run(|| async { Arc::clone(&store) }).await;
}

#[tokio::test]
async fn passes_the_suite_on_fresh_stores_without_sync() {
    let directory = Directory::new("suite-fresh");
    let next = std::sync::atomic::AtomicU32::new(0);
    store::suite::run(|| async {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let options = EmbeddedOptions::new(directory.path().join(number.to_string()));
        let store: Arc<dyn Store> =
            Arc::new(EmbeddedStore::open(EmbeddedOptions { sync: StoreSync::Never, ..options }).unwrap());
        store
    })
    .await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let directory = Directory::new("restart");
    let store = directory.open();
    let first = put_any(&*store, "/a", "1").await;
    let second = put_any(&*store, "/a", "2").await;
    put_any(&*store, "/b", "1").await;
    let TxnOutcome::Done { revision: newest, .. } =
        store.txn(Compare::Any, Write::Delete { key: "/b".to_owned() }).await.unwrap()
    else {
        panic!()
    };
    drop(store);
    let store = directory.open();
    assert_eq!(store.current_revision().await.unwrap(), newest);
    assert_eq!(listing(&*store).await, ["/a=2"]);
    let kv = store.get("/a", None).await.unwrap().0.unwrap();
    assert_eq!((kv.create_revision, kv.mod_revision, kv.version), (first, second, 2));
    let old = store.range("", "", RangeOptions { revision: Some(newest - 1), limit: 0 }).await.unwrap();
    assert_eq!(old.items.len(), 2);
    let mut watch = store.watch("/", 1).await.unwrap();
    let Some(Ok(WatchItem::Events(events))) = watch.next().await else { panic!() };
    assert_eq!(events.len() as u64, newest);
    assert_eq!(put_any(&*store, "/a", "3").await, newest + 1);
}

#[tokio::test]
async fn the_directory_is_private_and_of_one_process() {
    let directory = Directory::new("private");
    let store = directory.open();
    put_any(&*store, "/a", "secret").await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory.path().join("store")), 0o700);
    let files = directory.files("");
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let second = EmbeddedStore::open(directory.options());
    assert!(matches!(second, Err(StoreError::Locked(_))));
    drop(store);
    directory.open();
}

#[tokio::test]
async fn compaction_frees_memory_and_disk() {
    let directory = Directory::new("garbage");
    let store = directory.open();
    let value = vec![b'x'; 1000];
    for round in 0..1000 {
        let newest = put_any(&*store, &format!("/k{}", round % 10), &value).await;
        if round % 100 == 99 {
            store.compact(newest).await.unwrap();
        }
    }
    eventually("collection", || store.stats().memory_bytes < 20_000 && store.stats().disk_bytes < 100_000).await;
    let on_disk = || -> u64 {
        // A file may go away between its listing and the look at it.
        directory.files("").iter().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
    };
    eventually("removal", || on_disk() == store.stats().disk_bytes).await;
    assert_eq!(directory.files("snapshot-").len(), 1);
    let (before, stats) = (store.range("", "", RangeOptions::default()).await.unwrap(), store.stats());
    drop(store);
    let store = directory.open();
    let after = store.range("", "", RangeOptions::default()).await.unwrap();
    assert_eq!(before.items, after.items);
    assert_eq!(after.items[0].version, 100);
    let restarted = store.stats();
    assert_eq!((restarted.revision, restarted.compacted), (stats.revision, stats.compacted));
    assert_eq!(restarted.disk_bytes, on_disk());
}

#[tokio::test]
async fn history_after_the_floor_survives_a_snapshot() {
    let directory = Directory::new("floor");
    let store = directory.open();
    let value = vec![b'x'; 1000];
    for round in 0..200 {
        put_any(&*store, &format!("/k{}", round % 10), &value).await;
    }
    store.compact(150).await.unwrap();
    eventually("a snapshot", || directory.files("snapshot-").len() == 1).await;
    let read = async |store: &EmbeddedStore| {
        let mut all = Vec::new();
        for revision in 150..=200 {
            all.push(store.range("", "", RangeOptions { revision: Some(revision), limit: 0 }).await.unwrap().items);
        }
        let mut watch = store.watch("/", 151).await.unwrap();
        let Some(Ok(WatchItem::Events(events))) = watch.next().await else { panic!() };
        assert_eq!(events.len(), 50);
        (all, events)
    };
    let before = read(&store).await;
    drop(store);
    let store = directory.open();
    assert_eq!(read(&store).await, before);
    let gone = store.get("/k1", Some(149)).await;
    assert!(matches!(gone, Err(StoreError::Compacted { requested: 149, compacted: 150 })), "{gone:?}");
    let gone = store.watch("/", 150).await.map(|_| ());
    assert!(matches!(gone, Err(StoreError::Compacted { .. })), "{gone:?}");
}

#[tokio::test]
async fn leases_survive_restarts_and_end_by_the_clock() {
    let directory = Directory::new("leases");
    let clock = ManualClock::new();
    let open = || {
        let options = EmbeddedOptions { clock: clock.clone(), ..directory.options() };
        EmbeddedStore::open(options).unwrap()
    };
    let store = open();
    let short = store.grant_lease(Duration::from_secs(60)).await.unwrap();
    let long = store.grant_lease(Duration::from_secs(600)).await.unwrap();
    assert_ne!(short, long);
    let leased = |key: String, lease| Write::Put { key, value: Bytes::from_static(b"v"), lease: Some(lease) };
    for number in 0..3000 {
        store.txn(Compare::Any, leased(format!("/short/{number}"), short)).await.unwrap();
    }
    store.txn(Compare::Any, leased("/long".to_owned(), long)).await.unwrap();
    store.txn(Compare::Any, leased("/moved".to_owned(), short)).await.unwrap();
    store.txn(Compare::Any, leased("/moved".to_owned(), long)).await.unwrap();
    // The grants' segment goes away, so the snapshot must hold them.
    store.compact(store.stats().revision).await.unwrap();
    eventually("a snapshot", || directory.files("snapshot-").len() == 1).await;
    drop(store);
    let store = open();
    clock.advance(Duration::from_secs(59));
    store.tick();
    assert_eq!(put_any(&store, "/other", "v").await, 3004);
    clock.advance(Duration::from_secs(1));
    store.tick();
    eventually("the short lease's end", || store.stats().revision == 3004 + 3000).await;
    assert_eq!(listing(&store).await, ["/long=v", "/moved=v", "/other=v"]);
    let late = store.txn(Compare::Any, leased("/late".to_owned(), short)).await;
    assert!(matches!(late, Err(StoreError::LeaseNotFound(_))), "{late:?}");
    drop(store);
    // Time passes while nothing runs.
    clock.advance(Duration::from_secs(600));
    let store = open();
    eventually("the long lease's end", || store.stats().revision == 3004 + 3002).await;
    assert_eq!(listing(&store).await, ["/other=v"]);
    let next = store.grant_lease(Duration::from_secs(60)).await.unwrap();
    assert!(next > long, "lease numbers are not given out twice");
}

#[tokio::test]
async fn a_watcher_that_lags_behind_a_compaction_is_told() {
    let directory = Directory::new("slow");
    let store = directory.open();
    let mut slow = store.watch("/busy/", 0).await.unwrap();
    let mut quiet = store.watch("/quiet/", 0).await.unwrap();
    put_any(&*store, "/busy/a", "0").await;
    assert!(matches!(slow.next().await, Some(Ok(WatchItem::Events(events))) if events.len() == 1));
    for round in 0..100 {
        put_any(&*store, "/busy/a", round.to_string()).await;
    }
    store.compact(50).await.unwrap();
    let next = slow.next().await;
    assert!(matches!(next, Some(Err(StoreError::SlowWatcher { next: 2, compacted: 50 }))), "{next:?}");
    assert!(slow.next().await.is_none());
    // Nothing happened to the quiet one's keys, so it missed nothing.
    put_any(&*store, "/quiet/a", "1").await;
    assert!(matches!(quiet.next().await, Some(Ok(WatchItem::Events(events))) if events.len() == 1));
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_ends_watches() {
    let directory = Directory::new("close");
    let store = EmbeddedStore::open(directory.options()).unwrap();
    let mut watch = store.watch("/", 0).await.unwrap();
    for number in 0..100 {
        drop(store.txn(Compare::Any, put(&format!("/{number}"), "v")));
    }
    drop(store);
    assert!(matches!(watch.next().await, Some(Err(StoreError::Closed))));
    assert!(watch.next().await.is_none());
    assert_eq!(listing(&*directory.open()).await.len(), 100);
}

#[tokio::test]
async fn the_quota_stops_puts_but_not_deletions() {
    let directory = Directory::new("quota");
    let store = EmbeddedStore::open(EmbeddedOptions { quota_bytes: 100_000, ..directory.options() }).unwrap();
    let value = vec![b'x'; 10_000];
    let mut full = None;
    for number in 0..20 {
        if let Err(error) = store.txn(Compare::Any, put(&format!("/{number}"), &value)).await {
            full = Some(error);
            break;
        }
    }
    assert!(matches!(full, Some(StoreError::Full(_))), "{full:?}");
    for number in 0..5 {
        store.txn(Compare::Any, Write::Delete { key: format!("/{number}") }).await.unwrap();
    }
    store.compact(store.stats().revision).await.unwrap();
    eventually("collection", || store.stats().memory_bytes < 50_000).await;
    put_any(&store, "/again", &value).await;
}

#[tokio::test]
async fn a_range_shares_the_values() {
    let directory = Directory::new("shared");
    let store = directory.open();
    let value = Bytes::from(vec![b'x'; 1000]);
    store.txn(Compare::Any, Write::Put { key: "/a".to_owned(), value: value.clone(), lease: None }).await.unwrap();
    let read = store.range("", "", RangeOptions::default()).await.unwrap().items.remove(0);
    assert_eq!(read.value.as_ptr(), value.as_ptr());
}
