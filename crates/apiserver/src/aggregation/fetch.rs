//! Asking another server something, as the aggregator itself.

use super::handler::Aggregation;
use super::table::Spec;
use crate::proxy::{Destination, headers};
use authn::UserInfo;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use std::time::Duration;

/// As whom the server asks; who may do everything, so that no answer is a refusal.
const USER: &str = "system:kube-aggregator";
/// Documents of other servers that are longer are not taken.
const MAX_DOCUMENT_BYTES: usize = 32 << 20;
/// Upstream's for a check.
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
pub const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// An answer.
pub struct Fetched {
    pub status: StatusCode,
    pub content_type: String,
    pub body: Bytes,
    pub headers: HeaderMap,
}

impl Aggregation {
    /// Gets one path. `secure`: the server must be the one that the APIService vouches for.
    pub async fn fetch(
        &self,
        spec: &Spec,
        path: &str,
        accept: &str,
        secure: bool,
        timeout: Duration,
    ) -> Result<Fetched, String> {
        let destination = if secure { self.destination(spec)? } else { self.unverified(spec)? };
        let url = format!("https://{}{path}", destination.authority());
        match tokio::time::timeout(timeout, self.get(&destination, path, accept)).await {
            Ok(Ok(fetched)) => Ok(fetched),
            Ok(Err(why)) => Err(format!("failing or missing response from {url}: Get \"{url}\": {why}")),
            Err(_) => Err(format!("failing or missing response from {url}: Get \"{url}\": context deadline exceeded")),
        }
    }

    async fn get(&self, destination: &Destination, path: &str, accept: &str) -> Result<Fetched, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let io = self.dial.dial(destination).await.map_err(|error| text(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|error| text(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to an aggregated server ended");
            }
        });
        let mut request = Request::get(path).body(Empty::<Bytes>::new()).map_err(|error| text(&error))?;
        let headers = request.headers_mut();
        *headers = headers::identity(&UserInfo::new(USER, &[authn::MASTERS]));
        for (name, value) in [(header::HOST, destination.authority()), (header::ACCEPT, accept.to_owned())] {
            headers.insert(name, HeaderValue::from_str(&value).map_err(|error| text(&error))?);
        }
        let (head, body) = sender.send_request(request).await.map_err(|error| text(&error))?.into_parts();
        let body = Limited::new(body, MAX_DOCUMENT_BYTES).collect().await.map_err(|error| text(&error))?.to_bytes();
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Ok(Fetched { status: head.status, content_type, body, headers: head.headers })
    }
}
