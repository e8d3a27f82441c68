//! The state that the tasks, the handles and the streams of one connection share. Synchronous: it never waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Config, SpdyError};
use crate::activity::Activity;
use crate::spdy::frame::{Frame, StreamId};
use crate::spdy::inbox::{Ended, Inbox};

/// Answers to the peer's control frames that may wait for the writer.
const CONTROL_FRAMES: usize = 256;
const MAX_STREAM_ID: StreamId = 0x7fff_ffff;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Role {
    fn first_id(self) -> StreamId {
        match self {
            Role::Client => 1,
            Role::Server => 2,
        }
    }

    /// Whether an id of a stream or a ping is one that this side hands out.
    pub(super) fn owns(self, id: u32) -> bool {
        id % 2 == self.first_id() % 2
    }
}

pub(in crate::spdy) struct Shared {
    pub(super) role: Role,
    pub(super) config: Config,
    pub(super) activity: Activity,
    /// Told when there is a control frame to write or the connection should finish.
    pub(super) control_ready: Notify,
    table: Mutex<Table>,
    stop: CancellationToken,
    runtime: runtime::Handle,
}

struct Table {
    streams: HashMap<StreamId, StreamEntry>,
    next_id: StreamId,
    last_received: StreamId,
    control: VecDeque<Frame>,
    /// No new streams, from either side.
    draining: bool,
    ended: bool,
    error: Option<Arc<SpdyError>>,
}

pub(super) struct StreamEntry {
    inbox: Arc<Inbox>,
    reply: Option<oneshot::Sender<()>>,
    local_finished: bool,
    remote_finished: bool,
}

impl StreamEntry {
    pub(super) fn opened_here(local_finished: bool, reply: oneshot::Sender<()>) -> Self {
        Self { inbox: Arc::default(), reply: Some(reply), local_finished, remote_finished: false }
    }

    fn opened_there(local_finished: bool, remote_finished: bool) -> Self {
        let inbox = Arc::<Inbox>::default();
        if remote_finished {
            inbox.end(Ended::Finished);
        }
        Self { inbox, reply: None, local_finished, remote_finished }
    }
}

pub(super) struct Opened {
    pub(super) id: StreamId,
    pub(super) inbox: Arc<Inbox>,
}

/// Why a stream that the peer opens is turned down.
pub(super) enum Refusal {
    /// Its id is not the peer's to give, or not higher than the last.
    InvalidId,
    TooMany,
}

impl Shared {
    pub(super) fn new(role: Role, config: Config) -> Self {
        Self {
            role,
            config,
            activity: Activity::default(),
            control_ready: Notify::new(),
            table: Mutex::new(Table {
                streams: HashMap::new(),
                next_id: role.first_id(),
                last_received: 0,
                control: VecDeque::new(),
                draining: false,
                ended: false,
                error: None,
            }),
            stop: CancellationToken::new(),
            runtime: runtime::Handle::current(),
        }
    }

    pub(in crate::spdy) fn runtime(&self) -> &runtime::Handle {
        &self.runtime
    }

    /// Takes the next id for a stream of this side; `announce` queues its SYN_STREAM.
    pub(super) fn open(&self, entry: StreamEntry, announce: impl FnOnce(StreamId)) -> Result<Opened, SpdyError> {
        let mut table = self.lock();
        if table.ended || table.draining || table.next_id > MAX_STREAM_ID {
            return Err(SpdyError::Closed);
        }
        if table.streams.len() >= self.config.max_streams {
            return Err(SpdyError::TooManyStreams);
        }
        let id = table.next_id;
        table.next_id += 2;
        let inbox = Arc::clone(&entry.inbox);
        table.streams.insert(id, entry);
        announce(id);
        Ok(Opened { id, inbox })
    }

    /// Enters a stream that the peer opens.
    pub(super) fn receive(&self, id: StreamId, local_finished: bool, fin: bool) -> Result<Arc<Inbox>, Refusal> {
        let mut table = self.lock();
        if self.role.owns(id) || id <= table.last_received || id > MAX_STREAM_ID {
            return Err(Refusal::InvalidId);
        }
        table.last_received = id;
        if table.draining || table.ended || table.streams.len() >= self.config.max_streams {
            return Err(Refusal::TooMany);
        }
        let entry = StreamEntry::opened_there(local_finished, fin);
        let inbox = Arc::clone(&entry.inbox);
        table.streams.insert(id, entry);
        Ok(inbox)
    }

