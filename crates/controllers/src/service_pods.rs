//! What the two endpoint controllers ask about services and their pods.

use crate::pods;
use api_core::v1::{Pod, Service, ServicePort};
use informer::{Key, Selector, View};
use schema::{IntOrString, Time};
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
pub(crate) const HEADLESS: &str = "service.kubernetes.io/headless";

/// Services whose selector has the pod.
pub(crate) fn services_of(pod: &Pod, view: &View) -> Vec<Key> {
    let services = view.list_in::<Service>(&pod.metadata.namespace);
    let selecting = services.iter().filter(|service| {
        let selector = &service.spec.selector;
        !selector.is_empty() && Selector::of_labels(selector).matches(&pod.metadata.labels)
    });
    selecting.map(|service| Key::of(&service.metadata)).collect()
}

/// Does the control plane keep the endpoints of this service?
pub(crate) fn is_selecting(service: &Service) -> bool {
    !service.spec.selector.is_empty() && service.spec.type_ != "ExternalName"
}

/// The pods behind a service that have an address and are not finished.
pub(crate) fn pods_of(service: &Service, view: &View, with_terminating: bool) -> Vec<Arc<Pod>> {
    let selector = Selector::of_labels(&service.spec.selector);
    let mut pods = view.list_in::<Pod>(&service.metadata.namespace);
    pods.retain(|pod| {
        let finished = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        let has_address = !pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty();
        let stays = with_terminating || pod.metadata.deletion_timestamp.is_none();
        selector.matches(&pod.metadata.labels) && !finished && has_address && stays
    });
    pods
}

pub(crate) fn is_headless(service: &Service) -> bool {
    matches!(service.spec.cluster_ip.as_str(), "" | "None")
}

/// The pod's own name in DNS, if the service gives it one.
pub(crate) fn hostname<'p>(pod: &'p Pod, service: &Service) -> Option<&'p str> {
    let hostname = pod.spec.hostname.as_str();
    (!hostname.is_empty() && pod.spec.subdomain == service.metadata.name).then_some(hostname)
}

/// The pod's port that a service's port leads to.
pub(crate) fn find_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let name = match &port.target_port {
        IntOrString::Int(number) => return Some(*number),
        IntOrString::String(name) => name,
    };
    let is_sidecar = |policy: &Option<String>| policy.as_deref() == Some("Always");
    let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(&container.restart_policy));
    let mut ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    ports.find(|have| have.name == *name && have.protocol == port.protocol).map(|have| have.container_port)
}

/// The pod's addresses of one family, in canonical form.
pub(crate) fn addresses(pod: &Pod, ipv6: bool) -> Vec<String> {
    let all = pod.status.pod_ips.iter().filter_map(|address| address.ip.parse::<IpAddr>().ok());
    all.filter(|address| address.is_ipv6() == ipv6).map(|address| address.to_string()).collect()
}

/// When the change happened that the endpoints have not told of: the earliest after `known`.
pub(crate) fn trigger_time(service: &Service, pods: &[Arc<Pod>], known: Option<Time>) -> Option<Time> {
    let ready = pods.iter().filter_map(|pod| pods::condition(pod, "Ready")?.last_transition_time);
    let times = ready.chain(service.metadata.creation_timestamp);
    times.filter(|time| !time.is_zero() && known.is_none_or(|known| *time > known)).min()
}
