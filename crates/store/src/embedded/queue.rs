//! The bounded queue from callers to the writer thread.

use std::{collections::VecDeque, time::Duration};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::{Compare, LeaseId, Revision, StoreError, TxnOutcome, Write};

/// The most commands that wait; what comes beyond is refused, not delayed.
const MAX_WAITING: usize = 16 * 1024;
/// The most bytes that wait.
const MAX_WAITING_BYTES: usize = 256 << 20;

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

pub(super) enum Command {
    Txn { compare: Compare, write: Write, reply: Reply<TxnOutcome> },
    Grant { ttl: Duration, reply: Reply<LeaseId> },
    Compact { revision: Revision, reply: Reply<()> },
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    bytes: usize,
    closed: bool,
    ticked: bool,
}

impl Queue {
    pub fn push(&self, command: Command) -> Result<(), StoreError> {
        let size = command.size();
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        if state.commands.len() >= MAX_WAITING || state.bytes + size > MAX_WAITING_BYTES {
            return Err(StoreError::Overloaded(state.commands.len()));
        }
        state.bytes += size;
        state.commands.push_back(command);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Moves what waits, up to `max_bytes` and at least one command, into `out`; waits for something at most `sleep`.
    ///
    /// Returns whether the queue is still open.
    pub fn take(&self, out: &mut Vec<Command>, max_bytes: usize, sleep: Option<Duration>) -> bool {
        let mut state = self.state.lock();
        if state.commands.is_empty() && !state.closed && !state.ticked {
            match sleep {
                Some(sleep) => {
                    self.wake.wait_for(&mut state, sleep);
                }
                None => self.wake.wait(&mut state),
            }
        }
        state.ticked = false;
        let mut bytes = 0;
        while bytes < max_bytes
            && let Some(command) = state.commands.pop_front()
        {
            bytes += command.size();
            out.push(command);
        }
        state.bytes -= bytes;
        !state.closed
    }

    /// Makes the writer look at the clock now.
    pub fn tick(&self) {
        self.state.lock().ticked = true;
        self.wake.notify_one();
    }

    /// Refuses new commands; those that wait are still done.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    /// Closes the queue and drops what waits, whose callers hear [`StoreError::Closed`].
    pub fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.bytes = 0;
        let abandoned = std::mem::take(&mut state.commands);
        drop(state);
        drop(abandoned);
    }

    pub fn is_empty(&self) -> bool {
        self.state.lock().commands.is_empty()
    }
}

impl Command {
    fn size(&self) -> usize {
        match self {
            Self::Txn { write, .. } => write.size(),
            Self::Grant { .. } | Self::Compact { .. } => 0,
        }
    }
}

impl Write {
    /// The bytes of key and value.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.len() + value.len(),
            Self::Delete { key } => key.len(),
        }
    }
}
