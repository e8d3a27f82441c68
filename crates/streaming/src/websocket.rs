//! WebSockets: the handshake on both sides, and two ways to carry streams in messages: `channels` (a channel number
//! before each message) and `bytes` (messages as pieces of one byte stream).

pub mod bytes;
pub mod channels;

use base64::Engine as _;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::backend::{self, Backend};
use crate::upgrade::{self, is_upgrade_request};
use crate::{Body, BoxStream, Error};

/// The longest message that is accepted, which is that of the server that clients know (golang.org/x/net/websocket):
/// some clients send all of stdin in one message.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
const READ_BUFFER_BYTES: usize = 16 * 1024;
/// Bytes that may wait for a slow peer beside the message being written.
const MAX_WRITE_BUFFER_BYTES: usize = MAX_MESSAGE_BYTES + 1024;
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// A WebSocket over an upgraded connection.
pub type WebSocket = WebSocketStream<BoxStream>;

/// Whether the request asks for an upgrade to a WebSocket.
pub fn is_websocket_request(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).map(HeaderValue::as_bytes).unwrap_or_default();
    upgrade.eq_ignore_ascii_case(b"websocket") && is_upgrade_request(headers)
}

/// The subprotocols that the client offers, most wanted first.
pub fn requested_protocols(headers: &HeaderMap) -> Vec<&str> {
    comma_separated(headers, &header::SEC_WEBSOCKET_PROTOCOL)
}

pub(crate) fn comma_separated<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// The server's half of the handshake: the 101 to send, and the connection that comes with it. `Err` is the answer to a
/// request that is not a proper handshake.
pub(crate) fn accept<B>(
    request: &mut Request<B>,
    protocol: Option<&str>,
) -> Result<(Response<Body>, OnUpgrade), Box<Response<Body>>> {
    let rejected = |status, text| Err(Box::new(backend::plain(status, text)));
    if request.method() != Method::GET {
        return rejected(StatusCode::METHOD_NOT_ALLOWED, "bad method");
    }
    if request.headers().get(header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        let mut response = backend::plain(StatusCode::BAD_REQUEST, "missing or bad WebSocket Version");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, VERSION);
        return Err(Box::new(response));
    }
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned() else {
        return rejected(StatusCode::BAD_REQUEST, "mismatch challenge/response");
    };
    if !is_key(&key) {
        return rejected(StatusCode::BAD_REQUEST, "mismatch challenge/response");
    }
    let Ok(connection) = upgrade::client_upgrade(request) else {
        return rejected(StatusCode::BAD_REQUEST, "not websocket protocol");
    };
    let mut response = backend::switching("websocket");
    let accept_key = HeaderValue::try_from(derive_accept_key(key.as_bytes())).expect("base64 is a header value");
    response.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accept_key);
    if let Some(protocol) = protocol.and_then(|protocol| HeaderValue::try_from(protocol).ok()) {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok((response, connection))
}

/// A key is 16 bytes in base64.
fn is_key(key: &HeaderValue) -> bool {
    base64::engine::general_purpose::STANDARD.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == 16)
}

pub(crate) async fn server(connection: BoxStream) -> WebSocket {
    WebSocketStream::from_raw_socket(connection, Role::Server, Some(config())).await
}

/// The client's half of the handshake. Returns the socket and the subprotocol that the server chose, empty if none.
pub async fn connect(backend: Backend, protocols: &[&str]) -> Result<(WebSocket, String), Error> {
    let key = tokio_tungstenite::tungstenite::handshake::client::generate_key();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
    headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::try_from(&key)?);
    if !protocols.is_empty() {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::try_from(protocols.join(", "))?);
    }
    let answer = backend.send(Method::GET, &headers).await?;
    let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS
        || accepted != Some(derive_accept_key(key.as_bytes()).as_bytes())
    {
        return Err(Error::unable_to_upgrade(answer).await);
    }
    let chosen = answer.headers().get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let chosen = chosen.unwrap_or_default().to_owned();
    if !chosen.is_empty() && !protocols.contains(&chosen.as_str()) {
        return Err(Error::UnknownProtocol(chosen));
    }
    let connection = hyper::upgrade::on(answer).await.map_err(Error::Backend)?;
    let connection = upgrade::stream(connection);
    Ok((WebSocketStream::from_raw_socket(connection, Role::Client, Some(config())).await, chosen))
}

/// The close frame of an orderly end. client-go takes any other code, or none, for a failure.
pub(crate) fn normal_closure() -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() }))
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

#[cfg(test)]
mod tests;
