//! What a pod that is to run needs next: upstream's `computePodActions`, without its back-offs.

use api_core::v1::{Container, Pod};

use crate::memory::PodMemory;
use crate::observed::{ContainerState, ObservedContainer, ObservedPod};
use crate::plan::{Kill, KillReason};
use crate::probe::{ProbeKind, ProbeOutcome};
use crate::spec::{self, Role};

/// What there is to do. `kill_pod` excludes all but `create_sandbox` and what is started in the new sandbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    pub kill_pod: bool,
    /// The attempt of the new sandbox.
    pub create_sandbox: Option<u32>,
    pub kill: Vec<Kill>,
    /// In the order of starting: ephemeral containers, init containers, containers.
    pub start: Vec<String>,
}

/// The whole decision on containers and sandbox.
pub fn compute(pod: &Pod, observed: &ObservedPod, memory: &PodMemory) -> Actions {
    let mut actions = Actions::default();
    if let Some(attempt) = sandbox_changed(pod, observed) {
        in_new_sandbox(pod, observed, attempt, &mut actions);
        return actions;
    }
    let never_ran = |name: &str| observed.newest(name).is_none();
    let ephemeral = pod.spec.ephemeral_containers.iter().map(|container| &container.name);
    actions.start.extend(ephemeral.filter(|name| never_ran(name)).cloned());

    let view = View { pod, observed, memory };
    let initialized = view.init_containers(&mut actions);
    if actions.kill_pod || !initialized {
        return actions;
    }
    view.app_containers(&mut actions);
    actions
}

/// The attempt of a new sandbox, if the one that is there (or none) will not do.
pub fn sandbox_changed(pod: &Pod, observed: &ObservedPod) -> Option<u32> {
    let Some(newest) = observed.sandbox() else { return Some(0) };
    let ready = observed.sandboxes.iter().filter(|sandbox| sandbox.ready).count();
    let wrong_network = newest.host_network != pod.spec.host_network;
    let without_address = !pod.spec.host_network && newest.ips.is_empty();
    (ready > 1 || !newest.ready || wrong_network || without_address).then_some(newest.attempt + 1)
}

fn in_new_sandbox(pod: &Pod, observed: &ObservedPod, attempt: u32, actions: &mut Actions) {
    actions.kill_pod = true;
    let policy = pod.spec.restart_policy.as_str();
    if policy == "Never" && attempt != 0 && !observed.containers.is_empty() {
        // The pod ran and is not to run again.
        return;
    }
    let succeeded = |container: &&Container| {
        observed.newest(&container.name).is_some_and(|c| c.state == ContainerState::Exited && c.exit_code == 0)
    };
    let skip = |container: &&Container| policy == "OnFailure" && succeeded(container);
    let apps: Vec<_> = pod.spec.containers.iter().filter(|container| !skip(container)).collect();
    if apps.is_empty() {
        return;
    }
    actions.create_sandbox = Some(attempt);
    match pod.spec.init_containers.first() {
        Some(first) => actions.start.push(first.name.clone()),
        None => actions.start.extend(apps.iter().map(|container| container.name.clone())),
    }
}

struct View<'a> {
    pod: &'a Pod,
    observed: &'a ObservedPod,
    memory: &'a PodMemory,
}

