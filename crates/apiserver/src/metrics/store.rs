//! What is asked of the store, and how long it takes: upstream's names speak of etcd, whichever engine it is.

use super::{LATENCIES, Maker, Metrics};
use kind::DynKind;
use prometheus::{HistogramVec, IntCounterVec};
use registry::keys;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    BoxFuture, Compare, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, Store, StoreError, TxnOutcome, Watch,
    Write,
};

const LABELS: &[&str] = &["operation", "group", "resource"];

pub struct Families {
    duration: HistogramVec,
    total: IntCounterVec,
    errors: IntCounterVec,
    lists: IntCounterVec,
    fetched: IntCounterVec,
}

impl Families {
    pub(super) fn new(make: &Maker) -> Families {
        let of_lists = ["group", "resource"];
        Families {
            duration: make.histograms(
                "etcd_request_duration_seconds",
                "[ALPHA] Etcd request latency in seconds for each operation and object type.",
                LABELS,
                LATENCIES,
            ),
            total: make.counters(
                "etcd_requests_total",
                "[ALPHA] Etcd request counts for each operation and object type.",
                LABELS,
            ),
            errors: make.counters(
                "etcd_request_errors_total",
                "[ALPHA] Etcd failed request counts for each operation and object type.",
                LABELS,
            ),
            lists: make.counters(
                "apiserver_storage_list_total",
                "[ALPHA] Number of LIST requests served from storage",
                &of_lists,
            ),
            fetched: make.counters(
                "apiserver_storage_list_fetched_objects_total",
                "[ALPHA] Number of objects read from storage in the course of serving a LIST request",
                &of_lists,
            ),
        }
    }
}

/// A store whose use is counted.
pub struct MeteredStore {
    inner: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    root: String,
    /// Group and resource by where they are kept below the root.
    places: HashMap<String, (&'static str, &'static str)>,
}

impl MeteredStore {
    /// `root`: what stands before every key of the API.
    pub fn new(
        inner: Arc<dyn Store>,
        metrics: Arc<Metrics>,
        root: String,
        kinds: &'static [&'static dyn DynKind],
    ) -> MeteredStore {
        let owners = kinds.iter().filter(|kind| kind.stored_as().is_none()).map(|kind| {
            let names: &'static kind::Names = kind.names();
            (keys::prefix("", names.group, names.plural), (names.group, names.plural))
        });
        MeteredStore { inner, metrics, places: owners.collect(), root }
    }

    /// Group and resource of a key, or of the beginning of keys.
    fn place<'k>(&'k self, key: &'k str) -> (&'k str, &'k str) {
        let Some(rest) = key.strip_prefix(&self.root) else { return ("", "other") };
        let ends = rest.match_indices('/').map(|(at, _)| at + 1).take(2);
        if let Some(place) = ends.clone().find_map(|end| self.places.get(&rest[..end])) {
            return *place;
        }
        // A custom resource lies under its group.
        let mut parts = rest.split('/');
        match (parts.next(), parts.next()) {
            (Some(group), Some(resource)) if group.contains('.') => (group, resource),
            _ => ("", "other"),
        }
    }

    async fn measured<T>(
        &self,
        operation: &'static str,
        key: String,
        call: BoxFuture<'_, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let result = call.await;
        let (group, resource) = self.place(&key);
        let labels = [operation, group, resource];
        let families = &self.metrics.store;
        families.duration.with_label_values(&labels).observe(begun.elapsed().as_secs_f64());
        families.total.with_label_values(&labels).inc();
        if result.is_err() {
            families.errors.with_label_values(&labels).inc();
        }
        result
    }
}

impl Store for MeteredStore {
    fn get(
        &self,
        key: &str,
        revision: Option<Revision>,
    ) -> BoxFuture<'_, Result<(Option<KeyValue>, Revision), StoreError>> {
        Box::pin(self.measured("get", key.to_owned(), self.inner.get(key, revision)))
    }

    fn range(&self, start: &str, end: &str, options: RangeOptions) -> BoxFuture<'_, Result<RangeResult, StoreError>> {
        let call = self.inner.range(start, end, options);
        let key = start.to_owned();
        Box::pin(async move {
            let result = self.measured("list", key.clone(), call).await?;
            let (group, resource) = self.place(&key);
            self.metrics.store.lists.with_label_values(&[group, resource]).inc();
            self.metrics.store.fetched.with_label_values(&[group, resource]).inc_by(result.items.len() as u64);
            Ok(result)
        })
    }

    fn txn(&self, compare: Compare, write: Write) -> BoxFuture<'_, Result<TxnOutcome, StoreError>> {
        let operation = match (&write, compare) {
            (Write::Delete { .. }, _) => "delete",
            (Write::Put { .. }, Compare::NotExists) => "create",
            (Write::Put { .. }, _) => "update",
        };
        let key = write.key().to_owned();
        // Queued before the future is polled, as the contract says.
        Box::pin(self.measured(operation, key, self.inner.txn(compare, write)))
    }

    fn watch(&self, prefix: &str, from: Revision) -> BoxFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        self.inner.watch(prefix, from)
    }

    fn compact(&self, revision: Revision) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.compact(revision)
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, StoreError>> {
        self.inner.grant_lease(ttl)
    }

    fn current_revision(&self) -> BoxFuture<'_, Result<Revision, StoreError>> {
        self.inner.current_revision()
    }

    fn request_progress(&self, prefix: &str) -> BoxFuture<'_, Result<Revision, StoreError>> {
        self.inner.request_progress(prefix)
    }
}
