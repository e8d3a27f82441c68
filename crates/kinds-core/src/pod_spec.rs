//! The spec of a pod, in pods and in the templates of workloads: defaults, validation, warnings.
//!
//! Everything here is shared by all kinds that hold a pod template. What holds of pods alone is in [`crate::pod`].

mod affinity;
pub(crate) mod annotations;
pub(crate) mod check;
mod claim_template;
pub(crate) mod containers;
mod defaults;
mod env;
mod files;
mod gates;
pub(crate) mod go;
mod image;
pub(crate) mod legacy_volumes;
mod mounts;
mod network;
mod options;
mod os;
mod probes;
pub(crate) mod resources;
mod restart;
mod scheduling;
mod security;
pub(crate) mod volumes;
mod warnings;

pub use affinity::validate_node_selector;
pub use defaults::{default, round_up};
pub use gates::{drop_disabled, drop_disabled_of_template};
pub use options::Options;
pub use resources::{
    container_resource_name as validate_container_resource_name, is_extended, is_native, is_overcommittable,
    resource_name as validate_resource_name, validate_amount, validate_overhead,
};
pub use scheduling::validate_tolerations;
pub use warnings::{of_pod as pod_warnings, of_template as template_warnings};

use api_core::v1::{PodSpec, PodTemplateSpec};
use api_meta::v1::ObjectMeta;
use kind::{FieldErrors, Path, validate};

/// The defaults of a template, to be called from a kind's own `default`.
pub fn default_template(template: &mut PodTemplateSpec) {
    default(&mut template.spec);
    drop_init_container_annotations(&mut template.metadata);
}

/// A template as messages show a whole one.
pub fn template_shown(template: &PodTemplateSpec) -> String {
    let value = schema::Typed::to_value(template);
    let metadata = &value["metadata"];
    let mut parts = Vec::new();
    for field in ["name", "generateName", "namespace", "labels", "annotations"] {
        if let Some(set) = metadata.get(field) {
            parts.push(format!("\"{field}\":{}", schema::json::to_string(set)));
        }
    }
    parts.push(format!("\"Spec\":{}", go::json("PodSpec", &value["spec"])));
    format!("{{{}}}", parts.join(","))
}

/// Init containers were annotations once.
pub(crate) fn drop_init_container_annotations(meta: &mut ObjectMeta) {
    for version in ["alpha", "beta"] {
        for what in ["init-containers", "init-container-statuses"] {
            meta.annotations.remove(&format!("pod.{version}.kubernetes.io/{what}"));
        }
    }
}

/// Validates a spec; `meta` is that of the pod or template around it.
pub fn validate(spec: &PodSpec, meta: &ObjectMeta, path: &Path, options: &Options, errors: &mut FieldErrors) {
    if spec.termination_grace_period_seconds.is_none() {
        errors.required(&path.child("terminationGracePeriodSeconds"), "");
    }
    let of_volumes =
        volumes::Scope { meta, is_pod: options.is_pod, allow_any_token_path: options.allow_any_token_path };
    let mountable = volumes::validate(&spec.volumes, of_volumes, &path.child("volumes"), errors);
    resources::validate_claims(&spec.resource_claims, &path.child("resourceClaims"), errors);
    let scope = containers::Scope { spec, volumes: &mountable, is_pod: options.is_pod };
    containers::validate(&scope, path, errors);
    containers::validate_init(&scope, path, errors);
    containers::validate_ephemeral(&scope, path, errors);
    containers::validate_host_network_ports(&scope, path, errors);
    resources::validate_of_pod(spec, path, errors);
    check::one_of(&spec.restart_policy, &["Always", "OnFailure", "Never"], &path.child("restartPolicy"), errors);
    validate::labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    security::validate_pod(spec, options.allow_host_sysctls, path, errors);
    if let Some(affinity) = &spec.affinity {
        affinity::validate(affinity, options.allow_invalid_selector_values, &path.child("affinity"), errors);
    }
    network::validate_dns(spec, path, errors);
    validate_scheduling(spec, path, options, errors);
    validate_names(spec, path, errors);
    network::validate_names(spec, path, errors);
    network::validate_host_aliases(&spec.host_aliases, &path.child("hostAliases"), errors);
    resources::validate_overhead(&spec.overhead, &path.child("overhead"), errors);
    os::validate_host_users(spec, path, errors);
    os::validate(spec, path, errors);
}

fn validate_scheduling(spec: &PodSpec, path: &Path, options: &Options, errors: &mut FieldErrors) {
    scheduling::validate_readiness_gates(&spec.readiness_gates, &path.child("readinessGates"), errors);
    scheduling::validate_scheduling_gates(&spec.scheduling_gates, &path.child("schedulingGates"), errors);
    scheduling::validate_topology_spread(
        &spec.topology_spread_constraints,
        options.allow_invalid_spread_selector,
        &path.child("topologySpreadConstraints"),
        errors,
    );
    validate_tolerations(&spec.tolerations, &path.child("tolerations"), errors);
    if let Some(policy) = &spec.preemption_policy {
        check::one_of(policy, &["PreemptLowerPriority", "Never"], &path.child("preemptionPolicy"), errors);
    }
}

/// Names of other objects.
fn validate_names(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let names = [
        (spec.service_account_name.as_str(), "serviceAccountName"),
        (&spec.node_name, "nodeName"),
        (&spec.priority_class_name, "priorityClassName"),
    ];
    for (name, field) in names.into_iter().filter(|(name, _)| !name.is_empty()) {
        check::dns_subdomain(name, &path.child(field), errors);
    }
    if let Some(name) = &spec.runtime_class_name {
        check::dns_subdomain(name, &path.child("runtimeClassName"), errors);
    }
    if let Some(seconds) = spec.active_deadline_seconds.filter(|seconds| !(1..=i32::MAX.into()).contains(seconds)) {
        let detail = "must be between 1 and 2147483647, inclusive";
        errors.invalid(&path.child("activeDeadlineSeconds"), seconds, detail);
    }
}

/// Validates a template: labels, annotations and spec. `path`: that of the template.
pub fn validate_template(template: &PodTemplateSpec, path: &Path, options: &Options, errors: &mut FieldErrors) {
    let metadata = path.child("metadata");
    let annotations = metadata.child("annotations");
    validate::labels(&template.metadata.labels, &path.child("labels"), errors);
    validate::annotations(&template.metadata.annotations, &annotations, errors);
    annotations::validate(&template.metadata, &template.spec, &annotations, errors);
    let spec = path.child("spec");
    validate(&template.spec, &ObjectMeta::default(), &spec, options, errors);
    if !template.spec.ephemeral_containers.is_empty() {
        errors.forbidden(&spec.child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }
}