impl View<'_> {
    /// Decides on init containers and sidecars; whether containers may start.
    ///
    /// Looks from the last to the first: completed init containers may be gone from the runtime, so the last one that is
    /// there tells how far the pod came.
    fn init_containers(&self, actions: &mut Actions) -> bool {
        let init = &self.pod.spec.init_containers;
        if init.is_empty() {
            return true;
        }
        // An app container that is there and has not ended proves that all init containers ran in this sandbox.
        let mut initialized = self.pod.spec.containers.iter().any(|container| {
            let state = self.observed.newest(&container.name).map(|c| c.state);
            matches!(state, Some(ContainerState::Created | ContainerState::Running))
        });
        let mut previously = initialized;
        let mut start: Vec<usize> = Vec::new();
        for (index, container) in init.iter().enumerate().rev() {
            let sidecar = spec::init_role(container) == Role::Sidecar;
            let Some(status) = self.in_this_sandbox(&container.name) else {
                if previously && sidecar {
                    start.push(index);
                }
                continue;
            };
            if previously && !sidecar {
                continue;
            }
            let last = index + 1 == init.len();
            let mut done = false;
            match (status.state, sidecar) {
                (ContainerState::Created, _) => start.push(index),
                (ContainerState::Running, false) => {}
                (ContainerState::Running, true) => {
                    done = self.running_sidecar(container, status, index, &mut start, actions);
                }
                (ContainerState::Exited, true) => start.push(index),
                (ContainerState::Exited, false) if status.exit_code == 0 => done = true,
                (_, false) => {
                    if !spec::restarts_after(container, Role::Init, self.pod, status.exit_code.max(1)) {
                        actions.kill_pod = true;
                        actions.start.clear();
                        return false;
                    }
                    self.kill_unknown(status, "Init container", actions);
                    start.push(index);
                }
                (ContainerState::Unknown, true) => {
                    self.kill_unknown(status, "Init container", actions);
                    start.push(index);
                }
            }
            if done && last {
                initialized = true;
            } else if done && !previously {
                start.push(index + 1);
            }
            previously = true;
        }
        if !previously {
            start.push(0);
        }
        start.sort_unstable();
        start.dedup();
        actions.start.extend(start.into_iter().map(|index| init[index].name.clone()));
        initialized
    }

    /// The newest run of an init container; runs in an earlier sandbox count for nothing.
    fn in_this_sandbox(&self, name: &str) -> Option<&ObservedContainer> {
        let sandbox = self.observed.sandbox()?;
        self.observed.newest(name).filter(|status| status.sandbox_id == sandbox.id)
    }

    /// Whether a running sidecar has started up, so that the next container may start.
    fn running_sidecar(
        &self,
        container: &Container,
        status: &ObservedContainer,
        index: usize,
        start: &mut Vec<usize>,
        actions: &mut Actions,
    ) -> bool {
        let mut kill = |reason, what: &str| {
            actions.kill.push(self.kill(status, reason, format!("Init container {} {what}", container.name)));
            start.push(index);
        };
        if container.startup_probe.is_some() {
            match self.memory.probes.result(&status.id, ProbeKind::Startup) {
                Some(ProbeOutcome::Success) => {}
                Some(ProbeOutcome::Failure) => {
                    kill(KillReason::StartupProbe, "failed startup probe");
                    return false;
                }
                _ => return false,
            }
        }
        if self.changed(container, status) {
            kill(KillReason::Changed, "definition changed");
        } else if self.memory.probes.result(&status.id, ProbeKind::Liveness) == Some(ProbeOutcome::Failure) {
            kill(KillReason::LivenessProbe, "failed liveness probe");
        }
        true
    }

    fn app_containers(&self, actions: &mut Actions) {
        let mut kept = 0;
        let mut starts = Vec::new();
        for container in &self.pod.spec.containers {
            let status = self.observed.newest(&container.name);
            let Some(running) = status.filter(|status| status.state == ContainerState::Running) else {
                if should_restart(self.pod, container, Role::App, self.observed) {
                    starts.push(container.name.clone());
                    if let Some(status) = status {
                        self.kill_unknown(status, "Container", actions);
                    }
                }
                continue;
            };
            let Some((reason, why)) = self.reason_to_kill(container, running) else {
                kept += 1;
                continue;
            };
            let mut message = format!("Container {} {why}", container.name);
            if reason == KillReason::Changed || self.pod.spec.restart_policy != "Never" {
                message.push_str(", will be restarted");
                starts.push(container.name.clone());
            }
            actions.kill.push(self.kill(running, reason, message));
        }
        if kept == 0 && starts.is_empty() {
            actions.kill_pod = true;
            // Sidecars must not keep a pod alive whose containers are done.
            actions.start.clear();
        }
        actions.start.extend(starts);
    }

    fn reason_to_kill(&self, container: &Container, status: &ObservedContainer) -> Option<(KillReason, &'static str)> {
        let failed = |kind| self.memory.probes.result(&status.id, kind) == Some(ProbeOutcome::Failure);
        if self.changed(container, status) {
            Some((KillReason::Changed, "definition changed"))
        } else if failed(ProbeKind::Liveness) {
            Some((KillReason::LivenessProbe, "failed liveness probe"))
        } else if failed(ProbeKind::Startup) {
            Some((KillReason::StartupProbe, "failed startup probe"))
        } else {
            None
        }
    }

    fn changed(&self, container: &Container, status: &ObservedContainer) -> bool {
        !status.hash.is_empty() && status.hash != spec::hash(container)
    }

    fn kill_unknown(&self, status: &ObservedContainer, what: &str, actions: &mut Actions) {
        if status.state == ContainerState::Unknown {
            let message = format!("{what} is in \"{}\" state, try killing it before restart", status.state.as_str());
            actions.kill.push(self.kill(status, KillReason::Unknown, message));
        }
    }

    fn kill(&self, status: &ObservedContainer, reason: KillReason, message: String) -> Kill {
        let grace_seconds = grace_seconds(self.pod, &status.name, reason);
        Kill { id: status.id.clone(), name: status.name.clone(), reason, message, grace_seconds }
    }
}

/// Whether a container that is not there or not running is to be started (again).
pub fn should_restart(pod: &Pod, container: &Container, role: Role, observed: &ObservedPod) -> bool {
    if pod.metadata.deletion_timestamp.is_some() {
        return false;
    }
    let Some(status) = observed.newest(&container.name) else { return true };
    match status.state {
        ContainerState::Running => false,
        ContainerState::Created | ContainerState::Unknown => true,
        ContainerState::Exited => spec::restarts_after(container, role, pod, status.exit_code),
    }
}

/// How long a container may take to end: the pod's grace period, or that of the probe that failed.
pub fn grace_seconds(pod: &Pod, name: &str, reason: KillReason) -> i64 {
    let found = spec::find(pod, name);
    let container = found.as_ref().map(|(_, container)| container.as_ref());
    let of = |probe: &Option<Box<api_core::v1::Probe>>| probe.as_ref()?.termination_grace_period_seconds;
    let own = match reason {
        _ if pod.metadata.deletion_grace_period_seconds.is_some() => None,
        KillReason::LivenessProbe => container.and_then(|container| of(&container.liveness_probe)),
        KillReason::StartupProbe => container.and_then(|container| of(&container.startup_probe)),
        _ => None,
    };
    own.unwrap_or_else(|| spec::grace_seconds(pod))
}
