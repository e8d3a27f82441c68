//! The statuses of a pod's containers.

use std::collections::BTreeMap;

use api_core::v1::{
    Container, ContainerState as State, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, Pod, PodStatus, VolumeMountStatus,
};

use crate::actions::should_restart;
use crate::memory::PodMemory;
use crate::observed::{ContainerState, ObservedContainer, ObservedPod};
use crate::probe::{ProbeKind, ProbeOutcome};
use crate::spec::{self, Role};

use super::time;

pub struct View<'a> {
    pub pod: &'a Pod,
    pub observed: &'a ObservedPod,
    pub memory: &'a PodMemory,
    /// What was reported last.
    pub old: &'a PodStatus,
    pub terminated: bool,
}

impl View<'_> {
    /// Of init containers, containers and ephemeral containers.
    pub fn statuses(&self) -> (Vec<ContainerStatus>, Vec<ContainerStatus>, Vec<ContainerStatus>) {
        let mut by_role = BTreeMap::from([(0, Vec::new()), (1, Vec::new()), (2, Vec::new())]);
        for (role, container) in spec::containers(self.pod) {
            let (list, old) = match role {
                Role::Init | Role::Sidecar => (0, &self.old.init_container_statuses),
                Role::App => (1, &self.old.container_statuses),
                Role::Ephemeral => (2, &self.old.ephemeral_container_statuses),
            };
            let old = old.iter().find(|status| status.name == container.name);
            if let Some(status) = self.status(role, &container, old) {
                by_role.entry(list).or_default().push(status);
            }
        }
        let mut take = |list| by_role.remove(&list).unwrap_or_default();
        (take(0), take(1), take(2))
    }

    fn status(&self, role: Role, container: &Container, old: Option<&ContainerStatus>) -> Option<ContainerStatus> {
        let mut runs = self.observed.containers.iter().filter(|run| run.name == container.name);
        let (newest, before) = (runs.next(), runs.next());
        let mut status = match newest {
            Some(newest) => self.of_run(container, newest, before, old),
            // A completed init container may be gone from the runtime; what was said of it stays true.
            None if role == Role::Init && old.is_some_and(|old| old.state.terminated.is_some()) => old?.clone(),
            None => self.without_run(role, container, old),
        };
        self.show_failure(role, container, &mut status);
        self.set_ready(role, container, &mut status);
        Some(status)
    }

    fn base(&self, container: &Container) -> ContainerStatus {
        let resources = &container.resources;
        ContainerStatus {
            name: container.name.clone(),
            image: container.image.clone(),
            resources: Some(Box::new(resources.clone())),
            allocated_resources: resources.requests.clone(),
            volume_mounts: container.volume_mounts.iter().map(mount_status).collect(),
            ..ContainerStatus::default()
        }
    }

    fn of_run(
        &self,
        container: &Container,
        newest: &ObservedContainer,
        before: Option<&ObservedContainer>,
        old: Option<&ContainerStatus>,
    ) -> ContainerStatus {
        let mut status = self.base(container);
        status.restart_count = i32::try_from(newest.restart_count).unwrap_or(i32::MAX);
        status.image = newest.image.clone();
        status.image_id = newest.image_ref.clone();
        status.container_id = container_id(&newest.id);
        status.state = state_of(newest);
        status.last_state = match before {
            Some(before) => state_of(before),
            // The run before may have been removed already.
            None => old
                .filter(|old| old.container_id == status.container_id)
                .map(|old| old.last_state.clone())
                .or_else(|| old.filter(|old| old.restart_count < status.restart_count).map(ended_state))
                .unwrap_or_default(),
        };
        status
    }

    fn without_run(&self, role: Role, container: &Container, old: Option<&ContainerStatus>) -> ContainerStatus {
        let mut status = self.base(container);
        let waits_for_init =
            matches!(role, Role::Init | Role::Sidecar | Role::App) && !self.pod.spec.init_containers.is_empty();
        let reason = if waits_for_init { "PodInitializing" } else { "ContainerCreating" };
        status.state.waiting = waiting(reason, "");
        let Some(old) = old else { return status };
        status.restart_count = old.restart_count;
        status.last_state = old.last_state.clone();
        if let Some(ended) = &old.state.terminated {
            if self.terminated || spec::is_finished(self.pod) {
                return old.clone();
            }
            status.last_state = State { terminated: Some(ended.clone()), ..State::default() };
        } else if old.state.running.is_some() {
            let lost =
                lost("The container could not be located when the pod was deleted.  The container used to be Running");
            if self.terminated {
                status.state = State { terminated: Some(lost), ..State::default() };
            } else {
                status.last_state = State { terminated: Some(lost), ..State::default() };
                status.restart_count = old.restart_count + 1;
            }
        } else if self.terminated && self.ran_once() {
            let lost = lost("The container could not be located when the pod was terminated");
            status.state = State { terminated: Some(lost), ..State::default() };
        }
        status
    }

    /// Whether any container of the pod ran: only then is a missing one a failure.
    fn ran_once(&self) -> bool {
        self.pod.spec.init_containers.is_empty() && !self.observed.containers.is_empty()
    }

    /// A container that is to be started (again) and cannot be, waits; what it did last moves to `lastState`.
    fn show_failure(&self, role: Role, container: &Container, status: &mut ContainerStatus) {
        let Some(failure) = self.memory.failures.get(&container.name) else { return };
        if self.terminated || !should_restart(self.pod, container, role, self.observed) {
            return;
        }
        if let Some(ended) = status.state.terminated.take() {
            status.last_state = State { terminated: Some(ended), ..State::default() };
        }
        status.state = State { waiting: waiting(&failure.reason, &failure.message), ..State::default() };
    }

    fn set_ready(&self, role: Role, container: &Container, status: &mut ContainerStatus) {
        let id = status.container_id.trim_start_matches(ID_PREFIX);
        let running = status.state.running.is_some();
        let started = running && self.memory.probes.is_started(id, container);
        status.started = Some(started);
        status.ready = match role {
            Role::Init => status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0),
            Role::Ephemeral => false,
            Role::App | Role::Sidecar => {
                let probed = self.memory.probes.result(id, ProbeKind::Readiness);
                started && (container.readiness_probe.is_none() || probed == Some(ProbeOutcome::Success))
            }
        };
    }
}

