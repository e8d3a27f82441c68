//! The calls of the runtime service.

use std::time::Duration;

use super::{ContainerEvents, CriClient, request, required, required_text, sandbox_name, unary};
use crate::error::CriError;
use crate::v1;

/// Whether the runtime can run pods, read from the two conditions that every runtime must report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeConditions {
    pub runtime_ready: v1::RuntimeCondition,
    pub network_ready: v1::RuntimeCondition,
}

impl RuntimeConditions {
    /// Picks the conditions out of a runtime's status; a condition that is not there is not true.
    pub fn of(status: &v1::RuntimeStatus) -> Self {
        let find = |name: &str| {
            let missing = || v1::RuntimeCondition {
                r#type: name.to_owned(),
                status: false,
                reason: String::new(),
                message: format!("{name} condition is not set"),
            };
            status.conditions.iter().find(|condition| condition.r#type == name).cloned().unwrap_or_else(missing)
        };
        Self { runtime_ready: find("RuntimeReady"), network_ready: find("NetworkReady") }
    }
}

/// The runtime itself.
impl CriClient {
    pub async fn version(&self) -> Result<v1::VersionResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::VersionRequest { version: KUBE_RUNTIME_API_VERSION.to_owned() };
        let answer = unary(deadline, self.runtime().version(request(message, deadline))).await?;
        let fields = [&answer.version, &answer.runtime_name, &answer.runtime_version, &answer.runtime_api_version];
        if fields.iter().any(|field| field.is_empty()) {
            return Err(CriError::BadAnswer("not all fields are set in VersionResponse".to_owned()));
        }
        Ok(answer)
    }

    /// The whole status; [`RuntimeConditions::of`] reads the two conditions that matter.
    pub async fn status(&self, verbose: bool) -> Result<v1::StatusResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        let answer = unary(deadline, self.runtime().status(request(v1::StatusRequest { verbose }, deadline))).await?;
        if answer.status.as_ref().is_none_or(|status| status.conditions.len() < 2) {
            return Err(CriError::BadAnswer("RuntimeReady or NetworkReady condition are not set".to_owned()));
        }
        Ok(answer)
    }

    /// The runtime's cgroup driver; `None` when it is too old to say, and the kubelet's own setting holds.
    pub async fn runtime_config(&self) -> Result<Option<v1::RuntimeConfigResponse>, CriError> {
        let deadline = Some(self.timeouts.request);
        match unary(deadline, self.runtime().runtime_config(request(v1::RuntimeConfigRequest {}, deadline))).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_unimplemented() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the runtime the node's pod network (containerd uses it for its CNI config template).
    pub async fn update_runtime_config(&self, pod_cidr: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let network_config = v1::NetworkConfig { pod_cidr: pod_cidr.to_owned() };
        let runtime_config = Some(v1::RuntimeConfig { network_config: Some(network_config) });
        let message = v1::UpdateRuntimeConfigRequest { runtime_config };
        unary(deadline, self.runtime().update_runtime_config(request(message, deadline))).await?;
        Ok(())
    }

    /// Container events as they happen; the first [`ContainerEvents::next`] tells whether the runtime has them.
    pub fn get_container_events(&self) -> ContainerEvents {
        let mut runtime = self.runtime();
        ContainerEvents::new(Box::pin(async move { runtime.get_container_events(v1::GetEventsRequest {}).await }))
    }
}

/// Pod sandboxes.
impl CriClient {
    /// Makes and starts a sandbox and gives its id. Takes up to twice the usual deadline: its network is made too.
    pub async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError> {
        let deadline = Some(self.timeouts.request * 2);
        let name = sandbox_name(&config);
        let message = v1::RunPodSandboxRequest { config: Some(config), runtime_handler: runtime_handler.to_owned() };
        let answer = unary(deadline, self.runtime().run_pod_sandbox(request(message, deadline))).await?;
        required_text(answer.pod_sandbox_id, || format!("PodSandboxId is not set for sandbox {name:?}"))
    }

    /// Stops every process in the sandbox and takes its network down. Stopping again is no error; stopping a sandbox
    /// that was removed is `NotFound` with containerd.
    pub async fn stop_pod_sandbox(&self, pod_sandbox_id: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::StopPodSandboxRequest { pod_sandbox_id: pod_sandbox_id.to_owned() };
        unary(deadline, self.runtime().stop_pod_sandbox(request(message, deadline))).await?;
        Ok(())
    }

    /// Removes the sandbox and its containers, by force. Idempotent.
    pub async fn remove_pod_sandbox(&self, pod_sandbox_id: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::RemovePodSandboxRequest { pod_sandbox_id: pod_sandbox_id.to_owned() };
        unary(deadline, self.runtime().remove_pod_sandbox(request(message, deadline))).await?;
        Ok(())
    }

