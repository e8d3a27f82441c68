//! What can go wrong before, and while, streams are connected.

use std::io;

use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::spdy::SpdyError;

/// The longest body of a refusal that is read.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Upgrade request required")]
    UpgradeRequired,
    /// The request came over HTTP/2, or its connection has been taken already.
    #[error("unable to upgrade: the request's connection cannot be upgraded")]
    NotUpgradable,
    #[error("error dialing backend: {0}")]
    Connect(#[source] io::Error),
    #[error("error dialing backend: timed out")]
    BackendTimeout,
    #[error("error proxying to backend: {0}")]
    Backend(#[source] hyper::Error),
    #[error("invalid upgrade response: status code {0}")]
    InvalidUpgradeResponse(u16),
    #[error("unable to upgrade connection: {0}")]
    UnableToUpgrade(String),
    /// The backend refused with this Status (JSON).
    #[error("unable to upgrade connection: {0}")]
    Refused(String),
    #[error("the server chose a protocol that was not offered: {0:?}")]
    UnknownProtocol(String),
    #[error("invalid request to backend: {0}")]
    Request(#[from] http::Error),
    #[error("invalid request to backend: {0}")]
    Header(#[from] http::header::InvalidHeaderValue),
    #[error(transparent)]
    Spdy(#[from] SpdyError),
    #[error(transparent)]
    Stream(io::Error),
    /// The text that the server sent on the error stream of a forwarded connection.
    #[error("{0}")]
    Forward(String),
}

impl Error {
    /// The code of the Status that a server answers with.
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::UpgradeRequired | Self::NotUpgradable => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Reads the refusal of an upgrade: a Status, or any other text.
    pub(crate) async fn unable_to_upgrade(answer: Response<Incoming>) -> Self {
        let body = match Limited::new(answer.into_body(), MAX_REFUSAL_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return Self::UnableToUpgrade("unable to read error from server response".to_owned()),
        };
        let text = String::from_utf8_lossy(&body).trim().to_owned();
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(status) if status["kind"] == "Status" => Self::Refused(text),
            _ => Self::UnableToUpgrade(text),
        }
    }
}
