//! The steps of a decision, done with the runtime and the API.

use std::path::Path;

use api_core::v1::{Container, Pod};
use api_meta::v1::{DeleteOptions, Preconditions};
use api_misc::node::v1::RuntimeClass;
use cri::v1;
use kubelet_core::memory::{SANDBOX, VOLUMES};
use kubelet_core::{Event, Kill, KillReason, ObservedPod, PodMemory, spec};

use crate::cgroups::{self, Driver};
use crate::cri_config::container::{self, ContainerContext};
use crate::cri_config::sandbox::{self, SandboxContext};
use crate::cri_config::security;
use crate::images::PresentImage;
use crate::kubelet::Kubelet;
use crate::volumes::{FAILED_MOUNT, Mounted};
use crate::worker::Outcome;
use crate::{env, files, hooks, kill};

/// Why a container is not running: its `waiting` state.
#[derive(Debug, Clone)]
pub struct Failure {
    pub reason: &'static str,
    pub message: String,
}

/// Where a container is put.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub sandbox_id: &'a str,
    pub volumes: &'a Mounted,
}

impl Failure {
    fn new(reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { reason, message: message.into() }
    }
}

/// Sets up the pod's volumes, or brings them up to date.
pub async fn mount_volumes(kubelet: &Kubelet, memory: &mut PodMemory, pod: &Pod) -> Option<Mounted> {
    match files::mount_volumes(kubelet, pod).await {
        Ok(mounted) => {
            memory.retries.succeeded(VOLUMES);
            Some(mounted)
        }
        Err(errors) => {
            for error in errors {
                kubelet.recorder.pod(pod, Event::warning(FAILED_MOUNT, error));
            }
            memory.retries.failed(VOLUMES, kubelet.now());
            None
        }
    }
}