    /// The sandbox's state and addresses; evented runtimes add the states of its containers.
    pub async fn pod_sandbox_status(
        &self,
        pod_sandbox_id: &str,
        verbose: bool,
    ) -> Result<v1::PodSandboxStatusResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::PodSandboxStatusRequest { pod_sandbox_id: pod_sandbox_id.to_owned(), verbose };
        let answer = unary(deadline, self.runtime().pod_sandbox_status(request(message, deadline))).await?;
        let status = required(answer.status.as_ref(), "PodSandboxStatus")?;
        let complete = !status.id.is_empty() && status.metadata.is_some() && status.created_at != 0;
        if complete { Ok(answer) } else { Err(CriError::BadAnswer("PodSandboxStatus is incomplete".to_owned())) }
    }

    pub async fn list_pod_sandbox(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListPodSandboxRequest { filter };
        Ok(unary(deadline, self.runtime().list_pod_sandbox(request(message, deadline))).await?.items)
    }

    /// Changes the resources of the sandbox as a whole, after an in-place resize of the pod.
    pub async fn update_pod_sandbox_resources(
        &self,
        message: v1::UpdatePodSandboxResourcesRequest,
    ) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        unary(deadline, self.runtime().update_pod_sandbox_resources(request(message, deadline))).await?;
        Ok(())
    }

    pub async fn pod_sandbox_stats(&self, pod_sandbox_id: &str) -> Result<v1::PodSandboxStats, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::PodSandboxStatsRequest { pod_sandbox_id: pod_sandbox_id.to_owned() };
        let answer = unary(deadline, self.runtime().pod_sandbox_stats(request(message, deadline))).await?;
        required(answer.stats, "PodSandboxStats")
    }

    pub async fn list_pod_sandbox_stats(
        &self,
        filter: Option<v1::PodSandboxStatsFilter>,
    ) -> Result<Vec<v1::PodSandboxStats>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListPodSandboxStatsRequest { filter };
        Ok(unary(deadline, self.runtime().list_pod_sandbox_stats(request(message, deadline))).await?.stats)
    }

    /// The URL under which the runtime forwards ports of the sandbox.
    pub async fn port_forward(&self, pod_sandbox_id: &str, ports: Vec<i32>) -> Result<String, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::PortForwardRequest { pod_sandbox_id: pod_sandbox_id.to_owned(), port: ports };
        let answer = unary(deadline, self.runtime().port_forward(request(message, deadline))).await?;
        required_text(answer.url, || "URL is not set".to_owned())
    }
}

