//! Whether the node takes a pod that was given to it: a pod that does not fit fails at once, instead of waiting.

use std::collections::BTreeMap;

use api_core::v1::Pod;
use schema::Quantity;

use crate::{qos, spec};

/// The pod's `reason`, and its `message` without upstream's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub reason: String,
    pub message: String,
}

/// Looks at a new pod beside those that are here already. `allocatable` is the node's.
pub fn admit<'a>(
    pod: &Pod,
    others: impl IntoIterator<Item = &'a Pod>,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<(), Rejection> {
    sysctls(pod)?;
    let others: Vec<&Pod> = others.into_iter().filter(|other| counts(pod, other)).collect();
    resources(pod, &others, allocatable)?;
    host_ports(pod, &others)
}

/// Pods that are over hold nothing.
fn counts(pod: &Pod, other: &Pod) -> bool {
    other.metadata.uid != pod.metadata.uid && !spec::is_finished(other)
}

fn resources(pod: &Pod, others: &[&Pod], allocatable: &BTreeMap<String, Quantity>) -> Result<(), Rejection> {
    let capacity = |name: &str| {
        let quantity = allocatable.get(name);
        quantity.map_or(0, |quantity| if name == "cpu" { quantity.milli_value() } else { quantity.value() })
    };
    let pods = capacity("pods");
    let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
    if count + 1 > pods {
        return Err(out_of("pods", 1, count, pods));
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        let requested = qos::pod_total(pod, name, false).unwrap_or(0);
        let used = others.iter().map(|other| qos::pod_total(other, name, false).unwrap_or(0)).sum::<i64>();
        if requested > 0 && requested + used > capacity(name) {
            return Err(out_of(name, requested, used, capacity(name)));
        }
    }
    Ok(())
}

fn out_of(name: &str, requested: i64, used: i64, capacity: i64) -> Rejection {
    Rejection {
        reason: format!("OutOf{name}"),
        message: format!(
            "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
        ),
    }
}

/// Two pods cannot have the same port of the node at the same address.
fn host_ports(pod: &Pod, others: &[&Pod]) -> Result<(), Rejection> {
    let own: Vec<_> = ports(pod).collect();
    let wildcard = |ip: &str| matches!(ip, "" | "0.0.0.0" | "::");
    for (ip, protocol, port) in others.iter().flat_map(|other| ports(other)) {
        let clash = own.iter().any(|(own_ip, own_protocol, own_port)| {
            let same_address = *own_ip == ip || wildcard(own_ip) || wildcard(ip);
            *own_port == port && *own_protocol == protocol && same_address
        });
        if clash {
            return Err(Rejection {
                reason: "NodePorts".to_owned(),
                message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

fn ports(pod: &Pod) -> impl Iterator<Item = (&str, &str, i32)> {
    let sidecars = pod.spec.init_containers.iter().filter(|c| spec::init_role(c) == spec::Role::Sidecar);
    let ports = sidecars.chain(&pod.spec.containers).flat_map(|container| &container.ports);
    let ports = ports.filter(|port| port.host_port > 0);
    ports.map(|port| {
        let protocol = if port.protocol.is_empty() { "TCP" } else { port.protocol.as_str() };
        (port.host_ip.as_str(), protocol, port.host_port)
    })
}

/// Kernel settings that stay inside a pod are allowed; all others the node's owner would have to allow.
fn sysctls(pod: &Pod) -> Result<(), Rejection> {
    let wanted = pod.spec.security_context.as_ref().map(|context| context.sysctls.as_slice()).unwrap_or_default();
    for sysctl in wanted {
        let name = sysctl.name.replace('/', ".");
        let in_host =
            pod.spec.host_network && name.starts_with("net.") || pod.spec.host_ipc && name.starts_with("kernel.");
        if in_host || !SAFE_SYSCTLS.contains(&name.as_str()) {
            let why = if in_host { "not allowed with host namespaces enabled" } else { "not allowlisted" };
            let message = format!("forbidden sysctl: \"{}\" {why}", sysctl.name);
            return Err(Rejection { reason: "SysctlForbidden".to_owned(), message });
        }
    }
    Ok(())
}

const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];
