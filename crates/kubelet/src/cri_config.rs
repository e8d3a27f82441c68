//! What we tell the runtime to make: pure functions from a pod to the runtime's messages.

pub mod container;
pub mod dns;
pub mod sandbox;
pub mod security;

use api_core::v1::Pod;
use cri::v1;

/// The namespaces of a pod's sandbox and containers.
pub fn namespaces(pod: &Pod) -> v1::NamespaceOption {
    let node_or = |node: bool, other: v1::NamespaceMode| i32::from(if node { v1::NamespaceMode::Node } else { other });
    let shares_pid = pod.spec.share_process_namespace == Some(true);
    // A sandbox whose containers have processes of their own has one of its own too.
    let pid = if shares_pid { v1::NamespaceMode::Pod } else { v1::NamespaceMode::Container };
    v1::NamespaceOption {
        network: node_or(pod.spec.host_network, v1::NamespaceMode::Pod),
        pid: node_or(pod.spec.host_pid, pid),
        ipc: node_or(pod.spec.host_ipc, v1::NamespaceMode::Pod),
        ..v1::NamespaceOption::default()
    }
}