/// Makes the sandbox; its id, if that worked.
pub async fn create_sandbox(kubelet: &Kubelet, memory: &mut PodMemory, pod: &Pod, attempt: u32) -> Option<String> {
    let config = sandbox_config(kubelet, pod, attempt).await;
    if kubelet.cgroup_driver == Driver::Cgroupfs {
        let (parent, limits) = (kubelet.cgroup_parent(pod), cgroups::pod_limits(pod));
        let preparing =
            tokio::task::spawn_blocking(move || cgroups::prepare(Path::new(cgroups::HIERARCHIES), &parent, limits));
        if let Err(error) = preparing.await {
            tracing::warn!(pod = %spec::format_pod(pod), %error, "cannot limit a pod as a whole");
        }
    }
    let made = match runtime_handler(kubelet, pod).await {
        Ok(handler) => kubelet.cri.run_pod_sandbox(config, &handler).await.map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    match made {
        Ok(id) => {
            memory.retries.succeeded(SANDBOX);
            Some(id)
        }
        Err(error) => {
            let message = format!("Failed to create pod sandbox: {error}");
            kubelet.recorder.pod(pod, Event::warning("FailedCreatePodSandBox", message));
            memory.retries.failed(SANDBOX, kubelet.now());
            None
        }
    }
}

/// The runtime's name for the pod's RuntimeClass; empty for its default.
async fn runtime_handler(kubelet: &Kubelet, pod: &Pod) -> Result<String, String> {
    let handler = match pod.spec.runtime_class_name.as_deref() {
        None | Some("") => String::new(),
        Some(name) => match kubelet.client.get::<RuntimeClass>("", name).await {
            Ok(class) => class.handler,
            Err(error) if error.is_not_found() => return Err(format!("RuntimeClass \"{name}\" not found")),
            Err(error) => return Err(error.to_string()),
        },
    };
    if pod.spec.host_users == Some(false) {
        // To run it as the node's own users instead would be less than it asked for.
        return Err(format!(
            "can't set `spec.hostUsers: false`, runtime does not support user namespaces: RuntimeClass handler \"{handler}\""
        ));
    }
    Ok(handler)
}

async fn sandbox_config(kubelet: &Kubelet, pod: &Pod, attempt: u32) -> v1::PodSandboxConfig {
    // A node without the file has no name servers to give.
    let resolv_conf = tokio::fs::read_to_string(&kubelet.config.resolv_conf).await.unwrap_or_default();
    let cgroup_parent = kubelet.cgroup_parent(pod);
    let context = SandboxContext { config: &kubelet.config, resolv_conf: &resolv_conf, cgroup_parent: &cgroup_parent };
    let config = sandbox::config(pod, attempt, context);
    if let Err(error) = tokio::fs::create_dir_all(&config.log_directory).await {
        tracing::warn!(directory = config.log_directory, %error, "cannot make a pod's log directory");
    }
    config
}

/// Pulls the image, makes the container, starts it, runs its `postStart` hook.
pub async fn start_container(
    kubelet: &Kubelet,
    memory: &mut PodMemory,
    pod: &Pod,
    place: Place<'_>,
    name: &str,
    restart_count: u32,
) -> Result<(), Failure> {
    let Some((_, container)) = spec::find(pod, name) else {
        return Err(Failure::new("CreateContainerConfigError", format!("there is no container {name}")));
    };
    let events = &kubelet.recorder;
    let failed = |message: &str| events.pod(pod, Event::warning("Failed", format!("Error: {message}")).of(name));
    let image = kubelet.images.ensure(pod, &container, memory, events).await.map_err(|error| {
        failed(error.reason);
        Failure::new(error.reason, error.message)
    })?;
    let config = configure(kubelet, pod, &container, place, image, restart_count).await.map_err(|message| {
        failed(&message);
        Failure::new("CreateContainerConfigError", message)
    })?;
    let sandbox_config = sandbox_config(kubelet, pod, 0).await;
    let id = kubelet.cri.create_container(place.sandbox_id, config, sandbox_config).await.map_err(|error| {
        failed(&error.message());
        Failure::new("CreateContainerError", error.message())
    })?;
    events.pod(pod, Event::normal("Created", "Container created").of(name));
    kubelet.cri.start_container(&id).await.map_err(|error| {
        failed(&error.message());
        Failure::new("RunContainerError", error.message())
    })?;
    events.pod(pod, Event::normal("Started", "Container started").of(name));
    post_start(kubelet, memory, pod, &container, place.sandbox_id, &id).await
}

/// A container whose `postStart` hook fails is ended at once.
async fn post_start(
    kubelet: &Kubelet,
    memory: &mut PodMemory,
    pod: &Pod,
    container: &Container,
    sandbox_id: &str,
    id: &str,
) -> Result<(), Failure> {
    let Some(hook) = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref()) else {
        return Ok(());
    };
    let Err(error) = hooks::run(kubelet, pod, container, hook, sandbox_id, id).await else { return Ok(()) };
    tracing::warn!(pod = %spec::format_pod(pod), container = container.name, %error, "a postStart hook failed");
    kubelet.recorder.pod(pod, Event::warning("FailedPostStartHook", "PostStartHook failed").of(&container.name));
    let kill = Kill {
        id: id.to_owned(),
        name: container.name.clone(),
        reason: KillReason::PostStartHook,
        message: "FailedPostStartHook".to_owned(),
        grace_seconds: spec::grace_seconds(pod),
    };
    kill::all(kubelet, pod, &[kill], &mut memory.prestop_done).await;
    Err(Failure::new("PostStartHookError", error))
}

