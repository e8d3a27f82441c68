//! What a service must satisfy.

use super::{families, needs};
use crate::net;
use crate::pod_spec::check;
use api_core::v1::{Service, ServicePort, ServiceSpec, SessionAffinityConfig};
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const SCOPES: &[&str] = &["Cluster", "Local"];
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];
/// Clouds open the firewall of the nodes for a load balancer's ports: never the kubelet's.
const KUBELET_PORT: i32 = 10_250;
const MOST_TIMEOUT_SECONDS: i32 = 86_400;
const ONLY_BALANCED: &str = "may only be used when `type` is 'LoadBalancer'";

pub fn validate(service: &Service, errors: &mut FieldErrors) {
    let (spec, root) = (&service.spec, Path::root("spec"));
    if spec.ports.is_empty() && !needs::is_headless(service) && !needs::is_external_name(spec) {
        errors.required(&root.child("ports"), "");
    }
    validate_type(service, &root, errors);
    validate_ports(spec, &root.child("ports"), errors);
    validate::labels(&spec.selector, &root.child("selector"), errors);
    validate_affinity(spec, &root, errors);
    families::validate(service, errors);
    let external = root.child("externalIPs");
    for (index, ip) in spec.external_ips.iter().enumerate() {
        let at = external.index(index);
        match families::parse(ip) {
            Some(address) => check::all(net::not_special(address), ip, &at, errors),
            None => check::all(validate::ip_address(ip), ip, &at, errors),
        }
    }
    check::one_of(&spec.type_, TYPES, &root.child("type"), errors);
    validate_balancing(spec, &root, errors);
    validate_traffic(spec, &root, errors);
}

fn validate_type(service: &Service, root: &Path, errors: &mut FieldErrors) {
    let spec = &service.spec;
    let (ips, ports) = (root.child("clusterIPs"), root.child("ports"));
    if needs::is_load_balancer(spec) {
        for (index, port) in spec.ports.iter().enumerate().filter(|(_, port)| port.port == KUBELET_PORT) {
            let detail = format!("may not expose port {KUBELET_PORT} externally since it is used by kubelet");
            errors.invalid(&ports.index(index), port.port, detail);
        }
    }
    if needs::is_headless(service) && matches!(spec.type_.as_str(), "LoadBalancer" | "NodePort") {
        let detail = format!("may not be set to 'None' for {} services", spec.type_);
        errors.invalid(&ips.index(0), needs::NO_ADDRESS, detail);
    }
    if needs::is_external_name(spec) {
        let why = "may not be set for ExternalName services";
        if !spec.cluster_ips.is_empty() {
            errors.forbidden(&ips, why);
        }
        if !spec.ip_families.is_empty() {
            errors.forbidden(&root.child("ipFamilies"), why);
        }
        if spec.ip_family_policy.is_some() {
            errors.forbidden(&root.child("ipFamilyPolicy"), why);
        }
        // A dot at the end says that the name is fully qualified.
        let name = spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name);
        let path = root.child("externalName");
        if name.is_empty() {
            errors.required(&path, "");
        } else {
            check::dns_subdomain(name, &path, errors);
        }
    }
}

