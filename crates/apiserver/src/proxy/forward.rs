//! One request that is passed on.

use super::location::{self, escaped, unreachable};
use super::pool::{self, Pool, Returning, Sender, Sent};
use super::{Destination, Dial, headers};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use kind::ApiError;
use std::io;
use std::sync::Arc;
use streaming::Backend;

const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const REDIRECT_REFUSED: &str = "the backend attempted to redirect this request, which is not permitted";

/// How the answers of two kinds of backends are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Pods, services, nodes: redirects lead through the proxy, failures are a Status.
    Workload,
    /// Servers of APIs: redirects are refused (CVE-2022-3172), failures are text.
    Server,
}

/// A request on its way.
pub struct Forward {
    pub destination: Destination,
    pub dial: Arc<dyn Dial>,
    pub method: Method,
    /// Unescaped.
    pub path: String,
    /// As it came, without the question mark.
    pub query: String,
    /// Those of the client, without its credentials.
    pub headers: HeaderMap,
    /// Instead of any that the client sent.
    pub identity: HeaderMap,
    /// The client's address.
    pub client: String,
    /// The path of the client's request.
    pub client_path: String,
    /// The body, where it was collected before.
    pub body: Bytes,
    pub manners: Manners,
    /// Connections that are kept for the next request.
    pub pool: Option<Arc<Pool>>,
}

impl Forward {
    /// `original`: the client's request, where its body was left in it or it asks for an upgrade.
    pub async fn complete(self, original: Option<Request<Incoming>>) -> Result<Response<serve::Body>, ApiError> {
        let manners = self.manners;
        let done = match original {
            Some(request) if streaming::upgrade::is_upgrade_request(request.headers()) => self.upgrade(request).await,
            Some(request) => self.pass(request.into_body().boxed_unsync()).await,
            None => {
                let body = self.body.clone();
                self.pass(Full::new(body).map_err(|never| match never {}).boxed_unsync()).await
            }
        };
        match (done, manners) {
            (Err(error), Manners::Server) => Ok(plain(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())),
            (done, _) => done,
        }
    }

    async fn upgrade(self, request: Request<Incoming>) -> Result<Response<serve::Body>, ApiError> {
        let uri = format!("{}://{}{}", self.destination.scheme(), self.destination.authority(), self.target());
        let uri: Uri = uri.parse().map_err(|error| ApiError::bad_request(format!("{uri}: {error}")))?;
        let (dial, destination) = (self.dial, self.destination);
        let mut backend = Backend::new(uri, move || async move { dial.dial(&destination).await });
        if let Ok(client) = self.client.parse() {
            backend = backend.with_forwarded_for(client);
        }
        let backend = backend.with_headers(self.identity);
        match streaming::upgrade::handle(request, backend).await {
            Ok(response) => Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync())),
            Err(error) if error.http_status() == StatusCode::BAD_REQUEST => {
                Err(ApiError::bad_request(error.to_string()))
            }
            Err(error) => Err(ApiError::internal(error)),
        }
    }

    async fn pass(self, body: Sent) -> Result<Response<serve::Body>, ApiError> {
        // As upstream: without a slash, links on the page would lead to the proxy's own neighbours.
        if self.path.is_empty() && matches!(self.method, Method::GET | Method::HEAD) {
            return redirect(&self.client_path, &self.query);
        }
        let again = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) && body.is_end_stream();
        let mut request = self.request(body)?;
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        let authority = self.destination.authority();
        let pool = self.pool.clone().unwrap_or_default();
        while again && let Some(sender) = pool.take(&authority) {
            match pool::ask(&pool, &authority, sender, request).await {
                Ok(response) => return self.answer(response, &host),
                // The other side had closed it: the question goes over another connection.
                Err(error) => tracing::debug!(%error, "a connection that was kept to a proxied server had ended"),
            }
            request = self.request(nothing())?;
        }
        let sender = self.connect().await?;
        let response = pool::ask(&pool, &authority, sender, request).await.map_err(|error| unreachable(&error))?;
        self.answer(response, &host)
    }

    async fn connect(&self) -> Result<Sender, ApiError> {
        let io = self.dial.dial(&self.destination).await.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => location::not_allowed(),
            _ => unreachable(&error),
        })?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|error| unreachable(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to a proxied server ended");
            }
        });
        Ok(sender)
    }

    fn request(&self, body: Sent) -> Result<Request<Sent>, ApiError> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target().parse().map_err(|error| ApiError::bad_request(format!("{error}")))?;
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        headers::add_forwarded_for(headers, &self.client);
        let forwarded = format!("{}{}", self.prepended(), self.path);
        for (name, text) in [(FORWARDED_URI, escaped(&forwarded)), (header::HOST, self.destination.authority())] {
            let known = name == header::HOST && self.manners == Manners::Workload && headers.contains_key(&name);
            if let (false, Ok(value)) = (known, HeaderValue::from_str(&text)) {
                headers.insert(name, value);
            }
        }
        for name in self.identity.keys() {
            headers.remove(name);
        }
        headers.extend(self.identity.clone());
        Ok(request)
    }

    fn target(&self) -> String {
        let path = if self.path.is_empty() { "/".to_owned() } else { escaped(&self.path) };
        if self.query.is_empty() { path } else { format!("{path}?{}", self.query) }
    }

    /// What stands in the client's path before that of the backend.
    fn prepended(&self) -> &str {
        self.client_path.strip_suffix(self.path.as_str()).unwrap_or(&self.client_path)
    }

    fn answer(&self, response: Response<Returning>, host: &str) -> Result<Response<serve::Body>, ApiError> {
        let (mut head, body) = response.into_parts();
        head.version = http::Version::HTTP_11;
        headers::for_client(&mut head.headers);
        if let Some(location) = head.headers.get(header::LOCATION).cloned() {
            if self.manners == Manners::Server && head.status.is_redirection() {
                let mut refused = Response::new(crate::gateway::full(REDIRECT_REFUSED.into()));
                *refused.status_mut() = StatusCode::BAD_GATEWAY;
                return Ok(refused);
            }
            let location = location
                .to_str()
                .map_err(|error| ApiError::internal(format!("error trying to parse Location header: {error}")))?;
            let own = self.destination.authority();
            let location = location::rewritten(location, host, &own, &escaped(self.prepended()));
            head.headers.insert(header::LOCATION, HeaderValue::from_str(&location).map_err(ApiError::internal)?);
        }
        Ok(Response::from_parts(head, body.map_err(io::Error::other).boxed_unsync()))
    }
}

fn nothing() -> Sent {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn redirect(path: &str, query: &str) -> Result<Response<serve::Body>, ApiError> {
    let end = if query.is_empty() { String::new() } else { format!("?{query}") };
    let location = HeaderValue::from_str(&format!("{}/{end}", escaped(path))).map_err(ApiError::internal)?;
    let mut response = Response::new(crate::gateway::full(Bytes::new()));
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A failure as text, in Go's form.
pub fn plain(status: StatusCode, text: &str) -> Response<serve::Body> {
    let mut response = Response::new(crate::gateway::full(format!("{text}\n").into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
