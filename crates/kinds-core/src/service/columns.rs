//! What `kubectl get services` shows.

use crate::cells;
use api_core::v1;
use kind::{Cell, Column};
use schema::Time;
use std::collections::BTreeSet;

pub(super) static COLUMNS: &[Column<v1::Service>] = &[
    Column::NAME,
    Column::string("Type", TYPE_DESCRIPTION, 0, type_of),
    Column::string("Cluster-IP", CLUSTER_IP_DESCRIPTION, 0, cluster_ip),
    Column::string("External-IP", EXTERNAL_IP_DESCRIPTION, 0, external_ip),
    Column::string(
        "Port(s)",
        "The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
        0,
        ports,
    ),
    Column::AGE,
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const TYPE_DESCRIPTION: &str = "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types";
const CLUSTER_IP_DESCRIPTION: &str = "clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies";
const EXTERNAL_IP_DESCRIPTION: &str = "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.";
const SELECTOR_DESCRIPTION: &str = "Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/";

fn type_of(object: &v1::Service, _now: Time) -> Cell {
    cells::text(&object.spec.type_)
}

fn cluster_ip(object: &v1::Service, _now: Time) -> Cell {
    cells::text(object.spec.cluster_ips.first().map_or(cells::NONE, String::as_str))
}

fn external_ip(object: &v1::Service, _now: Time) -> Cell {
    let spec = &object.spec;
    let external = spec.external_ips.join(",");
    match spec.type_.as_str() {
        "ClusterIP" | "NodePort" => cells::text_or(&external, cells::NONE),
        "LoadBalancer" => {
            let points = &object.status.load_balancer.ingress;
            let address = |point: &v1::LoadBalancerIngress| {
                if point.ip.is_empty() { point.hostname.clone() } else { point.ip.clone() }
            };
            let mut all: Vec<String> = points.iter().map(address).collect::<BTreeSet<_>>().into_iter().collect();
            all.retain(|address| !address.is_empty());
            all.extend(spec.external_ips.iter().cloned());
            cells::text_or(&all.join(","), "<pending>")
        }
        "ExternalName" => cells::text(&spec.external_name),
        _ => cells::text(cells::UNKNOWN),
    }
}

fn ports(object: &v1::Service, _now: Time) -> Cell {
    let shown = |port: &v1::ServicePort| match port.node_port {
        0 => format!("{}/{}", port.port, port.protocol),
        node_port => format!("{}:{node_port}/{}", port.port, port.protocol),
    };
    let all: Vec<String> = object.spec.ports.iter().map(shown).collect();
    cells::text_or(&all.join(","), cells::NONE)
}

fn selector(object: &v1::Service, _now: Time) -> Cell {
    cells::labels(&object.spec.selector)
}
