//! From the wire to the registry: authentication, impersonation, size limits, compression, and bodies of every kind.
//!
//! ```text
//!   hyper request -> authenticate -> impersonate -> collect the body -> Registry::handle -> plain, chunks, watch, or an
//!   upgrade that is completed here, with the connection that only the shell has
//! ```

use crate::aggregation::Aggregation;
use crate::audit::{Impersonator, Refusal};
use crate::authentication::Authentication;
use crate::compress;
use crate::flow::Front;
use crate::flow::lifecycle::Lifecycle;
use crate::metrics::{Metrics, WatchMeter};
use crate::proxy;
use crate::stream::StreamTarget;
use authn::{UserInfo, impersonation};
use authz::impersonation::Impersonation;
use authz::{Attributes, Authorizer};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use kind::ApiError;
use registry::query::Query;
use registry::request_info::RequestInfo;
use registry::{Body, Caller};
use schema::{Schema, Typed};
use serve::{Handler, Peer};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Upstream's limit for the body of a request.
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;
/// Frames of a watch that are joined into one write, when that many are there already.
const MAX_JOINED_FRAMES: usize = 64;
/// Bytes after which no more are joined: what a slow reader of a watch makes the server hold.
const MAX_JOINED_BYTES: usize = 64 * 1024;
/// What is held of a smaller answer while its client does not read is not worth a timer.
const MAX_HELD_BYTES: usize = 128 * 1024;
/// A client that has not read a list by then has it broken off.
const MAX_LIST_TIME: Duration = Duration::from_secs(60);

/// The HTTPS face of one registry.
pub struct Gateway {
    pub front: Arc<Front>,
    pub authentication: Arc<Authentication>,
    pub authorizer: Arc<dyn Authorizer>,
    pub impersonation: Impersonation,
    pub metrics: Arc<Metrics>,
    pub aggregation: Arc<Aggregation>,
}

impl Handler for Gateway {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<serve::Body>> {
        Box::pin(async move {
            match self.respond(request, peer).await {
                Ok(response) => response,
                Err(error) => status(&error),
            }
        })
    }
}

impl Gateway {
    async fn respond(&self, mut request: Request<Incoming>, peer: Peer) -> Result<Response<serve::Body>, ApiError> {
        if let Some(refusal) = self.front.lifecycle.refusal(request.uri().path(), request.headers()) {
            return Ok(refusal.map(|body| full(body.into_bytes().unwrap_or_default())));
        }
        let path = request.uri().path().to_owned();
        let attempted = if self.front.audit.is_some() { attempted(request.headers(), &peer) } else { Vec::new() };
        let begun = Instant::now();
        let user = self.authentication.user(request.headers_mut(), &path, &peer).await;
        self.metrics.authenticated(user.as_ref().ok(), begun.elapsed());
        let address = || peer.address.ip().to_string();
        let user = match user {
            Ok(user) => user,
            Err(error) => {
                let caller = Caller { user: UserInfo::default(), peer: address() };
                self.front.record_refusal(&request, caller, Refusal::Unknown { attempted }, &error).await;
                return Err(error);
            }
        };
        let authenticated = self.front.audit.is_some().then(|| user.clone());
        let user = match self.impersonate(&mut request, user).await {
            Ok(user) => user,
            Err(error) => {
                let caller = Caller { user: authenticated.unwrap_or_default(), peer: address() };
                self.front.record_refusal(&request, caller, Refusal::Impersonation, &error).await;
                return Err(error);
            }
        };
        let by = authenticated.filter(|authenticated| *authenticated != user).map(Impersonator);
        let caller = Caller { user, peer: peer.address.ip().to_string() };
        let accepts_gzip = compress::accepted(request.headers());
        let upgrade = streaming::upgrade::is_upgrade_request(request.headers());
        let (mut parts, incoming) = request.into_parts();
        let method = parts.method.clone();
        let mut measured = self.metrics.begin(&method, &parts.uri, &parts.headers);
        let path = parts.uri.path();
        let streams = upgrade || proxy::is_proxied(path) || self.aggregation.takes(path);
        let (original, mut incoming) = match streams {
            true => (Some(Request::from_parts(parts.clone(), incoming)), None),
            false => (None, Some(incoming)),
        };
        parts.extensions.insert(caller);
        if let Some(by) = by {
            parts.extensions.insert(by);
        }
        let has_body = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        // The body is read when the request has its seat, so that bodies do not pile up in memory.
        let body = async {
            match incoming.take().filter(|_| has_body) {
                Some(incoming) => collect(incoming).await,
                None => Ok(Bytes::new()),
            }
        };
        let response = self.front.answer(parts, body).await;
        self.metrics.answered(&mut measured, response.status().as_u16(), response.body().len());
        let (head, body) = response.into_parts();
        match body {
            Body::Stream(target) => {
                let target =
                    target.downcast::<StreamTarget>().map_err(|_| ApiError::internal("a stream without a target"))?;
                target.complete(original, Response::from_parts(head, ())).await
            }
            Body::Watch(watch) => {
                let meter = self.metrics.goes_on(&measured);
                Ok(Response::from_parts(head, frames(watch, &self.front.lifecycle, meter)))
            }
            Body::Full(bytes) => Ok(compress::response(head, vec![bytes], accepts_gzip)),
            Body::Chunks(chunks) => {
                let large = chunks.iter().map(Bytes::len).sum::<usize>() > MAX_HELD_BYTES;
                let response = compress::response(head, chunks, accepts_gzip);
                Ok(if large { response.map(|body| expiring(body, MAX_LIST_TIME)) } else { response })
            }
        }
    }

