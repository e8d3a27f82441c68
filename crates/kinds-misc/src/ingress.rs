//! Ingress.

use crate::ingress_rules as rules;
use api_misc::networking::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;
use std::collections::BTreeSet;

pub struct Ingress;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short_names: &["ing"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.Ingress" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("Ingress")],
};

static COLUMNS: &[Column<v1::Ingress>] = &[
    Column::NAME,
    Column::string("Class", CLASS_DESCRIPTION, 0, class),
    Column::string("Hosts", HOSTS_DESCRIPTION, 0, hosts),
    Column::string("Address", "Address is a list containing ingress points for the load-balancer", 0, address),
    Column::string("Ports", "Ports of TLS configurations that open", 0, ports),
    Column::AGE,
];

const CLASS_DESCRIPTION: &str =
    "The name of the IngressClass resource that should be used for additional configuration";
const HOSTS_DESCRIPTION: &str = "Hosts that incoming requests are matched against before the ingress rule";

impl Kind for Ingress {
    type Object = v1::Ingress;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Ingress>] {
        COLUMNS
    }

    fn prepare_create(&self, object: &mut v1::Ingress, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::Ingress, old: &v1::Ingress, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::Ingress, old: &v1::Ingress, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::Ingress, old: &v1::Ingress) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::Ingress, errors: &mut FieldErrors) {
        rules::validate(&object.spec, errors);
    }
}

fn class(object: &v1::Ingress, _now: Time) -> Cell {
    Cell::from(object.spec.ingress_class_name.as_deref().unwrap_or("<none>"))
}

fn hosts(object: &v1::Ingress, _now: Time) -> Cell {
    Cell::from(hosts_text(&object.spec.rules))
}

fn address(object: &v1::Ingress, _now: Time) -> Cell {
    let points = &object.status.load_balancer.ingress;
    let addresses: BTreeSet<&str> = points
        .iter()
        .map(|p| if p.ip.is_empty() { p.hostname.as_str() } else { p.ip.as_str() })
        .filter(|a| !a.is_empty())
        .collect();
    Cell::from(addresses.into_iter().collect::<Vec<_>>().join(","))
}

fn ports(object: &v1::Ingress, _now: Time) -> Cell {
    Cell::from(if object.spec.tls.is_empty() { "80" } else { "80, 443" })
}

/// At most this many hosts are shown.
const HOSTS_SHOWN: usize = 3;

fn hosts_text(rules: &[v1::IngressRule]) -> String {
    let mut hosts = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= hosts.len() == HOSTS_SHOWN;
        if !more && !rule.host.is_empty() {
            hosts.push(rule.host.as_str());
        }
    }
    match (hosts.is_empty(), more) {
        (true, _) => "*".to_owned(),
        (false, false) => hosts.join(","),
        (false, true) => format!("{} + {} more...", hosts.join(","), rules.len() - HOSTS_SHOWN),
    }
}