/// Containers.
impl CriClient {
    /// Makes a container in a sandbox and gives its id; it does not run yet.
    pub async fn create_container(
        &self,
        pod_sandbox_id: &str,
        config: v1::ContainerConfig,
        sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, CriError> {
        let deadline = Some(self.timeouts.request);
        let name = config.metadata.as_ref().map_or_else(String::new, |metadata| metadata.name.clone());
        let message = v1::CreateContainerRequest {
            pod_sandbox_id: pod_sandbox_id.to_owned(),
            config: Some(config),
            sandbox_config: Some(sandbox_config),
        };
        let answer = unary(deadline, self.runtime().create_container(request(message, deadline))).await?;
        required_text(answer.container_id, || format!("ContainerId is not set for container {name:?}"))
    }

    pub async fn start_container(&self, container_id: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::StartContainerRequest { container_id: container_id.to_owned() };
        unary(deadline, self.runtime().start_container(request(message, deadline))).await?;
        Ok(())
    }

    /// Sends the stop signal, waits for the grace period (whole seconds) and then kills. Stopping again is no error;
    /// stopping a container that was removed is `NotFound` with containerd.
    pub async fn stop_container(&self, container_id: &str, grace_period: Duration) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request + grace_period);
        let timeout = i64::try_from(grace_period.as_secs()).unwrap_or(i64::MAX);
        let message = v1::StopContainerRequest { container_id: container_id.to_owned(), timeout };
        unary(deadline, self.runtime().stop_container(request(message, deadline))).await?;
        Ok(())
    }

    /// Removes the container, by force when it runs. Idempotent.
    pub async fn remove_container(&self, container_id: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::RemoveContainerRequest { container_id: container_id.to_owned() };
        unary(deadline, self.runtime().remove_container(request(message, deadline))).await?;
        Ok(())
    }

    pub async fn list_containers(&self, filter: Option<v1::ContainerFilter>) -> Result<Vec<v1::Container>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListContainersRequest { filter };
        Ok(unary(deadline, self.runtime().list_containers(request(message, deadline))).await?.containers)
    }

    /// The container's status, with the runtime's own notes under `info` when `verbose`.
    pub async fn container_status(
        &self,
        container_id: &str,
        verbose: bool,
    ) -> Result<v1::ContainerStatusResponse, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ContainerStatusRequest { container_id: container_id.to_owned(), verbose };
        let answer = unary(deadline, self.runtime().container_status(request(message, deadline))).await?;
        let status = required(answer.status.as_ref(), "ContainerStatus")?;
        let complete = !status.id.is_empty() && status.metadata.is_some() && status.image.is_some();
        if complete { Ok(answer) } else { Err(CriError::BadAnswer("ContainerStatus is incomplete".to_owned())) }
    }

    pub async fn update_container_resources(
        &self,
        message: v1::UpdateContainerResourcesRequest,
    ) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        unary(deadline, self.runtime().update_container_resources(request(message, deadline))).await?;
        Ok(())
    }

    /// Makes the runtime open the log file anew, after it was rotated.
    pub async fn reopen_container_log(&self, container_id: &str) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ReopenContainerLogRequest { container_id: container_id.to_owned() };
        unary(deadline, self.runtime().reopen_container_log(request(message, deadline))).await?;
        Ok(())
    }

    /// Runs a command to its end. A zero `timeout` waits for ever; a command that is too slow is killed by the runtime,
    /// which answers `DeadlineExceeded`. An exit code other than zero is an answer, not an error.
    pub async fn exec_sync(
        &self,
        container_id: &str,
        command: Vec<String>,
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        // The runtime needs a while beyond the command's own limit to clean up.
        let deadline = (!timeout.is_zero()).then(|| self.timeouts.request + timeout);
        // The interface counts whole seconds, and zero means none.
        let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        let timeout = i64::try_from(seconds).unwrap_or(i64::MAX);
        let message = v1::ExecSyncRequest { container_id: container_id.to_owned(), cmd: command, timeout };
        unary(deadline, self.runtime().exec_sync(request(message, deadline))).await
    }

    /// The URL under which the runtime runs a command with streams.
    pub async fn exec(&self, message: v1::ExecRequest) -> Result<String, CriError> {
        let deadline = Some(self.timeouts.request);
        let answer = unary(deadline, self.runtime().exec(request(message, deadline))).await?;
        required_text(answer.url, || "URL is not set".to_owned())
    }

    /// The URL under which the runtime attaches to a container's own process.
    pub async fn attach(&self, message: v1::AttachRequest) -> Result<String, CriError> {
        let deadline = Some(self.timeouts.request);
        let answer = unary(deadline, self.runtime().attach(request(message, deadline))).await?;
        required_text(answer.url, || "URL is not set".to_owned())
    }

    pub async fn container_stats(&self, container_id: &str) -> Result<v1::ContainerStats, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ContainerStatsRequest { container_id: container_id.to_owned() };
        let answer = unary(deadline, self.runtime().container_stats(request(message, deadline))).await?;
        required(answer.stats, "ContainerStats")
    }

    pub async fn list_container_stats(
        &self,
        filter: Option<v1::ContainerStatsFilter>,
    ) -> Result<Vec<v1::ContainerStats>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListContainerStatsRequest { filter };
        Ok(unary(deadline, self.runtime().list_container_stats(request(message, deadline))).await?.stats)
    }
}

/// Checkpoints and metrics, which few runtimes have.
impl CriClient {
    /// Writes the container's state to an archive at `location`. A zero `timeout` takes the runtime's default.
    pub async fn checkpoint_container(
        &self,
        container_id: &str,
        location: &str,
        timeout: Duration,
    ) -> Result<(), CriError> {
        let deadline = Some(self.timeouts.request + timeout);
        let message = v1::CheckpointContainerRequest {
            container_id: container_id.to_owned(),
            location: location.to_owned(),
            timeout: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        };
        unary(deadline, self.runtime().checkpoint_container(request(message, deadline))).await?;
        Ok(())
    }

    pub async fn list_metric_descriptors(&self) -> Result<Vec<v1::MetricDescriptor>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListMetricDescriptorsRequest {};
        Ok(unary(deadline, self.runtime().list_metric_descriptors(request(message, deadline))).await?.descriptors)
    }

    pub async fn list_pod_sandbox_metrics(&self) -> Result<Vec<v1::PodSandboxMetrics>, CriError> {
        let deadline = Some(self.timeouts.request);
        let message = v1::ListPodSandboxMetricsRequest {};
        Ok(unary(deadline, self.runtime().list_pod_sandbox_metrics(request(message, deadline))).await?.pod_metrics)
    }
}

/// The version of the interface between kubelet and runtime that upstream's kubelet names.
const KUBE_RUNTIME_API_VERSION: &str = "0.1.0";
