//! Addresses by the set of ports that they have.

use crate::{pods, service_pods};
use api_core::v1::{EndpointAddress, EndpointPort, EndpointSubset, ObjectReference, Pod, Service};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The subsets in a stable order: addresses with the same ports stand together.
pub(super) fn of(service: &Service, pods: &[Arc<Pod>]) -> Vec<EndpointSubset> {
    let mut by_ports = BTreeMap::<Vec<PortKey>, EndpointSubset>::new();
    for pod in pods {
        let Some(address) = address(service, pod) else { continue };
        let mut ports: Vec<EndpointPort> =
            service.spec.ports.iter().filter_map(|port| endpoint_port(pod, port)).collect();
        // A headless service needs no ports; another one without has no endpoints.
        let portless = service.spec.ports.is_empty() && service.spec.cluster_ip == "None";
        if ports.is_empty() && !portless {
            continue;
        }
        ports.sort_by_key(port_key);
        let subset = by_ports.entry(ports.iter().map(port_key).collect()).or_default();
        subset.ports = ports;
        match service.spec.publish_not_ready_addresses || pods::is_ready(pod) {
            true => subset.addresses.push(address),
            false => subset.not_ready_addresses.push(address),
        }
    }
    let mut subsets: Vec<EndpointSubset> = by_ports.into_values().collect();
    for subset in &mut subsets {
        for addresses in [&mut subset.addresses, &mut subset.not_ready_addresses] {
            addresses.sort_by(|a, b| a.ip.cmp(&b.ip).then_with(|| uid(a).cmp(uid(b))));
        }
    }
    subsets
}

/// Takes addresses away, first those that are not ready; returns whether it had to.
pub(super) fn truncate(subsets: &mut [EndpointSubset], max: usize) -> bool {
    let ready: usize = subsets.iter().map(|subset| subset.addresses.len()).sum();
    let others: usize = subsets.iter().map(|subset| subset.not_ready_addresses.len()).sum();
    if ready + others <= max {
        return false;
    }
    let too_many_ready = ready > max;
    let (room, total) = if too_many_ready { (max, ready) } else { (max - ready, others) };
    let mut left = room;
    for subset in subsets {
        if too_many_ready {
            subset.not_ready_addresses.clear();
        }
        let addresses = if too_many_ready { &mut subset.addresses } else { &mut subset.not_ready_addresses };
        // Each subset keeps its share.
        let share = (addresses.len() * room).div_ceil(total.max(1)).min(left);
        addresses.truncate(share);
        left -= addresses.len();
    }
    true
}

fn address(service: &Service, pod: &Pod) -> Option<EndpointAddress> {
    let ipv6 = match service.spec.ip_families.first() {
        Some(family) => family == "IPv6",
        None if service_pods::is_headless(service) => pod.status.pod_ip.contains(':'),
        None => service.spec.cluster_ip.contains(':'),
    };
    Some(EndpointAddress {
        ip: service_pods::addresses(pod, ipv6).into_iter().next()?,
        hostname: service_pods::hostname(pod, service).unwrap_or_default().to_owned(),
        node_name: Some(pod.spec.node_name.clone()),
        target_ref: Some(Box::new(ObjectReference {
            kind: "Pod".into(),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        })),
    })
}

fn endpoint_port(pod: &Pod, port: &api_core::v1::ServicePort) -> Option<EndpointPort> {
    Some(EndpointPort {
        name: port.name.clone(),
        port: service_pods::find_port(pod, port)?,
        protocol: port.protocol.clone(),
        app_protocol: port.app_protocol.clone(),
    })
}

type PortKey = (String, i32, String);

fn port_key(port: &EndpointPort) -> PortKey {
    (port.name.clone(), port.port, port.protocol.clone())
}

fn uid(address: &EndpointAddress) -> &str {
    address.target_ref.as_ref().map_or("", |target| target.uid.as_str())
}
