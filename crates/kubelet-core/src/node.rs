//! A node's conditions, from what was measured.

use api_core::v1::NodeCondition;
use schema::Time;

/// What the conditions are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    pub memory_pressure: bool,
    pub disk_pressure: bool,
    pub pid_pressure: bool,
    /// Why the node is not ready, in upstream's words; empty: it is.
    pub not_ready: Vec<String>,
}

/// The four conditions in upstream's order; times of those whose status did not change are kept from `old`.
pub fn conditions(facts: &NodeFacts, old: &[NodeCondition], now: Time) -> Vec<NodeCondition> {
    let pressure = |type_, holds, yes: (&str, &str), no: (&str, &str)| {
        let (reason, message) = if holds { yes } else { no };
        condition(type_, holds, reason, message, old, now)
    };
    let ready = facts.not_ready.is_empty();
    let (reason, message) = match ready {
        true => ("KubeletReady", "kubelet is posting ready status".to_owned()),
        false if facts.not_ready.len() == 1 => ("KubeletNotReady", facts.not_ready[0].clone()),
        false => ("KubeletNotReady", format!("[{}]", facts.not_ready.join(", "))),
    };
    vec![
        pressure(
            "MemoryPressure",
            facts.memory_pressure,
            ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
            ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ),
        pressure(
            "DiskPressure",
            facts.disk_pressure,
            ("KubeletHasDiskPressure", "kubelet has disk pressure"),
            ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ),
        pressure(
            "PIDPressure",
            facts.pid_pressure,
            ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
            ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ),
        condition("Ready", ready, reason, &message, old, now),
    ]
}

/// The reasons of events for conditions that changed, in upstream's words.
pub fn change_events(old: &[NodeCondition], new: &[NodeCondition]) -> Vec<&'static str> {
    let status = |conditions: &[NodeCondition], type_: &str| {
        conditions.iter().find(|condition| condition.type_ == type_).map(|condition| condition.status == "True")
    };
    let changed = EVENTS.iter().filter(|(type_, ..)| status(old, type_) != status(new, type_));
    changed.filter_map(|(type_, yes, no)| status(new, type_).map(|holds| if holds { *yes } else { *no })).collect()
}

const EVENTS: [(&str, &str, &str); 4] = [
    ("MemoryPressure", "NodeHasInsufficientMemory", "NodeHasSufficientMemory"),
    ("DiskPressure", "NodeHasDiskPressure", "NodeHasNoDiskPressure"),
    ("PIDPressure", "NodeHasInsufficientPID", "NodeHasSufficientPID"),
    ("Ready", "NodeReady", "NodeNotReady"),
];

fn condition(type_: &str, holds: bool, reason: &str, message: &str, old: &[NodeCondition], now: Time) -> NodeCondition {
    let status = if holds { "True" } else { "False" };
    let before = old.iter().find(|condition| condition.type_ == type_ && condition.status == status);
    NodeCondition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_heartbeat_time: Some(now),
        last_transition_time: before.and_then(|condition| condition.last_transition_time).or(Some(now)),
    }
}
