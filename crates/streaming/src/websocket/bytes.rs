//! A byte stream in binary messages, whose borders mean nothing: how SPDY is tunnelled through a WebSocket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error as SocketError;

use super::WebSocket;

/// The bytes in one message at most.
const MAX_PIECE_BYTES: usize = 64 * 1024;

/// A WebSocket as `AsyncRead + AsyncWrite`. The peer's close frame reads as the end; shutdown sends ours.
pub struct WebSocketBytes {
    socket: WebSocket,
    unread: Bytes,
    ended: bool,
    close_sent: bool,
}

impl WebSocketBytes {
    pub fn new(socket: WebSocket) -> Self {
        Self { socket, unread: Bytes::new(), ended: false, close_sent: false }
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unread.is_empty() && !self.ended {
            match ready!(Pin::new(&mut self.socket).poll_next(context)) {
                Some(Ok(Message::Binary(piece))) => self.unread = piece,
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "invalid message type received",
                    )));
                }
                Some(Ok(Message::Close(_))) | None => self.ended = true,
                Some(Ok(_)) => {}
                Some(Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed)) => self.ended = true,
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WebSocketBytes {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_message(context))?;
        let take = self.unread.len().min(into.remaining());
        into.put_slice(&self.unread[..take]);
        self.unread.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebSocketBytes {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(context)).map_err(io_error)?;
        let piece = &data[..data.len().min(MAX_PIECE_BYTES)];
        let message = Message::Binary(Bytes::copy_from_slice(piece));
        Pin::new(&mut self.socket).start_send(message).map_err(io_error)?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.close_sent {
            match ready!(Pin::new(&mut self.socket).poll_ready(context)) {
                Ok(()) => Pin::new(&mut self.socket).start_send(super::normal_closure()).map_err(io_error)?,
                Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed) => {}
                Err(error) => return Poll::Ready(Err(io_error(error))),
            }
            self.close_sent = true;
        }
        match ready!(Pin::new(&mut self.socket).poll_flush(context)) {
            Ok(()) | Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(io_error(error))),
        }
    }
}

pub(crate) fn io_error(error: SocketError) -> io::Error {
    match error {
        SocketError::Io(error) => error,
        SocketError::ConnectionClosed | SocketError::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        other => io::Error::other(other),
    }
}
