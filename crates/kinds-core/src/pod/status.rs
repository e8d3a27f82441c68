//! What the status of a pod may not become.

use super::validation::{annotation_updates, node_name};
use crate::pod_spec::go;
use api_core::v1::{ContainerStatus, Pod, PodResourceClaimStatus};
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use schema::Typed;
use std::collections::BTreeSet;
use std::net::IpAddr;

const STATUS: Path = Path::root("status");

pub fn validate(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    annotation_updates(new, old, errors);
    conditions(new, errors);
    if new.spec.node_name != old.spec.node_name {
        errors.forbidden(&STATUS.child("nodeName"), "may not be changed directly");
    }
    let nominated = &new.status.nominated_node_name;
    if *nominated != old.status.nominated_node_name && !nominated.is_empty() {
        node_name(nominated, &STATUS.child("nominatedNodeName"), errors);
    }
    validate::not_negative(new.status.observed_generation, &STATUS.child("observedGeneration"), errors);
    validate::immutable(&new.status.qos_class, &old.status.qos_class, &STATUS.child("qosClass"), errors);
    transitions(new, old, errors);
    claim_statuses(&new.status.resource_claim_statuses, new, errors);
    addresses(new, errors);
    let lists = [
        (&new.status.container_statuses, "containerStatuses"),
        (&new.status.init_container_statuses, "initContainerStatuses"),
        (&new.status.ephemeral_container_statuses, "ephemeralContainerStatuses"),
    ];
    for (statuses, name) in lists {
        users(statuses, new, &STATUS.child(name), errors);
    }
}

fn conditions(pod: &Pod, errors: &mut FieldErrors) {
    // Upstream names the wrong parent here.
    let path = Path::root("metadata");
    let path = path.child("conditions");
    for (index, condition) in pod.status.conditions.iter().enumerate() {
        let path = path.index(index);
        validate::not_negative(condition.observed_generation, &path.child("observedGeneration"), errors);
        if !matches!(condition.type_.as_str(), "PodScheduled" | "Ready" | "Initialized") {
            for problem in validate::qualified_name(&condition.type_) {
                errors.invalid(&path.child("Type"), &condition.type_, problem);
            }
        }
    }
}

/// A container that has ended for good does not run again.
fn transitions(new: &Pod, old: &Pod, errors: &mut FieldErrors) {
    let policy = old.spec.restart_policy.as_str();
    let own_policy = |name: &str| {
        let containers = old.spec.containers.iter().chain(&old.spec.init_containers);
        containers
            .filter(|container| container.name == name)
            .find(|container| container.restart_policy.is_some() || !container.restart_policy_rules.is_empty())
    };
    let lists = [
        (&new.status.container_statuses, &old.status.container_statuses, "containerStatuses", policy),
        (&new.status.init_container_statuses, &old.status.init_container_statuses, "initContainerStatuses", policy),
        (
            &new.status.ephemeral_container_statuses,
            &old.status.ephemeral_container_statuses,
            "ephemeralContainerStatuses",
            "Never",
        ),
    ];
    for (new, old, name, policy) in lists {
        let path = STATUS.child(name);
        for (index, before) in old.iter().enumerate() {
            let Some(end) = &before.state.terminated else { continue };
            let own = own_policy(&before.name);
            let effective = own.and_then(|container| container.restart_policy.as_deref()).unwrap_or(policy);
            let may_restart = effective == "Always"
                || effective == "OnFailure" && end.exit_code != 0
                || own.is_some_and(|container| !container.restart_policy_rules.is_empty());
            if may_restart {
                continue;
            }
            for _ in new.iter().filter(|after| after.name == before.name && after.state.terminated.is_none()) {
                let detail = "may not be transitioned to non-terminated state";
                errors.forbidden(&path.index(index).child("state"), detail);
            }
        }
    }
}

