//! The tasks that probe one pod's containers.
//!
//! One task per probe of a running container. A task makes the event of a failure itself and sends every outcome to the
//! worker's inbox, where thresholds are counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api_core::v1::{Container, Pod};
use kubelet_core::{ContainerState, Event, ObservedPod, PodMemory, ProbeKind, ProbeOutcome, probe, spec};
use tokio::task::JoinHandle;

use crate::files;
use crate::kubelet::Kubelet;
use crate::pods::{Inbox, ProbeNews};

pub struct Prober {
    kubelet: Arc<Kubelet>,
    inbox: Arc<Inbox>,
    tasks: BTreeMap<(String, ProbeKind), JoinHandle<()>>,
}

/// What one task needs to know.
struct Target {
    pod: Arc<Pod>,
    container: Container,
    id: String,
    started_at: kubelet_core::Nanos,
    ip: String,
}

impl Prober {
    pub fn new(kubelet: Arc<Kubelet>, inbox: Arc<Inbox>) -> Prober {
        Prober { kubelet, inbox, tasks: BTreeMap::new() }
    }

    /// Starts the probes that are due for containers that run, and ends those of containers that do not. Until a
    /// container's startup probe has succeeded, no other is made.
    pub fn sync(&mut self, pod: &Arc<Pod>, observed: &ObservedPod, memory: &mut PodMemory) {
        let mut wanted = BTreeMap::new();
        for running in observed.containers.iter().filter(|c| c.state == ContainerState::Running) {
            let Some((role, container)) = spec::find(pod, &running.name) else { continue };
            if matches!(role, spec::Role::Init | spec::Role::Ephemeral) {
                continue;
            }
            for kind in ProbeKind::ALL.into_iter().filter(|kind| kind.of(&container).is_some()) {
                memory.probes.begin(&running.id, kind, reported(pod, &running.id, kind));
                let started = memory.probes.is_started(&running.id, &container);
                if started != (kind == ProbeKind::Startup) {
                    let target = Target {
                        pod: pod.clone(),
                        container: container.clone().into_owned(),
                        id: running.id.clone(),
                        started_at: running.started_at,
                        ip: self.address(pod, observed),
                    };
                    wanted.insert((running.id.clone(), kind), target);
                }
            }
        }
        self.tasks.retain(|key, task| {
            let keep = wanted.contains_key(key);
            if !keep {
                task.abort();
            }
            keep
        });
        for (key, target) in wanted {
            let (kubelet, inbox, kind) = (&self.kubelet, &self.inbox, key.1);
            self.tasks
                .entry(key)
                .or_insert_with(|| tokio::spawn(probe_on(kubelet.clone(), inbox.clone(), kind, target)));
        }
    }

    /// Ends all probes.
    pub fn stop(&mut self) {
        for (_, task) in std::mem::take(&mut self.tasks) {
            task.abort();
        }
    }

    fn address(&self, pod: &Pod, observed: &ObservedPod) -> String {
        let own = || observed.ips().first().cloned();
        let address = if pod.spec.host_network { self.kubelet.host_ips().into_iter().next() } else { own() };
        address.unwrap_or_default()
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether the API has been told that this run of the container passed its probe: a kubelet that starts anew must not
/// take a pod that serves for one that does not.
fn reported(pod: &Pod, container_id: &str, kind: ProbeKind) -> bool {
    let status = &pod.status;
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let told = all.find(|told| told.container_id.ends_with(container_id));
    told.is_some_and(|told| match kind {
        ProbeKind::Startup => told.started == Some(true),
        ProbeKind::Readiness => told.ready,
        ProbeKind::Liveness => true,
    })
}

/// Probes until it is aborted.
async fn probe_on(kubelet: Arc<Kubelet>, inbox: Arc<Inbox>, kind: ProbeKind, target: Target) {
    let Some(probe) = kind.of(&target.container) else { return };
    let first = probe::first_due(probe, target.started_at) - kubelet.now();
    tokio::time::sleep(nanoseconds(first)).await;
    let mut ticks = tokio::time::interval(nanoseconds(probe::period(probe)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut last, mut in_a_row) = (None, 0);
    loop {
        ticks.tick().await;
        let (outcome, output) = files::probe(&kubelet, probe, &target.container, &target.id, &target.ip).await;
        if outcome != ProbeOutcome::Success {
            let what = if outcome == ProbeOutcome::Unknown { "errored" } else { "failed" };
            let separator = if outcome == ProbeOutcome::Unknown { " and resulted in unknown state: " } else { ": " };
            let message = format!("{} probe {what}{separator}{output}", kind.title());
            let event = Event::warning("Unhealthy", message).of(&target.container.name);
            kubelet.recorder.pod(&target.pod, event);
        }
        in_a_row = if last == Some(outcome) { in_a_row + 1 } else { 1 };
        last = Some(outcome);
        if in_a_row > probe.success_threshold.max(probe.failure_threshold) {
            // The worker has counted as many as it needs; more of the same tells it nothing.
            in_a_row -= 1;
            continue;
        }
        let container = target.container.name.clone();
        inbox.probe(ProbeNews { container_id: target.id.clone(), container, kind, outcome });
    }
}

fn nanoseconds(nanos: kubelet_core::Nanos) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}
