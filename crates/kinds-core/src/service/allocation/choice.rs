//! Policy and families of a service, where the client does not say all of it.

use super::Allocators;
use crate::service::{families, needs};
use api_core::v1::{Service, ServiceSpec};
use kind::{ApiError, FieldErrors, Path};

/// Policy and families, where the client does not say.
pub fn choose_families(service: &mut Service, old: Option<&Service>, allocators: &Allocators) -> Result<(), ApiError> {
    if needs::is_external_name(&service.spec) || old.is_some_and(|old| prefers_as_before(&service.spec, &old.spec)) {
        return Ok(());
    }
    choose_policy(service, old);
    let mut errors = FieldErrors::new();
    families::validate(service, &mut errors);
    invalid(service, &errors)?;
    if let Some(old) = old {
        reduce(&mut service.spec, &old.spec, &mut errors);
    }
    check_policy(service, &mut errors);
    infer_families(service, allocators, &mut errors);
    invalid(service, &errors)?;
    let single = service.spec.ip_family_policy.as_deref() == Some("SingleStack");
    if is_free(&service.spec) {
        default_family(&mut service.spec, allocators);
        if service.spec.ip_families.len() < 2 && !single {
            add_other_family(&mut service.spec);
        }
        return Ok(());
    }
    check_configured(service, allocators, &mut errors);
    invalid(service, &errors)?;
    default_family(&mut service.spec, allocators);
    if !single && service.spec.ip_families.len() == 1 && allocators.addresses.len() == 2 {
        add_other_family(&mut service.spec);
    }
    Ok(())
}

/// A service that prefers two families keeps those that it has when the cluster gets or loses one.
fn prefers_as_before(new: &ServiceSpec, old: &ServiceSpec) -> bool {
    new.ip_family_policy.as_deref() == Some("PreferDualStack")
        && new.ip_family_policy == old.ip_family_policy
        && !new.cluster_ips.is_empty()
        && new.cluster_ips == old.cluster_ips
        && !new.ip_families.is_empty()
        && new.ip_families == old.ip_families
}

/// Headless and without a selector: its endpoints are whatever somebody writes.
fn is_free(spec: &ServiceSpec) -> bool {
    spec.cluster_ip == needs::NO_ADDRESS && spec.selector.is_empty()
}

fn choose_policy(service: &mut Service, old: Option<&Service>) {
    let spec = &mut service.spec;
    if spec.ip_family_policy.is_none() {
        let before = old.and_then(|old| old.spec.ip_family_policy.clone());
        let default = if is_free(spec) { "RequireDualStack" } else { "SingleStack" };
        spec.ip_family_policy = Some(before.unwrap_or_else(|| default.into()));
    }
}

/// To become single again it is enough to say so; whoever takes the second away must say so.
fn reduce(new: &mut ServiceSpec, old: &ServiceSpec, errors: &mut FieldErrors) {
    if new.ip_family_policy.as_deref() == Some("SingleStack") {
        if new.cluster_ips == old.cluster_ips {
            new.cluster_ips.truncate(1);
        }
        if new.ip_families == old.ip_families {
            new.ip_families.truncate(1);
        }
        return;
    }
    let root = Path::root("spec");
    let path = root.child("ipFamilyPolicy");
    let policy = new.ip_family_policy.as_deref().unwrap_or_default();
    let both = [(&new.cluster_ips, &old.cluster_ips, "cluster IP"), (&new.ip_families, &old.ip_families, "IP family")];
    for (_, _, what) in both.into_iter().filter(|(new, old, _)| old.len() == 2 && new.len() == 1) {
        errors.invalid(&path, policy, format!("must be 'SingleStack' to release the secondary {what}"));
    }
}

fn check_policy(service: &Service, errors: &mut FieldErrors) {
    let spec = &service.spec;
    let root = Path::root("spec");
    let path = root.child("ipFamilyPolicy");
    let Some(policy) = spec.ip_family_policy.as_deref().filter(|policy| *policy == "SingleStack") else { return };
    let must = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    if spec.cluster_ips.len() == 2 {
        errors.invalid(&path, policy, format!("{must} cluster IPs are specified"));
    }
    if spec.ip_families.len() == 2 {
        errors.invalid(&path, policy, format!("{must} IP families are specified"));
    }
}

fn infer_families(service: &mut Service, allocators: &Allocators, errors: &mut FieldErrors) {
    let spec = &mut service.spec;
    let root = Path::root("spec");
    let path = root.child("clusterIPs");
    for (index, ip) in spec.cluster_ips.iter().enumerate().skip(spec.ip_families.len()) {
        if ip == needs::NO_ADDRESS {
            break;
        }
        let family = families::family_of(ip);
        if allocators.has_family(family) {
            spec.ip_families.push(family.into());
        } else {
            let detail = format!("{family} is not configured on this cluster");
            errors.invalid(&path.index(index), families::shown_list(&spec.cluster_ips), detail);
        }
    }
}

fn check_configured(service: &Service, allocators: &Allocators, errors: &mut FieldErrors) {
    let root = Path::root("spec");
    if let Some("RequireDualStack") = service.spec.ip_family_policy.as_deref()
        && allocators.addresses.len() < 2
    {
        let detail = "this cluster is not configured for dual-stack services";
        errors.invalid(&root.child("ipFamilyPolicy"), "RequireDualStack", detail);
    }
    let path = root.child("ipFamilies");
    for (index, family) in service.spec.ip_families.iter().enumerate() {
        if !allocators.has_family(family) {
            errors.invalid(&path.index(index), family, "not configured on this cluster");
        }
    }
}

fn default_family(spec: &mut ServiceSpec, allocators: &Allocators) {
    if spec.ip_families.is_empty() {
        spec.ip_families.extend(allocators.addresses.first().map(|range| range.family().to_owned()));
    }
}

fn add_other_family(spec: &mut ServiceSpec) {
    let other = spec.ip_families.first().map(|family| families::other_family(family).to_owned());
    spec.ip_families.extend(other);
}

fn invalid(service: &Service, errors: &FieldErrors) -> Result<(), ApiError> {
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid("", "Service", &service.metadata.name, errors)) }
}
