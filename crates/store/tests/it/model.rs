//! Random operations against a model that keeps every change in a list and looks everything up the slow way.

use proptest::{collection::vec, prelude::*};
use store::{
    Compare, EmbeddedOptions, EmbeddedStore, Event, EventKind, KeyValue, RangeOptions, Revision, Store, StoreError,
    StoreSync, TxnOutcome, Watch, WatchItem, Write, prefix_end,
};

use crate::support::{Directory, now, put};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_the_model(operations in vec(operation(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for operation in operations {
                world.apply(operation).await;
            }
            world.check_history().await;
        });
    }
}

const KEYS: [&str; 7] = ["/a", "/a/b", "/a/c", "/a0", "/b/é", "/b/ü", "/c"];
const PREFIXES: [&str; 6] = ["", "/", "/a", "/a/", "/b/", "/x"];

#[derive(Clone, Debug)]
enum Operation {
    /// Writes that are queued together, so that they share a commit.
    Writes(Vec<Change>),
    Get {
        key: usize,
        revision: At,
    },
    Range {
        prefix: usize,
        start: usize,
        revision: At,
        limit: usize,
    },
    Watch {
        prefix: usize,
        from: At,
    },
    Poll,
    Compact(At),
    Reopen,
}

#[derive(Clone, Debug)]
struct Change {
    key: usize,
    /// `None` deletes.
    value: Option<u16>,
    compare: Wanted,
}

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Any,
    NotExists,
    /// The revision that the key really has.
    Right,
    Wrong,
}

/// A revision relative to the newest, or the newest by not naming it.
#[derive(Clone, Copy, Debug)]
struct At(Option<i64>);

