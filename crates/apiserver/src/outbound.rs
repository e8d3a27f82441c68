//! Questions to other servers: webhooks that a kubeconfig names, and documents at an address.

use bytes::Bytes;
use client::{ConnectionConfig, HttpTransport, KubeconfigError, Transport};
use http::{Method, Request, StatusCode, Uri, header};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Of an answer that is taken.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// Upstream's backoff: five tries, each wait half as long again.
const MAX_TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// For a document.
const GET_TIMEOUT: Duration = Duration::from_secs(30);
/// Where a machine keeps the authorities that it believes.
const SYSTEM_AUTHORITIES: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("{0}")]
    Config(#[from] KubeconfigError),
    #[error("{0:?} is not an address")]
    Address(String),
    #[error("{0}")]
    Exchange(String),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the server answered {status}: {body}")]
    Status { status: StatusCode, body: String },
    #[error("the answer is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A server that takes reviews and answers them.
pub struct Webhook {
    transport: HttpTransport,
    path: Uri,
    timeout: Duration,
}

impl Webhook {
    /// `timeout`: for one try.
    pub fn from_kubeconfig(file: &Path, timeout: Duration) -> Result<Webhook, OutboundError> {
        let mut config = ConnectionConfig::from_file(file, None)?;
        let path = split(&mut config)?;
        if config.certificate_authority.is_empty() {
            config.certificate_authority = system_authorities();
        }
        Ok(Webhook { transport: HttpTransport::new(&config)?, path, timeout })
    }

    /// Asks, and asks again where another try may help.
    pub async fn ask(&self, review: &Value) -> Result<Value, OutboundError> {
        let body = Bytes::from(serde_json::to_vec(review)?);
        Ok(serde_json::from_slice(&self.ask_patiently(body, FIRST_WAIT).await?)?)
    }

    /// Tells something that has no answer.
    pub async fn post(&self, body: Bytes, first_wait: Duration) -> Result<(), OutboundError> {
        self.ask_patiently(body, first_wait).await.map(drop)
    }

    async fn ask_patiently(&self, body: Bytes, first_wait: Duration) -> Result<Bytes, OutboundError> {
        let mut wait = first_wait;
        let mut tries = 1;
        loop {
            match self.ask_once(body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if tries < MAX_TRIES && error.may_pass() => {
                    tracing::debug!(%error, tries, "asking a webhook again");
                    tokio::time::sleep(wait).await;
                    wait = wait * 3 / 2;
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask_once(&self, body: Bytes) -> Result<Bytes, OutboundError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.path.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(body)
            .map_err(|error| OutboundError::Exchange(error.to_string()))?;
        exchange(&self.transport, request, self.timeout).await
    }
}

impl OutboundError {
    /// Whether the same question may be answered a moment later.
    fn may_pass(&self) -> bool {
        match self {
            OutboundError::Exchange(_) => true,
            OutboundError::Status { status, .. } => {
                *status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
            }
            _ => false,
        }
    }
}

/// The document at an address. `authority`: PEM of who signs the server's certificate; empty: who this machine believes.
pub async fn get(url: &str, authority: &str, bearer: Option<&str>) -> Result<Bytes, OutboundError> {
    let certificate_authority = if authority.is_empty() { system_authorities() } else { authority.into() };
    let mut config = ConnectionConfig { server: url.to_owned(), certificate_authority, ..ConnectionConfig::default() };
    let path = split(&mut config)?;
    let mut request = Request::builder().method(Method::GET).uri(path).header(header::ACCEPT, "application/json");
    if let Some(token) = bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Bytes::new()).map_err(|error| OutboundError::Exchange(error.to_string()))?;
    exchange(&HttpTransport::new(&config)?, request, GET_TIMEOUT).await
}

async fn exchange(
    transport: &HttpTransport,
    request: Request<Bytes>,
    timeout: Duration,
) -> Result<Bytes, OutboundError> {
    let asking = async {
        let failed = |error: &dyn std::fmt::Display| OutboundError::Exchange(error.to_string());
        let response = transport.send(request).await.map_err(|error| failed(&error))?;
        let (head, mut body) = response.into_parts();
        let mut answer = Vec::new();
        while let Some(chunk) = body.chunk().await {
            answer.extend_from_slice(&chunk.map_err(|error| failed(&error))?);
            if answer.len() > MAX_ANSWER_BYTES {
                return Err(OutboundError::Exchange(format!("the answer has more than {MAX_ANSWER_BYTES} bytes")));
            }
        }
        if !head.status.is_success() {
            let body = String::from_utf8_lossy(&answer).trim().chars().take(256).collect();
            return Err(OutboundError::Status { status: head.status, body });
        }
        Ok(Bytes::from(answer))
    };
    tokio::time::timeout(timeout, asking).await.unwrap_or(Err(OutboundError::Timeout(timeout)))
}

/// Leaves scheme, host and port in the configuration and gives back the path, which is used as it stands.
fn split(config: &mut ConnectionConfig) -> Result<Uri, OutboundError> {
    let bad = || OutboundError::Address(config.server.clone());
    let parts = config.server.parse::<Uri>().map_err(|_| bad())?.into_parts();
    let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(bad()) };
    let path = parts.path_and_query.map_or_else(|| Uri::from_static("/"), Uri::from);
    config.server = format!("{scheme}://{authority}");
    Ok(path)
}

pub(crate) fn system_authorities() -> Vec<u8> {
    SYSTEM_AUTHORITIES.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default()
}
