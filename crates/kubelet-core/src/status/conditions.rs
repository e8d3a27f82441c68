//! The conditions that the kubelet owns.

use api_core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};
use schema::Time;

use crate::observed::ObservedPod;
use crate::spec::{self, Role};

/// Their types, in the order in which they are written.
pub const OWNED: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// The others' conditions as the API has them, then ours.
pub fn all(pod: &Pod, observed: &ObservedPod, status: &PodStatus, old: &PodStatus, now: Time) -> Vec<PodCondition> {
    let foreign = pod.status.conditions.iter().filter(|condition| !OWNED.contains(&condition.type_.as_str()));
    let mut conditions: Vec<PodCondition> = foreign.cloned().collect();
    let containers_ready = containers_ready(pod, status);
    let ready = ready(pod, &conditions, &containers_ready);
    let verdicts = [sandbox_ready(pod, observed), initialized(pod, status), ready, containers_ready, Verdict::yes()];
    for (type_, verdict) in OWNED.iter().zip(verdicts) {
        conditions.push(verdict.into_condition(pod, type_, old, now));
    }
    conditions
}

#[derive(Clone, Debug, Default)]
struct Verdict {
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Verdict {
    fn yes() -> Verdict {
        Verdict { holds: true, ..Verdict::default() }
    }

    fn no(reason: &'static str, message: String) -> Verdict {
        Verdict { holds: false, reason, message }
    }

    fn into_condition(self, pod: &Pod, type_: &str, old: &PodStatus, now: Time) -> PodCondition {
        let status = if self.holds { "True" } else { "False" };
        let find = |status: &PodStatus| status.conditions.iter().find(|condition| condition.type_ == type_).cloned();
        let before = find(old).or_else(|| find(&pod.status)).filter(|condition| condition.status == status);
        PodCondition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: self.reason.to_owned(),
            message: self.message,
            last_transition_time: before.and_then(|condition| condition.last_transition_time).or(Some(now)),
            observed_generation: pod.metadata.generation,
            last_probe_time: None,
        }
    }
}

fn sandbox_ready(pod: &Pod, observed: &ObservedPod) -> Verdict {
    let ready = observed.sandbox().is_some_and(|s| s.ready && (pod.spec.host_network || !s.ips.is_empty()));
    if ready { Verdict::yes() } else { Verdict::default() }
}

fn initialized(pod: &Pod, status: &PodStatus) -> Verdict {
    if pod.spec.init_containers.is_empty() {
        return Verdict::yes();
    }
    let ran = |status: &ContainerStatus| status.state.running.is_some() || status.state.terminated.is_some();
    if status.phase == "Succeeded" {
        return Verdict { holds: true, reason: "PodCompleted", message: String::new() };
    }
    if status.container_statuses.iter().any(|s| ran(s) || s.last_state.terminated.is_some()) {
        return Verdict::yes();
    }
    let (mut unknown, mut incomplete) = (Vec::new(), Vec::new());
    for container in &pod.spec.init_containers {
        match find(&status.init_container_statuses, &container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) => {
                let done = match spec::init_role(container) {
                    Role::Sidecar => status.started == Some(true),
                    _ => status.ready,
                };
                if !done {
                    incomplete.push(container.name.as_str());
                }
            }
        }
    }
    let message = listed(&[("unknown", &unknown), ("incomplete", &incomplete)]);
    if message.is_empty() { Verdict::yes() } else { Verdict::no("ContainersNotInitialized", message) }
}

fn containers_ready(pod: &Pod, status: &PodStatus) -> Verdict {
    match status.phase.as_str() {
        "Succeeded" => return Verdict::no("PodCompleted", String::new()),
        "Failed" => return Verdict::no("PodFailed", String::new()),
        _ => {}
    }
    let (mut unknown, mut unready) = (Vec::new(), Vec::new());
    let sidecars = pod.spec.init_containers.iter().filter(|c| spec::init_role(c) == Role::Sidecar);
    let sidecars = sidecars.map(|container| (container, &status.init_container_statuses));
    let apps = pod.spec.containers.iter().map(|container| (container, &status.container_statuses));
    for (container, statuses) in sidecars.chain(apps) {
        match find(statuses, &container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) if !status.ready => unready.push(container.name.as_str()),
            Some(_) => {}
        }
    }
    let message = listed(&[("unknown", &unknown), ("unready", &unready)]);
    if message.is_empty() { Verdict::yes() } else { Verdict::no("ContainersNotReady", message) }
}

/// Besides its containers, a pod waits for the conditions that it names as gates.
fn ready(pod: &Pod, foreign: &[PodCondition], containers_ready: &Verdict) -> Verdict {
    if !containers_ready.holds {
        return containers_ready.clone();
    }
    let mut messages = Vec::new();
    for gate in &pod.spec.readiness_gates {
        let type_ = &gate.condition_type;
        match foreign.iter().find(|condition| condition.type_ == *type_) {
            None => messages.push(format!("corresponding condition of pod readiness gate \"{type_}\" does not exist.")),
            Some(condition) if condition.status != "True" => messages.push(format!(
                "the status of pod readiness gate \"{type_}\" is not \"True\", but {}",
                condition.status
            )),
            Some(_) => {}
        }
    }
    if messages.is_empty() { Verdict::yes() } else { Verdict::no("ReadinessGatesNotReady", messages.join(", ")) }
}

fn listed(groups: &[(&str, &Vec<&str>)]) -> String {
    let named = groups.iter().filter(|(_, names)| !names.is_empty());
    named
        .map(|(what, names)| format!("containers with {what} status: [{}]", names.join(" ")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn find<'a>(statuses: &'a [ContainerStatus], name: &str) -> Option<&'a ContainerStatus> {
    statuses.iter().find(|status| status.name == name)
}
