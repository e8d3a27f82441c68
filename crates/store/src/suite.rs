//! What every engine must do, as one list of cases.
//!
//! A case gets an open store, which may hold other keys and start at any revision, and keeps to its own prefix; so the
//! whole list can run, in order, against one server. Failures panic, as tests do.

mod reads;
mod watches;
mod writes;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    Compare, Event, EventKind, KeyValue, LeaseId, RangeOptions, Revision, Store, StoreError, TxnOutcome, Watch,
    WatchItem, Write, prefix_end,
};

/// How long a case waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs every case, each on what `factory` returns.
pub async fn run<F, Opening>(factory: F)
where
    F: Fn() -> Opening,
    Opening: Future<Output = Arc<dyn Store>>,
{
    for (name, case) in CASES {
        println!("suite: {name}");
        let subject = Subject { store: factory().await, prefix: format!("/suite/{name}/") };
        tokio::time::timeout(PATIENCE * 3, case(subject)).await.unwrap_or_else(|_| panic!("{name} hangs"));
    }
}

type Case = fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! cases {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$((stringify!($name), |subject| Box::pin($module::$name(subject)))),*]
    };
}

const CASES: &[(&str, Case)] = cases![
    writes::outcomes_tell_revisions_and_previous_versions,
    writes::comparisons_that_fail_change_nothing,
    writes::deleting_what_is_not_there_changes_nothing,
    writes::a_recreated_key_starts_anew,
    writes::any_bytes_are_a_value,
    writes::too_large_a_request_is_refused,
    writes::a_dropped_future_still_writes,
    writes::concurrent_increments_are_all_counted,
    writes::a_lease_takes_its_keys_along,
    writes::an_unknown_lease_is_refused,
    reads::ranges_are_half_open_and_ordered,
    reads::limits_count_what_remains,
    reads::old_revisions_stay_readable,
    reads::pages_at_one_revision_ignore_later_writes,
    reads::the_future_is_an_error,
    reads::compaction_forgets_the_past_only,
    watches::live_events_tell_kind_and_previous,
    watches::a_watch_keeps_to_its_prefix,
    watches::the_past_is_replayed_and_joins_the_present,
    watches::a_watch_may_wait_for_a_future_revision,
    watches::compacted_history_cannot_be_watched,
    watches::progress_comes_after_what_it_covers,
];

/// The store of a case and its part of the keys.
struct Subject {
    store: Arc<dyn Store>,
    prefix: String,
}

impl Subject {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    async fn write(&self, compare: Compare, write: Write) -> TxnOutcome {
        self.store.txn(compare, write).await.unwrap()
    }

    /// Puts whatever was there; returns the revision.
    async fn put(&self, name: &str, value: &str) -> Revision {
        let write = put(self.key(name), value);
        match self.write(Compare::Any, write).await {
            TxnOutcome::Done { revision, .. } => revision,
            conflict => panic!("{conflict:?}"),
        }
    }

    async fn delete(&self, name: &str) -> Revision {
        match self.write(Compare::Any, Write::Delete { key: self.key(name) }).await {
            TxnOutcome::Done { revision, previous: Some(_) } => revision,
            outcome => panic!("{outcome:?}"),
        }
    }

    async fn get(&self, name: &str) -> Option<KeyValue> {
        self.store.get(&self.key(name), None).await.unwrap().0
    }

    /// The case's keys and values at a revision, as `name=value` in order.
    async fn listing(&self, revision: Option<Revision>) -> Vec<String> {
        let options = RangeOptions { revision, limit: 0 };
        let result = self.store.range(&self.prefix, &prefix_end(&self.prefix), options).await.unwrap();
        result.items.iter().map(|kv| self.shown(kv)).collect()
    }

    fn shown(&self, kv: &KeyValue) -> String {
        let name = kv.key.strip_prefix(&self.prefix).unwrap();
        format!("{name}={}", String::from_utf8_lossy(&kv.value))
    }

    async fn watch(&self, from: Revision) -> Box<dyn Watch> {
        self.store.watch(&self.prefix, from).await.unwrap()
    }

    /// Events as `put name=value`, `delete name`.
    fn told(&self, event: &Event) -> String {
        let shown = self.shown(&event.kv);
        match event.kind {
            EventKind::Put => format!("put {shown}"),
            EventKind::Delete => format!("delete {}", shown.trim_end_matches('=')),
        }
    }
}

fn put(key: String, value: &str) -> Write {
    Write::Put { key, value: Bytes::copy_from_slice(value.as_bytes()), lease: None }
}

async fn next_item(watch: &mut Box<dyn Watch>) -> WatchItem {
    let next = tokio::time::timeout(PATIENCE, watch.next()).await.expect("the watch is silent");
    next.expect("the watch has ended").unwrap()
}

/// The next `count` events, whatever the items they come in.
async fn next_events(watch: &mut Box<dyn Watch>, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        if let WatchItem::Events(more) = next_item(watch).await {
            assert!(!more.is_empty(), "an item without events");
            events.extend(more);
        }
    }
    assert_eq!(events.len(), count, "more events than expected: {events:?}");
    events
}
