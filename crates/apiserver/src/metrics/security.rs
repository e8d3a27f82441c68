//! Who asked, and what was allowed.

use super::{Maker, Metrics, exponential};
use authn::UserInfo;
use authz::{Answer, Attributes, Authorizer, Decision, Rules, Verdict};
use prometheus::{HistogramVec, IntCounterVec};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names that are counted as they are; the others are the operators' and too many.
const KNOWN_USERS: &[&str] = &["admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"];

pub struct Families {
    attempts: IntCounterVec,
    users: IntCounterVec,
    authentication: HistogramVec,
    authorizations: IntCounterVec,
    authorization: HistogramVec,
}

impl Families {
    pub(super) fn new(make: &Maker) -> Families {
        let buckets = exponential(0.001, 2.0, 15);
        Families {
            attempts: make.counters("authentication_attempts", "[ALPHA] Counter of authenticated attempts.", &["result"]),
            users: make.counters("authenticated_user_requests", "[ALPHA] Counter of authenticated requests broken out by username.", &["username"]),
            authentication: make.histograms("authentication_duration_seconds", "[ALPHA] Authentication duration in seconds broken out by result.", &["result"], &buckets),
            authorizations: make.counters("authorization_attempts_total", "[ALPHA] Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.", &["result"]),
            authorization: make.histograms("authorization_duration_seconds", "[ALPHA] Authorization duration in seconds broken out by result.", &["result"], &buckets),
        }
    }
}

impl Metrics {
    /// Somebody showed who it is; none: what it showed was not good.
    pub fn authenticated(&self, user: Option<&UserInfo>, took: Duration) {
        let families = &self.security;
        let result = if user.is_some() { "success" } else { "failure" };
        families.attempts.with_label_values(&[result]).inc();
        families.authentication.with_label_values(&[result]).observe(took.as_secs_f64());
        if let Some(user) = user {
            families.users.with_label_values(&[shown(&user.name)]).inc();
        }
    }

    fn authorized(&self, decision: &Decision, took: Duration) {
        let result = match (decision.verdict, &decision.error) {
            (Verdict::Allow, _) => "allowed",
            (Verdict::Deny, _) => "denied",
            (Verdict::NoOpinion, Some(_)) => "error",
            (Verdict::NoOpinion, None) => "no-opinion",
        };
        self.security.authorizations.with_label_values(&[result]).inc();
        self.security.authorization.with_label_values(&[result]).observe(took.as_secs_f64());
    }
}

fn shown(name: &str) -> &str {
    match name {
        name if KNOWN_USERS.contains(&name) => name,
        name if name.contains('@') => "email_id",
        _ => "other",
    }
}

/// An authorizer whose decisions are counted.
pub struct MeteredAuthorizer {
    pub inner: Arc<dyn Authorizer>,
    pub metrics: Arc<Metrics>,
}

impl Authorizer for MeteredAuthorizer {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let begun = Instant::now();
        match self.inner.authorize(attributes).into_now() {
            Ok(decision) => {
                self.metrics.authorized(&decision, begun.elapsed());
                Answer::now(decision)
            }
            Err(waiting) => Answer::later(async move {
                let decision = waiting.await;
                self.metrics.authorized(&decision, begun.elapsed());
                decision
            }),
        }
    }

    fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        self.inner.rules_for(user, namespace)
    }
}
