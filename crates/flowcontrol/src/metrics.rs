//! The metrics, in Prometheus' text format under upstream's names.

use crate::controller::Controller;
use crate::histogram::Histogram;
use crate::level::{State, lazy};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub(crate) const SECONDS: &[f64] = &[0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0];
pub(crate) const LENGTHS: &[f64] = &[0.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];
pub(crate) const SEATS: &[f64] = &[1.0, 2.0, 4.0, 10.0];
pub(crate) const WATCHERS: &[f64] = &[0.0, 1.0, 10.0, 100.0, 1000.0, 10000.0];
pub(crate) const EXECUTING_RATIO: &[f64] = &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];
pub(crate) const REQUEST_RATIO: &[f64] = &[0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1.0];
pub(crate) const DEMAND_RATIO: &[f64] = &[0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.8, 4.0, 6.0];
pub(crate) const KIND_RATIO: &[f64] = &[0.0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// Verbs that are told apart; all others are the last.
const VERBS: [&str; 12] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "post", "put", "head", "other"];
const REASONS: [&str; 4] = ["queue-full", "concurrency-limit", "time-out", "cancelled"];

pub(crate) fn verb_index(verb: &str) -> usize {
    VERBS.iter().position(|known| *known == verb).unwrap_or(VERBS.len() - 1)
}

/// What one level knows of the requests of one schema.
pub(crate) struct SchemaStats {
    pub name: Arc<str>,
    pub waiting: usize,
    pub seats_waiting: u64,
    pub executing: usize,
    pub seats_executing: u64,
    pub dispatched: u64,
    pub no_accommodation: u64,
    rejected: [u64; REASONS.len()],
    pub waited: Histogram,
    pub waited_in_vain: Histogram,
    pub queue_length: Histogram,
    pub seats: Histogram,
    pub watchers: Histogram,
    executions: [Option<Histogram>; VERBS.len()],
}

impl SchemaStats {
    pub fn new(
        name: &Arc<str>,
        seconds: &'static [f64],
        lengths: &'static [f64],
        seats: &'static [f64],
        watchers: &'static [f64],
    ) -> SchemaStats {
        SchemaStats {
            name: name.clone(),
            waiting: 0,
            seats_waiting: 0,
            executing: 0,
            seats_executing: 0,
            dispatched: 0,
            no_accommodation: 0,
            rejected: [0; REASONS.len()],
            waited: Histogram::new(seconds),
            waited_in_vain: Histogram::new(seconds),
            queue_length: Histogram::new(lengths),
            seats: Histogram::new(seats),
            watchers: Histogram::new(watchers),
            executions: [const { None }; VERBS.len()],
        }
    }

    pub fn execution(&mut self, verb: usize) -> &mut Histogram {
        lazy(&mut self.executions[verb], SECONDS)
    }

    /// By reason, in a fixed order: queue full, no seats, timed out, cancelled.
    pub fn rejections(&self) -> &[u64; REASONS.len()] {
        &self.rejected
    }

    pub fn reject(&mut self, reason: &str) {
        if let Some(at) = REASONS.iter().position(|known| *known == reason) {
            self.rejected[at] += 1;
        }
    }
}

impl Controller {
    /// Every metric of flow control.
    pub fn metrics(&self) -> String {
        let mut families = Families::default();
        let now = self.now();
        for level in self.levels() {
            let mut state = level.state.lock();
            state.observe(now);
            level_metrics(&mut families, &level.name, &mut state, now);
            for stats in &state.schemas {
                schema_metrics(&mut families, &level.name, stats);
            }
        }
        self.kinds().lock().show(now, |labels, ratio| {
            families.histogram("read_vs_write_current_requests", READ_VS_WRITE_HELP, labels, &ratio.histogram);
        });
        let help = "Fair fraction of server's concurrency to allocate to each priority level that can use it";
        families.gauge("seat_fair_frac", help, "", self.fair_fraction());
        families.text()
    }
}

const READ_VS_WRITE_HELP: &str = "Observations, at the end of every nanosecond, of the number of requests (as a fraction of the relevant limit) waiting or in regular stage of execution";

