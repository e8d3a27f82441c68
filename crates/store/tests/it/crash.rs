//! Kills a process that writes, again and again, and looks at what is left.
//!
//! The child is this same test binary. It writes from 64 tasks, compacts now and then, and prints each write that was
//! acknowledged; the parent kills it at a random moment, opens the directory itself and checks:
//! every acknowledged write is there; the revisions have no gap; no revision ever tells another story than before.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use store::{EmbeddedOptions, EmbeddedStore, EventKind, RangeOptions, Revision, Store, WatchItem};

use crate::support::{Directory, now, put_any};

const KILLS: u32 = 220;
/// Directories that are killed side by side.
const LANES: u32 = 4;
const WRITERS: usize = 64;
const DIRECTORY: &str = "STORE_CRASH_DIRECTORY";

#[test]
fn nothing_acknowledged_is_lost_in_a_crash() {
    let lanes: Vec<_> = (0..LANES).map(|lane| std::thread::spawn(move || run_lane(lane))).collect();
    let acknowledged: usize = lanes.into_iter().map(|lane| lane.join().unwrap()).sum();
    assert!(acknowledged > KILLS as usize * 20, "only {acknowledged} writes: the children hardly ran");
}

fn run_lane(lane: u32) -> usize {
    let directory = Directory::new("crash");
    let mut known = Known::default();
    let mut acknowledged = 0;
    for round in 0..KILLS / LANES {
        // From "hardly started" to "has compacted and snapshotted", without a pattern.
        let alive = Duration::from_millis(u64::from((round * 7919 + lane * 104_729) % 97) * 2 + 1);
        let written = run_and_kill(&directory, alive);
        acknowledged += written.len();
        known.check(&directory, written);
    }
    acknowledged
}

/// Starts a child, lets it live from its first word on, kills it; returns what it said was acknowledged.
fn run_and_kill(directory: &Directory, alive: Duration) -> BTreeMap<Revision, String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (started, first) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut written = BTreeMap::new();
        for line in lines.map_while(Result::ok) {
            let Some(rest) = line.split_once("ACK ").map(|(_, rest)| rest) else { continue };
            // The last line may be cut short; a whole one ends with a full stop.
            let Some((revision, change)) = rest.strip_suffix('.').and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            let _ = started.send(());
            written.insert(revision.parse().unwrap(), change.to_owned());
        }
        written
    });
    let _ = first.recv_timeout(Duration::from_secs(10));
    let deadline = Instant::now() + alive;
    while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
        std::thread::park_timeout(deadline - Instant::now());
    }
    assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Every change that was ever seen or acknowledged: `key=value`, or `key` for a deletion.
#[derive(Default)]
struct Known {
    changes: BTreeMap<Revision, String>,
    newest: Revision,
}

impl Known {
    fn check(&mut self, directory: &Directory, acknowledged: BTreeMap<Revision, String>) {
        let store = EmbeddedStore::open(options(directory.path())).unwrap();
        let stats = store.stats();
        let replayed = replay(&store, stats.compacted + 1);
        assert!(replayed.keys().copied().eq(stats.compacted + 1..=stats.revision), "revisions have a gap");
        assert!(stats.revision >= self.newest, "revisions that were there are gone");
        if let Some((last, _)) = acknowledged.last_key_value() {
            assert!(stats.revision >= *last, "an acknowledged write is gone");
        }
        for (revision, change) in replayed.into_iter().chain(acknowledged) {
            let before = self.changes.entry(revision).or_insert_with(|| change.clone());
            assert_eq!(*before, change, "revision {revision} has changed its content");
        }
        self.newest = stats.revision;
        self.check_state(&store);
    }

    /// What the changes add up to is what the store shows.
    fn check_state(&self, store: &EmbeddedStore) {
        assert!(self.changes.keys().copied().eq(1..=self.newest));
        let mut expected = BTreeMap::new();
        for change in self.changes.values() {
            match change.split_once('=') {
                Some((key, value)) => expected.insert(key, value),
                None => expected.remove(&**change),
            };
        }
        let found = now(store.range("", "", RangeOptions::default())).unwrap().unwrap();
        let found = found.items.iter().map(|kv| (&*kv.key, std::str::from_utf8(&kv.value).unwrap()));
        assert!(found.eq(expected), "the newest state is not the sum of the changes");
    }
}

fn replay(store: &EmbeddedStore, from: Revision) -> BTreeMap<Revision, String> {
    let mut watch = now(store.watch("/", from)).unwrap().unwrap();
    let mut replayed = BTreeMap::new();
    while let Some(item) = now(watch.next()) {
        let Some(Ok(WatchItem::Events(events))) = item else { panic!("{item:?}") };
        for event in events {
            let shown = match event.kind {
                EventKind::Put => format!("{}={}", event.kv.key, String::from_utf8_lossy(&event.kv.value)),
                EventKind::Delete => event.kv.key.to_string(),
            };
            assert_eq!(replayed.insert(event.kv.mod_revision, shown), None);
        }
    }
    replayed
}

fn options(directory: &std::path::Path) -> EmbeddedOptions {
    EmbeddedOptions { segment_bytes: 64 << 10, ..EmbeddedOptions::new(directory.join("store")) }
}

/// The process that is killed; as a test of its own it does nothing.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(write_forever(std::path::Path::new(&directory)));
}

async fn write_forever(directory: &std::path::Path) {
    let store = Arc::new(EmbeddedStore::open(options(directory)).unwrap());
    let verified = store.stats().revision;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for number in 0u64.. {
                let key = format!("/{writer}/{}", number % 5);
                if number % 7 == 6 {
                    delete(&store, &key).await;
                } else {
                    let value = format!("{}:{number}:{}", std::process::id(), "x".repeat(writer * 3));
                    let revision = put_any(&*store, &key, &value).await;
                    println!("ACK {revision} {key}={value}.");
                }
            }
        });
    }
    // Only what the parent has seen may be forgotten.
    for back in (0..8).rev() {
        let revision = verified.saturating_sub(back * 20);
        if revision > store.stats().compacted {
            store.compact(revision).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
}

async fn delete(store: &EmbeddedStore, key: &str) {
    let write = store::Write::Delete { key: key.to_owned() };
    match store.txn(store::Compare::Any, write).await.unwrap() {
        store::TxnOutcome::Done { revision, previous: Some(_) } => println!("ACK {revision} {key}."),
        store::TxnOutcome::Done { previous: None, .. } => {}
        conflict => panic!("{conflict:?}"),
    }
}
