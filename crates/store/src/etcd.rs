//! The engine for several control-plane machines: a real etcd, v3.4 or later, over gRPC.
//!
//! Keys and values are stored as they are given. Replication, durability and compaction are etcd's; absent here are
//! retries, which belong to whoever knows whether a request may be repeated. Needs a tokio runtime.

mod convert;
mod leases;
mod messages;
mod rpc;
mod watch;

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tonic::Status;

use self::{
    convert::{key_text, key_value},
    messages as m,
    rpc::{Connection, Refusal, failure, refusal},
    watch::{EtcdWatch, Link},
};
use crate::{
    BoxFuture, Compare, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, Store, StoreError, TxnOutcome, Watch,
    Write,
};

/// etcd's own limit, checked here so that the error is the same as the other engine's.
const MAX_REQUEST_BYTES: usize = 1536 << 10;

const RANGE: &str = "/etcdserverpb.KV/Range";
const TXN: &str = "/etcdserverpb.KV/Txn";
const COMPACT: &str = "/etcdserverpb.KV/Compact";
const LEASE_GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";
const STATUS: &str = "/etcdserverpb.Maintenance/Status";

pub struct EtcdStore {
    connection: Connection,
    watches: Mutex<Vec<Weak<Link>>>,
    leases: leases::Reuse,
    /// The newest compaction that was heard of: etcd does not name it in its errors.
    compacted: AtomicU64,
    ordered_progress: bool,
}

#[derive(Clone, Debug, Default)]
pub struct EtcdOptions {
    /// URLs of the members of one cluster.
    pub endpoints: Vec<String>,
    /// For `https` endpoints.
    pub tls: Option<EtcdTls>,
}

/// What upstream's `--etcd-cafile`, `--etcd-certfile` and `--etcd-keyfile` hold.
#[derive(Clone)]
pub struct EtcdTls {
    /// Who signs the members' certificates.
    pub ca_pem: Vec<u8>,
    /// The client's certificate and key.
    pub identity_pem: Option<(Vec<u8>, Vec<u8>)>,
}

impl EtcdStore {
    /// Connects, and asks the server for its version: that it answers is known when this returns.
    pub async fn connect(options: &EtcdOptions) -> Result<Self, StoreError> {
        let connection = Connection::new(options)?;
        let status: m::StatusResponse =
            connection.call(STATUS, m::StatusRequest {}).await.map_err(|status| failure(&status))?;
        let ordered_progress = answers_progress_in_order(&status.version);
        let (watches, leases) = (Mutex::default(), leases::Reuse::default());
        Ok(Self { connection, watches, leases, compacted: AtomicU64::new(0), ordered_progress })
    }

    async fn read(&self, request: m::RangeRequest) -> Result<(m::RangeResponse, Revision), StoreError> {
        let requested = request.revision.cast_unsigned();
        match self.connection.call::<_, m::RangeResponse>(RANGE, request).await {
            Ok(response) => {
                let newest = revision(response.header.as_ref());
                Ok((response, if requested == 0 { newest } else { requested }))
            }
            Err(status) => Err(self.refused(&status, requested).await),
        }
    }

    /// The error for a request that named a revision.
    async fn refused(&self, status: &Status, requested: Revision) -> StoreError {
        match refusal(status) {
            Refusal::Compacted => {
                let compacted = self.compacted.load(Ordering::Relaxed).max(requested);
                StoreError::Compacted { requested, compacted }
            }
            Refusal::Future => match self.newest().await {
                Ok(current) => StoreError::FutureRevision { requested, current },
                Err(error) => error,
            },
            Refusal::Other(error) => error,
        }
    }

    async fn newest(&self) -> Result<Revision, StoreError> {
        let request = m::RangeRequest { key: Bytes::from_static(b"\0"), count_only: true, ..Default::default() };
        let response: m::RangeResponse =
            self.connection.call(RANGE, request).await.map_err(|status| failure(&status))?;
        Ok(revision(response.header.as_ref()))
    }

    async fn ask_for_progress(&self, prefix: String) -> Result<Revision, StoreError> {
        let links: Vec<Arc<Link>> = {
            let mut watches = self.watches.lock();
            watches.retain(|link| link.strong_count() > 0);
            watches.iter().filter_map(Weak::upgrade).filter(|link| link.prefix == prefix).collect()
        };
        if self.ordered_progress || prefix.is_empty() {
            let newest = self.newest().await?;
            for link in links {
                let request = m::WatchRequestUnion::Progress(m::WatchProgressRequest {});
                // A full queue holds a request already; a closed one belongs to a watch that has ended.
                let _ = link.requests.try_send(m::WatchRequest { request_union: Some(request) });
            }
            return Ok(newest);
        }
        match links.first() {
            // All watches of the prefix see the same marker.
            Some(link) => self.mark(link).await,
            None => self.newest().await,
        }
    }

