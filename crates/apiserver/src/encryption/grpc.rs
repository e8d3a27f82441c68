//! As much of gRPC as a key service needs: calls with one message each way, over a unix socket.
//!
//! Deliberately absent: streams, compression, metadata, retries.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;

/// Of an answer.
const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// A byte that tells of compression, and the length.
const FRAME_HEAD: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("rpc error: code = Unavailable desc = connection error: {0}")]
    Connect(std::io::Error),
    #[error("rpc error: code = Unavailable desc = {0}")]
    Http(String),
    #[error("rpc error: code = DeadlineExceeded desc = no answer within {0:?}")]
    Timeout(Duration),
    #[error("rpc error: code = {code} desc = {message}")]
    Status { code: String, message: String },
    #[error("rpc error: code = Internal desc = {0}")]
    Answer(String),
}

/// One connection, made when it is needed and again when it broke.
pub struct Channel {
    socket: PathBuf,
    connection: tokio::sync::Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Channel {
    pub fn new(socket: PathBuf) -> Channel {
        Channel { socket, connection: tokio::sync::Mutex::new(None) }
    }

    pub async fn unary<Q: Message, A: Message + Default>(&self, path: &str, message: &Q) -> Result<A, CallError> {
        let mut connection = self.connection().await?;
        let http = |error: &dyn std::fmt::Display| CallError::Http(error.to_string());
        let request = Request::post(format!("http://localhost{path}"))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .body(Full::new(frame(message)))
            .map_err(|error| http(&error))?;
        let response = connection.send_request(request).await.map_err(|error| http(&error))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(CallError::Http(format!("unexpected HTTP status code received from server: {}", head.status)));
        }
        check_status(&head.headers)?;
        let collected = Limited::new(body, MAX_MESSAGE_BYTES).collect().await.map_err(|error| http(&error))?;
        if let Some(trailers) = collected.trailers() {
            check_status(trailers)?;
        }
        unframe(collected.to_bytes())
    }

    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, CallError> {
        let mut held = self.connection.lock().await;
        if let Some(connection) = held.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let stream = UnixStream::connect(&self.socket).await.map_err(CallError::Connect)?;
        let made = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, driving) = made.map_err(|error| CallError::Http(error.to_string()))?;
        tokio::spawn(async move {
            if let Err(error) = driving.await {
                tracing::debug!(%error, "the connection to a key service broke");
            }
        });
        *held = Some(sender.clone());
        Ok(sender)
    }
}

fn frame(message: &impl Message) -> Bytes {
    let body = message.encode_to_vec();
    let mut framed = BytesMut::with_capacity(FRAME_HEAD + body.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    framed.put_slice(&body);
    framed.freeze()
}

fn unframe<A: Message + Default>(mut bytes: Bytes) -> Result<A, CallError> {
    let wrong = |why: &str| CallError::Answer(why.to_owned());
    if bytes.len() < FRAME_HEAD {
        return Err(wrong("the answer has no message"));
    }
    let (compressed, len) = (bytes.get_u8(), bytes.get_u32());
    if compressed != 0 || usize::try_from(len).ok() != Some(bytes.len()) {
        return Err(wrong("the answer is not one plain message"));
    }
    A::decode(bytes).map_err(|error| CallError::Answer(error.to_string()))
}

/// The status stands after the message, or in the head where there is none.
fn check_status(headers: &HeaderMap) -> Result<(), CallError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("grpc-status") {
        None | Some("0") => Ok(()),
        Some(code) => {
            let message = text("grpc-message").unwrap_or_default().to_owned();
            Err(CallError::Status { code: code.to_owned(), message })
        }
    }
}
