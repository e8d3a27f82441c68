//! How a pod ends: containers, then sidecars in reverse order, then the sandbox, then what it used of the node.

use api_core::v1::Pod;

use crate::memory::PodMemory;
use crate::observed::ObservedPod;
use crate::plan::{Kill, KillReason, Life, Step};
use crate::spec::{self, Role};
use crate::{Nanos, SECOND};

/// What every container gets, even when the pod's grace period is used up.
pub const MINIMUM_GRACE_SECONDS: i64 = 2;

/// Whether the pod is to end: it is deleted, it is over, or the node ended it.
pub fn is_ending(pod: &Pod, memory: &PodMemory) -> bool {
    let ended = |status: &api_core::v1::PodStatus| matches!(status.phase.as_str(), "Succeeded" | "Failed");
    let decided = memory.last_status.as_ref().is_some_and(ended);
    pod.metadata.deletion_timestamp.is_some() || spec::is_finished(pod) || memory.ended.is_some() || decided
}

/// The next steps towards the end, and how far it is.
pub fn steps(pod: &Pod, observed: &ObservedPod, memory: &mut PodMemory, now: Nanos) -> (Life, Vec<Step>) {
    let since = *memory.terminating_since.get_or_insert(now);
    let kills = next_kills(pod, observed, since, now);
    if !kills.is_empty() {
        return (Life::Terminating, vec![Step::Kill(kills)]);
    }
    let mut steps: Vec<Step> = observed
        .sandboxes
        .iter()
        .filter(|sandbox| sandbox.ready)
        .map(|sandbox| Step::StopSandbox { id: sandbox.id.clone() })
        .collect();
    if !memory.cleaned {
        steps.push(Step::CleanUp);
    }
    if pod.metadata.deletion_timestamp.is_some() && !memory.deleted {
        steps.push(Step::Delete);
    }
    (Life::Terminated, steps)
}

/// Ends what runs of a pod whose sandbox is gone or whose work is done, while the pod itself stays.
pub fn kill_all(pod: &Pod, observed: &ObservedPod, now: Nanos) -> Vec<Step> {
    let kills: Vec<_> = observed.running().map(|container| kill(pod, container, now, now)).collect();
    let mut steps = Vec::new();
    if !kills.is_empty() {
        steps.push(Step::Kill(kills));
    }
    let ready = observed.sandboxes.iter().filter(|sandbox| sandbox.ready);
    steps.extend(ready.map(|sandbox| Step::StopSandbox { id: sandbox.id.clone() }));
    steps
}

/// All that is not a sidecar at once; then one sidecar after the other, the last first, within the same grace period.
fn next_kills(pod: &Pod, observed: &ObservedPod, since: Nanos, now: Nanos) -> Vec<Kill> {
    let sidecar_rank = |name: &str| {
        let init = &pod.spec.init_containers;
        init.iter().position(|container| container.name == name && spec::init_role(container) == Role::Sidecar)
    };
    let (sidecars, others): (Vec<_>, Vec<_>) =
        observed.running().partition(|container| sidecar_rank(&container.name).is_some());
    if !others.is_empty() {
        return others.into_iter().map(|container| kill(pod, container, since, now)).collect();
    }
    let in_time = now < since + spec::grace_seconds(pod) * SECOND;
    let mut kills: Vec<_> = sidecars.into_iter().collect();
    kills.sort_by_key(|container| std::cmp::Reverse(sidecar_rank(&container.name)));
    let many = if in_time { 1 } else { kills.len() };
    kills.into_iter().take(many).map(|container| kill(pod, container, since, now)).collect()
}

fn kill(pod: &Pod, container: &crate::ObservedContainer, since: Nanos, now: Nanos) -> Kill {
    let left = spec::grace_seconds(pod) - (now - since) / SECOND;
    Kill {
        id: container.id.clone(),
        name: container.name.clone(),
        reason: KillReason::Stopping,
        message: format!("Stopping container {}", container.name),
        grace_seconds: left.max(MINIMUM_GRACE_SECONDS),
    }
}
