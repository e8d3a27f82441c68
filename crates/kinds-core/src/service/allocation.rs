//! A service's addresses and node ports, decided when it is written: which it keeps, takes and gives back.
//!
//! [`allocate`] fills in the service and takes from [`Allocators`]; the caller then either [`Changes::commit`]s, which gives
//! back what the service no longer has, or [`Changes::revert`]s, which gives back what was taken. It runs before the kind's
//! preparation and validation, as upstream's does, so that these see the service complete.
//!
//! Deliberately absent: where the allocators live, and how they learn after a start what is in use
//! ([`Allocators::occupy`] for each stored service).

mod choice;

use super::allocator::{Addresses, AllocateError, Ports, Random};
use super::{families, needs};
use api_core::v1::{Service, ServiceSpec};
use kind::{ApiError, FieldErrors, Path};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What is given to services.
#[derive(Clone, Debug)]
pub struct Allocators {
    /// The first is that of services that ask for no family; at most two, of different families.
    pub addresses: Vec<Addresses>,
    pub ports: Ports,
}

/// What one write took and what it will give back.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Changes {
    taken_addresses: Vec<IpAddr>,
    taken_ports: Vec<i32>,
    released_addresses: Vec<IpAddr>,
    released_ports: Vec<i32>,
}

impl Changes {
    pub fn taken_addresses(&self) -> &[IpAddr] {
        &self.taken_addresses
    }

    pub fn taken_ports(&self) -> &[i32] {
        &self.taken_ports
    }

    pub fn released_addresses(&self) -> &[IpAddr] {
        &self.released_addresses
    }

    pub fn released_ports(&self) -> &[i32] {
        &self.released_ports
    }

    /// The write is durable.
    pub fn commit(self, allocators: &mut Allocators) {
        give_back(allocators, &self.released_addresses, &self.released_ports);
    }

    /// The write did not happen, or was only tried.
    pub fn revert(self, allocators: &mut Allocators) {
        give_back(allocators, &self.taken_addresses, &self.taken_ports);
    }
}

fn give_back(allocators: &mut Allocators, addresses: &[IpAddr], ports: &[i32]) {
    for address in addresses {
        allocators.addresses.iter_mut().for_each(|range| range.release(*address));
    }
    ports.iter().for_each(|port| allocators.ports.release(*port));
}

impl Allocators {
    /// Marks what a stored service has. What is out of range or taken twice is let be: the service exists.
    pub fn occupy(&mut self, service: &Service) {
        for address in addresses_of(&service.spec) {
            self.addresses.iter_mut().for_each(|range| range.occupy(address));
        }
        for port in ports_of(&service.spec) {
            let _taken_or_outside: Result<(), AllocateError> = self.ports.allocate(port);
        }
    }

    /// Gives back what a deleted service had.
    pub fn vacate(&mut self, service: &Service) {
        let (addresses, ports) = (addresses_of(&service.spec), ports_of(&service.spec));
        give_back(self, &addresses, &ports.into_iter().collect::<Vec<_>>());
    }

    fn range(&mut self, family: &str) -> Option<&mut Addresses> {
        self.addresses.iter_mut().find(|range| range.family() == family)
    }

    fn has_family(&self, family: &str) -> bool {
        self.addresses.iter().any(|range| range.family() == family)
    }
}

fn addresses_of(spec: &ServiceSpec) -> Vec<IpAddr> {
    if !needs::cluster_ip(spec) {
        return Vec::new();
    }
    spec.cluster_ips.iter().filter_map(|text| families::parse(text)).collect()
}

/// Each once: ports of different protocols may share one.
fn ports_of(spec: &ServiceSpec) -> BTreeSet<i32> {
    if !matches!(spec.type_.as_str(), "NodePort" | "LoadBalancer") {
        return BTreeSet::new();
    }
    let health = if needs::health_check_node_port(spec) { spec.health_check_node_port } else { 0 };
    spec.ports.iter().map(|port| port.node_port).chain([health]).filter(|port| *port != 0).collect()
}

/// The addresses and ports that a service has.
pub fn held_by(service: &Service) -> (Vec<IpAddr>, Vec<i32>) {
    (addresses_of(&service.spec), ports_of(&service.spec).into_iter().collect())
}