async fn configure(
    kubelet: &Kubelet,
    pod: &Pod,
    container: &Container,
    place: Place<'_>,
    image: PresentImage,
    restart_count: u32,
) -> Result<v1::ContainerConfig, String> {
    security::check_non_root(pod, container, &image.user).map_err(|error| error.to_string())?;
    let observed = kubelet.runtime.observe(&pod.metadata.uid).await.map_err(|error| error.to_string())?;
    let sandbox = observed.sandboxes.iter().find(|sandbox| sandbox.id == place.sandbox_id);
    let pod_ips = match sandbox {
        _ if pod.spec.host_network => kubelet.host_ips(),
        Some(sandbox) => sandbox.ips.clone(),
        None => Vec::new(),
    };
    let environment = files::environment(kubelet, pod, container, &pod_ips, place.volumes).await?;
    let target = pod.spec.ephemeral_containers.iter().find(|ephemeral| ephemeral.name == container.name);
    let target = target.and_then(|ephemeral| observed.newest(&ephemeral.target_container_name));
    let context = ContainerContext {
        restart_count,
        image_ref: image.image_ref,
        image_user: image.user,
        mounts: files::mounts(kubelet, pod, container, &environment, &pod_ips, place.volumes).await?,
        command: env::expand::words(&container.command, &environment),
        args: env::expand::words(&container.args, &environment),
        environment,
        memory_capacity_bytes: kubelet.memory_capacity_bytes,
        target_container_id: target.map(|target| target.id.clone()),
    };
    let log_directory = kubelet.pod_log_dir(pod).join(&container.name);
    tokio::fs::create_dir_all(&log_directory)
        .await
        .map_err(|error| format!("create container log directory for container {} failed: {error}", container.name))?;
    Ok(container::config(pod, container, &context))
}

pub async fn stop_sandbox(kubelet: &Kubelet, id: &str) -> Outcome {
    match kubelet.cri.stop_pod_sandbox(id).await {
        Ok(()) => Outcome::Done,
        Err(error) if error.is_not_found() => Outcome::Done,
        Err(error) => {
            tracing::warn!(sandbox = id, %error, "cannot stop a sandbox");
            tokio::time::sleep(RETRY).await;
            Outcome::Again
        }
    }
}

pub async fn remove_sandboxes(kubelet: &Kubelet, ids: &[String]) -> Outcome {
    for id in ids {
        if let Err(error) = kubelet.cri.remove_pod_sandbox(id).await {
            tracing::warn!(sandbox = id, %error, "cannot remove a sandbox");
            tokio::time::sleep(RETRY).await;
        }
    }
    Outcome::Done
}

pub async fn remove_containers(kubelet: &Kubelet, ids: &[String]) -> Outcome {
    for id in ids {
        if let Err(error) = kubelet.cri.remove_container(id).await
            && !error.is_not_found()
        {
            tracing::warn!(container = id, %error, "cannot remove a dead container");
            tokio::time::sleep(RETRY).await;
        }
    }
    Outcome::Done
}

/// Whether the API does not have the pod any more, or lets it go when its finalizers do.
pub async fn delete_from_api(kubelet: &Kubelet, pod: &Pod) -> bool {
    let meta = &pod.metadata;
    let preconditions = Preconditions { uid: Some(meta.uid.clone()), ..Preconditions::default() };
    let options = DeleteOptions {
        grace_period_seconds: Some(0),
        preconditions: Some(Box::new(preconditions)),
        ..DeleteOptions::default()
    };
    match kubelet.client.delete::<Pod>(&meta.namespace, &meta.name, &options).await {
        Ok(_) => true,
        Err(error) if error.is_not_found() || error.is_conflict() => true,
        Err(error) => {
            tracing::warn!(pod = %spec::format_pod(pod), %error, "cannot delete a pod");
            false
        }
    }
}

/// Sandboxes, containers and logs. What fails now is an orphan later.
pub async fn remove_from_runtime(kubelet: &Kubelet, pod: &Pod, observed: &ObservedPod) {
    for sandbox in &observed.sandboxes {
        if let Err(error) = kubelet.cri.remove_pod_sandbox(&sandbox.id).await {
            tracing::warn!(sandbox = sandbox.id, %error, "cannot remove a sandbox");
        }
    }
    if let Err(error) = tokio::fs::remove_dir_all(kubelet.pod_log_dir(pod)).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(pod = %spec::format_pod(pod), %error, "cannot remove a pod's logs");
    }
}

const RETRY: std::time::Duration = std::time::Duration::from_secs(1);
