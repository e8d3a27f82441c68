//! Is a node alive?

use crate::{EventRecord, Plan, Write, pods, taints};
use api_core::v1::{Node, NodeCondition, Pod, PodCondition};
use api_misc::coordination::v1::Lease;
use informer::View;
use schema::Time;
use std::time::Duration;

/// Upstream's default of `--node-monitor-grace-period`.
const GRACE_SECONDS: i64 = 50;
/// Upstream's default of `--node-startup-grace-period`: for nodes that have never reported.
const STARTUP_GRACE_SECONDS: i64 = 60;
const LEASES: &str = "kube-node-lease";
/// Conditions that a silent kubelet no longer vouches for.
const CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// Empty but for the next look if all is well.
pub(super) fn plan(node: &Node, view: &View, now: Time) -> Plan {
    let (last, grace) = last_sign(node, view);
    let silent_seconds = now.secs_since(last.unwrap_or(now));
    let mut plan = Plan::default();
    if silent_seconds < grace {
        plan.look_again(Duration::from_secs((grace - silent_seconds).unsigned_abs()));
    } else {
        let mut after = node.clone();
        CONDITIONS.iter().for_each(|type_| forget(&mut after, type_, now));
        plan.update_status(node, &after);
        if taints::is_ready(node) {
            let message = format!("Node {} status is now: NodeNotReady", node.metadata.name);
            plan.event(EventRecord::normal(node, "NodeNotReady", message));
        }
        let pods = view.on_node(&node.metadata.name);
        plan.together(pods.iter().filter(|pod| pods::is_ready(pod)).map(|pod| not_ready(pod, now)).collect());
    }
    plan
}

/// When the kubelet was last heard of, and how long it may be silent.
fn last_sign(node: &Node, view: &View) -> (Option<Time>, i64) {
    let ready = node.status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let heartbeat = ready.filter(|ready| ready.reason != "NodeStatusNeverUpdated");
    let lease = view.get::<Lease>(LEASES, &node.metadata.name);
    let renewed = lease.and_then(|lease| lease.spec.renew_time);
    let renewed = renewed.map(|time| Time::from_unix(time.unix_micros().div_euclid(1_000_000)));
    match heartbeat {
        Some(ready) => (ready.last_heartbeat_time.max(renewed).or(node.metadata.creation_timestamp), GRACE_SECONDS),
        None => (renewed.max(node.metadata.creation_timestamp), STARTUP_GRACE_SECONDS),
    }
}

fn forget(node: &mut Node, type_: &str, now: Time) {
    let created = node.metadata.creation_timestamp;
    match node.status.conditions.iter_mut().find(|condition| condition.type_ == type_) {
        Some(condition) if condition.status == "Unknown" => {}
        Some(condition) => {
            condition.status = "Unknown".into();
            condition.reason = "NodeStatusUnknown".into();
            condition.message = "Kubelet stopped posting node status.".into();
            condition.last_transition_time = Some(now);
        }
        None => node.status.conditions.push(NodeCondition {
            type_: type_.into(),
            status: "Unknown".into(),
            reason: "NodeStatusNeverUpdated".into(),
            message: "Kubelet never posted node status.".into(),
            last_heartbeat_time: created,
            last_transition_time: Some(now),
        }),
    }
}

/// No one vouches for the pod's readiness any more.
fn not_ready(pod: &Pod, now: Time) -> Write {
    let mut after = pod.clone();
    let ready = pods::condition(pod, "Ready").cloned().unwrap_or_default();
    let generation = pod.metadata.generation;
    pods::set_condition(
        &mut after,
        PodCondition { status: "False".into(), observed_generation: generation, ..ready },
        now,
    );
    Write::update_subresource("status", pod, &after)
        .tolerating(crate::Tolerate::NotFound)
        .tolerating(crate::Tolerate::Conflict)
        .with_event(EventRecord::warning(pod, "NodeNotReady", "Node is not ready"))
}
