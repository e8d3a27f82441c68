//! Metrics in the text form of Prometheus, under upstream's names.

use super::respond::{self, Failure};
use super::stats::{self, Sampler, node};
use super::{Api, names};
use bytes::Bytes;
use cri::v1;
use http::Response;
use serve::Body;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/metrics/resource`: what metrics-server reads.
pub(super) async fn resource(api: &Api, sampler: &Sampler) -> Result<Response<Body>, Failure> {
    let containers = stats::containers(api, sampler).await;
    let node = node::usage(api, sampler);
    let error = u64::from(containers.is_err());
    let containers = containers.unwrap_or_default();
    let mut text = Text::default();
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let mut pods: BTreeMap<&stats::PodName, (u64, u64, i64)> = BTreeMap::new();
    for one in &containers {
        let sum = pods.entry(&one.pod).or_default();
        sum.0 += one.cpu_ns.unwrap_or(0);
        sum.1 += one.working_set_bytes.unwrap_or(0);
        sum.2 = sum.2.max(one.time_ns);
    }
    let labels = |one: &stats::ContainerUse| {
        [("container", one.name.clone()), ("namespace", one.pod.namespace.clone()), ("pod", one.pod.name.clone())]
    };
    let of_pod = |pod: &stats::PodName| [("namespace", pod.namespace.clone()), ("pod", pod.name.clone())];
    text.family(
        "container_cpu_usage_seconds_total",
        "counter",
        "Cumulative cpu time consumed by the container in core-seconds",
    );
    for one in &containers {
        text.sample(&labels(one), seconds(one.cpu_ns.unwrap_or(0)), Some(one.time_ns));
    }
    text.family("container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes");
    for one in &containers {
        text.sample(&labels(one), one.working_set_bytes.unwrap_or(0) as f64, Some(one.time_ns));
    }
    text.family("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds");
    for one in &containers {
        text.sample(&labels(one), one.started_at_ns as f64 / 1e9, None);
    }
    text.family("node_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the node in core-seconds");
    text.sample(&[], seconds(node.cpu_ns), Some(node.time_ns));
    text.family("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes");
    text.sample(&[], node.working_set_bytes as f64, Some(node.time_ns));
    text.family("pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the pod in core-seconds");
    for (pod, (cpu_ns, _, time_ns)) in &pods {
        text.sample(&of_pod(pod), seconds(*cpu_ns), Some(*time_ns));
    }
    text.family("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes");
    for (pod, (_, bytes, time_ns)) in &pods {
        text.sample(&of_pod(pod), *bytes as f64, Some(*time_ns));
    }
    text.family(
        "resource_scrape_error",
        "gauge",
        "1 if there was an error while getting container metrics, 0 otherwise",
    );
    text.sample(&[], error as f64, None);
    Ok(respond::with_type(Bytes::from(text.out), MEDIA_TYPE))
}

/// `/metrics`: the kubelet's own.
pub(super) async fn own(api: &Api) -> Result<Response<Body>, Failure> {
    let containers = api.cri.list_containers(None).await?;
    let mut states: BTreeMap<&str, usize> = [("created", 0), ("exited", 0), ("running", 0), ("unknown", 0)].into();
    let mut running_pods = BTreeSet::new();
    for container in &containers {
        let state = match container.state() {
            v1::ContainerState::ContainerCreated => "created",
            v1::ContainerState::ContainerRunning => "running",
            v1::ContainerState::ContainerExited => "exited",
            v1::ContainerState::ContainerUnknown => "unknown",
        };
        *states.entry(state).or_default() += 1;
        if state == "running" {
            running_pods.extend(container.labels.get(names::POD_UID));
        }
    }
    let mut text = Text::default();
    text.family("kubelet_node_name", "gauge", "The node's name. The count is always 1.");
    text.sample(&[("node", api.node_name.clone())], 1.0, None);
    text.family("kubelet_running_containers", "gauge", "Number of containers currently running");
    for (state, count) in states {
        text.sample(&[("container_state", state.to_owned())], count as f64, None);
    }
    text.family("kubelet_running_pods", "gauge", "Number of pods that have a running pod sandbox");
    text.sample(&[], running_pods.len() as f64, None);
    text.family("kubelet_desired_pods", "gauge", "The number of pods the kubelet is being instructed to run.");
    text.sample(&[("static", String::new())], api.pods.all().len() as f64, None);
    if let Some(bytes) = resident_bytes() {
        text.family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
        text.sample(&[], bytes, None);
    }
    Ok(respond::with_type(Bytes::from(text.out), MEDIA_TYPE))
}

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}

/// Families of samples, one after the other.
#[derive(Default)]
struct Text {
    out: String,
    family: &'static str,
}

impl Text {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.family = name;
        writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("writing to a string cannot fail");
    }

    fn sample(&mut self, labels: &[(&str, String)], value: f64, time_ns: Option<i64>) {
        let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let time = time_ns.map(|nanos| format!(" {}", nanos / 1_000_000)).unwrap_or_default();
        writeln!(self.out, "{}{labels} {value}{time}", self.family).expect("writing to a string cannot fail");
    }
}
