//! The listening socket: TLS, HTTP/1.1 and HTTP/2, connections with limits, and a stop that drains.
//!
//! What a request means is the [`Handler`]'s business.

use crate::connection::{self, Connections};
use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use rustls_pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use stdx::{Rng, SystemRng};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How long a stop waits for requests under way, where nobody says otherwise.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failure to accept: out of descriptors, most likely. Wait for connections to end rather than spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Who is at the other end of a connection.
#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// The chain that the client showed, not yet verified.
    pub certificates: Option<Arc<[CertificateDer<'static>]>>,
}

pub trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<Body>>;
}

/// What may differ from server to server.
#[derive(Clone)]
pub struct Settings {
    /// The chance that a request on HTTP/2 makes its client connect anew.
    pub goaway_chance: f64,
    /// Streams that one HTTP/2 connection may have open; 0: the default.
    pub max_streams: u32,
    pub rng: Arc<dyn Rng>,
    /// Counts the handshakes that failed.
    pub handshake_errors: Arc<AtomicU64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { goaway_chance: 0.0, max_streams: 0, rng: Arc::new(SystemRng), handshake_errors: Arc::default() }
    }
}

/// When it is over.
pub struct Ending {
    /// Becomes true: no more connections; those that are there end with the requests under way.
    pub stop: watch::Receiver<bool>,
    /// Becomes true: connections that are left are cut.
    pub cut: watch::Receiver<bool>,
}

/// Serves until `stop` becomes true, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    handler: Arc<dyn Handler>,
    stop: watch::Receiver<bool>,
) {
    let (cut_sender, cut) = watch::channel(false);
    let mut stopped = stop.clone();
    let timer = tokio::spawn(async move {
        // A sender that is gone means the same.
        let _ = stopped.wait_for(|&stop| stop).await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
        cut_sender.send_replace(true);
    });
    serve_with(listener, tls, handler, Settings::default(), Ending { stop, cut }).await;
    timer.abort();
}

/// The same, with settings, and an end in two steps. Returns when no connection is left.
pub async fn serve_with(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    handler: Arc<dyn Handler>,
    settings: Settings,
    mut ending: Ending,
) {
    let acceptor = TlsAcceptor::from(tls);
    let connections = Connections::new(handler, settings, ending.stop.clone(), ending.cut.clone());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.stop.wait_for(|&stop| stop) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let (acceptor, connections) = (acceptor.clone(), connections.clone());
                tokio::spawn(async move {
                    if let Err(error) = connection::serve(stream, address, acceptor, connections).await {
                        tracing::debug!(%address, %error, "connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.closed().await;
}
