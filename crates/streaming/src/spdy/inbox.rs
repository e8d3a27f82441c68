//! The bounded buffer between the connection's reader and one stream's reader.

use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;

/// How the peer's half of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The peer has said all it had to say.
    Finished,
    /// One side gave the stream up. Reads as an end of data, see the module docs of `spdy`.
    Reset,
    /// The connection went away under the stream, and data may be missing.
    Lost,
}

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    buffer: BytesMut,
    ended: Option<Ended>,
    /// Nobody will read: what still comes is thrown away.
    discards: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Inbox {
    /// Takes `data` if there is room below `limit`, and registers the connection's reader for waking if not.
    pub(super) fn poll_push(&self, context: &mut Context<'_>, data: &[u8], limit: usize) -> Poll<()> {
        let mut state = self.lock();
        if state.discards || state.ended.is_some() {
            return Poll::Ready(());
        }
        if !state.buffer.is_empty() && state.buffer.len() + data.len() > limit {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.buffer.extend_from_slice(data);
        wake(&mut state.reader);
        Poll::Ready(())
    }

    pub(super) fn poll_read(&self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Ended>> {
        let mut state = self.lock();
        if !state.buffer.is_empty() {
            let take = state.buffer.len().min(into.remaining());
            into.put_slice(&state.buffer[..take]);
            state.buffer.advance(take);
            if state.buffer.is_empty() {
                // Gives the memory back: a quiet stream costs nothing.
                state.buffer = BytesMut::new();
            }
            wake(&mut state.writer);
            return Poll::Ready(Ok(()));
        }
        match state.ended {
            Some(Ended::Lost) => Poll::Ready(Err(Ended::Lost)),
            Some(Ended::Finished | Ended::Reset) => Poll::Ready(Ok(())),
            None => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Records the end. The first one stands, except that a reset also overrides a finish: it stops writing too.
    pub(super) fn end(&self, ended: Ended) {
        let mut state = self.lock();
        if state.ended.is_none() || (state.ended == Some(Ended::Finished) && ended == Ended::Reset) {
            state.ended = Some(ended);
        }
        wake(&mut state.reader);
        wake(&mut state.writer);
    }

    /// What has ended the stream for its writer, if anything has.
    pub(super) fn write_ended(&self) -> Option<Ended> {
        self.lock().ended.filter(|ended| *ended != Ended::Finished)
    }

    pub(super) fn discard(&self) {
        let mut state = self.lock();
        state.discards = true;
        state.buffer = BytesMut::new();
        wake(&mut state.writer);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
