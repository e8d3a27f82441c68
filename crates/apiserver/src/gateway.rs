//! From the wire to the registry: authentication, impersonation, size limits, compression, and bodies of every kind.
//!
//! ```text
//!   hyper request -> authenticate -> impersonate -> collect the body -> Registry::handle -> plain, chunks, watch, or an
//!   upgrade that is completed here, with the connection that only the shell has
//! ```

use crate::compress;
use crate::metrics::Metrics;
use crate::stream::StreamTarget;
use authn::service_account::{Lookup, Verifier};
use authn::{UserInfo, impersonation};
use authz::{Attributes, Authorizer};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use kind::ApiError;
use registry::{Body, Caller, Registry};
use schema::{Schema, Typed};
use serve::tls::ClientCertificates;
use serve::{Handler, Peer};
use std::convert::Infallible;
use std::sync::Arc;
use stdx::Clock;

/// Upstream's limit for the body of a request.
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;
/// Frames of a watch that are joined into one write, when that many are there already.
const MAX_JOINED_FRAMES: usize = 64;

/// The HTTPS face of one registry.
pub struct Gateway {
    pub registry: Arc<Registry>,
    pub certificates: ClientCertificates,
    pub tokens: Arc<Verifier>,
    pub token_lookup: Arc<dyn Lookup + Send + Sync>,
    pub authorizer: Arc<dyn Authorizer>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
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
        let user = self.authenticate(&request, &peer)?;
        request.headers_mut().remove(header::AUTHORIZATION);
        let user = self.impersonate(&request, user).await?;
        let caller = Caller { user, peer: peer.address.ip().to_string() };
        let accepts_gzip = compress::accepted(request.headers());
        let upgrade = streaming::upgrade::is_upgrade_request(request.headers());
        let (parts, incoming) = request.into_parts();
        let (body, rest) = if upgrade { (Bytes::new(), Some(incoming)) } else { (collect(incoming).await?, None) };
        let mut inner = Request::new(body);
        *inner.method_mut() = parts.method.clone();
        *inner.uri_mut() = parts.uri.clone();
        *inner.headers_mut() = parts.headers.clone();
        inner.extensions_mut().insert(caller);
        let response = self.registry.handle(inner).await;
        self.metrics.count(parts.method.as_str(), &parts.uri, response.status().as_u16());
        let (head, body) = response.into_parts();
        match body {
            Body::Stream(target) => {
                let target =
                    target.downcast::<StreamTarget>().map_err(|_| ApiError::internal("a stream without a target"))?;
                let original = rest.map(|incoming| Request::from_parts(parts, incoming));
                target.complete(original, Response::from_parts(head, ())).await
            }
            Body::Watch(watch) => Ok(Response::from_parts(head, frames(watch))),
            Body::Full(bytes) => Ok(compress::response(head, vec![bytes], accepts_gzip)),
            Body::Chunks(chunks) => Ok(compress::response(head, chunks, accepts_gzip)),
        }
    }

    /// The first of certificate and token that is good; nothing shown is the anonymous user; bad ones alone are a 401.
    fn authenticate<B>(&self, request: &Request<B>, peer: &Peer) -> Result<UserInfo, ApiError> {
        let now_unix_s = self.clock.now_seconds();
        let mut refused = false;
        match self.certificates.user(peer.certificates.as_deref(), now_unix_s.unsigned_abs()) {
            Some(Ok(user)) => return Ok(user),
            Some(Err(error)) => {
                tracing::debug!(%error, peer = %peer.address, "authentication failed");
                refused = true;
            }
            None => {}
        }
        if let Some(token) = bearer(request) {
            match self.tokens.verify(token, &[], now_unix_s, &*self.token_lookup) {
                Ok((user, _)) => return Ok(user),
                Err(error) => {
                    tracing::debug!(%error, peer = %peer.address, "authentication failed");
                    refused = true;
                }
            }
        }
        if refused { Err(ApiError::unauthorized()) } else { Ok(UserInfo::anonymous()) }
    }

    async fn impersonate<B>(&self, request: &Request<B>, user: UserInfo) -> Result<UserInfo, ApiError> {
        let Some(asked) = impersonation::requested(request.headers()).map_err(ApiError::internal)? else {
            return Ok(user);
        };
        for right in &asked.required {
            let attributes = Attributes {
                resource_request: true,
                api_group: right.api_group,
                api_version: if right.api_group.is_empty() { "" } else { "v1" },
                resource: right.resource,
                subresource: &right.subresource,
                namespace: &right.namespace,
                name: &right.name,
                ..Attributes::of(&user, "impersonate")
            };
            let decision = self.authorizer.authorize(&attributes).await;
            if !decision.allowed() {
                let why = attributes.refusal(decision.reason());
                return Err(ApiError::forbidden(right.api_group, right.resource, &right.name, &why));
            }
        }
        Ok(asked.user)
    }
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

fn bearer<B>(request: &Request<B>) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
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

/// The frames of a watch; those that are there already go out together.
fn frames(watch: registry::WatchStream) -> serve::Body {
    let stream = stream::unfold(watch, |mut watch| async move {
        let first = watch.next().await?;
        let mut joined: Option<Vec<u8>> = None;
        for _ in 0..MAX_JOINED_FRAMES {
            let Some(more) = watch.ready() else { break };
            joined.get_or_insert_with(|| first.to_vec()).extend_from_slice(&more);
        }
        let bytes = joined.map_or(first, Bytes::from);
        Some((Ok(Frame::data(bytes)), watch))
    });
    StreamBody::new(stream).boxed_unsync()
}
