//! One channel as a reader or a writer of bytes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::PollSender;

use super::{Codec, Framing};

/// The data of one message at most.
const MAX_MESSAGE_DATA_BYTES: usize = 32 * 1024;

pub struct ChannelReader {
    messages: mpsc::Receiver<Bytes>,
    unread: Bytes,
    failure: Arc<OnceLock<String>>,
}

impl ChannelReader {
    pub(super) fn new(messages: mpsc::Receiver<Bytes>, failure: Arc<OnceLock<String>>) -> Self {
        Self { messages, unread: Bytes::new(), failure }
    }
}

impl AsyncRead for ChannelReader {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            match ready!(self.messages.poll_recv(context)) {
                Some(message) => self.unread = message,
                None => {
                    return Poll::Ready(
                        self.failure.get().map_or(Ok(()), |failure| Err(io::Error::other(failure.clone()))),
                    );
                }
            }
        }
        let take = self.unread.len().min(into.remaining());
        into.put_slice(&self.unread[..take]);
        self.unread.advance(take);
        Poll::Ready(Ok(()))
    }
}

pub struct ChannelWriter {
    channel: u8,
    framing: Framing,
    messages: PollSender<Message>,
    closed: bool,
}

impl ChannelWriter {
    pub(super) fn new(channel: u8, framing: Framing, messages: mpsc::Sender<Message>) -> Self {
        Self { channel, framing, messages: PollSender::new(messages), closed: false }
    }

    /// Sends a message without data: it tells the peer that the connection stands.
    pub async fn announce(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| self.poll_send(context, &[])).await
    }

    fn poll_send(&mut self, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(self.messages.poll_reserve(context)).map_err(|_| broken_pipe())?;
        let message = self.framing.codec.encode(self.channel, data);
        Poll::Ready(self.messages.send_item(message).map_err(|_| broken_pipe()))
    }
}

impl AsyncWrite for ChannelWriter {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let piece = &data[..data.len().min(MAX_MESSAGE_DATA_BYTES)];
        ready!(self.poll_send(context, piece))?;
        Poll::Ready(Ok(piece.len()))
    }

    /// The writer task sends every message at once.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        if self.framing.sends_close {
            ready!(self.messages.poll_reserve(context)).map_err(|_| broken_pipe())?;
            let close = Codec::encode_close(self.channel);
            self.messages.send_item(close).map_err(|_| broken_pipe())?;
        }
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

fn broken_pipe() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}
