//! How long admission takes: each plugin, and all of them together.

use super::{Maker, Metrics};
use admission::{Observer, Operation, Pass};
use prometheus::HistogramVec;
use std::sync::OnceLock;
use std::time::Instant;

const BUCKETS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 1.0, 2.5];

pub struct Families {
    plugins: HistogramVec,
    steps: HistogramVec,
}

impl Families {
    pub(super) fn new(make: &Maker) -> Families {
        Families {
            plugins: make.histograms("apiserver_admission_controller_admission_duration_seconds", "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).", &["name", "operation", "rejected", "type"], BUCKETS),
            steps: make.histograms("apiserver_admission_step_admission_duration_seconds", "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).", &["operation", "rejected", "type"], BUCKETS),
        }
    }
}

impl Observer for Metrics {
    fn now_ns(&self) -> u64 {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn plugin(&self, name: &str, pass: Pass, operation: Operation, rejected: bool, took_ns: u64) {
        let labels = [name, operation.as_str(), rejected_text(rejected), type_of(pass)];
        self.admission.plugins.with_label_values(&labels).observe(seconds(took_ns));
    }

    fn step(&self, pass: Pass, operation: Operation, rejected: bool, took_ns: u64) {
        let labels = [operation.as_str(), rejected_text(rejected), type_of(pass)];
        self.admission.steps.with_label_values(&labels).observe(seconds(took_ns));
    }
}

fn rejected_text(rejected: bool) -> &'static str {
    if rejected { "true" } else { "false" }
}

fn type_of(pass: Pass) -> &'static str {
    match pass {
        Pass::Admit => "admit",
        Pass::Validate => "validate",
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
