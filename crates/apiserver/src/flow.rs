//! The front of the server, which every request passes, from a socket or from this process: its deadline, its seat.
//!
//! ```text
//!   context --> Front: long-running? deadline --> Gate: seat, queue or 429 --> body --> Registry::answer
//!                                                  ^
//!   FlowSchemas, PriorityLevelConfigurations --> consumer         producer keeps the suggested ones as they should be
//! ```
//!
//! The rules of fairness are crate `flowcontrol`'s. Deliberately absent: who the caller is, and what the request does.

pub mod consumer;
pub mod lifecycle;
pub mod pages;
pub mod producer;

pub(crate) mod deadline;
mod gate;

use crate::audit::{Audit, Head, Impersonator, Refusal};
use crate::config;
use bytes::Bytes;
use flowcontrol::Controller;
use gate::{Asked, Gate};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use kind::ApiError;
use lifecycle::Lifecycle;
use registry::{Body, Caller, Registry, RequestContext};
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};

/// The front of one server.
pub struct Front {
    pub registry: Arc<Registry>,
    pub lifecycle: Arc<Lifecycle>,
    pub audit: Option<Arc<Audit>>,
    gate: Gate,
    request_timeout: Duration,
    rng: Arc<dyn Rng>,
}

impl Front {
    pub fn new(
        registry: &Arc<Registry>,
        settings: &config::Flow,
        clock: &Arc<dyn Clock>,
        rng: &Arc<dyn Rng>,
        audit: Option<Arc<Audit>>,
    ) -> Arc<Front> {
        Arc::new(Front {
            registry: registry.clone(),
            lifecycle: Arc::new(Lifecycle::new(settings)),
            gate: Gate::new(settings, clock, rng),
            request_timeout: settings.request_timeout,
            audit,
            rng: rng.clone(),
        })
    }

    /// None where the server only counts what is under way.
    pub fn controller(&self) -> Option<&Arc<Controller>> {
        self.gate.controller()
    }

    /// Answers a request whose caller is known. `body` is waited for when the request has its seat.
    pub async fn answer(
        &self,
        mut parts: Parts,
        body: impl Future<Output = Result<Bytes, ApiError>>,
    ) -> Response<Body> {
        let audit_id = audit_id(&parts.headers, &*self.rng);
        let shown_id = HeaderValue::from_str(&audit_id);
        let head = self
            .audit
            .as_ref()
            .map(|_| Head { uri: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(), audit_id });
        let by = parts.extensions.remove::<Impersonator>().map(|by| by.0);
        let mut context = match self.registry.context(parts) {
            Ok(context) => context,
            Err(refusal) => return *refusal,
        };
        let recorded = match (&self.audit, &head) {
            (Some(audit), Some(head)) => audit.begin(&mut context, head, by),
            _ => None,
        };
        let mut response = match &recorded {
            Some(recorded) if !recorded.received().await => {
                registry::failure(&context, &ApiError::internal("failed to store audit event"))
            }
            _ => self.in_time(context, body).await,
        };
        if let Ok(shown_id) = shown_id {
            response.headers_mut().insert(AUDIT_ID, shown_id);
        }
        if let Some(recorded) = recorded {
            recorded.answered(&mut response).await;
        }
        response
    }

    /// Records a request that came no further than to the question who makes it.
    pub async fn record_refusal<B>(&self, request: &Request<B>, caller: Caller, refusal: Refusal, error: &ApiError) {
        let Some(audit) = &self.audit else { return };
        let (mut parts, ()) = Request::new(()).into_parts();
        (parts.method, parts.uri) = (request.method().clone(), request.uri().clone());
        parts.headers = request.headers().clone();
        parts.extensions.insert(caller);
        let head = self.head(&parts);
        let Ok(mut context) = self.registry.context(parts) else { return };
        if let Some(recorded) = audit.begin(&mut context, &head, None) {
            recorded.refused(refusal, error).await;
        }
    }

    fn head(&self, parts: &Parts) -> Head {
        let uri = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Head { uri, audit_id: audit_id(&parts.headers, &*self.rng) }
    }

    async fn in_time(
        &self,
        context: RequestContext,
        body: impl Future<Output = Result<Bytes, ApiError>>,
    ) -> Response<Body> {
        if deadline::is_long_running(&context.info) {
            return self.begin(Arc::new(Asked(context)), None, body).await;
        }
        let limit = match deadline::of(&context.query, self.request_timeout) {
            Ok(limit) => limit,
            Err(error) => return registry::failure(&context, &error),
        };
        let _under_way = self.lifecycle.enter();
        let asked = Arc::new(Asked(context));
        match tokio::time::timeout(limit, self.begin(asked.clone(), Some(limit), body)).await {
            Ok(response) => response,
            Err(_) => deadline::missed(&asked.0),
        }
    }

    async fn begin(
        &self,
        asked: Arc<Asked>,
        limit: Option<Duration>,
        body: impl Future<Output = Result<Bytes, ApiError>>,
    ) -> Response<Body> {
        let context = &asked.0;
        let pass = match self.gate.enter(&asked, &self.registry, limit).await {
            Ok(pass) => pass,
            Err(refusal) => return *refusal,
        };
        let mut response = match body.await {
            Ok(body) => self.registry.answer(context, body).await,
            Err(error) => registry::failure(context, &error),
        };
        pass.mark(response.headers_mut());
        match response.body_mut() {
            Body::Watch(watch) => watch.hold_until_initialized(Box::new(pass)),
            // What another server answers takes this one's time until it has.
            Body::Stream(_) => drop(response.extensions_mut().insert(Arc::new(pass))),
            Body::Full(_) | Body::Chunks(_) => {}
        }
        response
    }
}

/// Names a request in the audit log, and to its client.
const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
const MAX_AUDIT_ID_BYTES: usize = 64;

/// The client's, or a random one.
fn audit_id(headers: &HeaderMap, rng: &dyn Rng) -> String {
    match headers.get(AUDIT_ID).and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty()) {
        Some(id) => id[..id.len().min(MAX_AUDIT_ID_BYTES)].to_owned(),
        None => {
            let (high, low) = (rng.next_u64(), rng.next_u64());
            let (version, variant) = (0x4000 | (high & 0xfff), 0x8000 | ((low >> 48) & 0x3fff));
            let (first, second, last) = (high >> 32, (high >> 16) & 0xffff, low & 0xffff_ffff_ffff);
            format!("{first:08x}-{second:04x}-{version:04x}-{variant:04x}-{last:012x}")
        }
    }
}

/// Whether a request may change something.
fn is_mutating(context: &RequestContext) -> bool {
    !matches!(context.info.verb.as_str(), "get" | "list" | "watch")
}
