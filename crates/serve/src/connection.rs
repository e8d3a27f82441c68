//! One connection: handshake, requests, and the reasons to end it.
//!
//! A connection ends when its client closes it, when it is idle, when the server drains, when chance asks its client to go
//! elsewhere, and when its client keeps giving up requests that it began (CVE-2023-44487).

use crate::http::{Body, Handler, Peer, Settings};
use ::http::{Request, Version};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// A client that does not finish its handshake in this time is dropped.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Upstream's limit for the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(32);
const MAX_HEADER_BYTES: usize = 1 << 20;
/// Streams that one HTTP/2 connection may have open, unless told otherwise.
const MAX_STREAMS: u32 = 250;
/// Streams that a client may reset before the server has looked at them.
const MAX_PENDING_RESETS: usize = 50;
/// Requests that a client may give up beyond those that it let be answered.
const MAX_GIVEN_UP: i64 = 500;
/// What a client may send of a body before it is read, by stream and in all.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// What waits to be sent on one stream: all that a slow reader makes the server hold besides the body itself.
const MAX_SEND_BUFFER_BYTES: usize = 128 * 1024;
/// A peer that does not answer a ping is gone.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Upstream's limit for a connection without requests.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What all connections of a server share.
#[derive(Clone)]
pub struct Connections {
    handler: Arc<dyn Handler>,
    settings: Settings,
    stop: watch::Receiver<bool>,
    cut: watch::Receiver<bool>,
    /// Held by each connection; the channel closes with the last.
    alive: mpsc::Sender<Infallible>,
    last: Arc<tokio::sync::Mutex<mpsc::Receiver<Infallible>>>,
}

impl Connections {
    pub fn new(
        handler: Arc<dyn Handler>,
        settings: Settings,
        stop: watch::Receiver<bool>,
        cut: watch::Receiver<bool>,
    ) -> Connections {
        let (alive, last) = mpsc::channel(1);
        Connections { handler, settings, stop, cut, alive, last: Arc::new(last.into()) }
    }

    /// Waits until no connection is left.
    pub async fn closed(self) {
        let Connections { alive, last, .. } = self;
        drop(alive);
        // Nothing is ever sent: this ends when every sender is gone.
        let _: Option<Infallible> = last.lock().await.recv().await;
    }
}

pub async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    mut connections: Connections,
) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
    if !matches!(shaken, Ok(Ok(_))) {
        connections.settings.handshake_errors.fetch_add(1, Ordering::Relaxed);
    }
    let stream = shaken??;
    let certificates = stream
        .get_ref()
        .1
        .peer_certificates()
        .map(|chain| chain.iter().map(|certificate| certificate.clone().into_owned()).collect::<Vec<_>>().into());
    let peer = Peer { address, certificates };
    let activity = Arc::new(Activity::default());
    let (handler, settings) = (connections.handler.clone(), connections.settings.clone());
    let of_service = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, peer) = (handler.clone(), peer.clone());
        if request.version() == Version::HTTP_2 && chance(&settings) {
            of_service.leave.notify_one();
        }
        let mut under_way = of_service.begin();
        async move {
            let response = handler.handle(request, peer).await;
            under_way.answered = true;
            Ok::<_, Infallible>(response.map(|body| Tracked { body, _under_way: under_way }))
        }
    });
    let builder = builder(connections.settings.max_streams);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut leaving = false;
    let mut idle = pin!(tokio::time::sleep(IDLE_TIMEOUT));
    let mut seen = 0;
    loop {
        tokio::select! {
            ended = connection.as_mut() => return ended,
            _ = connections.cut.wait_for(|&cut| cut) => return Err("cut".into()),
            _ = connections.stop.wait_for(|&stop| stop), if !leaving => {
                connection.as_mut().graceful_shutdown();
                leaving = true;
            }
            () = activity.leave.notified(), if !leaving => {
                connection.as_mut().graceful_shutdown();
                leaving = true;
            }
            () = activity.abuse.notified() => return Err("the client gives up too many requests".into()),
            () = idle.as_mut() => {
                let begun = activity.begun.load(Ordering::Relaxed);
                if activity.under_way.load(Ordering::Relaxed) == 0 && begun == seen {
                    if leaving {
                        // What was said at parting was not read in this time either.
                        return Err("idle".into());
                    }
                    connection.as_mut().graceful_shutdown();
                    leaving = true;
                }
                seen = begun;
                idle.as_mut().reset(tokio::time::Instant::now() + IDLE_TIMEOUT);
            }
        }
    }
}

fn chance(settings: &Settings) -> bool {
    settings.goaway_chance > 0.0 && (settings.rng.next_u64() as f64 / u64::MAX as f64) < settings.goaway_chance
}

/// What happens on one connection.
#[derive(Default)]
struct Activity {
    /// Requests whose answer has not been sent to its end.
    under_way: AtomicUsize,
    begun: AtomicU64,
    /// Requests that the client gave up, less those that were answered.
    given_up: AtomicI64,
    leave: Notify,
    abuse: Notify,
}

impl Activity {
    fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay { activity: self.clone(), answered: false }
    }
}

/// A request from its head to the end of its answer.
struct UnderWay {
    activity: Arc<Activity>,
    answered: bool,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let activity = &self.activity;
        activity.under_way.fetch_sub(1, Ordering::Relaxed);
        if !self.answered {
            if activity.given_up.fetch_add(1, Ordering::Relaxed) >= MAX_GIVEN_UP {
                activity.abuse.notify_one();
            }
        } else if activity.given_up.load(Ordering::Relaxed) > 0 {
            activity.given_up.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A body with the request that it answers.
struct Tracked {
    body: Body,
    _under_way: UnderWay,
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn builder(max_streams: u32) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(if max_streams == 0 { MAX_STREAMS } else { max_streams })
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .max_send_buf_size(MAX_SEND_BUFFER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(PING_INTERVAL);
    builder
}
