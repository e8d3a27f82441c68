//! What a service of a type has.

use api_core::v1::{Service, ServiceSpec};

pub const NO_ADDRESS: &str = "None";

pub fn is_external_name(spec: &ServiceSpec) -> bool {
    spec.type_ == "ExternalName"
}

pub fn is_load_balancer(spec: &ServiceSpec) -> bool {
    spec.type_ == "LoadBalancer"
}

/// An address, or explicitly none.
pub fn cluster_ip(spec: &ServiceSpec) -> bool {
    matches!(spec.type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer")
}

/// A port of the nodes for each of its ports.
pub fn node_port(spec: &ServiceSpec) -> bool {
    match spec.type_.as_str() {
        "NodePort" => true,
        "LoadBalancer" => spec.allocate_load_balancer_node_ports != Some(false),
        _ => false,
    }
}

/// A port at which load balancers ask whether a node has endpoints.
pub fn health_check_node_port(spec: &ServiceSpec) -> bool {
    is_load_balancer(spec) && spec.external_traffic_policy == "Local"
}

/// Reached from outside the cluster.
pub fn external_traffic_policy(spec: &ServiceSpec) -> bool {
    match spec.type_.as_str() {
        "NodePort" | "LoadBalancer" => true,
        "ClusterIP" => !spec.external_ips.is_empty(),
        _ => false,
    }
}

pub fn is_headless(service: &Service) -> bool {
    matches!(service.spec.cluster_ips.as_slice(), [only] if only == NO_ADDRESS)
}