fn operation() -> impl Strategy<Value = Operation> {
    let key = 0..KEYS.len();
    let prefix = 0..PREFIXES.len();
    prop_oneof![
        8 => vec(change(), 1..6).prop_map(Operation::Writes),
        2 => (key.clone(), at()).prop_map(|(key, revision)| Operation::Get { key, revision }),
        3 => (prefix.clone(), key, at(), 0..4usize)
            .prop_map(|(prefix, start, revision, limit)| Operation::Range { prefix, start, revision, limit }),
        1 => (prefix, at()).prop_map(|(prefix, from)| Operation::Watch { prefix, from }),
        2 => Just(Operation::Poll),
        1 => at().prop_map(Operation::Compact),
        1 => Just(Operation::Reopen),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let compare = prop_oneof![Just(Wanted::Any), Just(Wanted::NotExists), Just(Wanted::Right), Just(Wanted::Wrong)];
    (0..KEYS.len(), prop::option::weighted(0.7, any::<u16>()), compare).prop_map(|(key, value, compare)| Change {
        key,
        value,
        compare,
    })
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![Just(At(None)), (-30..2i64).prop_map(|offset| At(Some(offset)))]
}

/// One change in the model's history.
struct Entry {
    kv: KeyValue,
    kind: EventKind,
    previous: Option<KeyValue>,
}

struct World {
    store: Option<EmbeddedStore>,
    /// After the store, so that it goes away after it.
    directory: Directory,
    /// The n-th entry is revision n + 1.
    history: Vec<Entry>,
    floor: Revision,
    watches: Vec<OpenWatch>,
}

struct OpenWatch {
    prefix: &'static str,
    next: Revision,
    /// Until it was read once, a watch of the past stands where it was opened, also past what does not concern it.
    read: bool,
    watch: Box<dyn Watch>,
}

impl World {
    fn new() -> Self {
        let directory = Directory::new("model");
        let store = Some(open(&directory));
        Self { directory, store, history: Vec::new(), floor: 0, watches: Vec::new() }
    }

    fn store(&self) -> &EmbeddedStore {
        self.store.as_ref().unwrap()
    }

    async fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Writes(changes) => self.writes(changes).await,
            Operation::Get { key, revision } => self.get(KEYS[key], revision).await,
            Operation::Range { prefix, start, revision, limit } => {
                self.range(PREFIXES[prefix], KEYS[start], revision, limit).await;
            }
            Operation::Watch { prefix, from } => self.watch(PREFIXES[prefix], from).await,
            Operation::Poll => self.poll(),
            Operation::Compact(at) => self.compact(at).await,
            Operation::Reopen => {
                self.poll();
                self.watches.clear();
                self.store = None;
                self.store = Some(open(&self.directory));
            }
        }
        assert_eq!(self.store().current_revision().await.unwrap(), self.newest());
    }

    fn newest(&self) -> Revision {
        self.history.len() as Revision
    }

    fn resolve(&self, at: At) -> Option<Revision> {
        at.0.map(|offset| (self.newest() as i64 + offset).max(1) as Revision)
    }

    /// The key as it was at a revision.
    fn at(&self, key: &str, revision: Revision) -> Option<&KeyValue> {
        let seen = &self.history[..revision as usize];
        let entry = seen.iter().rev().find(|entry| &*entry.kv.key == key)?;
        (entry.kind == EventKind::Put).then_some(&entry.kv)
    }

    async fn writes(&mut self, changes: Vec<Change>) {
        let mut expected = Vec::new();
        let mut requests = Vec::new();
        for change in changes {
            let key = KEYS[change.key];
            let current = self.at(key, self.newest()).cloned();
            let compare = match change.compare {
                Wanted::Any => Compare::Any,
                Wanted::NotExists => Compare::NotExists,
                Wanted::Right => Compare::ModRevision(current.as_ref().map_or(0, |kv| kv.mod_revision)),
                Wanted::Wrong => Compare::ModRevision(current.as_ref().map_or(1, |kv| kv.mod_revision + 1)),
            };
            let holds = match change.compare {
                Wanted::Any => true,
                Wanted::NotExists => current.is_none(),
                Wanted::Right => current.is_some(),
                Wanted::Wrong => false,
            };
            let value = change.value.map(|value| value.to_string());
            expected.push(if holds {
                self.change(key, value.as_deref(), current)
            } else {
                TxnOutcome::Conflict { current, revision: self.newest() }
            });
            requests.push((compare, value.map_or(Write::Delete { key: key.to_owned() }, |value| put(key, value))));
        }
        let store = self.store.as_ref().unwrap();
        let futures: Vec<_> = requests.into_iter().map(|(compare, write)| store.txn(compare, write)).collect();
        for (future, expected) in futures.into_iter().zip(expected) {
            assert_eq!(future.await.unwrap(), expected);
        }
    }

    fn change(&mut self, key: &str, value: Option<&str>, previous: Option<KeyValue>) -> TxnOutcome {
        let revision = self.newest() + 1;
        let kind = if value.is_some() { EventKind::Put } else { EventKind::Delete };
        if kind == EventKind::Delete && previous.is_none() {
            return TxnOutcome::Done { revision: self.newest(), previous };
        }
        let (created, version) = match (kind, &previous) {
            (EventKind::Delete, _) => (0, 0),
            (EventKind::Put, None) => (revision, 1),
            (EventKind::Put, Some(previous)) => (previous.create_revision, previous.version + 1),
        };
        let value = value.unwrap_or_default().as_bytes().to_vec().into();
        let kv = KeyValue { key: key.into(), value, create_revision: created, mod_revision: revision, version };
        self.history.push(Entry { kv, kind, previous: previous.clone() });
        TxnOutcome::Done { revision, previous }
    }

    /// The error that reading at a revision must give, if any.
    fn refused(&self, requested: Revision) -> Option<String> {
        let (compacted, current) = (self.floor, self.newest());
        let error = if requested > current {
            StoreError::FutureRevision { requested, current }
        } else if requested < compacted {
            StoreError::Compacted { requested, compacted }
        } else {
            return None;
        };
        Some(error.to_string())
    }

    async fn get(&self, key: &str, at: At) {
        let revision = self.resolve(at);
        let read = self.store().get(key, revision).await;
        let revision = revision.unwrap_or(self.newest());
        match self.refused(revision) {
            Some(error) => assert_eq!(read.unwrap_err().to_string(), error),
            None => assert_eq!(read.unwrap(), (self.at(key, revision).cloned(), revision)),
        }
    }

    async fn range(&self, prefix: &str, start: &str, at: At, limit: usize) {
        let revision = self.resolve(at);
        let end = prefix_end(prefix);
        let read = self.store().range(start, &end, RangeOptions { revision, limit }).await;
        let revision = revision.unwrap_or(self.newest());
        if let Some(error) = self.refused(revision) {
            assert_eq!(read.unwrap_err().to_string(), error);
            return;
        }
        let read = read.unwrap();
        let inside = KEYS.iter().filter(|key| **key >= start && (end.is_empty() || **key < &*end));
        let all: Vec<&KeyValue> = inside.filter_map(|key| self.at(key, revision)).collect();
        let returned = if limit == 0 { all.len() } else { all.len().min(limit) };
        assert_eq!(read.items.iter().collect::<Vec<_>>(), all[..returned]);
        assert_eq!((read.remaining as usize, read.revision), (all.len() - returned, revision));
        assert_eq!(read.more, returned < all.len());
    }

    async fn watch(&mut self, prefix: &'static str, at: At) {
        let from = self.resolve(at);
        let opened = self.store().watch(prefix, from.unwrap_or(0)).await;
        match from {
            Some(from) if from <= self.floor => {
                assert!(matches!(opened, Err(StoreError::Compacted { .. })));
            }
            _ => {
                let next = from.unwrap_or(self.newest() + 1);
                self.watches.push(OpenWatch { prefix, next, read: false, watch: opened.unwrap() });
            }
        }
    }

    /// Reads every watch to its end and compares; one that lost history may only say so.
    fn poll(&mut self) {
        let mut watches = std::mem::take(&mut self.watches);
        watches.retain_mut(|open| {
            let unread = self.events(open.prefix, open.next);
            let lost = unread.first().is_some_and(|event| event.kv.mod_revision <= self.floor);
            let mut read = Vec::new();
            while let Some(item) = now(open.watch.next()) {
                match item.unwrap() {
                    Ok(WatchItem::Events(events)) => read.extend(events),
                    Ok(progress) => panic!("{progress:?} was not asked for"),
                    Err(error) => {
                        assert!(matches!(error, StoreError::SlowWatcher { .. }), "{error}");
                        assert!(!unread.is_empty() || !open.read, "nothing was lost, yet: {error}");
                        return false;
                    }
                }
            }
            assert!(!lost, "history is gone and the watch does not say so");
            assert_eq!(read, unread);
            open.read = true;
            open.next = open.next.max(self.newest() + 1);
            true
        });
        self.watches = watches;
    }

    fn events(&self, prefix: &str, from: Revision) -> Vec<Event> {
        let wanted = self.history.iter().filter(|e| e.kv.mod_revision >= from && e.kv.key.starts_with(prefix));
        wanted.map(|e| Event { kind: e.kind, kv: e.kv.clone(), previous: e.previous.clone() }).collect()
    }

    async fn compact(&mut self, at: At) {
        let requested = self.resolve(at).unwrap_or(self.newest()).max(1);
        let outcome = self.store().compact(requested).await;
        if requested > self.newest() {
            assert!(matches!(outcome, Err(StoreError::FutureRevision { .. })), "{outcome:?}");
        } else if requested <= self.floor {
            assert!(matches!(outcome, Err(StoreError::Compacted { .. })), "{outcome:?}");
        } else {
            outcome.unwrap();
            self.floor = requested;
        }
    }

    /// At the end: every revision that is readable, and every replay.
    async fn check_history(&mut self) {
        self.poll();
        for revision in self.floor.max(1)..=self.newest() {
            self.range("", "", At(Some(revision as i64 - self.newest() as i64)), 0).await;
        }
        for prefix in PREFIXES {
            let mut watch = self.store().watch(prefix, self.floor + 1).await.unwrap();
            let expected = self.events(prefix, self.floor + 1);
            let read = match now(watch.next()) {
                Some(Some(Ok(WatchItem::Events(events)))) => events,
                None => Vec::new(),
                Some(other) => panic!("{other:?}"),
            };
            assert_eq!(read, expected);
        }
    }
}

fn open(directory: &Directory) -> EmbeddedStore {
    // Segments so small that snapshots are frequent.
    let options = EmbeddedOptions { segment_bytes: 600, sync: StoreSync::Never, ..directory.options() };
    EmbeddedStore::open(options).unwrap()
}
