//! Requests and limits, of containers and of the pod as a whole.

use super::check;
use crate::pod::resources::{Amounts, Side, is_for_pods, is_huge_page, of_containers};
use api_core::v1::{PodResourceClaim, PodSpec, ResourceClaim, ResourceRequirements};
use kind::field::{Bare, FieldErrorKind, quoted};
use kind::{FieldError, FieldErrors, Path, validate};
use schema::Quantity;
use std::collections::BTreeSet;

const STANDARD: &[&str] = &[
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "storage",
];
const INTEGER: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
const FOR_PODS: &[&str] = &["cpu", "hugepages-", "memory"];

/// Whether a name is Kubernetes' own: without a domain, or with one of kubernetes.io.
pub fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// A resource of a device plugin: `example.com/gpu`.
pub fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && validate::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether requests may be less than limits.
pub fn is_overcommittable(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// Of a container. `claims`: the pod's.
pub fn validate(resources: &ResourceRequirements, claims: &[PodResourceClaim], path: &Path, errors: &mut FieldErrors) {
    requirements(resources, container_resource_name, path, errors);
    claim_names(&resources.claims, claims, &path.child("claims"), errors);
}

/// Of the pod as a whole.
pub fn validate_of_pod(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let Some(own) = &spec.resources else { return };
    let at = path.child("resources");
    if !own.claims.is_empty() {
        errors.forbidden(&at.child("claims"), "claims may not be set for Resources at pod-level");
    }
    requirements(own, pod_resource_name, &at, errors);
    claim_names(&own.claims, &spec.resource_claims, &at.child("claims"), errors);
    for (name, needed) in of_containers(spec, Side::Requests) {
        if let Some(request) = own.requests.get(&name).filter(|request| is_for_pods(&name) && needed > **request) {
            let detail = format!("must be greater than or equal to aggregate container requests of {needed}");
            errors.invalid(&at.child("requests").key(&name), request.to_string(), detail);
        }
    }
    let containers = path.child("containers");
    for (index, container) in spec.containers.iter().enumerate() {
        for (name, limit) in &container.resources.limits {
            if let Some(most) = own.limits.get(name).filter(|most| limit > most) {
                let detail = format!("must be less than or equal to pod limits of {most}");
                let at = containers.index(index);
                let at = at.child("resources");
                errors.invalid(&at.child("limits").key(name), limit.to_string(), detail);
            }
        }
    }
}

type NameCheck = fn(&str, &Path, &mut FieldErrors);

fn requirements(resources: &ResourceRequirements, name_check: NameCheck, path: &Path, errors: &mut FieldErrors) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, amount) in &resources.limits {
        amount_of(name, amount, name_check, &limits.key(name), errors);
    }
    for (name, amount) in &resources.requests {
        amount_of(name, amount, name_check, &requests.key(name), errors);
        match resources.limits.get(name) {
            Some(limit) if amount != limit && !is_overcommittable(name) => {
                errors.invalid(&requests, amount.to_string(), format!("must be equal to {name} limit of {limit}"));
            }
            Some(limit) if amount > limit => {
                let detail = format!("must be less than or equal to {name} limit of {limit}");
                errors.invalid(&requests, amount.to_string(), detail);
            }
            None if !is_overcommittable(name) => {
                errors.required(&limits, "Limit must be set for non overcommitable resources");
            }
            _ => {}
        }
    }
    let names = || resources.limits.keys().chain(resources.requests.keys());
    let computes = names().any(|name| matches!(name.as_str(), "cpu" | "memory"));
    if !computes && names().any(|name| is_huge_page(name)) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}

fn amount_of(name: &str, amount: &Quantity, name_check: NameCheck, path: &Path, errors: &mut FieldErrors) {
    name_check(name, path, errors);
    validate_amount(name, amount, path, errors);
    if is_huge_page(name) && !is_multiple_of_page(name, amount) {
        let detail = format!("{amount} is not positive integer multiple of {name}");
        errors.invalid(path, amount.to_string(), detail);
    }
}

