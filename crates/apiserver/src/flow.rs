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

mod deadline;
mod gate;
#[cfg(test)]
mod tests;

use crate::config;
use bytes::Bytes;
use flowcontrol::Controller;
use gate::{Asked, Gate};
use http::Response;
use http::request::Parts;
use kind::ApiError;
use lifecycle::Lifecycle;
use registry::{Body, Registry, RequestContext};
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};

/// The front of one server.
pub struct Front {
    pub registry: Arc<Registry>,
    pub lifecycle: Arc<Lifecycle>,
    gate: Gate,
    request_timeout: Duration,
}

impl Front {
    pub fn new(
        registry: &Arc<Registry>,
        settings: &config::Flow,
        clock: &Arc<dyn Clock>,
        rng: &Arc<dyn Rng>,
    ) -> Arc<Front> {
        Arc::new(Front {
            registry: registry.clone(),
            lifecycle: Arc::new(Lifecycle::new(settings)),
            gate: Gate::new(settings, clock, rng),
            request_timeout: settings.request_timeout,
        })
    }

    /// None where the server only counts what is under way.
    pub fn controller(&self) -> Option<&Arc<Controller>> {
        self.gate.controller()
    }

    /// Answers a request whose caller is known. `body` is waited for when the request has its seat.
    pub async fn answer(&self, parts: Parts, body: impl Future<Output = Result<Bytes, ApiError>>) -> Response<Body> {
        let context = match self.registry.context(parts) {
            Ok(context) => context,
            Err(refusal) => return *refusal,
        };
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

/// Whether a request may change something.
fn is_mutating(context: &RequestContext) -> bool {
    !matches!(context.info.verb.as_str(), "get" | "list" | "watch")
}
