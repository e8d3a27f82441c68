//! Endpoints: the addresses of a service, before EndpointSlices.

use crate::net;
use crate::pod_spec::check;
use api_core::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::Time;
use std::net::IpAddr;

pub struct Endpoints;

/// How many addresses a table shows.
const SHOWN: usize = 3;

static NAMES: Names = Names {
    group: "",
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    short_names: &["ep"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Endpoints" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Endpoints>] =
    &[Column::NAME, Column::string("Endpoints", SUBSETS_DESCRIPTION, 0, endpoints), Column::AGE];

const SUBSETS_DESCRIPTION: &str = "The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.";

impl Kind for Endpoints {
    type Object = v1::Endpoints;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Endpoints>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::Endpoints) {
        for port in object.subsets.iter_mut().flat_map(|subset| &mut subset.ports) {
            if port.protocol.is_empty() {
                port.protocol = "TCP".into();
            }
        }
    }

    fn validate(&self, object: &v1::Endpoints, errors: &mut FieldErrors) {
        validate_subsets(&object.subsets, errors);
    }

    fn validate_update(&self, new: &v1::Endpoints, old: &v1::Endpoints, errors: &mut FieldErrors) {
        if new.subsets != old.subsets {
            validate_subsets(&new.subsets, errors);
        }
    }

    fn deprecation(&self) -> Option<&'static str> {
        Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
    }

    fn creates_on_update(&self) -> bool {
        true
    }
}

fn validate_subsets(subsets: &[v1::EndpointSubset], errors: &mut FieldErrors) {
    let root = Path::root("subsets");
    for (index, subset) in subsets.iter().enumerate() {
        let path = root.index(index);
        if subset.addresses.is_empty() && subset.not_ready_addresses.is_empty() {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for (addresses, field) in [(&subset.addresses, "addresses"), (&subset.not_ready_addresses, "notReadyAddresses")]
        {
            let list = path.child(field);
            for (index, address) in addresses.iter().enumerate() {
                validate_address(address, &list.index(index), errors);
            }
        }
        let ports = path.child("ports");
        for (index, port) in subset.ports.iter().enumerate() {
            validate_port(port, subset.ports.len() > 1, &ports.index(index), errors);
        }
    }
}

fn validate_address(address: &v1::EndpointAddress, path: &Path, errors: &mut FieldErrors) {
    let ip = path.child("ip");
    check::all(validate::ip_address(&address.ip), &address.ip, &ip, errors);
    if !address.hostname.is_empty() {
        check::dns_label(&address.hostname, &path.child("hostname"), errors);
    }
    if let Some(name) = &address.node_name {
        check::dns_subdomain(name, &path.child("nodeName"), errors);
    }
    match address.ip.parse::<IpAddr>() {
        Ok(parsed) => check::all(net::not_special(parsed), &address.ip, &ip, errors),
        Err(_) => errors.invalid(&ip, &address.ip, "must be a valid IP address"),
    }
}

fn validate_port(port: &v1::EndpointPort, name_needed: bool, path: &Path, errors: &mut FieldErrors) {
    if name_needed && port.name.is_empty() {
        errors.required(&path.child("name"), "");
    } else if !port.name.is_empty() {
        check::dns_label(&port.name, &path.child("name"), errors);
    }
    check::port_number(port.port, &path.child("port"), errors);
    check::one_of(&port.protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
    if let Some(protocol) = &port.app_protocol {
        check::qualified_name(protocol, &path.child("appProtocol"), errors);
    }
}

fn endpoints(object: &v1::Endpoints, _now: Time) -> Cell {
    if object.subsets.is_empty() {
        return Cell::from(crate::cells::NONE);
    }
    let mut all = Vec::new();
    for subset in &object.subsets {
        if subset.ports.is_empty() {
            all.extend(subset.addresses.iter().map(|address| address.ip.clone()));
        }
        for port in &subset.ports {
            all.extend(subset.addresses.iter().map(|address| host_port(&address.ip, port.port)));
        }
    }
    let shown = all[..all.len().min(SHOWN)].join(",");
    Cell::from(if all.len() > SHOWN { format!("{shown} + {} more...", all.len() - SHOWN) } else { shown })
}

fn host_port(ip: &str, port: i32) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}
