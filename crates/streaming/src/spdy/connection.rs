//! A SPDY connection: the table of its streams and the two tasks that move its bytes.

mod shared;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use super::frame::{Frame, FrameError, ResetStatus};
use super::stream::Stream;
pub(super) use shared::Shared;
use shared::{Role, StreamEntry};

/// How long the opener of a stream waits for the SYN_REPLY.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a close waits for the last frames to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Frames that wait for the writer, of all streams together.
const OUTGOING_FRAMES: usize = 16;

/// Limits of one connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// Streams open at once, opened by either side.
    pub max_streams: usize,
    /// Bytes received and not yet read, per stream; a fuller stream holds up the connection.
    pub stream_buffer_bytes: usize,
    /// A connection with no frame in either direction for this long is ended.
    pub idle_timeout: Option<Duration>,
    /// Sends a PING this often, so that middleboxes keep the connection.
    pub ping_period: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_streams: 1024,
            stream_buffer_bytes: 64 * 1024,
            idle_timeout: Some(crate::DEFAULT_IDLE_TIMEOUT),
            ping_period: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SpdyError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("connection closed")]
    Closed,
    #[error("Stream reset")]
    Reset,
    #[error("timed out waiting for the reply to a new stream")]
    ReplyTimeout,
    #[error("too many streams on one connection")]
    TooManyStreams,
    #[error("the peer sends control frames faster than it reads the answers")]
    Flood,
    #[error("no frame within the idle timeout")]
    Idle,
}

/// A frame on its way to the writer.
#[derive(Debug)]
pub(super) enum Outgoing {
    Frame(Frame),
    /// Everything before this is to be written, then GOAWAY, then the connection ends.
    Finish,
}

/// A handle on a connection; clones share it. When the last one is dropped, the connection takes no more streams and
/// ends with the last stream.
#[derive(Clone)]
pub struct Connection {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    frames: mpsc::Sender<Outgoing>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.drain();
    }
}

/// The streams that the peer opens. Dropping it refuses further ones.
pub struct Incoming {
    streams: mpsc::Receiver<Stream>,
}

impl Incoming {
    /// The next stream, or `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<NewStream> {
        self.streams.recv().await.map(|stream| NewStream { stream })
    }
}

/// A stream that the peer wants to open. Dropping it refuses it.
pub struct NewStream {
    stream: Stream,
}

impl NewStream {
    pub fn headers(&self) -> &HeaderMap {
        self.stream.headers()
    }

    /// Sends the SYN_REPLY. The peer sends data only after it.
    pub async fn accept(mut self) -> Result<Stream, SpdyError> {
        if self.stream.reply().await { Ok(self.stream) } else { Err(SpdyError::Closed) }
    }

    pub async fn refuse(self) {
        self.stream.reset().await;
    }
}

impl Connection {
    /// Starts the client's end over `io`, on which the upgrade has been done.
    pub fn client(io: impl AsyncRead + AsyncWrite + Send + 'static, config: Config) -> (Self, Incoming) {
        Self::start(io, Role::Client, config)
    }

    /// Starts the server's end over `io`, on which the upgrade has been done.
    pub fn server(io: impl AsyncRead + AsyncWrite + Send + 'static, config: Config) -> (Self, Incoming) {
        Self::start(io, Role::Server, config)
    }

    fn start(io: impl AsyncRead + AsyncWrite + Send + 'static, role: Role, config: Config) -> (Self, Incoming) {
        let (frames, outgoing) = mpsc::channel(OUTGOING_FRAMES);
        let (incoming, streams) = mpsc::channel(config.max_streams);
        let shared = Arc::new(Shared::new(role, config));
        tasks::spawn(io, Arc::clone(&shared), frames.clone(), outgoing, incoming);
        (Self { handle: Arc::new(Handle { shared, frames }) }, Incoming { streams })
    }

    /// Opens a stream and waits for the peer's reply. With `fin` this side will send nothing.
    pub async fn create_stream(&self, headers: HeaderMap, fin: bool) -> Result<Stream, SpdyError> {
        let Handle { shared, frames } = &*self.handle;
        let place = frames.reserve().await.map_err(|_| SpdyError::Closed)?;
        let (replied, reply) = oneshot::channel();
        let opened = shared.open(StreamEntry::opened_here(fin, replied), |stream_id| {
            // Under the table's lock, so that ids go out in their order.
            place.send(Outgoing::Frame(Frame::SynStream {
                stream_id,
                associated_to: 0,
                priority: 0,
                slot: 0,
                fin,
                unidirectional: false,
                headers: headers.clone(),
            }));
        })?;
        let stream = Stream::new(opened.id, headers, Arc::clone(shared), opened.inbox, frames.clone(), fin);
        match tokio::time::timeout(REPLY_TIMEOUT, reply).await {
            Ok(Ok(())) => Ok(stream),
            Ok(Err(_dropped)) if shared.has_ended() => Err(SpdyError::Closed),
            Ok(Err(_dropped)) => Err(SpdyError::Reset),
            Err(_elapsed) => Err(SpdyError::ReplyTimeout),
        }
    }

    /// Resets every open stream, says GOAWAY and ends the connection, as upstream's `Connection.Close` does.
    pub async fn close(&self) {
        let Handle { shared, frames } = &*self.handle;
        let finish = async {
            for stream_id in shared.reset_all() {
                let reset = Frame::RstStream { stream_id, status: ResetStatus::CANCEL };
                if frames.send(Outgoing::Frame(reset)).await.is_err() {
                    return;
                }
            }
            if frames.send(Outgoing::Finish).await.is_ok() {
                shared.stopped().await;
            }
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, finish).await.is_err() {
            shared.end(SpdyError::Closed);
        }
    }

    /// Waits until the connection has ended; the error, if it did not end by agreement or by a plain end of input.
    pub async fn closed(&self) -> Option<Arc<SpdyError>> {
        self.handle.shared.stopped().await;
        self.handle.shared.error()
    }
}

#[cfg(test)]
mod tests;