fn level_metrics(families: &mut Families, name: &str, state: &mut State, now: i64) {
    let level = format!("priority_level=\"{name}\"");
    let (limits, demand, marks) = (state.limits, state.demand, state.fair.marks);
    let gauges = [
        (
            "nominal_limit_seats",
            "Nominal number of execution seats configured for each priority level",
            limits.nominal as f64,
        ),
        (
            "lower_limit_seats",
            "Configured lower bound on number of execution seats available to each priority level",
            limits.min as f64,
        ),
        (
            "upper_limit_seats",
            "Configured upper bound on number of execution seats available to each priority level",
            limits.max as f64,
        ),
        (
            "current_limit_seats",
            "current derived number of execution seats available to each priority level",
            state.fair.limit as f64,
        ),
        (
            "demand_seats_high_watermark",
            "High watermark, over last adjustment period, of demand_seats",
            demand.high_watermark,
        ),
        ("demand_seats_average", "Time-weighted average, over last adjustment period, of demand_seats", demand.average),
        (
            "demand_seats_stdev",
            "Time-weighted standard deviation, over last adjustment period, of demand_seats",
            demand.deviation,
        ),
        ("demand_seats_smoothed", "Smoothed seat demands", demand.smoothed),
        ("target_seats", "Seat allocation targets", state.target),
        ("current_r", "R(time of last change)", state.fair.virtual_seconds()),
        ("dispatch_r", "R(time of last dispatch)", marks.dispatch_r),
        ("latest_s", "S(most recently dispatched request)", marks.latest_s),
    ];
    for (metric, help, value) in gauges {
        families.gauge(metric, help, &level, value);
    }
    let next_s = "min and max, over queues, of S(oldest waiting request in queue)";
    let discounted = "min and max, over queues, of S(oldest waiting request in queue) - estimated work in progress";
    for (metric, help, (min, max)) in
        [("next_s_bounds", next_s, marks.next_s), ("next_discounted_s_bounds", discounted, marks.next_discounted_s)]
    {
        families.gauge(metric, help, &format!("bound=\"max\",{level}"), max);
        families.gauge(metric, help, &format!("bound=\"min\",{level}"), min);
    }
    let utilization = "Observations, at the end of every nanosecond, of utilization of seats for any stage of execution (but only initial stage for WATCHes)";
    let requests = "Observations, at the end of every nanosecond, of number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage for WATCHes)";
    let demand = "Observations, at the end of every nanosecond, of (the number of seats each priority level could use) / (nominal number of seats for that level)";
    let (executing, waiting) = (format!("phase=\"executing\",{level}"), format!("phase=\"waiting\",{level}"));
    let ratios = &mut state.ratios;
    for (metric, help, labels, ratio) in [
        ("priority_level_seat_utilization", utilization, &executing, &mut ratios.seats),
        ("priority_level_request_utilization", requests, &executing, &mut ratios.executing),
        ("priority_level_request_utilization", requests, &waiting, &mut ratios.waiting),
        ("demand_seats", demand, &level, &mut ratios.demand),
    ] {
        ratio.advance(now);
        families.histogram(metric, help, labels, &ratio.histogram);
    }
}