    async fn impersonate<B>(&self, request: &mut Request<B>, user: UserInfo) -> Result<UserInfo, ApiError> {
        let asked = impersonation::requested(request.headers_mut()).map_err(ApiError::bad_request)?;
        let Some(wanted) = asked else { return Ok(user) };
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let info = RequestInfo::new(request.method().as_str(), request.uri().path(), &query);
        let info = info.map_err(|error| ApiError::bad_request(error.to_string()))?;
        let attributes = Attributes {
            resource_request: info.is_resource,
            api_group: &info.group,
            api_version: &info.version,
            resource: &info.resource,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: &info.path,
            ..Attributes::of(&user, &info.verb)
        };
        let checked = self.impersonation.check(&*self.authorizer, &wanted, &attributes).await;
        checked
            .map(|found| found.user)
            .map_err(|refusal| ApiError::forbidden(&refusal.api_group, &refusal.resource, &refusal.name, &refusal.why))
    }
}

/// By what a request says who it is.
fn attempted(headers: &HeaderMap, peer: &Peer) -> Vec<&'static str> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let scheme = given.split_once(' ').map_or("", |(scheme, _)| scheme);
    let named = ["basic", "bearer"].into_iter().find(|name| scheme.eq_ignore_ascii_case(name));
    named.into_iter().chain(peer.certificates.is_some().then_some("x509")).collect()
}

/// A Status as the whole answer, before the registry could negotiate its form.
pub fn status(error: &ApiError) -> Response<serve::Body> {
    let mut response = Response::new(full(status_json(error)));
    let code = u16::try_from(error.code()).ok().and_then(|code| StatusCode::from_u16(code).ok());
    *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn status_json(error: &ApiError) -> Bytes {
    let mut json = Vec::new();
    let mut value = error.0.to_value();
    value.set(&["apiVersion"], "v1");
    value.set(&["kind"], "Status");
    if let Some(ty) = Schema::builtin().by_kind("v1", "Status") {
        schema::json::encode(ty, &value, &mut json);
    }
    json.push(b'\n');
    json.into()
}

pub fn full(bytes: Bytes) -> serve::Body {
    Full::new(bytes).map_err(never).boxed_unsync()
}

pub(crate) fn never(impossible: Infallible) -> std::io::Error {
    match impossible {}
}

async fn collect(body: Incoming) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("Request entity too large: limit is {MAX_BODY_BYTES}");
            Err(ApiError::new(413, "RequestEntityTooLarge", message))
        }
        Err(error) => Err(ApiError::bad_request(error.to_string())),
    }
}

/// The frames of a watch; those that are there already go out together. It ends with the server, spread over the grace.
fn frames(watch: registry::WatchStream, lifecycle: &Arc<Lifecycle>, meter: WatchMeter) -> serve::Body {
    let ends: BoxFuture<'static, ()> = Box::pin(ended(lifecycle.clone()));
    let stream = stream::unfold((watch, ends, meter), |(mut watch, mut ends, meter)| async move {
        let first = tokio::select! {
            biased;
            frame = watch.next() => frame?,
            () = &mut ends => return None,
        };
        meter.sent(first.len());
        let mut joined: Option<Vec<u8>> = None;
        for _ in 0..MAX_JOINED_FRAMES {
            if joined.as_ref().map_or(first.len(), Vec::len) >= MAX_JOINED_BYTES {
                break;
            }
            let Some(more) = watch.ready() else { break };
            meter.sent(more.len());
            joined.get_or_insert_with(|| first.to_vec()).extend_from_slice(&more);
        }
        let bytes = joined.map_or(first, Bytes::from);
        Some((Ok(Frame::data(bytes)), (watch, ends, meter)))
    });
    StreamBody::new(stream).boxed_unsync()
}

async fn ended(lifecycle: Arc<Lifecycle>) {
    lifecycle.draining().await;
    tokio::time::sleep(lifecycle.part_of_watch_grace()).await;
}

/// A body that lets go of what it holds when its time is over, whether its reader reads or not.
struct Expiring {
    inner: Arc<parking_lot::Mutex<Option<serve::Body>>>,
    timer: tokio::task::JoinHandle<()>,
}

fn expiring(body: serve::Body, after: Duration) -> serve::Body {
    let inner = Arc::new(parking_lot::Mutex::new(Some(body)));
    let held = Arc::downgrade(&inner);
    let timer = tokio::spawn(async move {
        tokio::time::sleep(after).await;
        if let Some(held) = held.upgrade() {
            held.lock().take();
        }
    });
    Expiring { inner, timer }.boxed_unsync()
}

impl hyper::body::Body for Expiring {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match &mut *self.inner.lock() {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(Some(Err(std::io::ErrorKind::TimedOut.into()))),
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.inner.lock().as_ref().map(hyper::body::Body::size_hint).unwrap_or_default()
    }
}

impl Drop for Expiring {
    fn drop(&mut self) {
        self.timer.abort();
    }
}