fn claim_statuses(statuses: &[PodResourceClaimStatus], pod: &Pod, errors: &mut FieldErrors) {
    let path = STATUS.child("resourceClaimStatuses");
    let mut seen = BTreeSet::new();
    for (index, status) in statuses.iter().enumerate() {
        let path = path.index(index);
        let name = path.child("name");
        if !pod.spec.resource_claims.iter().any(|claim| claim.name == status.name) {
            errors.invalid(&name, &status.name, "must match the name of an entry in `spec.resourceClaims`");
        }
        if !seen.insert(&status.name) {
            errors.duplicate(&name, &status.name);
        }
        if let Some(claim) = &status.resource_claim_name {
            for problem in validate::dns1123_subdomain(claim) {
                errors.invalid(&name, claim, problem);
            }
        }
    }
}

/// At most one of each family.
fn addresses(pod: &Pod, errors: &mut FieldErrors) {
    let status = &pod.status;
    let path = STATUS.child("podIPs");
    let of_pod: Vec<&str> = status.pod_ips.iter().map(|ip| ip.ip.as_str()).collect();
    let shown: Vec<String> = status.pod_ips.iter().map(|ip| go::json("PodIP", &ip.to_value())).collect();
    families(&of_pod, &shown, &path, errors);
    let path = STATUS.child("hostIPs");
    let Some(first) = status.host_ips.first() else { return };
    if first.ip != status.host_ip {
        errors.invalid(&path.index(0).child("ip"), &first.ip, "must be equal to `hostIP`");
    }
    let of_host: Vec<&str> = status.host_ips.iter().map(|ip| ip.ip.as_str()).collect();
    let shown: Vec<String> = status.host_ips.iter().map(|ip| go::json("HostIP", &ip.to_value())).collect();
    families(&of_host, &shown, &path, errors);
}

fn families(addresses: &[&str], shown: &[String], path: &Path, errors: &mut FieldErrors) {
    for (index, address) in addresses.iter().enumerate() {
        for problem in validate::ip_address(address) {
            errors.invalid(&path.index(index), *address, problem);
        }
    }
    if addresses.len() < 2 {
        return;
    }
    let parsed: Vec<Option<IpAddr>> = addresses.iter().map(|address| address.parse().ok()).collect();
    if let Some(bad) = parsed.iter().position(Option::is_none) {
        let detail = format!("failed to check for dual stack with error:invalid IP[{bad}]: {}", addresses[bad]);
        errors.internal(path, detail);
    }
    let fourth = parsed.iter().flatten().filter(|address| address.is_ipv4()).count();
    let sixth = parsed.iter().flatten().filter(|address| address.is_ipv6()).count();
    if fourth == 0 || sixth == 0 || addresses.len() > 2 {
        let all = Bare(format!("[{}]", shown.join(",")));
        errors.invalid(path, all, "may specify no more than one IP for each IP family");
    }
    let mut seen = BTreeSet::new();
    for (index, address) in addresses.iter().enumerate() {
        if !seen.insert(*address) {
            errors.duplicate(&path.index(index), Bare(shown[index].clone()));
        }
    }
}

/// The user that a container turned out to run as.
fn users(statuses: &[ContainerStatus], pod: &Pod, path: &Path, errors: &mut FieldErrors) {
    let is_windows = pod.spec.os.as_ref().is_some_and(|os| os.name == "windows");
    for (index, status) in statuses.iter().enumerate() {
        let Some(user) = status.user.as_ref().and_then(|user| user.linux.as_ref()) else { continue };
        let at = path.index(index);
        if is_windows {
            errors.forbidden(&at, "cannot be set for a windows pod");
            continue;
        }
        let at = at.child("linux");
        let mut id = |id: i64, path: &Path| {
            if !(0..=i32::MAX.into()).contains(&id) {
                errors.invalid(path, id, "must be between 0 and 2147483647, inclusive");
            }
        };
        id(user.uid, &at.child("uid"));
        id(user.gid, &at.child("gid"));
        let groups = at.child("supplementalGroups");
        user.supplemental_groups.iter().enumerate().for_each(|(index, group)| id(*group, &groups.index(index)));
    }
}