/// Completes a service that is created (`old` is none) or updated. On an error nothing is taken.
pub fn allocate(
    new: &mut Service,
    old: Option<&Service>,
    allocators: &mut Allocators,
    random: Random,
) -> Result<Changes, ApiError> {
    if let Some(old) = old {
        keep_allocated(new, old);
    }
    sync_cluster_ips(new, old);
    choice::choose_families(new, old, allocators)?;
    let mut changes = Changes::default();
    let mut taking = Taking { allocators, changes: &mut changes, random };
    let done = taking.cluster_ips(new, old).and_then(|()| taking.node_ports(new, old));
    if let Err(error) = done {
        changes.revert(allocators);
        return Err(error);
    }
    Ok(changes)
}

/// What the client left out stays what it was.
fn keep_allocated(new: &mut Service, old: &Service) {
    let (new, old) = (&mut new.spec, &old.spec);
    if needs::cluster_ip(old) && needs::cluster_ip(new) {
        if new.cluster_ip.is_empty() {
            new.cluster_ip = old.cluster_ip.clone();
        }
        if new.cluster_ips.is_empty() && new.cluster_ip == old.cluster_ip {
            new.cluster_ips = old.cluster_ips.clone();
        }
    }
    if needs::node_port(old) && needs::node_port(new) {
        let used = |spec: &ServiceSpec| -> BTreeSet<i32> { spec.ports.iter().map(|port| port.node_port).collect() };
        let mut kept: BTreeSet<i32> = used(old).intersection(&used(new)).copied().collect();
        for port in new.ports.iter_mut().filter(|port| port.node_port == 0) {
            let before = old.ports.iter().rfind(|other| other.name == port.name).map_or(0, |other| other.node_port);
            if kept.insert(before) {
                port.node_port = before;
            }
        }
    }
    if needs::health_check_node_port(old) && needs::health_check_node_port(new) && new.health_check_node_port == 0 {
        new.health_check_node_port = old.health_check_node_port;
    }
}

/// Clients that know one address only, and those that know all.
fn sync_cluster_ips(new: &mut Service, old: Option<&Service>) {
    let new = &mut new.spec;
    let Some(old) = old.map(|old| &old.spec) else {
        if !new.cluster_ip.is_empty() && new.cluster_ips.is_empty() {
            new.cluster_ips = vec![new.cluster_ip.clone()];
        }
        return;
    };
    if new.cluster_ip == old.cluster_ip {
        if new.cluster_ips.is_empty() {
            new.cluster_ips = old.cluster_ips.clone();
        }
    } else if new.cluster_ips.is_empty() || new.cluster_ips == old.cluster_ips {
        new.cluster_ips = if new.cluster_ip.is_empty() { Vec::new() } else { vec![new.cluster_ip.clone()] };
    }
}

/// Takes for one write.
struct Taking<'a, 'r> {
    allocators: &'a mut Allocators,
    changes: &'a mut Changes,
    random: Random<'r>,
}

impl Taking<'_, '_> {
    fn cluster_ips(&mut self, new: &mut Service, old: Option<&Service>) -> Result<(), ApiError> {
        let had = old.map(|old| addresses_of(&old.spec)).unwrap_or_default();
        if needs::cluster_ip(&new.spec) && !needs::is_headless(new) && !old.is_some_and(needs::is_headless) {
            // A changed address is left to validation, which refuses it.
            let from = old.filter(|old| needs::cluster_ip(&old.spec)).map_or(0, |old| old.spec.cluster_ips.len());
            for index in from..new.spec.ip_families.len() {
                self.cluster_ip(new, index)?;
            }
            new.spec.cluster_ips.truncate(new.spec.ip_families.len());
            new.spec.cluster_ip = new.spec.cluster_ips.first().cloned().unwrap_or_default();
        }
        let has = addresses_of(&new.spec);
        let kept = if has.is_empty() { 0 } else { has.len().min(had.len()) };
        self.changes.released_addresses = had[kept..].to_vec();
        Ok(())
    }