    /// Writes the marker, together with those who ask while another writes it: they share the next one.
    async fn mark(&self, link: &Link) -> Result<Revision, StoreError> {
        let asked = link.marks_begun.load(Ordering::SeqCst);
        let mut last = link.marking.lock().await;
        if let Some((begun, revision)) = *last
            && begun > asked
        {
            return Ok(revision);
        }
        let begun = link.marks_begun.fetch_add(1, Ordering::SeqCst) + 1;
        let write = Write::Put { key: link.marker.clone(), value: Bytes::new(), lease: None };
        match write_once(self.connection.clone(), Compare::Any, write).await? {
            TxnOutcome::Done { revision, .. } | TxnOutcome::Conflict { revision, .. } => {
                *last = Some((begun, revision));
                Ok(revision)
            }
        }
    }

    async fn new_lease(&self, ttl: Duration) -> Result<LeaseId, StoreError> {
        // Whole seconds, and never shorter than asked.
        let seconds = i64::try_from(ttl.as_millis().div_ceil(1000)).unwrap_or(i64::MAX).max(1);
        let response: m::LeaseGrantResponse = self
            .connection
            .call(LEASE_GRANT, m::LeaseGrantRequest { ttl: seconds })
            .await
            .map_err(|status| failure(&status))?;
        Ok(LeaseId(response.id))
    }
}

impl Store for EtcdStore {
    fn get(
        &self,
        key: &str,
        revision: Option<Revision>,
    ) -> BoxFuture<'_, Result<(Option<KeyValue>, Revision), StoreError>> {
        let request =
            m::RangeRequest { key: key_text(key), revision: revision.unwrap_or(0).cast_signed(), ..Default::default() };
        Box::pin(async move {
            let (response, revision) = self.read(request).await?;
            let found = response.kvs.into_iter().next().map(key_value).transpose()?;
            Ok((found, revision))
        })
    }

    fn range(&self, start: &str, end: &str, options: RangeOptions) -> BoxFuture<'_, Result<RangeResult, StoreError>> {
        let everything = Bytes::from_static(b"\0");
        let request = m::RangeRequest {
            key: if start.is_empty() { everything.clone() } else { key_text(start) },
            range_end: if end.is_empty() { everything } else { key_text(end) },
            limit: i64::try_from(options.limit).unwrap_or(0),
            revision: options.revision.unwrap_or(0).cast_signed(),
            count_only: false,
        };
        Box::pin(async move {
            let (response, revision) = self.read(request).await?;
            let count = response.count.cast_unsigned();
            let items = response.kvs.into_iter().map(key_value).collect::<Result<Vec<_>, _>>()?;
            let remaining = count.saturating_sub(items.len() as u64);
            Ok(RangeResult { items, revision, more: remaining > 0, remaining })
        })
    }

    fn txn(&self, compare: Compare, write: Write) -> BoxFuture<'_, Result<TxnOutcome, StoreError>> {
        let (size, limit) = (write.size(), MAX_REQUEST_BYTES);
        if size > limit {
            return Box::pin(std::future::ready(Err(StoreError::TooLarge { size, limit })));
        }
        // Its own task, so that it goes on if nobody waits for it.
        let task = tokio::spawn(write_once(self.connection.clone(), compare, write));
        Box::pin(async move { task.await.unwrap_or(Err(StoreError::Closed)) })
    }

    fn watch(&self, prefix: &str, from: Revision) -> BoxFuture<'_, Result<Box<dyn Watch>, StoreError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            let watch = EtcdWatch::open(&self.connection, &prefix, from).await?;
            let mut watches = self.watches.lock();
            watches.retain(|link| link.strong_count() > 0);
            watches.push(Arc::downgrade(watch.link()));
            Ok(Box::new(watch) as Box<dyn Watch>)
        })
    }

    fn compact(&self, revision: Revision) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let request = m::CompactionRequest { revision: revision.cast_signed() };
            match self.connection.call::<_, m::CompactionResponse>(COMPACT, request).await {
                Ok(m::CompactionResponse {}) => {
                    self.compacted.fetch_max(revision, Ordering::Relaxed);
                    Ok(())
                }
                Err(status) => Err(self.refused(&status, revision).await),
            }
        })
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'_, Result<LeaseId, StoreError>> {
        Box::pin(self.leases.get(ttl, |ttl| self.new_lease(ttl)))
    }

    fn current_revision(&self) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(self.newest())
    }

    fn request_progress(&self, prefix: &str) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(self.ask_for_progress(prefix.to_owned()))
    }
}

