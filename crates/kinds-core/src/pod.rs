//! Pod, and what others ask about a pod: whether it is ready, what it requests.

mod columns;
mod defaults;
pub(crate) mod diff;
mod qos;
mod resize;
pub(crate) mod resources;
mod status;
mod strategy;
mod validation;

pub use columns::{restarts, status_word};
pub use qos::qos_class;
pub use resources::{effective_limits, effective_requests};

use crate::pod_spec;
use api_core::v1;
use kind::{Column, Context, FieldErrors, Kind, MetadataRules, Names, Scope, Subresource, Verb, Version};

pub struct Pod;

static NAMES: Names = Names {
    group: "",
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Pod" }],
    verbs: Verb::ALL,
    subresources: &[
        subresource("attach", "PodAttachOptions", CONNECT),
        subresource("binding", "Binding", Verb::CREATE),
        subresource("ephemeralcontainers", "Pod", Verb::STATUS),
        Subresource {
            name: "eviction",
            group: "policy",
            version: "v1",
            kind: "Eviction",
            verbs: Verb::CREATE,
            only_version: "",
        },
        subresource("exec", "PodExecOptions", CONNECT),
        subresource("log", "Pod", &[Verb::Get]),
        subresource("portforward", "PodPortForwardOptions", CONNECT),
        subresource("proxy", "PodProxyOptions", &[Verb::Create, Verb::Delete, Verb::Get, Verb::Patch, Verb::Update]),
        subresource("resize", "Pod", Verb::STATUS),
        Subresource::status("Pod"),
    ],
};

const CONNECT: &[Verb] = &[Verb::Create, Verb::Get];

const fn subresource(name: &'static str, kind: &'static str, verbs: &'static [Verb]) -> Subresource {
    Subresource { name, group: "", version: "", kind, verbs, only_version: "" }
}

impl Kind for Pod {
    type Object = v1::Pod;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Pod>] {
        columns::COLUMNS
    }

    fn default(&self, pod: &mut v1::Pod) {
        pod_spec::default(&mut pod.spec);
        defaults::default(pod);
    }

    fn prepare_create(&self, pod: &mut v1::Pod, context: &Context) {
        strategy::prepare_create(pod, context);
    }

    fn prepare_update(&self, new: &mut v1::Pod, old: &v1::Pod, _context: &Context) {
        new.status = old.status.clone();
        strategy::drop_disabled(new, Some(old));
    }

    fn prepare_subresource(&self, new: &mut v1::Pod, old: &v1::Pod, context: &Context) {
        match context.subresource {
            "status" => strategy::prepare_status(new, old),
            "ephemeralcontainers" => strategy::prepare_ephemeral_containers(new, old),
            "resize" => strategy::prepare_resize(new, old),
            _ => {}
        }
        strategy::drop_disabled(new, Some(old));
    }

    fn row_condition(&self, pod: &v1::Pod) -> Option<(&'static str, &'static str, &'static str)> {
        match pod.status.phase.as_str() {
            "Succeeded" => Some(("Completed", "Succeeded", "The pod has completed successfully.")),
            "Failed" => Some(("Completed", "Failed", "The pod failed.")),
            _ => None,
        }
    }

    fn spec_changed(&self, new: &v1::Pod, old: &v1::Pod) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn validate(&self, pod: &v1::Pod, errors: &mut FieldErrors) {
        validation::create(pod, errors);
    }

    fn validate_update(&self, new: &v1::Pod, old: &v1::Pod, errors: &mut FieldErrors) {
        validation::update(new, old, errors);
    }

    fn validate_subresource(&self, new: &v1::Pod, old: &v1::Pod, context: &Context, errors: &mut FieldErrors) {
        match context.subresource {
            "status" => status::validate(new, old, errors),
            "ephemeralcontainers" => validation::ephemeral_containers(new, old, errors),
            "resize" => resize::validate(new, old, errors),
            _ => {}
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, ..MetadataRules::COMMON }
    }

    fn warnings(&self, new: &v1::Pod, old: Option<&v1::Pod>) -> Vec<String> {
        if old.is_some() { Vec::new() } else { pod_spec::pod_warnings(new) }
    }

    fn selectable(&self, pod: &v1::Pod) -> Vec<(&'static str, String)> {
        let ip = pod.status.pod_ips.first().map(|ip| ip.ip.clone());
        vec![
            ("spec.nodeName", pod.spec.node_name.clone()),
            ("spec.restartPolicy", pod.spec.restart_policy.clone()),
            ("spec.schedulerName", pod.spec.scheduler_name.clone()),
            ("spec.serviceAccountName", pod.spec.service_account_name.clone()),
            ("spec.hostNetwork", pod.spec.host_network.to_string()),
            ("status.phase", pod.status.phase.clone()),
            ("status.podIP", ip.unwrap_or_default()),
            ("status.nominatedNodeName", pod.status.nominated_node_name.clone()),
        ]
    }

    fn grace_period_seconds(&self, pod: &v1::Pod, asked: Option<i64>) -> Option<i64> {
        let seconds = asked.or(pod.spec.termination_grace_period_seconds).unwrap_or_default();
        Some(match seconds {
            _ if pod.spec.node_name.is_empty() || is_terminal(pod) => 0,
            i64::MIN..0 => 1,
            seconds => seconds,
        })
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            "status" => &[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]],
            _ => &[],
        }
    }
}

/// Succeeded or Failed: no container will run again.
pub fn is_terminal(pod: &v1::Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Whether the condition Ready is true.
pub fn is_ready(pod: &v1::Pod) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

/// Ready, and since `min_ready_seconds` at least.
pub fn is_available(pod: &v1::Pod, min_ready_seconds: i32, now: schema::Time) -> bool {
    let Some(ready) = condition(pod, "Ready").filter(|ready| ready.status == "True") else { return false };
    let since = |then: schema::Time| now.secs_since(then) >= min_ready_seconds.into();
    min_ready_seconds == 0 || ready.last_transition_time.is_some_and(since)
}

/// Neither finished nor being deleted: counts as a replica.
pub fn is_active(pod: &v1::Pod) -> bool {
    !is_terminal(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// The first condition of a type.
pub fn condition<'a>(pod: &'a v1::Pod, type_: &str) -> Option<&'a v1::PodCondition> {
    pod.status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// An init container that keeps running beside the others.
pub fn is_sidecar(init_container: &v1::Container) -> bool {
    init_container.restart_policy.as_deref() == Some("Always")
}

#[cfg(test)]
mod tests;
