//! The side towards the kubelet or the container runtime: one connection, one request, one answer.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use crate::{Body, BoxStream, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the backend may take until the head of its answer has come.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

type Connecting = Pin<Box<dyn Future<Output = io::Result<BoxStream>> + Send>>;
type Connect = Box<dyn FnOnce() -> Connecting + Send>;

/// Where a request goes, and how to get there. Used once: the connection is never returned to anybody.
pub struct Backend {
    uri: Uri,
    headers: HeaderMap,
    forwarded_for: Option<IpAddr>,
    connect: Connect,
}

impl Backend {
    /// `uri` names the path and query of the request and, in its authority, the Host header; `connect` opens the
    /// connection (with TLS, if there is to be any).
    pub fn new<Opening>(uri: Uri, connect: impl FnOnce() -> Opening + Send + 'static) -> Self
    where
        Opening: Future<Output = io::Result<BoxStream>> + Send + 'static,
    {
        Self { uri, headers: HeaderMap::new(), forwarded_for: None, connect: Box::new(move || Box::pin(connect())) }
    }

    /// Headers that replace those of the client's request, for example this server's own credentials.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// The client's address, appended to X-Forwarded-For.
    #[must_use]
    pub fn with_forwarded_for(mut self, client: IpAddr) -> Self {
        self.forwarded_for = Some(client);
        self
    }

    /// Sends the request without a body. Redirects are not followed here or anywhere in this crate.
    pub(crate) async fn send(self, method: Method, client_headers: &HeaderMap) -> Result<Response<Incoming>, Error> {
        let request = self.request(method, client_headers)?;
        let io = timed(CONNECT_TIMEOUT, (self.connect)()).await?.map_err(Error::Connect)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(Error::Backend)?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "connection to the streaming backend ended");
            }
        });
        // The sender is dropped at the end of this function: no second request can reach this connection.
        timed(ANSWER_TIMEOUT, sender.send_request(request)).await?.map_err(Error::Backend)
    }

    fn request(&self, method: Method, client_headers: &HeaderMap) -> Result<Request<Empty<Bytes>>, Error> {
        let path = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut request = Request::builder().method(method).uri(path).body(Empty::new())?;
        let headers = request.headers_mut();
        for (name, value) in client_headers {
            if !is_kept_from_backend(name) {
                headers.append(name, value.clone());
            }
        }
        if let Some(client) = self.forwarded_for {
            append_forwarded_for(headers, client)?;
        }
        if let Some(authority) = self.uri.authority() {
            headers.insert(header::HOST, HeaderValue::try_from(authority.host_and_port())?);
        } else if !headers.contains_key(header::HOST) {
            headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        }
        for name in self.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        Ok(request)
    }
}

trait HostAndPort {
    fn host_and_port(&self) -> &str;
}

impl HostAndPort for http::uri::Authority {
    /// The authority without user and password.
    fn host_and_port(&self) -> &str {
        self.as_str().rsplit_once('@').map_or(self.as_str(), |(_, host)| host)
    }
}

async fn timed<T>(limit: Duration, future: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(limit, future).await.map_err(|_| Error::BackendTimeout)
}

/// The client's credentials were for this server alone, and its body is not sent on.
fn is_kept_from_backend(name: &HeaderName) -> bool {
    let text = name.as_str();
    [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
    ]
    .contains(name)
        || text.starts_with("impersonate-")
        || text.starts_with("x-remote-")
        || text == "proxy-connection"
        || text == "keep-alive"
}

fn append_forwarded_for(headers: &mut HeaderMap, client: IpAddr) -> Result<(), Error> {
    let mut chain: Vec<&str> = headers.get_all(&FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let client = client.to_string();
    chain.push(&client);
    let chain = HeaderValue::try_from(chain.join(", "))?;
    headers.insert(FORWARDED_FOR, chain);
    Ok(())
}

/// What becomes of an answer that is not 101: errors go to the client, anything else is not permitted.
///
/// The connection to the backend ends with this answer and the client's is told to close, so that the client can never
/// come to speak to the backend directly.
pub(crate) fn refuse(answer: Response<Incoming>) -> Result<Response<Body>, Error> {
    let status = answer.status();
    if status.as_u16() < 400 {
        return Err(Error::InvalidUpgradeResponse(status.as_u16()));
    }
    let (mut head, body) = answer.into_parts();
    for name in [header::CONNECTION, header::UPGRADE, header::TRANSFER_ENCODING, header::TE, header::TRAILER] {
        head.headers.remove(name);
    }
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    head.version = http::Version::HTTP_11;
    Ok(Response::from_parts(head, body.map_err(Into::into).boxed_unsync()))
}

/// A plain-text answer, as Go's `http.Error` writes it.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let body = http_body_util::Full::new(Bytes::from(format!("{text}\n"))).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 101, with nothing but what the protocol demands.
pub(crate) fn switching(upgrade: &'static str) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(upgrade));
    response
}
