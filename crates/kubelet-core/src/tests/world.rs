//! What a table row is made of.

use api_core::v1::{Container, ContainerStatus, Pod, PodStatus, Probe};
use expect_test::Expect;
use schema::Time;

use crate::observed::{ContainerState, ObservedContainer, ObservedPod, Sandbox};
use crate::probe::{ProbeKind, ProbeOutcome};
use crate::{Decision, Nanos, PodMemory, SECOND, decide, spec};

/// Seconds since 1970 at which all rows play.
pub const NOW: i64 = 1_000_000;

pub struct World {
    pub pod: Pod,
    pub observed: ObservedPod,
    pub memory: PodMemory,
    pub now: Nanos,
}

impl World {
    /// A pod named `p` with the given policy and containers, of which the runtime knows nothing.
    pub fn new(policy: &str, containers: &[&str]) -> World {
        let mut pod = Pod::default();
        pod.metadata.name = "p".to_owned();
        pod.metadata.namespace = "ns".to_owned();
        pod.metadata.uid = "u".to_owned();
        pod.metadata.generation = 1;
        pod.spec.restart_policy = policy.to_owned();
        pod.spec.termination_grace_period_seconds = Some(30);
        pod.spec.containers = containers.iter().map(|name| container(name)).collect();
        pod.status.phase = "Pending".to_owned();
        World { pod, observed: ObservedPod::default(), memory: PodMemory::default(), now: NOW * SECOND }
    }

    pub fn init(mut self, names: &[&str]) -> World {
        self.pod.spec.init_containers.extend(names.iter().map(|name| container(name)));
        self
    }

    pub fn sidecars(mut self, names: &[&str]) -> World {
        let sidecar = |name: &&str| Container { restart_policy: Some("Always".to_owned()), ..container(name) };
        self.pod.spec.init_containers.extend(names.iter().map(sidecar));
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Pod)) -> World {
        change(&mut self.pod);
        self
    }

    pub fn remembering(mut self, change: impl FnOnce(&mut PodMemory)) -> World {
        change(&mut self.memory);
        self
    }

    /// A ready sandbox `s<attempt>`.
    pub fn sandbox(self, attempt: u32) -> World {
        self.sandbox_in(attempt, true)
    }

    pub fn sandbox_in(mut self, attempt: u32, ready: bool) -> World {
        self.observed.sandboxes.insert(
            0,
            Sandbox {
                id: format!("s{attempt}"),
                attempt,
                ready,
                created_at: (NOW - 100 + i64::from(attempt)) * SECOND,
                host_network: false,
                ips: vec!["10.0.0.7".to_owned()],
            },
        );
        self
    }

    pub fn running(self, name: &str) -> World {
        self.run(name, ContainerState::Running, 0)
    }

    /// Ended just now.
    pub fn exited(self, name: &str, exit_code: i32) -> World {
        self.run(name, ContainerState::Exited, exit_code)
    }

    /// One more run of a container, in the newest sandbox.
    pub fn run(mut self, name: &str, state: ContainerState, exit_code: i32) -> World {
        let count = self.observed.containers.iter().filter(|run| run.name == name).count();
        let found = spec::find(&self.pod, name);
        self.observed.containers.insert(
            0,
            ObservedContainer {
                id: format!("{name}{count}"),
                name: name.to_owned(),
                restart_count: u32::try_from(count).unwrap(),
                state,
                sandbox_id: self.observed.sandbox().map(|sandbox| sandbox.id.clone()).unwrap_or_default(),
                created_at: (NOW - 60 + count as i64) * SECOND,
                started_at: (NOW - 60 + count as i64) * SECOND,
                finished_at: if state == ContainerState::Exited { NOW * SECOND } else { 0 },
                exit_code,
                reason: if exit_code == 0 { "Completed" } else { "Error" }.to_owned(),
                image: "image:1".to_owned(),
                image_ref: "sha256:1".to_owned(),
                hash: found.map(|(_, container)| spec::hash(&container)).unwrap_or_default(),
                ..ObservedContainer::default()
            },
        );
        self
    }

    pub fn probed(mut self, id: &str, kind: ProbeKind, outcome: ProbeOutcome) -> World {
        let probe = Probe { success_threshold: 1, failure_threshold: 1, ..Probe::default() };
        self.memory.probes.record(id, kind, &probe, outcome);
        self
    }

    pub fn deleted(mut self, grace_seconds: i64) -> World {
        self.pod.metadata.deletion_timestamp = Some(Time::from_unix(NOW + grace_seconds));
        self.pod.metadata.deletion_grace_period_seconds = Some(grace_seconds);
        self
    }

    pub fn later(mut self, seconds: i64) -> World {
        self.now += seconds * SECOND;
        self
    }

    pub fn decide(&mut self) -> Decision {
        decide(&self.pod, &self.observed, &mut self.memory, self.now)
    }
}

pub fn container(name: &str) -> Container {
    Container { name: name.to_owned(), image: "image:1".to_owned(), ..Container::default() }
}

/// Steps, events, and the status in one line.
pub fn check(mut world: World, expected: Expect) {
    let decision = world.decide();
    expected.assert_eq(&text(&decision, world.now));
}

pub fn text(decision: &Decision, now: Nanos) -> String {
    let mut lines: Vec<String> = decision.steps.iter().map(ToString::to_string).collect();
    lines.extend(decision.events.iter().map(ToString::to_string));
    if let Some(at) = decision.look_again_at {
        lines.push(format!("look again in {}s", (at - now) / SECOND));
    }
    lines.push(status(&decision.status));
    lines.join("\n")
}

fn status(status: &PodStatus) -> String {
    let condition = |type_: &str| {
        let found = status.conditions.iter().find(|condition| condition.type_ == type_);
        found.is_some_and(|condition| condition.status == "True")
    };
    let ready = if condition("Ready") { " ready" } else { "" };
    let initialized = if condition("Initialized") { "" } else { " uninitialized" };
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let all = all.chain(&status.ephemeral_container_statuses);
    let reason = if status.reason.is_empty() { String::new() } else { format!(" ({})", status.reason) };
    let containers: Vec<_> = all.map(container_status).collect();
    format!("{}{reason}{ready}{initialized}: {}", status.phase, containers.join(", "))
}

fn container_status(status: &ContainerStatus) -> String {
    let state = |state: &api_core::v1::ContainerState| {
        if state.running.is_some() {
            "running".to_owned()
        } else if let Some(ended) = &state.terminated {
            format!("{}({})", ended.reason, ended.exit_code)
        } else if let Some(waiting) = &state.waiting {
            waiting.reason.clone()
        } else {
            String::new()
        }
    };
    let last = match state(&status.last_state) {
        last if last.is_empty() => String::new(),
        last => format!(" after {last}"),
    };
    let ready = if status.ready { " ready" } else { "" };
    let restarts = if status.restart_count > 0 { format!(" #{}", status.restart_count) } else { String::new() };
    format!("{}={}{last}{ready}{restarts}", status.name, state(&status.state))
}
