//! Requests that were answered, those under way, and watches.

use super::{LATENCIES, Maker, Metrics, exponential};
use http::{HeaderMap, Method, Uri, header};
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use registry::query::Query;
use registry::request_info::RequestInfo;
use std::time::Instant;

const LABELS: &[&str] = &["verb", "group", "version", "resource", "subresource", "scope", "component"];
const COMPONENT: &str = "apiserver";
const APPLY: &str = "application/apply-patch+";

pub struct Families {
    total: IntCounterVec,
    duration: HistogramVec,
    sli: HistogramVec,
    sizes: HistogramVec,
    inflight: IntGaugeVec,
    longrunning: IntGaugeVec,
    watch_events: IntCounterVec,
    watch_sizes: HistogramVec,
}

impl Families {
    pub(super) fn new(make: &Maker) -> Families {
        let with = |more: &[&'static str]| -> Vec<&'static str> { LABELS.iter().chain(more).copied().collect() };
        let of_watch = ["group", "version", "resource"];
        Families {
            total: make.counters("apiserver_request_total", "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.", &with(&["code", "dry_run"])),
            duration: make.histograms("apiserver_request_duration_seconds", "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.", &with(&["dry_run"]), LATENCIES),
            sli: make.histograms("apiserver_request_sli_duration_seconds", "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.", LABELS, &LATENCIES[2..]),
            sizes: make.histograms("apiserver_response_sizes", "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.", LABELS, &exponential(1000.0, 10.0, 7)),
            inflight: make.gauges("apiserver_current_inflight_requests", "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.", &["request_kind"]),
            longrunning: make.gauges("apiserver_longrunning_requests", "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.", LABELS),
            watch_events: make.counters("apiserver_watch_events_total", "[ALPHA] Number of events sent in watch clients", &of_watch),
            watch_sizes: make.histograms("apiserver_watch_events_sizes", "[ALPHA] Watch event size distribution in bytes", &of_watch, &exponential(1024.0, 2.0, 8)),
        }
    }
}

/// A request, from its head to its answer.
pub struct Request {
    info: Option<RequestInfo>,
    verb: &'static str,
    dry_run: &'static str,
    begun: Instant,
    inflight: Option<Held>,
}

/// A gauge that goes down when this is dropped.
struct Held(IntGauge);

impl Held {
    fn new(gauge: IntGauge) -> Held {
        gauge.inc();
        Held(gauge)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A request has come.
    pub fn begin(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Request {
        let query = Query::parse(uri.query().unwrap_or_default());
        let info = RequestInfo::new(method.as_str(), uri.path(), &query).ok();
        let verb = info.as_ref().map_or("other", |info| verb(info, headers));
        let dry_run = if query.get("dryRun") == Some("All") { "All" } else { "" };
        let kind = match verb {
            "WATCH" | "CONNECT" => None,
            "GET" | "LIST" => Some("readOnly"),
            _ => Some("mutating"),
        };
        let inflight = kind.map(|kind| Held::new(self.request.inflight.with_label_values(&[kind])));
        Request { info, verb, dry_run, begun: Instant::now(), inflight }
    }

    /// It was answered: with this code and a body of this length, where that is known.
    pub fn answered(&self, request: &mut Request, code: u16, length: Option<usize>) {
        request.inflight = None;
        let code_text = code.to_string();
        let labels = labels(request, code);
        let mut more = labels.to_vec();
        more.extend([code_text.as_str(), request.dry_run]);
        self.request.total.with_label_values(&more).inc();
        if matches!(request.verb, "WATCH" | "CONNECT") && code < 400 {
            return;
        }
        let seconds = request.begun.elapsed().as_secs_f64();
        more.remove(labels.len());
        self.request.duration.with_label_values(&more).observe(seconds);
        self.request.sli.with_label_values(&labels).observe(seconds);
        if let Some(length) = length {
            self.request.sizes.with_label_values(&labels).observe(length as f64);
        }
    }

    /// A watch or a stream goes on after its answer has begun.
    pub fn goes_on(&self, request: &Request) -> WatchMeter {
        let labels = labels(request, 200);
        let [_, group, version, resource, ..] = labels;
        let of_watch = [group, version, resource];
        WatchMeter {
            _running: Held::new(self.request.longrunning.with_label_values(&labels)),
            events: self.request.watch_events.with_label_values(&of_watch),
            sizes: self.request.watch_sizes.with_label_values(&of_watch),
        }
    }
}

/// Counts the events of one open watch, and that it is open.
pub struct WatchMeter {
    _running: Held,
    events: IntCounter,
    sizes: Histogram,
}

impl WatchMeter {
    pub fn sent(&self, bytes: usize) {
        self.events.inc();
        self.sizes.observe(bytes as f64);
    }
}

fn labels(request: &Request, code: u16) -> [&str; 7] {
    let Some(info) = &request.info else { return [request.verb, "", "", "", "", "", COMPONENT] };
    if !info.is_resource {
        // Only paths that exist are counted by name.
        let path =
            ["/healthz", "/livez", "/readyz", "/metrics", "/version"].into_iter().find(|path| info.path == *path);
        return [request.verb, "", "", "", path.unwrap_or_default(), "", ""];
    }
    let scope = scope(info);
    // Only what is served is counted by name: names of others are the client's invention.
    if matches!(code, 401 | 403 | 404) {
        return [request.verb, "", "", "", "", scope, COMPONENT];
    }
    [request.verb, &info.group, &info.version, &info.resource, &info.subresource, scope, COMPONENT]
}

fn verb(info: &RequestInfo, headers: &HeaderMap) -> &'static str {
    let is_apply = || {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.is_some_and(|text| text.starts_with(APPLY))
    };
    let streams = ["exec", "attach", "portforward", "proxy"];
    match info.verb.as_str() {
        _ if info.is_resource && streams.contains(&info.subresource.as_str()) => "CONNECT",
        "get" => "GET",
        "list" => "LIST",
        "watch" => "WATCH",
        "create" | "post" => "POST",
        "update" | "put" => "PUT",
        "patch" if is_apply() => "APPLY",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        "head" => "HEAD",
        "options" => "OPTIONS",
        _ => "other",
    }
}

fn scope(info: &RequestInfo) -> &'static str {
    match (info.name.is_empty() && info.verb != "create", info.namespace.is_empty()) {
        (false, _) => "resource",
        (true, false) => "namespace",
        (true, true) => "cluster",
    }
}
