//! The audit log, wired: a policy file, what is noted of each request on its way, and where events go.
//!
//! ```text
//!   Front --begin--> Request (RequestReceived) --> registry notes into its Record --> started, complete --> Pipelines
//! ```
//!
//! Events are the crate `audit`'s business. Without a policy there is nothing of all this on a request's way.

mod log_file;
mod pipeline;
mod request;
mod webhook;

pub use request::{Head, Impersonator, Refusal, Request};

use crate::config;
use crate::outbound::OutboundError;
use ::audit::{Asked, Event, Level, Policy};
use authn::UserInfo;
use parking_lot::Mutex;
use pipeline::{Backend, Pipeline};
use registry::RequestContext;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stdx::Clock;

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("loading audit policy file: {}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("loading audit policy file: {}: {what}", path.display())]
    Policy { path: PathBuf, what: String },
    #[error("initializing audit log: {}: {source}", path.display())]
    Log { path: PathBuf, source: std::io::Error },
    #[error("initializing audit webhook: {0}")]
    Webhook(#[from] OutboundError),
}

/// The audit log of one server.
pub struct Audit {
    policy: Policy,
    pipelines: Vec<Pipeline>,
    clock: Arc<dyn Clock>,
    counts: Counts,
    /// The first events of a request that were refused where that must not be.
    rejected: AtomicU64,
}

#[derive(Default)]
struct Counts {
    events: AtomicU64,
    levels: [AtomicU64; 4],
}

impl Audit {
    /// None: nothing is recorded.
    pub fn start(config: &config::Audit, clock: &Arc<dyn Clock>) -> Result<Option<Arc<Audit>>, SetupError> {
        let Some(path) = config.policy_file.clone() else { return Ok(None) };
        let content = std::fs::read(&path).map_err(|source| SetupError::File { path: path.clone(), source })?;
        let policy = Policy::parse(&content).map_err(|what| SetupError::Policy { path, what })?;
        let mut pipelines = Vec::new();
        if let Some(path) = &config.log.path {
            let file = log_file::LogFile::open(&config.log, clock.clone());
            let file = file.map_err(|source| SetupError::Log { path: path.clone(), source })?;
            pipelines.push(Pipeline::start("log", Backend::Log(Box::new(file)), &config.log.batch));
        }
        if let Some(path) = &config.webhook.config_file {
            let sender = webhook::Sender::new(path, config.webhook.initial_backoff)?;
            pipelines.push(Pipeline::start("webhook", Backend::Webhook(Box::new(sender)), &config.webhook.batch));
        }
        if pipelines.is_empty() {
            return Ok(None);
        }
        let (counts, rejected) = (Counts::default(), AtomicU64::new(0));
        Ok(Some(Arc::new(Audit { policy, pipelines, clock: clock.clone(), counts, rejected })))
    }

    /// Begins to record a request; the policy may want nothing of it. `by`: who impersonates the caller.
    pub fn begin(
        self: &Arc<Audit>,
        context: &mut RequestContext,
        head: &request::Head,
        by: Option<UserInfo>,
    ) -> Option<Request> {
        let info = &context.info;
        let asked = Asked {
            user: by.as_ref().unwrap_or(&context.caller.user),
            verb: &info.verb,
            is_resource: info.is_resource,
            group: &info.group,
            resource: &info.resource,
            subresource: &info.subresource,
            name: &info.name,
            namespace: &info.namespace,
            path: &info.path,
        };
        let decision = self.policy.decide(&asked);
        self.counts.levels[decision.level as usize].fetch_add(1, Ordering::Relaxed);
        (decision.level != Level::None).then(|| Request::new(self.clone(), context, head, by, decision))
    }

    /// Whether the request may go on.
    async fn process(&self, event: Event, is_first: bool) -> bool {
        self.counts.events.fetch_add(1, Ordering::Relaxed);
        let event = Arc::new(event);
        let mut may_go_on = true;
        for pipeline in &self.pipelines {
            may_go_on &= pipeline.process(&event).await || !(is_first && pipeline.is_strict());
        }
        if !may_go_on {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        may_go_on
    }

    /// Waits until everything that waits is out, at the end of the server.
    pub async fn flush(&self) {
        for pipeline in &self.pipelines {
            pipeline.flush().await;
        }
    }

    /// In Prometheus' text format.
    pub fn metrics(&self) -> String {
        let mut out = String::new();
        let mut put = |name: &str, help: &str, lines: Vec<(String, u64)>| {
            writeln!(out, "# HELP {name} [ALPHA] {help}\n# TYPE {name} counter").expect("a string takes all");
            for (labels, count) in lines {
                writeln!(out, "{name}{labels} {count}").expect("a string takes all");
            }
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let events = "Counter of audit events generated and sent to the audit backend.";
        put("apiserver_audit_event_total", events, vec![(String::new(), read(&self.counts.events))]);
        let errors = self.pipelines.iter().map(|one| (format!("{{plugin=\"{}\"}}", one.name()), one.errors()));
        let help = "Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.";
        put("apiserver_audit_error_total", help, errors.collect());
        let levels = Level::ALL.map(|level| (format!("{{level=\"{}\"}}", level.name()), level as usize));
        let levels = levels.into_iter().map(|(labels, at)| (labels, read(&self.counts.levels[at])));
        let help = "Counter of policy levels for audit events (1 per request).";
        put("apiserver_audit_level_total", help, levels.collect());
        let help = "Counter of apiserver requests rejected due to an error in audit logging backend.";
        put("apiserver_audit_requests_rejected_total", help, vec![(String::new(), read(&self.rejected))]);
        out
    }
}

/// Something that is taken once.
type Once<T> = Mutex<Option<T>>;

#[cfg(test)]
mod tests;