    pub(super) fn inbox(&self, id: StreamId) -> Option<Arc<Inbox>> {
        self.lock().streams.get(&id).map(|entry| Arc::clone(&entry.inbox))
    }

    pub(super) fn replied(&self, id: StreamId) {
        let reply = self.lock().streams.get_mut(&id).and_then(|entry| entry.reply.take());
        if let Some(reply) = reply {
            // The opener may have stopped waiting.
            let _stopped = reply.send(());
        }
    }

    pub(super) fn remote_finished(&self, id: StreamId) {
        let mut table = self.lock();
        let Some(entry) = table.streams.get_mut(&id) else { return };
        entry.remote_finished = true;
        entry.inbox.end(Ended::Finished);
        if entry.local_finished {
            self.remove(&mut table, id);
        }
    }

    pub(in crate::spdy) fn local_finished(&self, id: StreamId) {
        let mut table = self.lock();
        let Some(entry) = table.streams.get_mut(&id) else { return };
        entry.local_finished = true;
        if entry.remote_finished {
            self.remove(&mut table, id);
        }
    }

    pub(super) fn remote_reset(&self, id: StreamId) {
        let mut table = self.lock();
        if let Some(entry) = self.remove(&mut table, id) {
            entry.inbox.end(Ended::Reset);
        }
    }

    /// Takes a stream out of the table; false if both sides had already done with it.
    pub(in crate::spdy) fn forget(&self, id: StreamId) -> bool {
        let mut table = self.lock();
        match self.remove(&mut table, id) {
            Some(entry) => {
                entry.inbox.end(Ended::Reset);
                true
            }
            None => false,
        }
    }

    /// Ends all streams; those that the peer must be told of.
    pub(super) fn reset_all(&self) -> Vec<StreamId> {
        let mut table = self.lock();
        table.draining = true;
        let mut ids: Vec<StreamId> = Vec::new();
        for (id, entry) in table.streams.drain() {
            entry.inbox.end(Ended::Reset);
            if !entry.local_finished {
                ids.push(id);
            }
        }
        ids.sort_unstable();
        ids
    }

    fn remove(&self, table: &mut Table, id: StreamId) -> Option<StreamEntry> {
        let entry = table.streams.remove(&id);
        if table.draining && table.streams.is_empty() {
            self.control_ready.notify_one();
        }
        entry
    }

    /// Takes no more streams; the connection ends with the last one.
    pub(super) fn drain(&self) {
        self.lock().draining = true;
        self.control_ready.notify_one();
    }

    pub(super) fn is_drained(&self) -> bool {
        let table = self.lock();
        table.draining && table.streams.is_empty()
    }

    /// Queues an answer to the peer without waiting; a peer that does not read its answers is cut off.
    pub(super) fn push_control(&self, frame: Frame) -> Result<(), SpdyError> {
        let mut table = self.lock();
        if table.control.len() >= CONTROL_FRAMES {
            return Err(SpdyError::Flood);
        }
        table.control.push_back(frame);
        drop(table);
        self.control_ready.notify_one();
        Ok(())
    }

    pub(super) fn pop_control(&self) -> Option<Frame> {
        self.lock().control.pop_front()
    }

    pub(super) fn go_away(&self) -> Frame {
        Frame::GoAway { last_good: self.lock().last_received, status: 0 }
    }

    /// Ends the connection under all its streams. The first reason stands.
    pub(super) fn end(&self, reason: SpdyError) {
        let mut table = self.lock();
        if !table.ended {
            table.ended = true;
            if !matches!(reason, SpdyError::Closed) {
                table.error = Some(Arc::new(reason));
            }
        }
        for (_, entry) in table.streams.drain() {
            entry.inbox.end(Ended::Lost);
        }
        drop(table);
        self.stop.cancel();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    pub(super) fn error(&self) -> Option<Arc<SpdyError>> {
        self.lock().error.clone()
    }

    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
