//! A service's addresses and their families: what must hold between the four fields that state them.

use super::needs;
use crate::net;
use crate::pod_spec::check;
use api_core::v1::Service;
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::net::IpAddr;

const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];

pub fn family_of(address: &str) -> &'static str {
    if address.contains(':') { "IPv6" } else { "IPv4" }
}

pub fn other_family(family: &str) -> &'static str {
    if family == "IPv4" { "IPv6" } else { "IPv4" }
}

/// A list of texts as messages show it.
pub fn shown_list(texts: &[String]) -> Bare<String> {
    let quoted: Vec<String> = texts.iter().map(|text| kind::field::quoted(text)).collect();
    Bare(if quoted.is_empty() { "null".into() } else { format!("[{}]", quoted.join(",")) })
}

/// Holds before anything is allocated, and after.
pub fn validate(service: &Service, errors: &mut FieldErrors) {
    let spec = &service.spec;
    if needs::is_external_name(spec) {
        return;
    }
    let root = Path::root("spec");
    let (ips, families, policy) = (root.child("clusterIPs"), root.child("ipFamilies"), root.child("ipFamilyPolicy"));
    let before = errors.len();
    match (spec.cluster_ip.as_str(), spec.cluster_ips.first()) {
        ("", Some(_)) => {
            errors.invalid(&ips, shown_list(&spec.cluster_ips), "must be empty when `clusterIP` is not specified");
        }
        ("", None) => {}
        (_, None) => errors.required(&ips, ""),
        (singular, Some(first)) if singular != first => {
            errors.invalid(&ips, shown_list(&spec.cluster_ips), "first value must match `clusterIP`");
        }
        _ => {}
    }
    for (index, family) in spec.ip_families.iter().enumerate() {
        let at = families.index(index);
        check::known(family, FAMILIES, &at, errors);
        if spec.ip_families[..index].contains(family) {
            errors.duplicate(&at, family);
        }
    }
    if let Some(text) = &spec.ip_family_policy {
        check::known(text, POLICIES, &policy, errors);
    }
    if validate_addresses(&spec.cluster_ips, &ips, errors) && errors.len() == before && !needs::is_headless(service) {
        for (index, (ip, family)) in spec.cluster_ips.iter().zip(&spec.ip_families).enumerate() {
            if family_of(ip) != family {
                let detail = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
                errors.invalid(&ips.index(index), ip, detail);
            }
        }
    }
}

/// Whether each is an address, or `None` alone.
fn validate_addresses(addresses: &[String], path: &Path, errors: &mut FieldErrors) -> bool {
    let before = errors.len();
    for (index, address) in addresses.iter().enumerate() {
        if index == 0 && address == needs::NO_ADDRESS {
            if addresses.len() > 1 {
                errors.invalid(path, shown_list(addresses), "'None' must be the first and only value");
            }
            continue;
        }
        check::all(validate::ip_address(address), address, &path.index(index), errors);
    }
    let valid = errors.len() == before;
    if addresses.len() > 2 {
        errors.invalid(path, shown_list(addresses), "may only hold up to 2 values");
    }
    if valid && addresses.len() > 1 && !net::is_dual_stack(addresses.iter().map(String::as_str)) {
        errors.invalid(path, shown_list(addresses), "may specify no more than one IP for each IP family");
    }
    valid
}

/// What an update may do to addresses and families: add a second one, take the second away, nothing else.
pub fn validate_update(new: &Service, old: &Service, errors: &mut FieldErrors) {
    if needs::is_external_name(&new.spec) || needs::is_external_name(&old.spec) {
        return;
    }
    let (was_headless, is_headless) = (needs::is_headless(old), needs::is_headless(new));
    let root = Path::root("spec");
    if !(was_headless && is_headless) {
        let path = root.child("clusterIPs");
        changes(&new.spec.cluster_ips, &old.spec.cluster_ips, "clusterIP", is_single(new), &path, errors);
    }
    let selectorless = |service: &Service| needs::is_headless(service) && service.spec.selector.is_empty();
    if !(selectorless(old) && selectorless(new)) {
        let path = root.child("ipFamilies");
        changes(&new.spec.ip_families, &old.spec.ip_families, "ipFamily", is_single(new), &path, errors);
    }
}

fn is_single(service: &Service) -> bool {
    service.spec.ip_family_policy.as_deref() == Some("SingleStack")
}

fn changes(new: &[String], old: &[String], what: &str, single: bool, path: &Path, errors: &mut FieldErrors) {
    if new.is_empty() && !old.is_empty() {
        errors.invalid(&path.index(0), shown_list(new), format!("primary {what} can not be unset"));
    }
    for (index, (new_one, old_one)) in new.iter().zip(old).enumerate() {
        if new_one != old_one {
            errors.invalid(&path.index(index), shown_list(new), "may not change once set");
        }
    }
    if old.len() > 1 && new.len() == 1 && !single {
        let detail = format!(
            "may only hold one value when `ipFamilyPolicy` is set to 'SingleStack': the secondary {what} stays"
        );
        errors.invalid(&path.index(1), shown_list(new), detail);
    }
}

pub fn parse(address: &str) -> Option<IpAddr> {
    address.parse().ok()
}
