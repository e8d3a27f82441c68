//! When to probe a container, and what a row of results means.
//!
//! The results themselves come from outside. A container that is probed has one [`Schedule`] per kind of probe; when its
//! thresholds are met, the container's result changes, and that is all that the rest of the kubelet sees.

use std::collections::BTreeMap;

use api_core::v1::{Container, Probe};

use crate::observed::{ContainerState, ObservedPod};
use crate::{Nanos, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeKind {
    Startup,
    Liveness,
    Readiness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeOutcome {
    Success,
    Failure,
    /// Nothing could be found out; changes nothing.
    Unknown,
}

impl ProbeKind {
    pub const ALL: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Liveness, ProbeKind::Readiness];

    /// As it stands at the start of an event.
    pub fn title(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Liveness => "Liveness",
            ProbeKind::Readiness => "Readiness",
        }
    }

    pub fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            ProbeKind::Startup => container.startup_probe.as_deref(),
            ProbeKind::Liveness => container.liveness_probe.as_deref(),
            ProbeKind::Readiness => container.readiness_probe.as_deref(),
        }
    }

    /// What holds before the first result.
    fn initially(self) -> ProbeOutcome {
        match self {
            ProbeKind::Startup => ProbeOutcome::Unknown,
            ProbeKind::Liveness => ProbeOutcome::Success,
            ProbeKind::Readiness => ProbeOutcome::Failure,
        }
    }
}

/// The results of one pod's containers.
#[derive(Clone, Debug, Default)]
pub struct Probes(BTreeMap<(String, ProbeKind), Schedule>);

impl Probes {
    /// The result of a running container; `None` where it has no such probe, or it was not begun.
    pub fn result(&self, container_id: &str, kind: ProbeKind) -> Option<ProbeOutcome> {
        self.0.get(&(container_id.to_owned(), kind)).map(|schedule| schedule.result)
    }

    /// The startup probe has succeeded, or there is none: the others may begin.
    pub fn is_started(&self, container_id: &str, container: &Container) -> bool {
        container.startup_probe.is_none()
            || self.result(container_id, ProbeKind::Startup) == Some(ProbeOutcome::Success)
    }

    /// Takes in one result; whether it changed what the rest of the kubelet sees.
    pub fn record(&mut self, container_id: &str, kind: ProbeKind, probe: &Probe, outcome: ProbeOutcome) -> bool {
        let key = (container_id.to_owned(), kind);
        let schedule = self.0.entry(key).or_insert_with(|| Schedule::new(kind));
        schedule.record(probe, outcome)
    }

    /// A probe was begun, so that a container which has one is not taken for one without. `succeeded`: it is known to
    /// have succeeded before, under a kubelet that is no more.
    pub fn begin(&mut self, container_id: &str, kind: ProbeKind, succeeded: bool) {
        self.0.entry((container_id.to_owned(), kind)).or_insert_with(|| {
            let schedule = Schedule::new(kind);
            if succeeded { Schedule { result: ProbeOutcome::Success, ..schedule } } else { schedule }
        });
    }

    /// Forgets containers that do not run any more.
    pub fn retain(&mut self, observed: &ObservedPod) {
        let runs = |id: &str| observed.containers.iter().any(|c| c.id == id && c.state == ContainerState::Running);
        self.0.retain(|(id, _), _| runs(id));
    }
}

/// One probe of one container.
#[derive(Clone, Debug)]
struct Schedule {
    result: ProbeOutcome,
    last: Option<ProbeOutcome>,
    in_a_row: i32,
}

impl Schedule {
    fn new(kind: ProbeKind) -> Schedule {
        Schedule { result: kind.initially(), last: None, in_a_row: 0 }
    }

    fn record(&mut self, probe: &Probe, outcome: ProbeOutcome) -> bool {
        if outcome == ProbeOutcome::Unknown {
            return false;
        }
        self.in_a_row = if self.last == Some(outcome) { self.in_a_row.saturating_add(1) } else { 1 };
        self.last = Some(outcome);
        let threshold = match outcome {
            ProbeOutcome::Success => probe.success_threshold,
            _ => probe.failure_threshold,
        };
        let changes = self.in_a_row >= threshold.max(1) && self.result != outcome;
        if changes {
            self.result = outcome;
        }
        changes
    }
}

/// When a probe is first due: after its delay, counted from the container's start.
pub fn first_due(probe: &Probe, started_at: Nanos) -> Nanos {
    started_at + Nanos::from(probe.initial_delay_seconds) * SECOND
}

/// How often it is due from then on.
pub fn period(probe: &Probe) -> Nanos {
    Nanos::from(probe.period_seconds.max(1)) * SECOND
}
