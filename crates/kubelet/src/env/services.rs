//! Variables that tell of services, in Docker's form of old.

use super::EnvError;
use crate::objects::ObjectSource;
use api_core::v1::Service;
use std::collections::BTreeMap;

/// Told to every pod, whatever its namespace.
const MASTER: (&str, &str) = ("default", "kubernetes");

/// The variables of the services that a pod of this namespace sees.
pub(super) async fn variables(
    objects: &dyn ObjectSource,
    namespace: &str,
    links: bool,
) -> Result<BTreeMap<String, String>, EnvError> {
    let mut services = BTreeMap::new();
    let read = async |namespace| objects.services(namespace).await.map_err(|_| EnvError::Services);
    for service in read(MASTER.0).await? {
        let is_master = service.metadata.name == MASTER.1;
        if is_master || (links && namespace == MASTER.0) {
            services.insert(service.metadata.name.clone(), service);
        }
    }
    if links && namespace != MASTER.0 {
        // A service of the pod's own namespace goes before the master's of the same name.
        services.extend(read(namespace).await?.into_iter().map(|service| (service.metadata.name.clone(), service)));
    }
    let mut env = BTreeMap::new();
    for service in services.values().filter(|service| has_address(service)) {
        add(service, &mut env);
    }
    Ok(env)
}

fn has_address(service: &Service) -> bool {
    !service.spec.cluster_ip.is_empty() && service.spec.cluster_ip != "None"
}

fn add(service: &Service, env: &mut BTreeMap<String, String>) {
    let prefix = variable_name(&service.metadata.name);
    let ip = &service.spec.cluster_ip;
    env.insert(format!("{prefix}_SERVICE_HOST"), ip.clone());
    let Some(first) = service.spec.ports.first() else { return };
    env.insert(format!("{prefix}_SERVICE_PORT"), first.port.to_string());
    for (index, port) in service.spec.ports.iter().enumerate() {
        if !port.name.is_empty() {
            let name = format!("{prefix}_SERVICE_PORT_{}", variable_name(&port.name));
            env.insert(name, port.port.to_string());
        }
        let protocol = if port.protocol.is_empty() { "TCP" } else { port.protocol.as_str() };
        let host = if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
        let url = format!("{}://{host}:{}", protocol.to_lowercase(), port.port);
        if index == 0 {
            env.insert(format!("{prefix}_PORT"), url.clone());
        }
        let port_prefix = format!("{prefix}_PORT_{}_{}", port.port, protocol.to_uppercase());
        env.insert(format!("{port_prefix}_PROTO"), protocol.to_lowercase());
        env.insert(format!("{port_prefix}_PORT"), port.port.to_string());
        env.insert(format!("{port_prefix}_ADDR"), ip.clone());
        env.insert(port_prefix, url);
    }
}

fn variable_name(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}
