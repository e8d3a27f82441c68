//! Questions about a pod's specification.

use std::borrow::Cow;

use api_core::v1::{Container, Pod};
use schema::Typed;

/// What a container is for its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the next one.
    Init,
    /// An init container that keeps running (`restartPolicy: Always`).
    Sidecar,
    App,
    /// Added for debugging; never restarted.
    Ephemeral,
}

/// The role of an init container.
pub fn init_role(container: &Container) -> Role {
    if container.restart_policy.as_deref() == Some("Always") { Role::Sidecar } else { Role::Init }
}

/// All containers of a pod: init containers, containers, ephemeral containers.
pub fn containers(pod: &Pod) -> impl Iterator<Item = (Role, Cow<'_, Container>)> {
    let init = pod.spec.init_containers.iter().map(|c| (init_role(c), Cow::Borrowed(c)));
    let apps = pod.spec.containers.iter().map(|c| (Role::App, Cow::Borrowed(c)));
    // The fields of an ephemeral container are those of a container, and one more.
    let ephemeral = pod.spec.ephemeral_containers.iter();
    let ephemeral = ephemeral.map(|c| (Role::Ephemeral, Cow::Owned(Container::from_value(&c.to_value()))));
    init.chain(apps).chain(ephemeral)
}

pub fn find<'p>(pod: &'p Pod, name: &str) -> Option<(Role, Cow<'p, Container>)> {
    containers(pod).find(|(_, container)| container.name == name)
}

/// `name_namespace(uid)`, as pods are named in messages.
pub fn format_pod(pod: &Pod) -> String {
    format!("{}_{}({})", pod.metadata.name, pod.metadata.namespace, pod.metadata.uid)
}

/// Whether a container that ended with `exit_code` is to run again by its own rules or the pod's policy.
pub fn restarts_after(container: &Container, role: Role, pod: &Pod, exit_code: i32) -> bool {
    if role == Role::Ephemeral {
        return false;
    }
    let matches = |rule: &&api_core::v1::ContainerRestartRule| {
        rule.exit_codes.as_ref().is_some_and(|codes| match codes.operator.as_str() {
            "In" => codes.values.contains(&exit_code),
            "NotIn" => !codes.values.contains(&exit_code),
            _ => false,
        })
    };
    if let Some(rule) = container.restart_policy_rules.iter().find(matches)
        && rule.action.starts_with("Restart")
    {
        return true;
    }
    let policy = match container.restart_policy.as_deref() {
        // An init container of the ordinary kind is tried again unless the pod's policy is Never.
        None if role == Role::Init => {
            if pod.spec.restart_policy == "Never" {
                "Never"
            } else {
                "OnFailure"
            }
        }
        None => pod.spec.restart_policy.as_str(),
        Some(own) => own,
    };
    match policy {
        "Never" => false,
        "OnFailure" => exit_code != 0,
        _ => true,
    }
}

/// Identifies a container's definition, as far as a change of it means another container: name and image. In-place
/// changes of anything else are either refused by the API or done without a restart.
pub fn hash(container: &Container) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in container.name.bytes().chain([0]).chain(container.image.bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    format!("{hash:x}")
}

/// Whether the pod's phase in the API says that it is over.
pub fn is_finished(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// A pod that comes from a file of this node; the API's copy of it is a mirror.
pub fn is_static(pod: &Pod) -> bool {
    pod.metadata.annotations.get("kubernetes.io/config.source").is_some_and(|source| source != "api")
}

/// What the API grants the pod to end, in seconds; the kubelet never gives less than one.
pub fn grace_seconds(pod: &Pod) -> i64 {
    let granted = pod.metadata.deletion_grace_period_seconds.or(pod.spec.termination_grace_period_seconds);
    granted.unwrap_or(DEFAULT_GRACE_SECONDS).max(1)
}

const DEFAULT_GRACE_SECONDS: i64 = 30;
