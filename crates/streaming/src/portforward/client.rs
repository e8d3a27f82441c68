//! The client's side of port forwarding.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{PORT, PROTOCOL, REQUEST_ID, TUNNEL_PREFIX};
use crate::remotecommand::STREAM_TYPE;
use crate::remotecommand::client::connect_spdy;
use crate::spdy::{self, Connection};
use crate::upgrade::copy::copy_both;
use crate::websocket::bytes::WebSocketBytes;
use crate::{Backend, BoxStream, DEFAULT_IDLE_TIMEOUT, Error, websocket};

/// The longest error text that is read.
const MAX_ERROR_BYTES: u64 = 64 * 1024;

/// Connects over SPDY.
pub async fn connect(backend: Backend) -> Result<Connection, Error> {
    let (connection, _protocol) = connect_spdy(backend, &[PROTOCOL], spdy::Config::default()).await?;
    Ok(connection)
}

/// Connects over SPDY inside a WebSocket.
pub async fn connect_tunnel(backend: Backend) -> Result<Connection, Error> {
    let protocol = format!("{TUNNEL_PREFIX}{PROTOCOL}");
    let (socket, chosen) = websocket::connect(backend, &[&protocol]).await?;
    if chosen != protocol {
        return Err(Error::UnknownProtocol(chosen));
    }
    let (connection, _nobody_opens_streams_here) =
        Connection::client(WebSocketBytes::new(socket), spdy::Config::default());
    Ok(connection)
}

/// Forwards one local connection to `port`. `request_id` must not have been used on this connection before.
pub async fn forward(connection: &Connection, port: u16, request_id: u32, local: BoxStream) -> Result<(), Error> {
    let headers = |stream_type| headers(stream_type, port, request_id);
    let mut error = connection.create_stream(headers("error"), false).await?;
    // Nothing is ever sent on the error stream from this side.
    error.shutdown().await.map_err(Error::Stream)?;
    let data = connection.create_stream(headers("data"), false).await?;
    let copied = copy_both(local, data, DEFAULT_IDLE_TIMEOUT).await;
    let mut text = String::new();
    error.take(MAX_ERROR_BYTES).read_to_string(&mut text).await.map_err(Error::Stream)?;
    if !text.is_empty() {
        return Err(Error::Forward(text));
    }
    copied.map_err(Error::Stream)?;
    Ok(())
}

fn headers(stream_type: &'static str, port: u16, request_id: u32) -> HeaderMap {
    [
        (HeaderName::from_static(STREAM_TYPE), HeaderValue::from_static(stream_type)),
        (HeaderName::from_static(PORT), HeaderValue::from(port)),
        (HeaderName::from_static(REQUEST_ID), HeaderValue::from(request_id)),
    ]
    .into_iter()
    .collect()
}
