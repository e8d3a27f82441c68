//! What a quota must satisfy: names of resources, and scopes that fit them.

use crate::pod_spec::{self, check};
use api_core::v1;
use kind::field::Bare;
use kind::{FieldErrors, Path};
use schema::{Quantity, Typed};
use std::collections::{BTreeMap, BTreeSet};

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
];
const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];
const CONTRARY: &[(&str, &str)] = &[("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")];

pub fn validate(quota: &v1::ResourceQuota, errors: &mut FieldErrors) {
    let root = Path::root("spec");
    validate_amounts(&quota.spec.hard, &root.child("hard"), errors);
    validate_scopes(&quota.spec, &root.child("scopes"), errors);
    validate_selector(&quota.spec, &root.child("scopeSelector"), errors);
}

pub fn validate_update(new: &v1::ResourceQuota, old: &v1::ResourceQuota, errors: &mut FieldErrors) {
    let set = |quota: &v1::ResourceQuota| quota.spec.scopes.iter().cloned().collect::<BTreeSet<_>>();
    if set(new) != set(old) {
        let root = Path::root("spec");
        errors.invalid(&root.child("scopes"), shown(&new.spec.scopes), "field is immutable");
    }
    validate(new, errors);
}

pub fn validate_status(quota: &v1::ResourceQuota, errors: &mut FieldErrors) {
    if quota.metadata.resource_version.is_empty() {
        errors.required(&Path::root("resourceVersion"), "");
    }
    let root = Path::root("status");
    validate_amounts(&quota.status.hard, &root.child("hard"), errors);
    validate_amounts(&quota.status.used, &root.child("used"), errors);
}

fn validate_amounts(amounts: &BTreeMap<String, Quantity>, path: &Path, errors: &mut FieldErrors) {
    for (name, amount) in amounts {
        let at = path.key(name);
        pod_spec::validate_resource_name(name, &at, errors);
        if !name.contains('/') && !is_standard(name) {
            errors.invalid(&at, name, "must be a standard resource for quota");
        }
        pod_spec::validate_amount(name, amount, &at, errors);
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

/// Whether a scope can tell apart what uses the resource.
fn fits(scope: &str, resource: &str) -> bool {
    const COMPUTE: &[&str] = &["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    match scope {
        "BestEffort" => resource == "pods",
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            resource == "pods" || COMPUTE.contains(&resource)
        }
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

/// How many of the quota's resources a scope does not fit.
fn misfits(spec: &v1::ResourceQuotaSpec, scope: &str) -> usize {
    spec.hard.keys().filter(|resource| is_standard(resource) && !fits(scope, resource)).count()
}

fn conflicts<'a>(scopes: impl Iterator<Item = &'a str>) -> usize {
    let scopes: BTreeSet<&str> = scopes.collect();
    CONTRARY.iter().filter(|(one, other)| scopes.contains(one) && scopes.contains(other)).count()
}

fn shown(scopes: &[String]) -> Bare<String> {
    let quoted: Vec<String> = scopes.iter().map(|scope| kind::field::quoted(scope)).collect();
    Bare(if quoted.is_empty() { "null".into() } else { format!("[{}]", quoted.join(",")) })
}

fn validate_scopes(spec: &v1::ResourceQuotaSpec, path: &Path, errors: &mut FieldErrors) {
    for scope in &spec.scopes {
        if !SCOPES.contains(&scope.as_str()) {
            errors.invalid(path, shown(&spec.scopes), "unsupported scope");
        }
        for _ in 0..misfits(spec, scope) {
            errors.invalid(path, shown(&spec.scopes), "unsupported scope applied to resource");
        }
    }
    for _ in 0..conflicts(spec.scopes.iter().map(String::as_str)) {
        errors.invalid(path, shown(&spec.scopes), "conflicting scopes");
    }
}

fn validate_selector(spec: &v1::ResourceQuotaSpec, path: &Path, errors: &mut FieldErrors) {
    let Some(selector) = &spec.scope_selector else { return };
    let path = path.child("matchExpressions");
    for requirement in &selector.match_expressions {
        let (scope, operator) = (requirement.scope_name.as_str(), requirement.operator.as_str());
        if !SCOPES.contains(&scope) {
            errors.invalid(&path.child("scopeName"), scope, "unsupported scope");
        }
        for _ in 0..misfits(spec, scope) {
            let shown = pod_spec::go::json("ScopeSelector", &selector.to_value());
            errors.invalid(&path, Bare(shown), "unsupported scope applied to resource");
        }
        let plain = SCOPES.contains(&scope) && !matches!(scope, "PriorityClass" | "VolumeAttributesClass");
        if plain && operator != "Exists" {
            let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.invalid(&path.child("operator"), operator, detail);
        }
        validate_values(requirement, &path, errors);
    }
    for _ in 0..conflicts(selector.match_expressions.iter().map(|requirement| requirement.scope_name.as_str())) {
        errors.invalid(&path, shown(&spec.scopes), "conflicting scopes");
    }
}

fn validate_values(requirement: &v1::ScopedResourceSelectorRequirement, path: &Path, errors: &mut FieldErrors) {
    let values = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.is_empty() => {
            let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            errors.required(&values, detail);
        }
        "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
            let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            errors.invalid(&values, shown(&requirement.values), detail);
        }
        operator => check_operator(operator, path, errors),
    }
}

fn check_operator(operator: &str, path: &Path, errors: &mut FieldErrors) {
    if !matches!(operator, "In" | "NotIn" | "Exists" | "DoesNotExist") {
        check::all(vec!["not a valid selector operator".into()], operator, &path.child("operator"), errors);
    }
}
