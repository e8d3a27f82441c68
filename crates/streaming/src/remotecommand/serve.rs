//! The server's side of exec and attach: answers the upgrade and hands out the streams.

use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use tokio::io::AsyncWriteExt;

use super::{
    BoxReader, BoxWriter, ERROR, Options, Outcome, PROTOCOL_VERSION, Protocol, RESIZE, SPDY_31, STDERR, STDIN, STDOUT,
    STREAM_TYPE,
};
use crate::spdy::{self, Connection, Incoming};
use crate::websocket::channels::Channels;
use crate::websocket::{self, WebSocket};
use crate::{Body, Error, backend, upgrade};

/// How long a SPDY client may take to open its streams.
const STREAM_CREATION_TIMEOUT: Duration = Duration::from_secs(30);
const ACCEPTED_VERSIONS: HeaderName = HeaderName::from_static("x-accepted-stream-protocol-versions");

/// The near ends of one session's streams. A stream that was not asked for is `None`.
pub struct Session {
    pub stdin: Option<BoxReader>,
    pub stdout: Option<BoxWriter>,
    pub stderr: Option<BoxWriter>,
    /// Terminal sizes in JSON.
    pub resize: Option<BoxReader>,
    pub protocol: Protocol,
    error: BoxWriter,
    pub(super) transport: Transport,
}

pub(super) enum Transport {
    Spdy(Connection),
    WebSocket(Channels),
}

impl Transport {
    /// Waits until the client is gone.
    pub(super) async fn client_gone(&self) {
        match self {
            Self::Spdy(connection) => drop(connection.closed().await),
            Self::WebSocket(channels) => channels.ended().await,
        }
    }
}

impl Session {
    /// Reports the outcome after all output, and ends the session.
    pub async fn finish(mut self, outcome: &Outcome) {
        // What the client still sends is thrown away from here on, not queued.
        drop((self.stdin.take(), self.resize.take()));
        let message = outcome.write(self.protocol.json_status);
        if let Err(error) = self.error.write_all(message.as_bytes()).await {
            tracing::debug!(%error, "the client did not wait for the outcome of its command");
        }
        match self.transport {
            Transport::Spdy(connection) => connection.close().await,
            Transport::WebSocket(channels) => channels.finish().await,
        }
    }
}

/// Answers a request for exec or attach, over either transport, and calls `run` with the session.
pub fn handle<B, Running>(
    mut request: Request<B>,
    options: Options,
    run: impl FnOnce(Session) -> Running + Send + 'static,
) -> Result<Response<Body>, Error>
where
    Running: Future<Output = ()> + Send + 'static,
{
    if websocket::is_websocket_request(request.headers()) {
        let (protocol, response, client) = match accept_websocket(&mut request, &Protocol::WEBSOCKET) {
            Ok(accepted) => accepted,
            Err(rejection) => return Ok(*rejection),
        };
        tokio::spawn(async move {
            let Ok(client) = client.await else { return };
            if let Some(session) =
                websocket_session(websocket::server(upgrade::stream(client)).await, protocol, options).await
            {
                run(session).await;
            }
        });
        return Ok(response);
    }
    if !upgrade::is_upgrade_request(request.headers()) {
        return Err(Error::UpgradeRequired);
    }
    let (protocol, response) = match accept_spdy(request.headers(), &Protocol::SPDY) {
        Ok(accepted) => accepted,
        Err(rejection) => return Ok(*rejection),
    };
    let client = upgrade::client_upgrade(&mut request)?;
    tokio::spawn(async move {
        let Ok(client) = client.await else { return };
        let (connection, incoming) = Connection::server(upgrade::stream(client), spdy::Config::default());
        match spdy_session(connection, incoming, protocol, options).await {
            Some(session) => run(session).await,
            None => tracing::debug!("timed out waiting for client to create streams"),
        }
    });
    Ok(response)
}

type Rejection = Box<Response<Body>>;

pub(super) fn accept_websocket<B>(
    request: &mut Request<B>,
    supported: &[Protocol],
) -> Result<(Protocol, Response<Body>, hyper::upgrade::OnUpgrade), Rejection> {
    let mut offered = websocket::requested_protocols(request.headers());
    if offered.is_empty() {
        offered.push("");
    }
    let Some(protocol) = Protocol::negotiate(&offered, supported) else {
        return Err(Box::new(backend::plain(StatusCode::FORBIDDEN, "")));
    };
    let name = (!protocol.name.is_empty()).then_some(protocol.name);
    let (response, client) = websocket::accept(request, name)?;
    Ok((protocol, response, client))
}

