//! A store whose values are other bytes at rest than in use: a [`Transformer`] stands between the two.
//!
//! Keys, revisions and leases stay as they are. Deliberately absent: what a transformer does, and the values that a write
//! replaced or met, which nobody reads and which would cost a transformation each.

use crate::{
    BoxFuture, Compare, Event, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, Store, StoreError, TxnOutcome,
    Watch, WatchItem, Write,
};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Turns values into what is stored, and back. The key goes with the value: bytes stored under another are refused.
pub trait Transformer: Send + Sync + 'static {
    fn open<'a>(&'a self, key: &'a str, value: &'a Bytes) -> BoxFuture<'a, Result<Plain, String>>;

    fn seal<'a>(&'a self, key: &'a str, value: &'a Bytes) -> BoxFuture<'a, Result<Bytes, String>>;
}

/// A value in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    pub value: Bytes,
    /// It would be stored in another way now, so that the next write shall not be left out for changing nothing.
    pub stale: bool,
}

/// A store under a transformer.
#[derive(Clone)]
pub struct Transforming {
    inner: Arc<dyn Store>,
    transformer: Arc<dyn Transformer>,
}

impl Transforming {
    pub fn new(inner: Arc<dyn Store>, transformer: Arc<dyn Transformer>) -> Transforming {
        Transforming { inner, transformer }
    }

    /// The newest value of a key, and whether it is stale.
    pub async fn get_newest(&self, key: &str) -> Result<Option<(KeyValue, bool)>, StoreError> {
        let (found, _) = self.inner.get(key, None).await?;
        let Some(mut kv) = found else { return Ok(None) };
        let stale = open_value(&*self.transformer, &mut kv).await?;
        Ok(Some((kv, stale)))
    }
}

/// Gives whether the value is stale.
async fn open_value(transformer: &dyn Transformer, kv: &mut KeyValue) -> Result<bool, StoreError> {
    let opened = transformer.open(&kv.key, &kv.value).await;
    let plain = opened.map_err(|why| StoreError::Unreadable { key: kv.key.to_string(), why })?;
    kv.value = plain.value;
    Ok(plain.stale)
}

impl Store for Transforming {
    fn get(
        &self,
        key: &str,
        revision: Option<Revision>,
    ) -> BoxFuture<'_, Result<(Option<KeyValue>, Revision), StoreError>> {
        let getting = self.inner.get(key, revision);
        Box::pin(async move {
            let (mut found, revision) = getting.await?;
            if let Some(kv) = &mut found {
                open_value(&*self.transformer, kv).await?;
            }
            Ok((found, revision))
        })
    }

    fn range(&self, start: &str, end: &str, options: RangeOptions) -> BoxFuture<'_, Result<RangeResult, StoreError>> {
        let reading = self.inner.range(start, end, options);
        Box::pin(async move {
            let mut range = reading.await?;
            for kv in &mut range.items {
                open_value(&*self.transformer, kv).await?;
            }
            Ok(range)
        })
    }

    /// Unlike the trait says, a write is queued only when its value is transformed: a future that is dropped before has
    /// written nothing.
    fn txn(&self, compare: Compare, write: Write) -> BoxFuture<'_, Result<TxnOutcome, StoreError>> {
        Box::pin(async move {
            let write = match write {
                Write::Put { key, value, lease } => {
                    let sealed = self.transformer.seal(&key, &value).await;
                    let value = sealed.map_err(|why| StoreError::Unwritable { key: key.clone(), why })?;
                    Write::Put { key, value, lease }
                }
                delete @ Write::Delete { .. } => delete,
            };
            Ok(match self.inner.txn(compare, write).await? {
                TxnOutcome::Done { revision, .. } => TxnOutcome::Done { revision, previous: None },
                TxnOutcome::Conflict { revision, .. } => TxnOutcome::Conflict { current: None, revision },
            })
        })
    }

    fn watch(&self, prefix: &str, from: Revision) -> BoxFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        let opening = self.inner.watch(prefix, from);
        let transformer = self.transformer.clone();
        Box::pin(async move {
            let watch = Opening { inner: opening.await?, transformer, events: Vec::new(), opened: 0 };
            Ok(Box::new(watch) as Box<dyn Watch>)
        })
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

/// A watch whose events are being opened; they stay here until all are, so that a dropped call loses none.
struct Opening {
    inner: Box<dyn Watch>,
    transformer: Arc<dyn Transformer>,
    events: Vec<Event>,
    opened: usize,
}

impl Opening {
    async fn open_rest(&mut self) -> Result<Vec<Event>, StoreError> {
        while let Some(event) = self.events.get_mut(self.opened) {
            // Deletions have no value. Only when both values are open is the event written back.
            let mut made = event.clone();
            if !made.kv.value.is_empty() {
                open_value(&*self.transformer, &mut made.kv).await?;
            }
            if let Some(previous) = &mut made.previous {
                open_value(&*self.transformer, previous).await?;
            }
            *event = made;
            self.opened += 1;
        }
        self.opened = 0;
        Ok(std::mem::take(&mut self.events))
    }
}

impl Watch for Opening {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<WatchItem, StoreError>>> {
        Box::pin(async move {
            if self.events.is_empty() {
                match self.inner.next().await? {
                    Ok(WatchItem::Events(events)) => self.events = events,
                    other => return Some(other),
                }
            }
            Some(self.open_rest().await.map(WatchItem::Events))
        })
    }
}
