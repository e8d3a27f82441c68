//! What is accepted in a service and does not do what it seems to.

use super::needs;
use api_core::v1::Service;
use kind::Path;
use std::net::IpAddr;

const HINTS: &str = "service.kubernetes.io/topology-aware-hints";

pub fn of(service: &Service) -> Vec<String> {
    let (spec, root) = (&service.spec, Path::root("spec"));
    let mut warnings = Vec::new();
    if service.metadata.annotations.contains_key(HINTS) {
        warnings
            .push(format!("annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"));
    }
    if needs::is_headless(service) {
        let ignored = [
            (!spec.load_balancer_ip.is_empty(), "loadBalancerIP"),
            (!spec.external_ips.is_empty(), "externalIPs"),
            (spec.session_affinity != "None", "SessionAffinity"),
        ];
        for (_, field) in ignored.into_iter().filter(|(given, _)| *given) {
            warnings.push(format!("spec.{field} is ignored for headless services"));
        }
    }
    for (list, field) in [(&spec.cluster_ips, "clusterIPs"), (&spec.external_ips, "externalIPs")] {
        let path = root.child(field);
        for (index, address) in list.iter().enumerate() {
            warnings.extend(not_canonical(address, &path.index(index)));
        }
    }
    warnings.extend(not_canonical(&spec.load_balancer_ip, &root.child("loadBalancerIP")));
    warnings
}

/// An IPv6 address that is written in another way than the one that everybody compares.
fn not_canonical(address: &str, path: &Path) -> Option<String> {
    let parsed: IpAddr = address.parse().ok()?;
    let canonical = parsed.to_string();
    (parsed.is_ipv6() && canonical != address).then(|| {
        format!(
            "{path}: IPv6 address {address:?} is not in RFC 5952 canonical format ({canonical:?}), which may cause controller apply-loops"
        )
    })
}
