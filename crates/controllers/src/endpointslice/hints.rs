//! Which clients an endpoint is meant for: `trafficDistribution`.

use api_core::v1::Service;
use api_misc::discovery::v1::{Endpoint, EndpointHints, ForNode, ForZone};

/// Gives hints to the endpoints that are ready and say where they are.
pub(super) fn set(service: &Service, endpoints: &mut [Endpoint]) {
    let distribution = service.spec.traffic_distribution.as_deref().unwrap_or_default();
    let (by_node, by_zone) = match distribution {
        "PreferSameNode" => (true, true),
        "PreferClose" | "PreferSameZone" => (false, true),
        _ => return,
    };
    for endpoint in endpoints.iter_mut().filter(|endpoint| endpoint.conditions.ready == Some(true)) {
        let node = endpoint.node_name.clone().filter(|_| by_node);
        let zone = endpoint.zone.clone().filter(|_| by_zone);
        let hints = EndpointHints {
            for_nodes: node.into_iter().map(|name| ForNode { name }).collect(),
            for_zones: zone.into_iter().map(|name| ForZone { name }).collect(),
        };
        endpoint.hints = (hints != EndpointHints::default()).then(|| Box::new(hints));
    }
}