fn validate_ports(spec: &ServiceSpec, path: &Path, errors: &mut FieldErrors) {
    let mut names = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        let at = path.index(index);
        let name = at.child("name");
        if port.name.is_empty() {
            if spec.ports.len() > 1 {
                errors.required(&name, "");
            }
        } else {
            check::dns_label(&port.name, &name, errors);
            if !names.insert(&port.name) {
                errors.duplicate(&name, &port.name);
            }
        }
        check::port_number(port.port, &at.child("port"), errors);
        check::one_of(&port.protocol, PROTOCOLS, &at.child("protocol"), errors);
        check::port(&port.target_port, &at.child("targetPort"), errors);
        if let Some(protocol) = &port.app_protocol {
            check::qualified_name(protocol, &at.child("appProtocol"), errors);
        }
        if spec.type_ == "ClusterIP" && port.node_port != 0 {
            errors.forbidden(&at.child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
        let earlier = &spec.ports[..index];
        let same = |other: &ServicePort, number: fn(&ServicePort) -> i32| {
            other.protocol == port.protocol && number(other) == number(port)
        };
        if port.node_port != 0 && earlier.iter().any(|other| same(other, |port| port.node_port)) {
            errors.duplicate(&at.child("nodePort"), port.node_port);
        }
        if earlier.iter().any(|other| same(other, |port| port.port)) {
            errors.duplicate(&at, Bare(shown_port(port)));
        }
    }
}

/// The pair that must be unique, as upstream shows it: a port with nothing else set.
fn shown_port(port: &ServicePort) -> String {
    let protocol = kind::field::quoted(&port.protocol);
    format!(
        "{{\"Name\":\"\",\"Protocol\":{protocol},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
        port.port
    )
}

fn validate_affinity(spec: &ServiceSpec, root: &Path, errors: &mut FieldErrors) {
    check::one_of(&spec.session_affinity, &["ClientIP", "None"], &root.child("sessionAffinity"), errors);
    let path = root.child("sessionAffinityConfig");
    match (spec.session_affinity.as_str(), &spec.session_affinity_config) {
        ("ClientIP", config) => validate_client_ip(config.as_deref(), &path, errors),
        ("None", Some(_)) => errors.forbidden(&path, "must not be set when session affinity is None"),
        _ => {}
    }
}

fn validate_client_ip(config: Option<&SessionAffinityConfig>, path: &Path, errors: &mut FieldErrors) {
    let why = "when session affinity type is ClientIP";
    let client_ip = path.child("clientIP");
    let timeout = client_ip.child("timeoutSeconds");
    let Some(config) = config else { return errors.required(path, why) };
    let Some(client) = &config.client_ip else { return errors.required(&client_ip, why) };
    match client.timeout_seconds {
        None => errors.required(&timeout, why),
        Some(1..=MOST_TIMEOUT_SECONDS) => {}
        Some(seconds) => {
            let detail = format!("must be greater than 0 and less than {MOST_TIMEOUT_SECONDS}");
            errors.invalid(&timeout, seconds, detail);
        }
    }
}

fn validate_balancing(spec: &ServiceSpec, root: &Path, errors: &mut FieldErrors) {
    let balanced = needs::is_load_balancer(spec);
    if !spec.load_balancer_source_ranges.is_empty() {
        let path = root.child("LoadBalancerSourceRanges");
        if !balanced {
            errors.forbidden(&path, ONLY_BALANCED);
        }
        for (index, range) in spec.load_balancer_source_ranges.iter().enumerate() {
            let range = range.trim();
            check::all(net::cidr_problems(range), range, &path.index(index), errors);
        }
    }
    if spec.allocate_load_balancer_node_ports.is_some() && !balanced {
        errors.forbidden(&root.child("allocateLoadBalancerNodePorts"), ONLY_BALANCED);
    }
    if balanced && spec.allocate_load_balancer_node_ports.is_none() {
        errors.required(&root.child("allocateLoadBalancerNodePorts"), "");
    }
    if let Some(class) = &spec.load_balancer_class {
        let path = root.child("loadBalancerClass");
        if !balanced {
            errors.forbidden(&path, ONLY_BALANCED);
        }
        check::qualified_name(class, &path, errors);
    }
}

fn validate_traffic(spec: &ServiceSpec, root: &Path, errors: &mut FieldErrors) {
    let external = root.child("externalTrafficPolicy");
    if needs::external_traffic_policy(spec) {
        check::one_of(&spec.external_traffic_policy, SCOPES, &external, errors);
    } else if !spec.external_traffic_policy.is_empty() {
        let detail = "may only be set for externally-accessible services";
        errors.invalid(&external, &spec.external_traffic_policy, detail);
    }
    let health = root.child("healthCheckNodePort");
    match (needs::health_check_node_port(spec), spec.health_check_node_port) {
        (true, 0) => errors.required(&health, ""),
        (true, port) => check::port_number(port, &health, errors),
        (false, 0) => {}
        (false, port) => {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&health, port, detail);
        }
    }
    let internal = root.child("internalTrafficPolicy");
    match &spec.internal_traffic_policy {
        None if needs::cluster_ip(spec) => errors.required(&internal, ""),
        Some(policy) => check::known(policy, SCOPES, &internal, errors),
        None => {}
    }
    if let Some(distribution) = &spec.traffic_distribution {
        check::known(distribution, DISTRIBUTIONS, &root.child("trafficDistribution"), errors);
    }
}

pub fn validate_update(new: &Service, old: &Service, errors: &mut FieldErrors) {
    families::validate_update(new, old, errors);
    if needs::is_load_balancer(&new.spec)
        && needs::is_load_balancer(&old.spec)
        && new.spec.load_balancer_class != old.spec.load_balancer_class
    {
        let root = Path::root("spec");
        let shown = new.spec.load_balancer_class.as_ref().map_or("null".to_owned(), |class| kind::field::quoted(class));
        errors.invalid(&root.child("loadBalancerClass"), Bare(shown), "may not change once set");
    }
    validate(new, errors);
}

/// Of the load balancer's addresses.
pub fn validate_status(new: &Service, old: &Service, errors: &mut FieldErrors) {
    let (status, _) = (Path::root("status"), old);
    let balancer = status.child("loadBalancer");
    let list = balancer.child("ingress");
    if !needs::is_load_balancer(&new.spec) && !new.status.load_balancer.ingress.is_empty() {
        errors.forbidden(&list, "may only be used when `spec.type` is 'LoadBalancer'");
        return;
    }
    for (index, point) in new.status.load_balancer.ingress.iter().enumerate() {
        let at = list.index(index);
        if !point.ip.is_empty() {
            check::all(validate::ip_address(&point.ip), &point.ip, &at.child("ip"), errors);
        }
        let mode = at.child("ipMode");
        match &point.ip_mode {
            Some(_) if point.ip.is_empty() => errors.forbidden(&mode, "may not be specified when `ip` is not set"),
            Some(text) => check::known(text, &["Proxy", "VIP"], &mode, errors),
            None if !point.ip.is_empty() => errors.required(&mode, "must be specified when `ip` is set"),
            None => {}
        }
        if !point.hostname.is_empty() {
            let hostname = at.child("hostname");
            check::dns_subdomain(&point.hostname, &hostname, errors);
            if families::parse(&point.hostname).is_some() {
                errors.invalid(&hostname, &point.hostname, "must be a DNS name, not an IP address");
            }
        }
    }
}
