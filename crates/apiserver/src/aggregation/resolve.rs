//! From a service to an address, upstream's two ways: the service's own address, or one of its endpoints'.

use super::table::Service;
use schema::Value;
use std::sync::Arc;

/// A place that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// What upstream says of services it finds no way to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("service \"{0}\" not found")]
    NotFound(String),
    #[error("no service port {port} found for service \"{name}\"")]
    NoPort { name: String, port: u16 },
    #[error("cannot route to service with ClusterIP \"None\"")]
    Headless,
    #[error("unsupported service type \"{0}\"")]
    Type(String),
    #[error("no endpoints available for service \"{0}\"")]
    NoEndpoints(String),
}

/// `--enable-aggregator-routing` off: the address that the service has in the cluster.
pub fn by_service(wanted: &Service, service: Option<&Value>) -> Result<Address, ResolveError> {
    let service = service.ok_or_else(|| ResolveError::NotFound(wanted.name.clone()))?;
    let spec = service.at(&["spec"]);
    match spec.str_at(&["type"]) {
        "ClusterIP" if spec.str_at(&["clusterIP"]) == "None" => Err(ResolveError::Headless),
        "ClusterIP" | "LoadBalancer" | "NodePort" => {
            port(wanted, service)?;
            Ok(Address { host: spec.str_at(&["clusterIP"]).to_owned(), port: wanted.port })
        }
        "ExternalName" => Ok(Address { host: spec.str_at(&["externalName"]).to_owned(), port: wanted.port }),
        other => Err(ResolveError::Type(other.to_owned())),
    }
}

/// `--enable-aggregator-routing` on: an endpoint that is ready. `seed`: which of them.
pub fn by_endpoints(
    wanted: &Service,
    service: Option<&Value>,
    slices: &[Arc<Value>],
    seed: usize,
) -> Result<Address, ResolveError> {
    let service = service.ok_or_else(|| ResolveError::NotFound(wanted.name.clone()))?;
    let kind = service.str_at(&["spec", "type"]);
    if !matches!(kind, "ClusterIP" | "LoadBalancer" | "NodePort") {
        return Err(ResolveError::Type(kind.to_owned()));
    }
    let name = port(wanted, service)?;
    let found: Vec<Address> = slices.iter().flat_map(|slice| ready(slice, name)).collect();
    let none = || ResolveError::NoEndpoints(wanted.name.clone());
    found.get(seed.checked_rem(found.len()).ok_or_else(none)?).cloned().ok_or_else(none)
}

/// The slices of a service.
pub fn of_service(slices: Vec<Arc<Value>>, service: &str) -> Vec<Arc<Value>> {
    let owner = |slice: &Arc<Value>| slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"]) == service;
    slices.into_iter().filter(owner).collect()
}

/// The addresses that are ready, where the slice has the port.
pub fn ready<'a>(slice: &'a Value, port_name: &str) -> impl Iterator<Item = Address> + use<'a> {
    let ports = slice.at(&["ports"]).items();
    let named = ports.iter().find(|port| port.str_at(&["name"]) == port_name);
    let number = named.and_then(|port| port.at(&["port"]).as_i64()).and_then(|number| u16::try_from(number).ok());
    let endpoints = slice.at(&["endpoints"]).items().iter();
    let ready = endpoints.filter(|endpoint| endpoint.at(&["conditions", "ready"]).as_bool() != Some(false));
    let hosts = ready.filter_map(|endpoint| endpoint.at(&["addresses"]).items().first().and_then(Value::as_str));
    hosts.filter_map(move |host| number.map(|port| Address { host: host.to_owned(), port }))
}

/// The name of the port with the number that is wanted.
pub fn port<'a>(wanted: &Service, service: &'a Value) -> Result<&'a str, ResolveError> {
    let ports = service.at(&["spec", "ports"]).items();
    let found = ports.iter().find(|port| port.at(&["port"]).as_i64() == Some(wanted.port.into()));
    let none = || ResolveError::NoPort { name: wanted.name.clone(), port: wanted.port };
    found.map(|port| port.str_at(&["name"])).ok_or_else(none)
}
