//! What a failed pod means for its job: `spec.podFailurePolicy`.

use api_apps::batch::v1::{Job, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule};
use api_core::v1::{ContainerStatus, Pod};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts against the limit.
    Counts,
    Ignored,
    /// Its index is not tried again.
    FailsIndex,
    /// The job is not tried again; upstream's words why.
    FailsJob(String),
}

pub(super) fn meaning(job: &Job, pod: &Pod) -> Meaning {
    let rules = job.spec.pod_failure_policy.iter().flat_map(|policy| &policy.rules);
    for (at, rule) in rules.enumerate() {
        let Some(why) = why(rule, at, pod) else { continue };
        return match rule.action.as_str() {
            "Ignore" => Meaning::Ignored,
            "FailIndex" => Meaning::FailsIndex,
            "FailJob" => Meaning::FailsJob(why),
            _ => Meaning::Counts,
        };
    }
    Meaning::Counts
}

/// Why the rule holds for the pod, if it does.
fn why(rule: &PodFailurePolicyRule, at: usize, pod: &Pod) -> Option<String> {
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    let suffix = format!("matching {} rule at index {at}", rule.action);
    if let Some(codes) = &rule.on_exit_codes {
        let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
        let (container, code) = statuses.filter_map(|status| exit_code(codes, status)).next()?;
        return Some(format!("Container {container} for pod {namespace}/{name} failed with exit code {code} {suffix}"));
    }
    let pattern = rule.on_pod_conditions.iter().find(|pattern| {
        let conditions = &pod.status.conditions;
        conditions.iter().any(|condition| condition.type_ == pattern.type_ && condition.status == pattern.status)
    })?;
    Some(format!("Pod {namespace}/{name} has condition {} {suffix}", pattern.type_))
}

fn exit_code<'s>(
    requirement: &PodFailurePolicyOnExitCodesRequirement,
    status: &'s ContainerStatus,
) -> Option<(&'s str, i32)> {
    if requirement.container_name.as_ref().is_some_and(|name| *name != status.name) {
        return None;
    }
    let code = status.state.terminated.as_ref()?.exit_code;
    let listed = requirement.values.contains(&code);
    let holds = match requirement.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        _ => false,
    };
    (code != 0 && holds).then_some((status.name.as_str(), code))
}