    /// The address at a place: that which is asked for, or any.
    fn cluster_ip(&mut self, service: &mut Service, index: usize) -> Result<(), ApiError> {
        let family = service.spec.ip_families[index].clone();
        let asked = service.spec.cluster_ips.get(index).filter(|text| !text.is_empty()).cloned();
        let Some(range) = self.allocators.range(&family) else { return Ok(()) };
        let address = match asked.as_deref().and_then(families::parse) {
            Some(address) => range.allocate(address).map(|()| address).map_err(|problem| {
                let mut errors = FieldErrors::new();
                let detail = format!("failed to allocate IP {address}: {problem}");
                let root = Path::root("spec");
                errors.invalid(&root.child("clusterIPs"), families::shown_list(&service.spec.cluster_ips), detail);
                ApiError::invalid("", "Service", &service.metadata.name, &errors)
            })?,
            None => range
                .allocate_next(self.random)
                .map_err(|problem| ApiError::internal(format!("failed to allocate a serviceIP: {problem}")))?,
        };
        self.changes.taken_addresses.push(address);
        let text = asked.unwrap_or_else(|| address.to_string());
        match service.spec.cluster_ips.get_mut(index) {
            Some(place) => *place = text,
            None => service.spec.cluster_ips.push(text),
        }
        Ok(())
    }

    fn node_ports(&mut self, new: &mut Service, old: Option<&Service>) -> Result<(), ApiError> {
        let had = old.map(|old| ports_of(&old.spec)).unwrap_or_default();
        let mut has: BTreeSet<i32> = BTreeSet::new();
        for index in 0..new.spec.ports.len() {
            self.node_port(new, index, &had, &mut has)?;
        }
        self.health_check_port(new, &had)?;
        let has = ports_of(&new.spec);
        self.changes.released_ports = had.difference(&has).copied().collect();
        Ok(())
    }

    fn node_port(
        &mut self,
        service: &mut Service,
        index: usize,
        had: &BTreeSet<i32>,
        has: &mut BTreeSet<i32>,
    ) -> Result<(), ApiError> {
        let exposed = matches!(service.spec.type_.as_str(), "NodePort" | "LoadBalancer");
        let mut asked = service.spec.ports[index].node_port;
        if !exposed || (asked == 0 && !needs::node_port(&service.spec)) {
            return Ok(());
        }
        if asked == 0 {
            asked = shared_node_port(&service.spec, index).unwrap_or_default();
            service.spec.ports[index].node_port = asked;
        }
        if asked == 0 {
            let port = self.next_port("nodePort")?;
            service.spec.ports[index].node_port = port;
            has.insert(port);
        } else if has.insert(asked) && !had.contains(&asked) {
            self.allocators.ports.allocate(asked).map_err(|problem| {
                let mut errors = FieldErrors::new();
                let root = Path::root("spec");
                let ports = root.child("ports");
                errors.invalid(&ports.index(index).child("nodePort"), asked, problem.to_string());
                ApiError::invalid("", "Service", &service.metadata.name, &errors)
            })?;
            self.changes.taken_ports.push(asked);
        }
        Ok(())
    }

    fn next_port(&mut self, what: &str) -> Result<i32, ApiError> {
        let port = self
            .allocators
            .ports
            .allocate_next(self.random)
            .map_err(|problem| ApiError::internal(format!("failed to allocate a {what}: {problem}")))?;
        self.changes.taken_ports.push(port);
        Ok(port)
    }

    fn health_check_port(&mut self, service: &mut Service, had: &BTreeSet<i32>) -> Result<(), ApiError> {
        if !needs::health_check_node_port(&service.spec) {
            return Ok(());
        }
        let asked = service.spec.health_check_node_port;
        if asked == 0 {
            service.spec.health_check_node_port = self.next_port("HealthCheck NodePort")?;
        } else if !had.contains(&asked) {
            self.allocators.ports.allocate(asked).map_err(|problem| {
                ApiError::internal(format!("failed to allocate requested HealthCheck NodePort {asked}: {problem}"))
            })?;
            self.changes.taken_ports.push(asked);
        }
        Ok(())
    }
}

/// The node port of a port of the same number and another protocol (DNS over UDP and TCP), unless a port of this protocol
/// has it.
fn shared_node_port(spec: &ServiceSpec, index: usize) -> Option<i32> {
    let port = &spec.ports[index];
    let candidate = spec
        .ports
        .iter()
        .find(|other| other.port == port.port && other.protocol != port.protocol && other.node_port != 0)?
        .node_port;
    let free = !spec.ports.iter().any(|other| other.node_port == candidate && other.protocol == port.protocol);
    free.then_some(candidate)
}

#[cfg(test)]
mod tests;
