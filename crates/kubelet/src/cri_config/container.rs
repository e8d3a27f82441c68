//! A container.

use api_core::v1::{Container, Pod};
use cri::v1;
use kubelet_core::{qos, spec};
use schema::Typed;

use crate::names;

use super::sandbox::identity;
use super::security::{self, ImageUser};

/// What was found out and made for one run of a container.
#[derive(Debug, Clone, Default)]
pub struct ContainerContext {
    pub restart_count: u32,
    /// As the runtime knows the image.
    pub image_ref: String,
    pub image_user: ImageUser,
    pub environment: Vec<(String, String)>,
    /// Already expanded.
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub mounts: Vec<v1::Mount>,
    pub memory_capacity_bytes: i64,
    /// The container whose processes an ephemeral container sees.
    pub target_container_id: Option<String>,
}

pub fn config(pod: &Pod, container: &Container, context: &ContainerContext) -> v1::ContainerConfig {
    let environment = context.environment.iter();
    v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: container.name.clone(), attempt: context.restart_count }),
        image: Some(v1::ImageSpec {
            image: context.image_ref.clone(),
            user_specified_image: container.image.clone(),
            ..v1::ImageSpec::default()
        }),
        command: context.command.clone(),
        args: context.args.clone(),
        working_dir: container.working_dir.clone(),
        envs: environment
            .map(|(key, value)| v1::KeyValue { key: key.clone(), value: value.clone().into_bytes() })
            .collect(),
        mounts: context.mounts.clone(),
        labels: identity(pod).into_iter().chain([(names::CONTAINER_NAME.to_owned(), container.name.clone())]).collect(),
        annotations: annotations(pod, container, context.restart_count),
        log_path: names::log_path(&container.name, context.restart_count),
        stdin: container.stdin,
        stdin_once: container.stdin_once,
        tty: container.tty,
        linux: Some(linux(pod, container, context)),
        stop_signal: stop_signal(container),
        ..v1::ContainerConfig::default()
    }
}

fn annotations(pod: &Pod, container: &Container, restart_count: u32) -> std::collections::HashMap<String, String> {
    let json = |value: &schema::Value| schema::json::to_string(value);
    let ports = schema::Value::List(container.ports.iter().map(Typed::to_value).collect());
    let pre_stop = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
    let seconds = |seconds: i64| seconds.to_string();
    let optional = [
        (names::PORTS, (!container.ports.is_empty()).then(|| json(&ports))),
        (names::PRE_STOP, pre_stop.map(|hook| json(&hook.to_value()))),
        (names::POD_GRACE, pod.spec.termination_grace_period_seconds.map(seconds)),
        (names::POD_DELETION_GRACE, pod.metadata.deletion_grace_period_seconds.map(seconds)),
    ];
    let always = [
        (names::HASH, spec::hash(container)),
        (names::RESTART_COUNT, restart_count.to_string()),
        (names::TERMINATION_MESSAGE_PATH, container.termination_message_path.clone()),
        (names::TERMINATION_MESSAGE_POLICY, container.termination_message_policy.clone()),
    ];
    let optional = optional.into_iter().filter_map(|(key, value)| Some((key, value?)));
    always.into_iter().chain(optional).map(|(key, value)| (key.to_owned(), value)).collect()
}

fn linux(pod: &Pod, container: &Container, context: &ContainerContext) -> v1::LinuxContainerConfig {
    let mut security_context = security::context(pod, container, &context.image_user);
    if let (Some(target), Some(namespaces)) =
        (&context.target_container_id, security_context.namespace_options.as_mut())
    {
        namespaces.pid = v1::NamespaceMode::Target.into();
        namespaces.target_id = target.clone();
    }
    v1::LinuxContainerConfig {
        resources: Some(resources(pod, container, context.memory_capacity_bytes)),
        security_context: Some(security_context),
    }
}

/// CPU shares by the request (or the limit, where nothing was requested), quota and memory by the limit.
pub fn resources(pod: &Pod, container: &Container, memory_capacity_bytes: i64) -> v1::LinuxContainerResources {
    let (requests, limits) = (&container.resources.requests, &container.resources.limits);
    let cpu_limit = limits.get("cpu").map_or(0, |limit| limit.milli_value());
    let cpu_request = requests.get("cpu").map_or(cpu_limit, |request| request.milli_value());
    v1::LinuxContainerResources {
        cpu_shares: qos::cpu_shares(cpu_request),
        cpu_period: qos::CPU_PERIOD_US,
        cpu_quota: qos::cpu_quota_us(cpu_limit),
        memory_limit_in_bytes: limits.get("memory").map_or(0, |limit| limit.value()),
        oom_score_adj: qos::oom_score_adj(pod, container, memory_capacity_bytes),
        ..v1::LinuxContainerResources::default()
    }
}

fn stop_signal(container: &Container) -> i32 {
    let name = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.stop_signal.as_deref());
    name.and_then(v1::Signal::from_str_name).map_or(0, Into::into)
}
