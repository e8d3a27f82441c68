//! `/metrics`: what the server counts, under upstream's names, with its types and labels.
//!
//! ```text
//!   gateway --Request--> requests, watches     store --MeteredStore--> etcd_*     admission --Observer--> admission_*
//!                                   \______________ prometheus::Registry ______________/
//!   at a scrape: objects by resource, the process itself
//! ```
//!
//! Deliberately absent: metrics of parts that are not there (Go's runtime, the informers of upstream's server).

mod admission;
mod process;
mod request;
mod security;
mod store;
#[cfg(test)]
mod tests;

pub use request::WatchMeter;
pub use security::MeteredAuthorizer;
pub use store::MeteredStore;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper ends of the buckets for how long requests take, in seconds.
const LATENCIES: &[f64] = &[
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0,
    45.0, 60.0,
];

/// Counters of one server.
pub struct Metrics {
    registry: Registry,
    slis: Registry,
    request: request::Families,
    store: store::Families,
    admission: admission::Families,
    security: security::Families,
    objects: IntGaugeVec,
    storage_objects: IntGaugeVec,
    handshake_errors: IntCounter,
    handshakes_seen: Arc<AtomicU64>,
    health: IntGaugeVec,
    health_total: IntCounterVec,
}

impl Metrics {
    /// `started`: seconds since 1970. `gates`: features with whether they are on.
    pub fn new(started: i64, version: &str, gates: &BTreeMap<String, bool>) -> Arc<Metrics> {
        let make = Maker { registry: Registry::new() };
        let slis = Maker { registry: Registry::new() };
        let health_labels = ["name", "type"];
        let metrics = Metrics {
            request: request::Families::new(&make),
            store: store::Families::new(&make),
            admission: admission::Families::new(&make),
            security: security::Families::new(&make),
            objects: make.gauges("apiserver_resource_objects", "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.", &["group", "resource"]),
            storage_objects: make.gauges("apiserver_storage_objects", "[STABLE] (Deprecated since 1.34.0) Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.", &["resource"]),
            handshake_errors: make.counter("apiserver_tls_handshake_errors_total", "[ALPHA] Number of requests dropped with 'TLS handshake error from' error"),
            handshakes_seen: Arc::default(),
            health: slis.gauges("kubernetes_healthcheck", "[STABLE] This metric records the result of a single healthcheck.", &health_labels),
            health_total: slis.counters("kubernetes_healthchecks_total", "[STABLE] This metric records the results of all healthcheck.", &["name", "status", "type"]),
            registry: make.registry.clone(),
            slis: slis.registry.clone(),
        };
        constant_facts(&make, version, gates);
        process::register(&make, started);
        Arc::new(metrics)
    }

    /// In Prometheus' text format. `objects`: group, resource and number of what is stored.
    pub fn text(&self, objects: impl Iterator<Item = (String, String, usize)>) -> String {
        self.objects.reset();
        self.storage_objects.reset();
        for (group, resource, count) in objects {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.objects.with_label_values(&[&group, &resource]).set(count);
            let qualified = if group.is_empty() { resource } else { format!("{resource}.{group}") };
            self.storage_objects.with_label_values(&[&qualified]).set(count);
        }
        let errors = self.handshakes_seen.swap(0, Ordering::Relaxed);
        self.handshake_errors.inc_by(errors);
        encode(&self.registry)
    }

    /// `/metrics/slis`
    pub fn slis(&self) -> String {
        encode(&self.slis)
    }

    /// Where the socket counts handshakes that failed.
    pub fn handshake_errors(&self) -> Arc<AtomicU64> {
        self.handshakes_seen.clone()
    }

    /// A health check was made for an endpoint (`readyz`).
    pub fn checked(&self, name: &str, endpoint: &str, good: bool) {
        self.health.with_label_values(&[name, endpoint]).set(i64::from(good));
        let status = if good { "success" } else { "error" };
        self.health_total.with_label_values(&[name, status, endpoint]).inc();
    }
}

fn encode(registry: &Registry) -> String {
    let mut out = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&registry.gather(), &mut out) {
        tracing::error!(%error, "the metrics cannot be written");
    }
    String::from_utf8(out).unwrap_or_default()
}

/// What does not change while the program runs.
fn constant_facts(make: &Maker, version: &str, gates: &BTreeMap<String, bool>) {
    let labels = [
        "build_date",
        "compiler",
        "git_commit",
        "git_tree_state",
        "git_version",
        "go_version",
        "major",
        "minor",
        "platform",
    ];
    let help = "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.";
    let info = make.gauges("kubernetes_build_info", help, &labels);
    let values = ["1970-01-01T00:00:00Z", "rustc", "", "", version, "rust", "1", "36", "linux/amd64"];
    info.with_label_values(&values).set(1);
    let help = "[BETA] This metric records the data about the stage and enablement of a k8s feature.";
    let features = make.gauges("kubernetes_feature_enabled", help, &["name", "stage"]);
    for (name, on) in gates {
        features.with_label_values(&[name, ""]).set(i64::from(*on));
    }
}

/// Makes families and registers them. Names are constants, each used once: that is what the tests of this module show.
struct Maker {
    registry: Registry,
}

impl Maker {
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::new(name, help))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> Gauge {
        self.register(Gauge::new(name, help))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(options, labels))
    }

    fn register<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect("the name and the labels are constants that are well formed");
        let registered = self.registry.register(Box::new(made.clone()));
        registered.expect("each name is registered once");
        made
    }
}

/// Each the double (or another multiple) of the one before.
fn exponential(start: f64, factor: f64, count: usize) -> Vec<f64> {
    std::iter::successors(Some(start), |last| Some(last * factor)).take(count).collect()
}
