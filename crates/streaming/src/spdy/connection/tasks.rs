//! The two tasks of a connection: one reads frames and hands them to streams, one writes the queued frames.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::shared::{Refusal, Role, Shared};
use super::{Outgoing, SpdyError};
use crate::spdy::frame::{Decoder, Encoder, Frame, ResetStatus, StreamId};
use crate::spdy::stream::Stream;

/// How long a finished connection waits for the peer to close its side.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);
const LINGER_READ_BYTES: usize = 4 * 1024;
const READ_BYTES: usize = 32 * 1024;
/// Frames are gathered up to this size before they are written.
const WRITE_BYTES: usize = 64 * 1024;
/// Where the ids of pings start over.
const MAX_PING_ID: u32 = 0x7fff_fff0;

pub(super) fn spawn<Io>(
    io: Io,
    shared: Arc<Shared>,
    frames: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
    incoming: mpsc::Sender<Stream>,
) where
    Io: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read_half, write_half) = tokio::io::split(io);
    let reader = Reader { shared: Arc::clone(&shared), frames, incoming };
    tokio::spawn(async move {
        let reason = reader.run(read_half).await;
        reader.shared.end(reason);
    });
    tokio::spawn(async move {
        let reason = match Writer::new(&shared, outgoing).run(write_half).await {
            Ok(()) => SpdyError::Closed,
            Err(error) => error,
        };
        shared.end(reason);
    });
}

struct Reader {
    shared: Arc<Shared>,
    frames: mpsc::Sender<Outgoing>,
    incoming: mpsc::Sender<Stream>,
}

impl Reader {
    async fn run<Io: AsyncRead + AsyncWrite>(&self, mut io: ReadHalf<Io>) -> SpdyError {
        let serve = async {
            match self.read_frames(&mut io).await {
                Ok(()) => SpdyError::Closed,
                Err(error) => error,
            }
        };
        let idle = async {
            match self.shared.config.idle_timeout {
                Some(timeout) => self.shared.activity.idle_for(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            reason = serve => return reason,
            () = idle => return SpdyError::Idle,
            () = self.shared.stopped() => {}
        }
        linger(&mut io).await;
        SpdyError::Closed
    }

    async fn read_frames<Io: AsyncRead + AsyncWrite>(&self, io: &mut ReadHalf<Io>) -> Result<(), SpdyError> {
        let mut decoder = Decoder::default();
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        loop {
            while let Some(frame) = decoder.decode(&mut buffer)? {
                self.handle(frame).await?;
            }
            buffer.reserve(READ_BYTES);
            if io.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            self.shared.activity.touch();
        }
    }

    async fn handle(&self, frame: Frame) -> Result<(), SpdyError> {
        match frame {
            Frame::SynStream { stream_id, fin, unidirectional, headers, .. } => {
                let Err(status) = self.receive(stream_id, unidirectional, fin, headers) else { return Ok(()) };
                return self.shared.push_control(Frame::RstStream { stream_id, status });
            }
            Frame::SynReply { stream_id, fin, .. } => {
                self.shared.replied(stream_id);
                if fin {
                    self.shared.remote_finished(stream_id);
                }
            }
            Frame::Headers { stream_id, fin, .. } => {
                if fin {
                    self.shared.remote_finished(stream_id);
                }
            }
            Frame::Data { stream_id, fin, data } => {
                if let Some(inbox) = self.shared.inbox(stream_id) {
                    let limit = self.shared.config.stream_buffer_bytes;
                    poll_fn(|context| inbox.poll_push(context, &data, limit)).await;
                }
                if fin {
                    self.shared.remote_finished(stream_id);
                }
            }
            Frame::RstStream { stream_id, .. } => self.shared.remote_reset(stream_id),
            Frame::Ping { id } if self.shared.role.owns(id) => {}
            Frame::Ping { id } => return self.shared.push_control(Frame::Ping { id }),
            Frame::GoAway { .. } => self.shared.drain(),
            Frame::Settings | Frame::WindowUpdate { .. } => {}
        }
        Ok(())
    }

    fn receive(
        &self,
        stream_id: StreamId,
        unidirectional: bool,
        fin: bool,
        headers: http::HeaderMap,
    ) -> Result<(), ResetStatus> {
        let inbox = self.shared.receive(stream_id, unidirectional, fin).map_err(|refusal| match refusal {
            Refusal::InvalidId => ResetStatus::PROTOCOL_ERROR,
            Refusal::TooMany => ResetStatus::REFUSED_STREAM,
        })?;
        let (shared, frames) = (Arc::clone(&self.shared), self.frames.clone());
        let stream = Stream::new(stream_id, headers, shared, inbox, frames, unidirectional);
        // A peer that resets streams as fast as it opens them gets here. The refusal goes the bounded way of control
        // frames, and not that of a dropped stream.
        if let Err(TrySendError::Full(stream) | TrySendError::Closed(stream)) = self.incoming.try_send(stream) {
            stream.abandon();
            return Err(ResetStatus::REFUSED_STREAM);
        }
        Ok(())
    }
}

/// Reads what the peer still sends after this side has finished: closing a socket with unread input resets it, and the
/// reset could overtake the last frames on their way to the peer.
async fn linger<Io: AsyncRead + AsyncWrite>(io: &mut ReadHalf<Io>) {
    let mut scratch = vec![0; LINGER_READ_BYTES];
    let drained = async { while matches!(io.read(&mut scratch).await, Ok(read) if read > 0) {} };
    // Time is up or the peer is done: either way the socket may go.
    let _elapsed = tokio::time::timeout(LINGER_TIMEOUT, drained).await;
}

struct Writer<'a> {
    shared: &'a Shared,
    outgoing: mpsc::Receiver<Outgoing>,
    encoder: Encoder,
    pings: Option<Interval>,
    next_ping: u32,
}

/// What the writer does next.
enum Step {
    Write(Frame),
    Finish,
}

impl<'a> Writer<'a> {
    fn new(shared: &'a Shared, outgoing: mpsc::Receiver<Outgoing>) -> Self {
        let pings = shared.config.ping_period.map(|period| {
            let mut pings = interval(period);
            pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pings.reset();
            pings
        });
        let next_ping = if shared.role == Role::Client { 1 } else { 2 };
        Self { shared, outgoing, encoder: Encoder::default(), pings, next_ping }
    }