fn state_of(run: &ObservedContainer) -> State {
    let mut state = State::default();
    match run.state {
        ContainerState::Running => {
            state.running = Some(Box::new(ContainerStateRunning { started_at: Some(time(run.started_at)) }));
        }
        ContainerState::Created => state.waiting = waiting("ContainerCreating", ""),
        ContainerState::Exited => {
            state.terminated = Some(Box::new(ContainerStateTerminated {
                exit_code: run.exit_code,
                signal: 0,
                reason: run.reason.clone(),
                message: run.message.clone(),
                started_at: Some(time(run.started_at)),
                finished_at: Some(time(run.finished_at)),
                container_id: container_id(&run.id),
            }));
        }
        ContainerState::Unknown => {
            let mut unknown = lost("The container could not be located when the pod was terminated");
            unknown.container_id = container_id(&run.id);
            state.terminated = Some(unknown);
        }
    }
    state
}

fn ended_state(old: &ContainerStatus) -> State {
    State { terminated: old.state.terminated.clone().or_else(|| old.last_state.terminated.clone()), ..State::default() }
}

fn lost(message: &str) -> Box<ContainerStateTerminated> {
    Box::new(ContainerStateTerminated {
        exit_code: 137,
        reason: "ContainerStatusUnknown".to_owned(),
        message: message.to_owned(),
        ..ContainerStateTerminated::default()
    })
}

fn waiting(reason: &str, message: &str) -> Option<Box<ContainerStateWaiting>> {
    Some(Box::new(ContainerStateWaiting { reason: reason.to_owned(), message: message.to_owned() }))
}

fn mount_status(mount: &api_core::v1::VolumeMount) -> VolumeMountStatus {
    VolumeMountStatus {
        name: mount.name.clone(),
        mount_path: mount.mount_path.clone(),
        read_only: mount.read_only,
        recursive_read_only: mount
            .read_only
            .then(|| mount.recursive_read_only.clone().unwrap_or_else(|| "Disabled".to_owned())),
        volume_status: None,
    }
}

fn container_id(id: &str) -> String {
    format!("{ID_PREFIX}{id}")
}

/// The runtime's name, as ids carry it in the API.
const ID_PREFIX: &str = "containerd://";
