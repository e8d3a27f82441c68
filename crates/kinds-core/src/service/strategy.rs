//! Defaults, and what goes when a service changes its type.

use super::needs;
use api_core::v1::{ClientIPConfig, Service, SessionAffinityConfig};
use schema::IntOrString;

const CLIENT_IP_TIMEOUT_SECONDS: i32 = 10_800;

pub fn default(service: &mut Service) {
    let spec = &mut service.spec;
    let set = |text: &mut String, default: &str| {
        if text.is_empty() {
            *text = default.into();
        }
    };
    set(&mut spec.session_affinity, "None");
    set(&mut spec.type_, "ClusterIP");
    match spec.session_affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let client_ip = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
            if client_ip.and_then(|client_ip| client_ip.timeout_seconds).is_none() {
                let client_ip = ClientIPConfig { timeout_seconds: Some(CLIENT_IP_TIMEOUT_SECONDS) };
                let config = SessionAffinityConfig { client_ip: Some(Box::new(client_ip)) };
                spec.session_affinity_config = Some(Box::new(config));
            }
        }
        _ => {}
    }
    for port in &mut spec.ports {
        set(&mut port.protocol, "TCP");
        if matches!(&port.target_port, IntOrString::Int(0)) || port.target_port == IntOrString::String(String::new()) {
            port.target_port = IntOrString::Int(port.port);
        }
    }
    if needs::external_traffic_policy(spec) {
        set(&mut spec.external_traffic_policy, "Cluster");
    }
    if needs::cluster_ip(spec) && spec.internal_traffic_policy.is_none() {
        spec.internal_traffic_policy = Some("Cluster".into());
    }
    if needs::is_load_balancer(spec) {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        for point in &mut service.status.load_balancer.ingress {
            if !point.ip.is_empty() && point.ip_mode.is_none() {
                point.ip_mode = Some("VIP".into());
            }
        }
    }
}

/// Fields that the new type does not have and that the client did not touch.
pub fn drop_type_dependent(new: &mut Service, old: &Service) {
    let (new, old) = (&mut new.spec, &old.spec);
    if needs::cluster_ip(old) && !needs::cluster_ip(new) {
        if new.cluster_ip == old.cluster_ip && new.cluster_ips == old.cluster_ips {
            new.cluster_ip.clear();
            new.cluster_ips.clear();
        }
        if new.ip_families == old.ip_families {
            new.ip_families.clear();
        }
        if new.ip_family_policy == old.ip_family_policy {
            new.ip_family_policy = None;
        }
    }
    let node_ports = |spec: &api_core::v1::ServiceSpec| -> std::collections::BTreeSet<i32> {
        spec.ports.iter().map(|port| port.node_port).collect()
    };
    if needs::node_port(old) && !needs::node_port(new) && node_ports(old) == node_ports(new) {
        new.ports.iter_mut().for_each(|port| port.node_port = 0);
    }
    let checked = |needed: bool, still: bool, same: bool| needed && !still && same;
    if checked(
        needs::health_check_node_port(old),
        needs::health_check_node_port(new),
        new.health_check_node_port == old.health_check_node_port,
    ) {
        new.health_check_node_port = 0;
    }
    let balanced = (needs::is_load_balancer(old), needs::is_load_balancer(new));
    let same_allocation = new.allocate_load_balancer_node_ports == old.allocate_load_balancer_node_ports;
    if checked(balanced.0, balanced.1, same_allocation) {
        new.allocate_load_balancer_node_ports = None;
    }
    if checked(balanced.0, balanced.1, new.load_balancer_class == old.load_balancer_class) {
        new.load_balancer_class = None;
    }
    if checked(
        needs::external_traffic_policy(old),
        needs::external_traffic_policy(new),
        new.external_traffic_policy == old.external_traffic_policy,
    ) {
        new.external_traffic_policy.clear();
    }
}
