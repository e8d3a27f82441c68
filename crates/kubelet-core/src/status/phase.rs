//! A pod's phase, from the states of its containers.

use api_core::v1::{ContainerStatus, Pod, PodStatus};

use crate::spec::{self, Role};

#[derive(Default)]
struct Count {
    unknown: usize,
    pending_init: usize,
    pending_sidecars: usize,
    failed_init: usize,
    running: usize,
    waiting: usize,
    stopped: usize,
    succeeded: usize,
}

/// Upstream's rules, in their order.
pub fn of(pod: &Pod, status: &PodStatus, terminated: bool) -> &'static str {
    let count = count(pod, status);
    let policy = pod.spec.restart_policy.as_str();
    if count.failed_init > 0 && policy == "Never" {
        return "Failed";
    }
    let any_app_began = count.running + count.stopped > 0;
    if count.pending_init > 0 || (count.pending_sidecars > 0 && !any_app_began) || count.waiting > 0 {
        return "Pending";
    }
    let all_succeeded = count.stopped == count.succeeded;
    match (count.running, count.stopped, count.unknown) {
        (1.., _, 0) => "Running",
        (0, 1.., 0) if terminated => {
            if all_succeeded {
                "Succeeded"
            } else {
                "Failed"
            }
        }
        (0, 1.., 0) if any_restarts(pod, status) => "Running",
        (0, 1.., 0) if all_succeeded => "Succeeded",
        (0, 1.., 0) if policy == "OnFailure" => "Running",
        (0, 1.., 0) => "Failed",
        _ => "Pending",
    }
}

/// Whether an ended container is to run again.
fn any_restarts(pod: &Pod, status: &PodStatus) -> bool {
    pod.spec.containers.iter().any(|container| {
        let state = find(&status.container_statuses, &container.name);
        let ended = state.and_then(|s| s.state.terminated.as_ref().or(s.last_state.terminated.as_ref()));
        ended.is_none_or(|ended| spec::restarts_after(container, Role::App, pod, ended.exit_code))
    })
}

fn count(pod: &Pod, status: &PodStatus) -> Count {
    let mut count = Count::default();
    for container in &pod.spec.init_containers {
        let state = find(&status.init_container_statuses, &container.name);
        match spec::init_role(container) {
            Role::Sidecar => count_sidecar(state, &mut count),
            _ => count_init(state, &mut count),
        }
    }
    for container in &pod.spec.containers {
        let Some(status) = find(&status.container_statuses, &container.name) else {
            count.unknown += 1;
            continue;
        };
        if status.state.running.is_some() {
            count.running += 1;
        } else if let Some(ended) = &status.state.terminated {
            count.stopped += 1;
            count.succeeded += usize::from(ended.exit_code == 0);
        } else if status.state.waiting.is_some() && status.last_state.terminated.is_some() {
            count.stopped += 1;
        } else if status.state.waiting.is_some() {
            count.waiting += 1;
        } else {
            count.unknown += 1;
        }
    }
    count
}

fn count_sidecar(status: Option<&ContainerStatus>, count: &mut Count) {
    let Some(status) = status else {
        count.pending_sidecars += 1;
        return;
    };
    let began = match (&status.state.running, &status.state.waiting) {
        (Some(_), _) => status.started == Some(true),
        (None, Some(_)) => status.last_state.terminated.is_some(),
        _ => true,
    };
    count.pending_sidecars += usize::from(!began);
}

fn count_init(status: Option<&ContainerStatus>, count: &mut Count) {
    match status.and_then(|status| status.state.terminated.as_ref()) {
        Some(ended) if ended.exit_code == 0 => {}
        Some(_) => {
            count.failed_init += 1;
            count.pending_init += 1;
        }
        None => count.pending_init += 1,
    }
}

fn find<'a>(statuses: &'a [ContainerStatus], name: &str) -> Option<&'a ContainerStatus> {
    statuses.iter().find(|status| status.name == name)
}
