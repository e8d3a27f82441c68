//! Defaults that only a pod gets, not a template.

use super::resources;
use api_core::v1::{Container, Pod, PodIP, ResourceRequirements};

/// After the defaults of the spec.
pub fn default(pod: &mut Pod) {
    for container in pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers) {
        requests_from_limits(&mut container.resources);
    }
    default_pod_resources(pod);
    pod.spec.enable_service_links.get_or_insert(true);
    if pod.spec.host_network {
        pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers).for_each(host_ports);
    }
    sync_ips(pod);
    crate::pod_spec::drop_init_container_annotations(&mut pod.metadata);
    if let Some(seconds) = &mut pod.spec.termination_grace_period_seconds {
        // Upstream reads a negative period as the shortest one.
        *seconds = if *seconds < 0 { 1 } else { *seconds };
    }
}

fn requests_from_limits(resources: &mut ResourceRequirements) {
    for (name, limit) in &resources.limits {
        resources.requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

fn host_ports(container: &mut Container) {
    for port in container.ports.iter_mut().filter(|port| port.host_port == 0) {
        port.host_port = port.container_port;
    }
}

/// Resources of the pod as a whole follow from its containers' where they are given in part.
fn default_pod_resources(pod: &mut Pod) {
    let Some(mut own) = pod.spec.resources.take() else { return };
    if !(own.limits.is_empty() && own.requests.is_empty()) {
        for (name, limit) in resources::of_containers(&pod.spec, resources::Side::Limits) {
            if resources::is_huge_page(&name) && !own.requests.contains_key(&name) {
                own.limits.entry(name).or_insert(limit);
            }
        }
    }
    if !own.limits.is_empty() {
        for (name, request) in resources::of_containers(&pod.spec, resources::Side::Requests) {
            if matches!(name.as_str(), "cpu" | "memory") {
                own.requests.entry(name).or_insert(request);
            }
        }
        for (name, limit) in &own.limits {
            if resources::is_for_pods(name) {
                own.requests.entry(name.clone()).or_insert_with(|| limit.clone());
            }
        }
    }
    pod.spec.resources = Some(own);
}

/// `podIP` is the first of `podIPs`, and wins over them.
fn sync_ips(pod: &mut Pod) {
    let status = &mut pod.status;
    if !status.pod_ip.is_empty() && status.pod_ips.first().is_none_or(|first| first.ip != status.pod_ip) {
        status.pod_ips = vec![PodIP { ip: status.pod_ip.clone() }];
    }
    if let Some(first) = status.pod_ips.first() {
        status.pod_ip.clone_from(&first.ip);
    }
}
