//! Names and name resolution.

use super::check;
use api_core::v1::{HostAlias, PodSpec};
use kind::{FieldErrors, Path, validate};
use schema::Value;

const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
/// Limits of libc's resolver.
const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_CHARS: usize = 2048;
const HOSTNAME_OVERRIDE_MAX: usize = 64;

pub fn validate_dns(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    check::one_of(&spec.dns_policy, DNS_POLICIES, &path.child("dnsPolicy"), errors);
    let at = path.child("dnsConfig");
    let nameservers = at.child("nameservers");
    let Some(config) = &spec.dns_config else {
        if spec.dns_policy == "None" {
            errors.required(&at, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    if spec.dns_policy == "None" && config.nameservers.is_empty() {
        errors.required(&nameservers, "must provide at least one DNS nameserver when `dnsPolicy` is None");
        return;
    }
    if config.nameservers.len() > MAX_NAMESERVERS {
        let detail = format!("must not have more than {MAX_NAMESERVERS} nameservers");
        errors.invalid(&nameservers, &texts(&config.nameservers), detail);
    }
    for (index, address) in config.nameservers.iter().enumerate() {
        check::all(validate::ip_address(address), address, &nameservers.index(index), errors);
    }
    let searches = at.child("searches");
    if config.searches.len() > MAX_SEARCHES {
        let detail = format!("must not have more than {MAX_SEARCHES} search paths");
        errors.invalid(&searches, &texts(&config.searches), detail);
    }
    if config.searches.join(" ").len() > MAX_SEARCH_CHARS {
        let detail =
            format!("must not have more than {MAX_SEARCH_CHARS} characters (including spaces) in the search list");
        errors.invalid(&searches, &texts(&config.searches), detail);
    }
    for (index, search) in config.searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        check::all(validate::dns1123_subdomain_with_underscore(search), search, &searches.index(index), errors);
    }
    let options = at.child("options");
    for (index, _) in config.options.iter().enumerate().filter(|(_, option)| option.name.is_empty()) {
        errors.required(&options.index(index), "must not be empty");
    }
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(text.as_str())).collect())
}

pub fn validate_names(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    for (name, field) in [(&spec.hostname, "hostname"), (&spec.subdomain, "subdomain")] {
        if !name.is_empty() {
            check::dns_label(name, &path.child(field), errors);
        }
    }
    let Some(name) = &spec.hostname_override else { return };
    let at = path.child("hostnameOverride");
    if spec.host_network {
        errors.forbidden(&at, "may not be specified when hostNetwork is true");
    }
    if spec.set_hostname_as_fqdn == Some(true) {
        errors.forbidden(&at, "may not be specified when setHostnameAsFQDN is true");
    }
    check::dns_subdomain(name, &at, errors);
    if name.len() > HOSTNAME_OVERRIDE_MAX {
        errors.too_long(&at, HOSTNAME_OVERRIDE_MAX);
    }
}

pub fn validate_host_aliases(aliases: &[HostAlias], path: &Path, errors: &mut FieldErrors) {
    for (index, alias) in aliases.iter().enumerate() {
        let path = path.index(index);
        check::all(validate::ip_address(&alias.ip), &alias.ip, &path.child("ip"), errors);
        let hostnames = path.child("hostnames");
        for (index, hostname) in alias.hostnames.iter().enumerate() {
            check::dns_subdomain(hostname, &hostnames.index(index), errors);
        }
    }
}
