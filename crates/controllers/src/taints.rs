//! Taints of nodes, and which tolerations hold against them.

use api_core::v1::{Node, Taint, Toleration};

pub(crate) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(crate) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
pub(crate) const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
pub(crate) const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
pub(crate) const MEMORY_PRESSURE: &str = "node.kubernetes.io/memory-pressure";
pub(crate) const DISK_PRESSURE: &str = "node.kubernetes.io/disk-pressure";
pub(crate) const PID_PRESSURE: &str = "node.kubernetes.io/pid-pressure";
pub(crate) const NETWORK_UNAVAILABLE: &str = "node.kubernetes.io/network-unavailable";

/// Keeps pods from coming.
pub(crate) const NO_SCHEDULE: &str = "NoSchedule";
/// Makes pods go.
pub(crate) const NO_EXECUTE: &str = "NoExecute";

pub(crate) fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.is_empty() || toleration.effect == taint.effect;
    let key = toleration.key.is_empty() || toleration.key == taint.key;
    let value = match toleration.operator.as_str() {
        "" | "Equal" => toleration.value == taint.value,
        "Exists" => true,
        _ => false,
    };
    effect && key && value
}

pub(crate) fn no_execute(node: &Node) -> impl Iterator<Item = &Taint> {
    node.spec.taints.iter().filter(|taint| taint.effect == NO_EXECUTE)
}

/// The status of a condition of the node; `None` if the node says nothing of it.
pub(crate) fn condition<'n>(node: &'n Node, type_: &str) -> Option<&'n str> {
    let conditions = &node.status.conditions;
    conditions.iter().find(|condition| condition.type_ == type_).map(|condition| condition.status.as_str())
}

pub(crate) fn is_ready(node: &Node) -> bool {
    condition(node, "Ready") == Some("True")
}