/// Not negative, and whole where parts make no sense.
pub fn validate_amount(name: &str, amount: &Quantity, path: &Path, errors: &mut FieldErrors) {
    if amount.is_negative() {
        errors.invalid(path, amount.to_string(), "must be greater than or equal to 0");
    }
    if (INTEGER.contains(&name) || is_extended(name)) && amount.milli_value() % 1000 != 0 {
        errors.invalid(path, amount.to_string(), "must be an integer");
    }
}

fn is_multiple_of_page(name: &str, amount: &Quantity) -> bool {
    let Some(Ok(size)) = name.strip_prefix("hugepages-").map(Quantity::parse) else { return false };
    let positive = !size.is_negative() && !size.is_zero() && size.milli_value() % 1000 == 0;
    positive && amount.value() % size.value() == 0
}

/// Whether the name is good.
pub fn resource_name(name: &str, path: &Path, errors: &mut FieldErrors) -> bool {
    let problems = validate::qualified_name(name);
    let standard = STANDARD.contains(&name) || is_huge_page(name) || name.starts_with("requests.hugepages-");
    let unknown = problems.is_empty() && !name.contains('/') && !standard;
    if unknown {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    let good = problems.is_empty() && !unknown;
    check::all(problems, name, path, errors);
    good
}

/// Also of overhead.
pub fn container_resource_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    resource_name(name, path, errors);
    if !name.contains('/') {
        if !(matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_page(name)) {
            errors.invalid(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

fn pod_resource_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    if resource_name(name, path, errors) && !is_for_pods(name) {
        errors.not_supported(path, name, FOR_PODS);
    }
}

/// What the runtime class adds to the pod.
pub fn validate_overhead(overhead: &Amounts, path: &Path, errors: &mut FieldErrors) {
    let resources = ResourceRequirements { limits: overhead.clone(), ..ResourceRequirements::default() };
    requirements(&resources, container_resource_name, path, errors);
}

fn claim_names(claims: &[ResourceClaim], of_pod: &[PodResourceClaim], path: &Path, errors: &mut FieldErrors) {
    let known: BTreeSet<&str> = of_pod.iter().map(|claim| claim.name.as_str()).filter(|n| !n.is_empty()).collect();
    let mut seen = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        if claim.name.is_empty() {
            errors.required(&path.child("name"), "");
            continue;
        }
        if !claim.request.is_empty() {
            check::dns_label(&claim.request, &path.child("request"), errors);
        }
        if !seen.insert((&claim.name, &claim.request)) {
            let shown =
                if claim.request.is_empty() { claim.name.clone() } else { format!("{}/{}", claim.name, claim.request) };
            errors.duplicate(&path, shown);
        }
        if !known.contains(claim.name.as_str()) {
            let names: Vec<&str> = known.iter().copied().collect();
            let rest = if names.is_empty() { " which is empty".into() } else { format!(": {}", names.join(", ")) };
            errors.push(FieldError {
                kind: FieldErrorKind::NotFound,
                field: path.child("name").to_string(),
                value: Some(quoted(&claim.name)),
                detail: format!("must be one of the names in pod.spec.resourceClaims{rest}"),
            });
        }
    }
}

/// The claims that the pod's containers may name.
pub fn validate_claims(claims: &[PodResourceClaim], path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        if claim.name.is_empty() {
            errors.required(&path.child("name"), "");
        } else if !seen.insert(&claim.name) {
            errors.duplicate(&path.child("name"), &claim.name);
        } else {
            check::dns_label(&claim.name, &path.child("name"), errors);
        }
        let wrong = match (&claim.resource_claim_name, &claim.resource_claim_template_name) {
            (Some(_), Some(_)) => "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified",
            (None, None) => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            _ => "",
        };
        if !wrong.is_empty() {
            let shown = super::go::json("PodResourceClaim", &schema::Typed::to_value(claim));
            errors.invalid(&path, Bare(shown), wrong);
        }
        let names = [
            (&claim.resource_claim_name, "resourceClaimName"),
            (&claim.resource_claim_template_name, "resourceClaimTemplateName"),
        ];
        for (name, field) in names {
            if let Some(name) = name {
                check::dns_subdomain(name, &path.child(field), errors);
            }
        }
    }
}
