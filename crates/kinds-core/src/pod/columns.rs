//! What `kubectl get pods` shows.

use super::{condition, is_ready, is_sidecar, is_terminal};
use api_core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
use kind::{Cell, Column, age};
use schema::{Time, Value};

pub static COLUMNS: &[Column<Pod>] = &[
    Column::NAME,
    Column::string("Ready", "The aggregate readiness state of this pod for accepting traffic.", 0, |pod, _| {
        let summary = Summary::of(pod);
        Value::from(format!("{}/{}", summary.ready, summary.containers))
    }),
    Column::string("Status", "The aggregate status of the containers in this pod.", 0, |pod, _| {
        Value::from(status_word(pod))
    }),
    Column::string("Restarts", RESTARTS, 0, |pod, now| Value::from(restarts(pod, now))),
    Column::AGE,
    Column::string("IP", IP, 1, |pod, _| or_none(pod.status.pod_ips.first().map_or("", |ip| &ip.ip))),
    Column::string("Node", NODE, 1, |pod, _| or_none(&pod.spec.node_name)),
    Column::string("Nominated Node", NOMINATED, 1, |pod, _| or_none(&pod.status.nominated_node_name)),
    Column::string("Readiness Gates", GATES, 1, |pod, _| readiness_gates(pod)),
];

const RESTARTS: &str = "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.";
const IP: &str =
    "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.";
const NODE: &str = "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename";
const NOMINATED: &str = "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.";
const GATES: &str = "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to \"True\" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates";

/// The word in the column Status: the phase, or what stands in its way.
pub fn status_word(pod: &Pod) -> String {
    Summary::of(pod).reason
}

/// How often the containers restarted, and when the last time: `2 (5m ago)`.
pub fn restarts(pod: &Pod, now: Time) -> String {
    let Restarts { count, last } = Summary::of(pod).restarts;
    match last {
        Some(_) if count != 0 => format!("{count} ({} ago)", age(last, now)),
        _ => count.to_string(),
    }
}

#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Time>,
}

impl Restarts {
    fn add(&mut self, status: &ContainerStatus) {
        self.count += i64::from(status.restart_count);
        let finished = status.last_state.terminated.as_ref().and_then(|terminated| terminated.finished_at);
        self.last = self.last.max(finished);
    }
}

struct Summary {
    ready: usize,
    containers: usize,
    reason: String,
    restarts: Restarts,
}

impl Summary {
    fn of(pod: &Pod) -> Summary {
        let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(container)).count();
        let mut summary = Summary {
            ready: 0,
            containers: pod.spec.containers.len() + sidecars,
            reason: first_reason(pod),
            restarts: Restarts::default(),
        };
        let (initializing, sidecar_restarts) = summary.add_init_containers(pod);
        if !initializing || condition(pod, "Initialized").is_some_and(|condition| condition.status == "True") {
            summary.restarts = sidecar_restarts;
            summary.add_containers(pod);
        }
        if pod.metadata.deletion_timestamp.is_some() {
            if pod.status.reason == "NodeLost" {
                summary.reason = "Unknown".into();
            } else if !is_terminal(pod) {
                summary.reason = "Terminating".into();
            }
        }
        summary
    }

    /// Whether an init container is still at work, and the restarts of the sidecars alone.
    fn add_init_containers(&mut self, pod: &Pod) -> (bool, Restarts) {
        let mut of_sidecars = Restarts::default();
        for (index, status) in pod.status.init_container_statuses.iter().enumerate() {
            self.restarts.add(status);
            let sidecar =
                pod.spec.init_containers.iter().any(|container| container.name == status.name && is_sidecar(container));
            if sidecar {
                of_sidecars.add(status);
            }
            match &status.state {
                ContainerState { terminated: Some(terminated), .. } if terminated.exit_code == 0 => continue,
                _ if sidecar && status.started == Some(true) => {
                    self.ready += usize::from(status.ready);
                    continue;
                }
                ContainerState { terminated: Some(terminated), .. } => {
                    self.reason = format!("Init:{}", end_reason(terminated));
                }
                ContainerState { waiting: Some(waiting), .. }
                    if !matches!(waiting.reason.as_str(), "" | "PodInitializing") =>
                {
                    self.reason = format!("Init:{}", waiting.reason);
                }
                _ => self.reason = format!("Init:{index}/{}", pod.spec.init_containers.len()),
            }
            return (true, of_sidecars);
        }
        (false, of_sidecars)
    }

    fn add_containers(&mut self, pod: &Pod) {
        let mut some_run = false;
        for status in pod.status.container_statuses.iter().rev() {
            self.restarts.add(status);
            match &status.state {
                ContainerState { waiting: Some(waiting), .. } if !waiting.reason.is_empty() => {
                    self.reason.clone_from(&waiting.reason);
                }
                ContainerState { terminated: Some(terminated), .. } => self.reason = end_reason(terminated),
                ContainerState { running: Some(_), .. } if status.ready => {
                    some_run = true;
                    self.ready += 1;
                }
                _ => {}
            }
        }
        if self.reason == "Completed" && some_run {
            self.reason = if is_ready(pod) { "Running" } else { "NotReady" }.into();
        }
    }
}

fn first_reason(pod: &Pod) -> String {
    let gated = |condition: &api_core::v1::PodCondition| {
        condition.type_ == "PodScheduled" && condition.reason == "SchedulingGated"
    };
    if pod.status.conditions.iter().any(gated) {
        "SchedulingGated".into()
    } else if pod.status.reason.is_empty() {
        pod.status.phase.clone()
    } else {
        pod.status.reason.clone()
    }
}

fn end_reason(terminated: &ContainerStateTerminated) -> String {
    match terminated {
        ContainerStateTerminated { reason, .. } if !reason.is_empty() => reason.clone(),
        ContainerStateTerminated { signal: 0, exit_code, .. } => format!("ExitCode:{exit_code}"),
        ContainerStateTerminated { signal, .. } => format!("Signal:{signal}"),
    }
}

fn or_none(text: &str) -> Cell {
    Value::from(if text.is_empty() { "<none>" } else { text })
}

fn readiness_gates(pod: &Pod) -> Cell {
    let gates = &pod.spec.readiness_gates;
    if gates.is_empty() {
        return Value::from("<none>");
    }
    let is_true = |type_: &str| condition(pod, type_).is_some_and(|condition| condition.status == "True");
    let true_gates = gates.iter().filter(|gate| is_true(&gate.condition_type)).count();
    Value::from(format!("{true_gates}/{}", gates.len()))
}
