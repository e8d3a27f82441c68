//! A pod's status for the API, from what the runtime shows.
//!
//! What was reported last is the base: runs that the runtime has forgotten since stay in it. Deliberately absent: sending
//! it, and the conditions that others own, which pass through as they are.

use api_core::v1::{HostIP, Pod, PodIP, PodStatus};
use schema::Time;

use crate::memory::PodMemory;
use crate::observed::ObservedPod;
use crate::qos;
use crate::{Nanos, SECOND, spec};

mod conditions;
mod containers;
mod phase;

pub use conditions::OWNED as OWNED_CONDITIONS;

/// The status now. `terminated`: nothing of the pod runs and nothing will.
pub fn generate(pod: &Pod, observed: &ObservedPod, memory: &PodMemory, terminated: bool, now: Nanos) -> PodStatus {
    let old = memory.last_status.as_ref().unwrap_or(&pod.status);
    let mut status = PodStatus {
        qos_class: qos::class(pod).to_owned(),
        observed_generation: pod.metadata.generation,
        start_time: old.start_time.or_else(|| memory.first_seen.map(time)),
        nominated_node_name: String::new(),
        resource_claim_statuses: pod.status.resource_claim_statuses.clone(),
        extended_resource_claim_status: pod.status.extended_resource_claim_status.clone(),
        ..PodStatus::default()
    };
    let view = containers::View { pod, observed, memory, old, terminated };
    (status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses) = view.statuses();
    addresses(pod, observed, memory, old, &mut status);
    status.phase = phase::of(pod, &status, terminated).to_owned();
    if spec::is_finished(pod) || (memory.ended.is_none() && matches!(old.phase.as_str(), "Succeeded" | "Failed")) {
        // What is over stays as it ended.
        let ended = if spec::is_finished(pod) { &pod.status } else { old };
        (status.phase, status.reason, status.message) =
            (ended.phase.clone(), ended.reason.clone(), ended.message.clone());
    } else if let Some((reason, message)) = &memory.ended {
        status.phase = "Failed".to_owned();
        (status.reason, status.message) = (reason.clone(), message.clone());
    }
    status.conditions = conditions::all(pod, observed, &status, old, time(now));
    status
}

/// A pod is not over in the API before its last container is.
pub fn hold_back_end(status: &mut PodStatus, pod: &Pod, memory: &PodMemory) {
    if matches!(status.phase.as_str(), "Succeeded" | "Failed") && !spec::is_finished(pod) {
        let old = memory.last_status.as_ref().unwrap_or(&pod.status);
        status.phase = if old.phase.is_empty() { "Pending".to_owned() } else { old.phase.clone() };
        (status.reason, status.message) = (old.reason.clone(), old.message.clone());
    }
}

fn addresses(pod: &Pod, observed: &ObservedPod, memory: &PodMemory, old: &PodStatus, status: &mut PodStatus) {
    status.host_ip = memory.host_ips.first().cloned().unwrap_or_default();
    status.host_ips = memory.host_ips.iter().map(|ip| HostIP { ip: ip.clone() }).collect();
    let ips = if pod.spec.host_network { memory.host_ips.as_slice() } else { observed.ips() };
    status.pod_ips = ips.iter().map(|ip| PodIP { ip: ip.clone() }).collect();
    if status.pod_ips.is_empty() && !old.pod_ips.is_empty() && !pod.spec.host_network {
        // The address of a pod that has ended stays to be read.
        status.pod_ips = old.pod_ips.clone();
    }
    status.pod_ip = status.pod_ips.first().map(|ip| ip.ip.clone()).unwrap_or_default();
}

/// Whole seconds, as the API has them.
fn time(nanos: Nanos) -> Time {
    Time::from_unix(nanos.div_euclid(SECOND))
}