async fn write_once(connection: Connection, compare: Compare, write: Write) -> Result<TxnOutcome, StoreError> {
    let lease = match &write {
        Write::Put { lease, .. } => *lease,
        Write::Delete { .. } => None,
    };
    match connection.call(TXN, txn_request(compare, write)).await {
        Ok(response) => outcome(response),
        Err(status) => match lease {
            Some(lease) if status.message().contains("requested lease not found") => {
                Err(StoreError::LeaseNotFound(lease))
            }
            _ => Err(failure(&status)),
        },
    }
}

fn txn_request(compare: Compare, write: Write) -> m::TxnRequest {
    let key = key_text(write.key());
    let mod_revision = |revision: Revision| m::Compare {
        result: m::CompareResult::Equal.into(),
        target: m::CompareTarget::Mod.into(),
        key: key.clone(),
        target_union: Some(m::TargetUnion::ModRevision(revision.cast_signed())),
    };
    // Revision 0 is "not there" to etcd, but a caller who names a revision means a key that is there.
    let exists = || m::Compare {
        result: m::CompareResult::Greater.into(),
        target: m::CompareTarget::Create.into(),
        key: key.clone(),
        target_union: Some(m::TargetUnion::CreateRevision(0)),
    };
    let compare = match compare {
        Compare::Any => Vec::new(),
        Compare::NotExists => vec![mod_revision(0)],
        Compare::ModRevision(revision) => vec![mod_revision(revision), exists()],
    };
    let read = m::Request::Range(m::RangeRequest { key: key.clone(), ..Default::default() });
    let write = match write {
        Write::Put { value, lease, .. } => {
            m::Request::Put(m::PutRequest { key, value, lease: lease.map_or(0, |lease| lease.0), prev_kv: true })
        }
        Write::Delete { .. } => m::Request::DeleteRange(m::DeleteRangeRequest { key, prev_kv: true }),
    };
    let operation = |request| vec![m::RequestOp { request: Some(request) }];
    m::TxnRequest { compare, success: operation(write), failure: operation(read) }
}

fn outcome(response: m::TxnResponse) -> Result<TxnOutcome, StoreError> {
    let revision = revision(response.header.as_ref());
    let first = response.responses.into_iter().next().and_then(|operation| operation.response);
    let kv = match first {
        Some(m::Response::Put(put)) => put.prev_kv,
        Some(m::Response::DeleteRange(deleted)) => deleted.prev_kvs.into_iter().next(),
        Some(m::Response::Range(found)) => found.kvs.into_iter().next(),
        None => return Err(StoreError::Unavailable("etcd answered a transaction without a response".to_owned())),
    };
    let kv = kv.map(key_value).transpose()?;
    Ok(if response.succeeded {
        TxnOutcome::Done { revision, previous: kv }
    } else {
        TxnOutcome::Conflict { current: kv, revision }
    })
}

fn revision(header: Option<&m::ResponseHeader>) -> Revision {
    header.map_or(0, |header| header.revision.cast_unsigned())
}

/// The key stays out of logs.
impl std::fmt::Debug for EtcdTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EtcdTls").field("identity", &self.identity_pem.is_some()).finish_non_exhaustive()
    }
}

/// Whether this version's answer to a progress request comes after the events that it covers.
fn answers_progress_in_order(version: &str) -> bool {
    let mut numbers = version.split(['.', '-', '+']).map_while(|number| number.parse::<u32>().ok());
    let (major, minor, patch) = (numbers.next(), numbers.next(), numbers.next());
    match (major, minor, patch) {
        (Some(3), Some(4), Some(patch)) => patch >= 25,
        (Some(3), Some(5), Some(patch)) => patch >= 8,
        (Some(major), Some(minor), Some(_)) => (major, minor) > (3, 5),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::answers_progress_in_order;

    #[test]
    fn versions_with_ordered_progress() {
        for (version, expected) in [
            ("3.4.23", false),
            ("3.4.25", true),
            ("3.5.7", false),
            ("3.5.8", true),
            ("3.6.0-rc.1", true),
            ("4.0.0", true),
            ("3.3.9", false),
            ("", false),
        ] {
            assert_eq!(answers_progress_in_order(version), expected, "{version}");
        }
    }
}
