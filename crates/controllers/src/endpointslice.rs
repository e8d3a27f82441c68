//! EndpointSlices of services with a selector.
//!
//! For each family of addresses and each set of ports (pods may have different numbers for a named port) there are as many
//! slices as it takes, of at most [`MAX_ENDPOINTS`] each. Slices are changed as little as possible: an endpoint stays in the
//! slice where it is. A service without endpoints has one empty slice, so that whoever waits for it sees that it is served.
//! Deliberately absent: hints from the topology annotation (trafficDistribution replaces it).

mod hints;
mod plan_slices;

use crate::service_pods::{self, is_selecting, services_of};
use crate::{Controller, EventRecord, Failure, Plan, Watch};
use api_core::v1::{Node, ObjectReference, Pod, Service};
use api_misc::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use informer::{Key, View};
use schema::Time;
use std::sync::Arc;
use std::time::Duration;

/// Endpoints in a slice.
const MAX_ENDPOINTS: usize = 100;
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const ZONE: &str = "topology.kubernetes.io/zone";
/// A pod whose node is not known yet is looked at again then.
const NODE_WAIT: Duration = Duration::from_secs(1);

pub struct EndpointSliceController;

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn event_source(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Service>(),
            Watch::of::<Pod, _>(services_of),
            Watch::of::<EndpointSlice, _>(|slice, _| {
                let name = slice.metadata.labels.get(SERVICE_NAME).filter(|_| is_ours(slice));
                name.map(|name| Key::new(slice.metadata.namespace.as_str(), name.as_str())).into_iter().collect()
            }),
            Watch::cached::<Node>(),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let service = view.get::<Service>(&key.namespace, &key.name);
        let Some(service) = service.filter(|service| is_selecting(service)) else { return Plan::default() };
        let mut slices = view.list_in::<EndpointSlice>(&key.namespace);
        slices.retain(|slice| {
            let of_service = slice.metadata.labels.get(SERVICE_NAME) == Some(&service.metadata.name);
            of_service && is_ours(slice) && slice.metadata.deletion_timestamp.is_none()
        });
        let pods = service_pods::pods_of(&service, view, true);
        let told = slices.iter().filter_map(|slice| {
            slice.metadata.annotations.get(service_pods::TRIGGER_TIME).and_then(|text| Time::parse(text).ok())
        });
        let told = told.chain(slices.iter().filter_map(|slice| slice.metadata.creation_timestamp)).max();
        let trigger = service_pods::trigger_time(&service, &pods, told);
        let (groups, nodes_missing) = groups(&service, &pods, view);
        let mut plan = plan_slices::plan(&service, &groups, slices, trigger);
        if nodes_missing {
            plan.look_again(NODE_WAIT);
        }
        plan
    }

    fn failed(&self, key: &Key, view: &View, _now: Time, failure: &Failure) -> Plan {
        let mut plan = Plan::default();
        if let Some(service) = view.get::<Service>(&key.namespace, &key.name) {
            let error = &failure.error.0.message;
            let message = format!("Error updating Endpoint Slices for Service {}/{}: {error}", key.namespace, key.name);
            plan.event(EventRecord::warning(service.as_ref(), "FailedToUpdateEndpointSlices", message));
        }
        plan
    }
}

fn is_ours(slice: &EndpointSlice) -> bool {
    slice.metadata.labels.get(MANAGED_BY).is_some_and(|manager| manager == MANAGER)
}

/// Endpoints that go into the same slices.
#[derive(Debug)]
struct Group {
    /// `IPv4` or `IPv6`.
    address_type: &'static str,
    ports: Vec<EndpointPort>,
    endpoints: Vec<Endpoint>,
}

/// The endpoints that the service is to have, by family and ports; and whether a pod's node is not known.
fn groups(service: &Service, pods: &[Arc<Pod>], view: &View) -> (Vec<Group>, bool) {
    let mut nodes_missing = false;
    let mut groups = Vec::<Group>::new();
    for address_type in address_types(service) {
        // A family without endpoints has a group, too: for its empty slice.
        groups.push(Group { address_type, ports: Vec::new(), endpoints: Vec::new() });
        for pod in pods {
            let node = view.get::<Node>("", &pod.spec.node_name);
            if node.is_none() && !service.spec.publish_not_ready_addresses {
                nodes_missing = true;
                continue;
            }
            let addresses = service_pods::addresses(pod, address_type == "IPv6");
            if addresses.is_empty() {
                continue;
            }
            let (ports, endpoint) = (ports(service, pod), endpoint(service, pod, node.as_deref(), addresses));
            let same = |group: &&mut Group| group.address_type == address_type && same_ports(&group.ports, &ports);
            match groups.iter_mut().find(same) {
                Some(group) => group.endpoints.push(endpoint),
                None => groups.push(Group { address_type, ports, endpoints: vec![endpoint] }),
            }
        }
    }
    for group in &mut groups {
        hints::set(service, &mut group.endpoints);
    }
    (groups, nodes_missing)
}

fn address_types(service: &Service) -> Vec<&'static str> {
    let families = &service.spec.ip_families;
    let mut types = Vec::new();
    for (family, cluster_has) in [("IPv4", '.'), ("IPv6", ':')] {
        // Services have families since v1.20; before, the cluster IP said it, and headless services had both.
        let wanted = match families.is_empty() {
            true => service_pods::is_headless(service) || service.spec.cluster_ip.contains(cluster_has),
            false => families.iter().any(|have| have == family),
        };
        if wanted {
            types.push(family);
        }
    }
    types
}

fn endpoint(service: &Service, pod: &Pod, node: Option<&Node>, addresses: Vec<String>) -> Endpoint {
    let serving = crate::pods::is_ready(pod);
    let terminating = pod.metadata.deletion_timestamp.is_some();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    let zone = node.and_then(|node| node.metadata.labels.get(ZONE)).filter(|zone| !zone.is_empty());
    Endpoint {
        addresses,
        conditions: EndpointConditions { ready: Some(ready), serving: Some(serving), terminating: Some(terminating) },
        hostname: service_pods::hostname(pod, service).map(str::to_owned),
        node_name: Some(pod.spec.node_name.clone()).filter(|name| !name.is_empty()),
        target_ref: Some(Box::new(ObjectReference {
            kind: "Pod".into(),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            ..ObjectReference::default()
        })),
        zone: zone.cloned(),
        ..Endpoint::default()
    }
}

fn ports(service: &Service, pod: &Pod) -> Vec<EndpointPort> {
    let found = service.spec.ports.iter().filter_map(|port| {
        Some(EndpointPort {
            name: Some(port.name.clone()),
            port: Some(service_pods::find_port(pod, port)?),
            protocol: Some(port.protocol.clone()),
            app_protocol: port.app_protocol.clone(),
        })
    });
    found.collect()
}

/// The same ports in any order.
fn same_ports(a: &[EndpointPort], b: &[EndpointPort]) -> bool {
    a.len() == b.len() && a.iter().all(|port| b.contains(port)) && b.iter().all(|port| a.contains(port))
}

#[cfg(test)]
mod tests;
