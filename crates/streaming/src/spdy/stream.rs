//! One stream of a connection, as a reader and a writer of bytes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use super::connection::{Outgoing, Shared};
use super::frame::{Frame, MAX_DATA_CHUNK_BYTES, ResetStatus, StreamId};
use super::inbox::{Ended, Inbox};

/// One stream: `AsyncRead`, and `AsyncWrite` whose shutdown half-closes it.
///
/// Dropping it before both sides have finished resets it.
pub struct Stream {
    id: StreamId,
    headers: HeaderMap,
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    frames: PollSender<Outgoing>,
    direct: mpsc::Sender<Outgoing>,
    write_closed: bool,
}

impl Stream {
    pub(super) fn new(
        id: StreamId,
        headers: HeaderMap,
        shared: Arc<Shared>,
        inbox: Arc<Inbox>,
        frames: mpsc::Sender<Outgoing>,
        write_closed: bool,
    ) -> Self {
        Self { id, headers, shared, inbox, frames: PollSender::new(frames.clone()), direct: frames, write_closed }
    }

    pub fn id(&self) -> StreamId {
        self.id
    }

    /// The headers that the stream was opened with.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Gives the stream up in both directions, after what was written before.
    pub async fn reset(self) {
        self.reset_with(ResetStatus::CANCEL).await;
    }

    async fn reset_with(self, status: ResetStatus) {
        if self.shared.forget(self.id) {
            let frame = Frame::RstStream { stream_id: self.id, status };
            // A closed queue means that the connection is gone, and with it the stream.
            let _gone = self.direct.send(Outgoing::Frame(frame)).await;
        }
    }

    /// Gives the stream up without a word; somebody else tells the peer.
    pub(super) fn abandon(self) {
        self.shared.forget(self.id);
    }

    pub(super) async fn reply(&mut self) -> bool {
        let reply = Frame::SynReply { stream_id: self.id, fin: false, headers: HeaderMap::new() };
        self.direct.send(Outgoing::Frame(reply)).await.is_ok()
    }

    fn write_error(&self) -> Option<io::Error> {
        if self.write_closed {
            return Some(io::Error::new(io::ErrorKind::BrokenPipe, "write on closed stream"));
        }
        self.inbox.write_ended().map(|ended| match ended {
            Ended::Lost => io::Error::new(io::ErrorKind::BrokenPipe, "connection closed"),
            Ended::Reset | Ended::Finished => io::Error::new(io::ErrorKind::BrokenPipe, "stream reset"),
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inbox
            .poll_read(context, into)
            .map_err(|_lost| io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was lost"))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(error) = self.write_error() {
            return Poll::Ready(Err(error));
        }
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.frames.poll_reserve(context)).map_err(|_| closed())?;
        let chunk = &data[..data.len().min(MAX_DATA_CHUNK_BYTES)];
        let frame = Frame::Data { stream_id: self.id, fin: false, data: Bytes::copy_from_slice(chunk) };
        self.frames.send_item(Outgoing::Frame(frame)).map_err(|_| closed())?;
        Poll::Ready(Ok(chunk.len()))
    }

    /// The writer task flushes whenever its queue runs empty, so there is nothing to wait for here.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_error().is_some() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.frames.poll_reserve(context)).map_err(|_| closed())?;
        let frame = Frame::Data { stream_id: self.id, fin: true, data: Bytes::new() };
        self.frames.send_item(Outgoing::Frame(frame)).map_err(|_| closed())?;
        self.write_closed = true;
        self.shared.local_finished(self.id);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.inbox.discard();
        // Frees the place that a cancelled write may have reserved.
        self.frames.abort_send();
        if !self.shared.forget(self.id) {
            return;
        }
        let frame = Outgoing::Frame(Frame::RstStream { stream_id: self.id, status: ResetStatus::CANCEL });
        // The reset must not overtake data written before, hence the same queue; one waiting task per dropped stream.
        if let Err(mpsc::error::TrySendError::Full(frame)) = self.direct.try_send(frame) {
            let sender = self.direct.clone();
            self.shared.runtime().spawn(async move { sender.send(frame).await });
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "connection closed")
}