fn accept_spdy(headers: &http::HeaderMap, supported: &[Protocol]) -> Result<(Protocol, Response<Body>), Rejection> {
    let name = HeaderName::from_static(PROTOCOL_VERSION);
    let offered = websocket::comma_separated(headers, &name);
    if offered.is_empty() {
        let text = "unable to upgrade: X-Stream-Protocol-Version is required";
        return Err(Box::new(backend::plain(StatusCode::BAD_REQUEST, text)));
    }
    let Some(protocol) = Protocol::negotiate(&offered, supported) else {
        let accepted: Vec<&str> = supported.iter().map(|protocol| protocol.name).collect();
        let text = format!(
            "unable to upgrade: unable to negotiate protocol: client supports [{}], server accepts [{}]",
            offered.join(" "),
            accepted.join(" ")
        );
        let mut rejection = backend::plain(StatusCode::FORBIDDEN, &text);
        for name in accepted {
            rejection.headers_mut().append(ACCEPTED_VERSIONS, HeaderValue::from_static(name));
        }
        return Err(Box::new(rejection));
    };
    let mut response = backend::switching(SPDY_31);
    response.headers_mut().insert(name, HeaderValue::from_static(protocol.name));
    Ok((protocol, response))
}

/// Opens the channels and tells the client on the lowest one that it may begin.
pub(super) async fn websocket_session(socket: WebSocket, protocol: Protocol, options: Options) -> Option<Session> {
    let (channels, [stdin, resize]) = Channels::start(socket, protocol.framing(false), [STDIN, RESIZE]);
    let lowest = match options {
        Options { stdout: true, .. } => STDOUT,
        Options { stderr: true, .. } => STDERR,
        _ => ERROR,
    };
    channels.writer(lowest).announce().await.ok()?;
    let writer = |channel| -> BoxWriter { Box::new(channels.writer(channel)) };
    Some(Session {
        stdin: options.stdin.then(|| -> BoxReader { Box::new(stdin) }),
        stdout: options.stdout.then(|| writer(STDOUT)),
        stderr: options.stderr.then(|| writer(STDERR)),
        resize: options.tty.then(|| -> BoxReader { Box::new(resize) }),
        protocol,
        error: writer(ERROR),
        transport: Transport::WebSocket(channels),
    })
}

/// Waits for the streams that the options promise. `None` if the client does not open them in time.
async fn spdy_session(
    connection: Connection,
    mut incoming: Incoming,
    protocol: Protocol,
    options: Options,
) -> Option<Session> {
    let tty = options.tty && protocol.resize;
    let expected = 1 + [options.stdin, options.stdout, options.stderr, tty].into_iter().filter(|asked| *asked).count();
    let (mut error, mut stdin, mut stdout, mut stderr, mut resize) = (None, None, None, None, None);
    let streams = async {
        for _ in 0..expected {
            let new = incoming.next().await?;
            let stream_type = new.headers().get(STREAM_TYPE).map(HeaderValue::as_bytes).unwrap_or_default().to_vec();
            let stream = new.accept().await.ok()?;
            match stream_type.as_slice() {
                b"error" => error = Some(stream),
                b"stdin" => stdin = Some(stream),
                b"stdout" => stdout = Some(stream),
                b"stderr" => stderr = Some(stream),
                b"resize" => resize = Some(stream),
                _ => return None,
            }
        }
        Some(())
    };
    tokio::time::timeout(STREAM_CREATION_TIMEOUT, streams).await.ok()??;
    Some(Session {
        stdin: stdin.map(|stream| -> BoxReader { Box::new(stream) }),
        stdout: stdout.map(|stream| -> BoxWriter { Box::new(stream) }),
        stderr: stderr.map(|stream| -> BoxWriter { Box::new(stream) }),
        resize: resize.map(|stream| -> BoxReader { Box::new(stream) }),
        protocol,
        error: Box::new(error?),
        transport: Transport::Spdy(connection),
    })
}
