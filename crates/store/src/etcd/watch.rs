//! Watches: one etcd watcher on one stream each.
//!
//! Progress needs care. Servers before 3.4.25 and 3.5.8 answer a progress request beside the stream of events, so the
//! answer may overtake events that it claims to cover. For those the engine writes a marker: the key that is the end of
//! the watched range, which the watcher includes and nothing else reads. One watcher's events are in order on every
//! version, so the marker's event is the proof.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::{Code, Streaming};

use super::{
    convert::{event, key_text},
    messages::{WatchCreateRequest, WatchRequest, WatchRequestUnion, WatchResponse},
    rpc::{Connection, failure},
};
use crate::{BoxFuture, Revision, StoreError, Watch, WatchItem, prefix_end};

const WATCH: &str = "/etcdserverpb.Watch/Watch";
/// Requests on one stream that wait to be sent; a progress request beyond it is one too many and adds nothing.
const MAX_REQUESTS: usize = 4;

pub(super) struct EtcdWatch {
    stream: Streaming<WatchResponse>,
    link: Arc<Link>,
    /// Decoded and not yet handed out.
    ready: VecDeque<WatchItem>,
    next: Revision,
    ended: bool,
}

/// What the store keeps of a watch to ask it for progress.
pub(super) struct Link {
    pub requests: mpsc::Sender<WatchRequest>,
    pub prefix: String,
    /// See the module's text; empty for a watch of everything.
    pub marker: String,
    /// Markers whose write has begun.
    pub marks_begun: AtomicU64,
    /// The number and the revision of the newest marker; held while one is written.
    pub marking: tokio::sync::Mutex<Option<(u64, Revision)>>,
}

impl EtcdWatch {
    /// Returns once the server has the watcher, so that nothing written after is missed.
    pub async fn open(connection: &Connection, prefix: &str, from: Revision) -> Result<Self, StoreError> {
        let (requests, outgoing) = mpsc::channel(MAX_REQUESTS);
        let marker = prefix_end(prefix);
        let (key, range_end) = watched(prefix, &marker);
        let start_revision = from.cast_signed();
        let create = WatchCreateRequest { key, range_end, start_revision, progress_notify: true, prev_kv: true };
        let create = WatchRequest { request_union: Some(WatchRequestUnion::Create(create)) };
        requests.try_send(create).expect("the channel is new and has room");
        let stream = connection.stream(WATCH, outgoing).await.map_err(|status| failure(&status))?;
        let link = Arc::new(Link {
            requests,
            prefix: prefix.to_owned(),
            marker,
            marks_begun: AtomicU64::new(0),
            marking: tokio::sync::Mutex::default(),
        });
        let mut watch = Self { stream, link, ready: VecDeque::new(), next: from, ended: false };
        loop {
            let response = watch.receive().await?;
            let created = response.created;
            if from == 0 {
                watch.next = response.header.map_or(0, |header| header.revision.cast_unsigned()) + 1;
            }
            watch.take(response)?;
            if created {
                return Ok(watch);
            }
        }
    }

    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    async fn receive(&mut self) -> Result<WatchResponse, StoreError> {
        match self.stream.message().await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(StoreError::Closed),
            Err(status) if status.code() == Code::Cancelled => Err(StoreError::Closed),
            Err(status) => Err(failure(&status)),
        }
    }

    /// Files what a response says.
    fn take(&mut self, response: WatchResponse) -> Result<(), StoreError> {
        if response.compact_revision > 0 {
            let compacted = response.compact_revision.cast_unsigned();
            return Err(StoreError::Compacted { requested: self.next, compacted });
        }
        if response.canceled {
            return Err(StoreError::Unavailable(format!("etcd ended the watch: {}", response.cancel_reason)));
        }
        if response.events.is_empty() && !response.created {
            let revision = response.header.map_or(0, |header| header.revision.cast_unsigned());
            self.ready.push_back(WatchItem::Progress(revision));
        }
        let mut events = Vec::with_capacity(response.events.len());
        for changed in response.events {
            let changed = event(changed)?;
            self.next = changed.kv.mod_revision + 1;
            if *changed.kv.key != *self.link.marker {
                events.push(changed);
                continue;
            }
            if !events.is_empty() {
                self.ready.push_back(WatchItem::Events(std::mem::take(&mut events)));
            }
            self.ready.push_back(WatchItem::Progress(changed.kv.mod_revision));
        }
        if !events.is_empty() {
            self.ready.push_back(WatchItem::Events(events));
        }
        Ok(())
    }

    async fn next_item(&mut self) -> Option<Result<WatchItem, StoreError>> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            let taken = match self.receive().await {
                Ok(response) => self.take(response),
                Err(error) => Err(error),
            };
            if let Err(error) = taken {
                self.ended = true;
                return Some(Err(error));
            }
        }
    }
}

impl Watch for EtcdWatch {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<WatchItem, StoreError>>> {
        Box::pin(self.next_item())
    }
}

/// The range from the prefix up to and including the marker.
fn watched(prefix: &str, marker: &str) -> (Bytes, Bytes) {
    let end = if marker.is_empty() { Bytes::from_static(b"\0") } else { key_text(&format!("{marker}\0")) };
    let start = if prefix.is_empty() { Bytes::from_static(b"\0") } else { key_text(prefix) };
    (start, end)
}
