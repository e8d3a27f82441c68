//! The client's side of exec and attach.

use std::convert::Infallible;
use std::io;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    BoxReader, BoxWriter, ERROR, Options, Outcome, PROTOCOL_VERSION, Protocol, RESIZE, SPDY_31, STDERR, STDIN, STDOUT,
};
use crate::spdy::Connection;
use crate::upgrade::copy::pump;
use crate::websocket::channels::Channels;
use crate::websocket::{self, WebSocket};
use crate::{Backend, Error, spdy, upgrade};

/// The longest message on the error stream that is read.
const MAX_ERROR_BYTES: u64 = 1 << 20;

/// What the remote streams are connected to. A stream that is `None` is not opened.
#[derive(Default)]
pub struct LocalStreams {
    pub stdin: Option<BoxReader>,
    pub stdout: Option<BoxWriter>,
    pub stderr: Option<BoxWriter>,
    /// Terminal sizes, one JSON object after the other (`TerminalSize::to_json`). Its presence asks for a terminal.
    pub resize: Option<BoxReader>,
}

impl LocalStreams {
    fn wanted(&self) -> Options {
        let tty = self.resize.is_some();
        Options {
            stdin: self.stdin.is_some(),
            stdout: self.stdout.is_some(),
            stderr: self.stderr.is_some() && !tty,
            tty,
        }
    }
}

/// Upgrades a connection to the backend to SPDY and agrees on one of `protocols`; none chosen means the last of them.
pub async fn connect_spdy(
    backend: Backend,
    protocols: &[&str],
    config: spdy::Config,
) -> Result<(Connection, String), Error> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(SPDY_31));
    for protocol in protocols {
        headers.append(HeaderName::from_static(PROTOCOL_VERSION), HeaderValue::try_from(*protocol)?);
    }
    let answer = backend.send(Method::POST, &headers).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS || !upgrades_to_spdy(answer.headers()) {
        return Err(Error::unable_to_upgrade(answer).await);
    }
    let chosen = answer.headers().get(PROTOCOL_VERSION).and_then(|value| value.to_str().ok());
    let chosen = chosen.or(protocols.last().copied()).unwrap_or_default().to_owned();
    let connection = hyper::upgrade::on(answer).await.map_err(Error::Backend)?;
    let (connection, _nobody_opens_streams_here) = Connection::client(upgrade::stream(connection), config);
    Ok((connection, chosen))
}

pub(crate) fn upgrades_to_spdy(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).map(HeaderValue::as_bytes).unwrap_or_default().to_ascii_lowercase();
    upgrade::is_upgrade_request(headers) && upgrade.windows(SPDY_31.len()).any(|window| window == b"spdy/3.1")
}

/// Runs one command over SPDY, from the upgrade to its outcome.
pub async fn exec_spdy(backend: Backend, local: LocalStreams, config: spdy::Config) -> Result<Outcome, Error> {
    let names = Protocol::SPDY.map(|protocol| protocol.name);
    let (connection, chosen) = connect_spdy(backend, &names, config).await?;
    let Some(protocol) = Protocol::negotiate(&[&chosen], &Protocol::SPDY) else {
        return Err(Error::UnknownProtocol(chosen));
    };
    let outcome = async {
        let remote = open_streams(&connection, protocol, local.wanted()).await?;
        run(remote, local, protocol).await
    };
    let outcome = outcome.await;
    connection.close().await;
    outcome
}

/// Runs one command over a WebSocket, from the upgrade to its outcome, in one of `protocols`.
pub async fn exec_websocket(backend: Backend, local: LocalStreams, protocols: &[Protocol]) -> Result<Outcome, Error> {
    let names: Vec<&str> = protocols.iter().map(|protocol| protocol.name).filter(|name| !name.is_empty()).collect();
    let (socket, chosen) = websocket::connect(backend, &names).await?;
    let Some(protocol) = Protocol::negotiate(&[&chosen], &Protocol::WEBSOCKET) else {
        return Err(Error::UnknownProtocol(chosen));
    };
    run_websocket(socket, local, protocol).await
}