fn schema_metrics(families: &mut Families, level: &str, stats: &SchemaStats) {
    let labels = format!("flow_schema=\"{}\",priority_level=\"{level}\"", stats.name);
    let gauges = [
        (
            "current_inqueue_requests",
            "BETA",
            "Number of requests currently pending in queues of the API Priority and Fairness subsystem",
            stats.waiting as f64,
        ),
        (
            "current_inqueue_seats",
            "ALPHA",
            "Number of seats currently pending in queues of the API Priority and Fairness subsystem",
            stats.seats_waiting as f64,
        ),
        (
            "current_executing_requests",
            "BETA",
            "Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem",
            stats.executing as f64,
        ),
        (
            "current_executing_seats",
            "BETA",
            "Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem",
            stats.seats_executing as f64,
        ),
    ];
    for (metric, stability, help, value) in gauges {
        families.add(metric, stability, help, "gauge", &labels, value);
    }
    let dispatched = "Number of requests executed by API Priority and Fairness subsystem";
    families.add("dispatched_requests_total", "BETA", dispatched, "counter", &labels, stats.dispatched as f64);
    let rejected = "Number of requests rejected by API Priority and Fairness subsystem";
    for (reason, count) in REASONS.iter().zip(stats.rejected).filter(|(_, count)| *count > 0) {
        let labels = format!("{labels},reason=\"{reason}\"");
        families.add("rejected_requests_total", "BETA", rejected, "counter", &labels, count as f64);
    }
    if stats.no_accommodation > 0 {
        let help = "Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats";
        let count = stats.no_accommodation as f64;
        families.add("request_dispatch_no_accommodation_total", "ALPHA", help, "counter", &labels, count);
    }
    let waited = "Length of time a request spent waiting in its queue";
    for (execute, histogram) in [("false", &stats.waited_in_vain), ("true", &stats.waited)] {
        families.histogram(
            "request_wait_duration_seconds",
            waited,
            &format!("execute=\"{execute}\",{labels}"),
            histogram,
        );
    }
    let lengths =
        "Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued";
    families.histogram("request_queue_length_after_enqueue", lengths, &labels, &stats.queue_length);
    let seats = "Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness";
    families.histogram("work_estimated_seats", seats, &labels, &stats.seats);
    let watchers = "count of watchers for mutating requests in API Priority and Fairness";
    families.histogram("watch_count_samples", watchers, &labels, &stats.watchers);
    let execution = "Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem";
    for (verb, histogram) in VERBS.iter().zip(&stats.executions) {
        if let Some(histogram) = histogram {
            families.histogram("request_execution_seconds", execution, &format!("{labels},type=\"{verb}\""), histogram);
        }
    }
}

/// The lines of each metric, which must stand together.
#[derive(Default)]
struct Families(BTreeMap<&'static str, String>);

impl Families {
    fn lines(&mut self, metric: &'static str, stability: &str, help: &str, kind: &str) -> &mut String {
        self.0.entry(metric).or_insert_with(|| {
            format!("# HELP {PREFIX}{metric} [{stability}] {help}\n# TYPE {PREFIX}{metric} {kind}\n")
        })
    }

    fn add(&mut self, metric: &'static str, stability: &str, help: &str, kind: &str, labels: &str, value: f64) {
        write_line(self.lines(metric, stability, help, kind), metric, "", labels, value);
    }

    fn gauge(&mut self, metric: &'static str, help: &str, labels: &str, value: f64) {
        self.add(metric, "ALPHA", help, "gauge", labels, value);
    }

    /// One without observations is left out, as a vector's element that nobody has asked for.
    fn histogram(&mut self, metric: &'static str, help: &str, labels: &str, histogram: &Histogram) {
        let total = histogram.count();
        if total == 0 {
            return;
        }
        let stability = if metric == "request_wait_duration_seconds" { "BETA" } else { "ALPHA" };
        let out = self.lines(metric, stability, help, "histogram");
        let mut below = 0;
        for (bound, count) in histogram.bounds.iter().zip(&histogram.counts) {
            below += count;
            write_line(out, metric, "_bucket", &format!("{labels},le=\"{bound}\""), below as f64);
        }
        write_line(out, metric, "_bucket", &format!("{labels},le=\"+Inf\""), total as f64);
        write_line(out, metric, "_sum", labels, histogram.sum);
        write_line(out, metric, "_count", labels, total as f64);
    }

    fn text(self) -> String {
        self.0.into_values().collect()
    }
}

const PREFIX: &str = "apiserver_flowcontrol_";

fn write_line(out: &mut String, metric: &str, suffix: &str, labels: &str, value: f64) {
    let written = match labels {
        "" => writeln!(out, "{PREFIX}{metric}{suffix} {value}"),
        labels => writeln!(out, "{PREFIX}{metric}{suffix}{{{labels}}} {value}"),
    };
    written.expect("writing to a string cannot fail");
}