    async fn run<Io: AsyncRead + AsyncWrite>(mut self, mut io: WriteHalf<Io>) -> Result<(), SpdyError> {
        let shared = self.shared;
        tokio::select! {
            written = self.write_frames(&mut io) => written?,
            () = shared.stopped() => {}
        }
        // The peer may be gone already, and then there is nobody to tell.
        let _gone = tokio::time::timeout(LINGER_TIMEOUT, io.shutdown()).await;
        Ok(())
    }

    async fn write_frames<Io: AsyncRead + AsyncWrite>(&mut self, io: &mut WriteHalf<Io>) -> Result<(), SpdyError> {
        let mut buffer = BytesMut::with_capacity(WRITE_BYTES);
        loop {
            let mut step = Some(self.next().await);
            let mut finish = false;
            while let Some(next) = step {
                match next {
                    Step::Write(frame) => self.encoder.encode(&frame, &mut buffer)?,
                    Step::Finish => {
                        self.encoder.encode(&self.shared.go_away(), &mut buffer)?;
                        finish = true;
                        break;
                    }
                }
                step = if buffer.len() < WRITE_BYTES { self.try_next() } else { None };
            }
            io.write_all(&buffer).await?;
            io.flush().await?;
            buffer.clear();
            self.shared.activity.touch();
            if finish {
                return Ok(());
            }
        }
    }

    async fn next(&mut self) -> Step {
        loop {
            if let Some(step) = self.try_next() {
                return step;
            }
            if self.shared.is_drained() {
                return Step::Finish;
            }
            let ping = async {
                match &mut self.pings {
                    Some(pings) => pings.tick().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                outgoing = self.outgoing.recv() => return step(outgoing),
                () = self.shared.control_ready.notified() => {}
                _ = ping => return Step::Write(self.ping()),
            }
        }
    }

    fn try_next(&mut self) -> Option<Step> {
        match self.shared.pop_control() {
            Some(frame) => Some(Step::Write(frame)),
            None => self.outgoing.try_recv().ok().map(|outgoing| step(Some(outgoing))),
        }
    }

    fn ping(&mut self) -> Frame {
        let id = self.next_ping;
        self.next_ping = if id >= MAX_PING_ID { id % 2 + 2 } else { id + 2 };
        Frame::Ping { id }
    }
}

fn step(outgoing: Option<Outgoing>) -> Step {
    match outgoing {
        Some(Outgoing::Frame(frame)) => Step::Write(frame),
        Some(Outgoing::Finish) | None => Step::Finish,
    }
}