async fn run_websocket(socket: WebSocket, local: LocalStreams, protocol: Protocol) -> Result<Outcome, Error> {
    let (channels, [stdout, stderr, error]) = Channels::start(socket, protocol.framing(true), [STDOUT, STDERR, ERROR]);
    let writer = |channel| -> BoxWriter { Box::new(channels.writer(channel)) };
    let remote = RemoteStreams {
        error: Box::new(error),
        stdin: local.stdin.is_some().then(|| writer(STDIN)),
        stdout: local.stdout.is_some().then(|| -> BoxReader { Box::new(stdout) }),
        stderr: local.stderr.is_some().then(|| -> BoxReader { Box::new(stderr) }),
        resize: local.resize.is_some().then(|| writer(RESIZE)),
    };
    let outcome = run(remote, local, protocol).await;
    channels.finish().await;
    outcome
}

/// The far ends of the streams.
struct RemoteStreams {
    error: BoxReader,
    stdin: Option<BoxWriter>,
    stdout: Option<BoxReader>,
    stderr: Option<BoxReader>,
    resize: Option<BoxWriter>,
}

/// Opens the streams in the order in which client-go does.
async fn open_streams(connection: &Connection, protocol: Protocol, wanted: Options) -> Result<RemoteStreams, Error> {
    let open = |stream_type| connection.create_stream(super::stream_headers(stream_type), false);
    let error = open("error").await?;
    let mut remote = RemoteStreams { error: Box::new(error), stdin: None, stdout: None, stderr: None, resize: None };
    if wanted.stdin {
        remote.stdin = Some(Box::new(open("stdin").await?));
    }
    if wanted.stdout {
        remote.stdout = Some(Box::new(open("stdout").await?));
    }
    if wanted.stderr {
        remote.stderr = Some(Box::new(open("stderr").await?));
    }
    if wanted.tty && protocol.resize {
        remote.resize = Some(Box::new(open("resize").await?));
    }
    Ok(remote)
}

/// Copies all streams until the outputs have ended and the outcome is known; input that is left over is dropped.
async fn run(mut remote: RemoteStreams, mut local: LocalStreams, protocol: Protocol) -> Result<Outcome, Error> {
    let stdin = feed(local.stdin.as_mut(), remote.stdin.as_mut());
    let resize = feed(local.resize.as_mut(), remote.resize.as_mut());
    let stdout = drain(remote.stdout.as_mut(), local.stdout.as_mut());
    let stderr = drain(remote.stderr.as_mut(), local.stderr.as_mut());
    let inputs = async {
        tokio::join!(stdin, resize);
        std::future::pending::<Infallible>().await
    };
    let outputs = async { tokio::try_join!(stdout, stderr, read_error(&mut remote.error)) };
    tokio::select! {
        ended = outputs => {
            let ((), (), message) = ended.map_err(Error::Stream)?;
            Ok(Outcome::read(&message, protocol.json_status))
        }
        never = inputs => match never {},
    }
}

/// Copies an input and half-closes it. A command that reads no input is no failure, so the rest is dropped.
async fn feed(from: Option<&mut BoxReader>, to: Option<&mut BoxWriter>) {
    let (Some(from), Some(to)) = (from, to) else { return };
    if let Err(error) = pump(from, to, || {}).await {
        tracing::debug!(%error, "input of a remote command ended early");
    }
    if let Err(error) = to.shutdown().await {
        tracing::debug!(%error, "input of a remote command was closed by the command");
    }
}

async fn drain(from: Option<&mut BoxReader>, to: Option<&mut BoxWriter>) -> io::Result<()> {
    if let (Some(from), Some(to)) = (from, to) {
        pump(from, to, || {}).await?;
    }
    Ok(())
}

async fn read_error(error: &mut BoxReader) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    error.take(MAX_ERROR_BYTES).read_to_end(&mut message).await?;
    Ok(message)
}
