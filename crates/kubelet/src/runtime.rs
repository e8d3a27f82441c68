//! What the runtime shows, pod by pod.
//!
//! A list is cheap, a status is not: statuses of containers that have ended, and those of containers that still run as
//! when last asked, come from a cache. Deliberately absent: changing anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use cri::{CriClient, CriError, v1};
use kubelet_core::{ContainerState, ObservedContainer, ObservedPod, Sandbox};
use parking_lot::Mutex;

use crate::names;
use crate::termination_message;

/// The reading side of the runtime.
pub struct Runtime {
    cri: CriClient,
    containers: Mutex<HashMap<String, ObservedContainer>>,
    sandboxes: Mutex<HashMap<String, Sandbox>>,
}

/// What of a pod changes when something happens to it: ids and states.
pub type Fingerprint = Vec<(String, i32)>;

impl Runtime {
    pub fn new(cri: CriClient) -> Runtime {
        Runtime { cri, containers: Mutex::default(), sandboxes: Mutex::default() }
    }

    /// Everything of one pod.
    pub async fn observe(&self, uid: &str) -> Result<ObservedPod, CriError> {
        let selector: HashMap<_, _> = [(names::POD_UID.to_owned(), uid.to_owned())].into();
        let sandboxes = v1::PodSandboxFilter { label_selector: selector.clone(), ..Default::default() };
        let containers = v1::ContainerFilter { label_selector: selector, ..Default::default() };
        let (sandboxes, containers) =
            tokio::try_join!(self.cri.list_pod_sandbox(Some(sandboxes)), self.cri.list_containers(Some(containers)))?;
        let mut pod = ObservedPod::default();
        for sandbox in sandboxes {
            // What is removed meanwhile is not there.
            pod.sandboxes.extend(found(self.sandbox(&sandbox).await)?);
        }
        for container in containers {
            pod.containers.extend(found(self.container(&container).await)?);
        }
        pod.sort();
        Ok(pod)
    }

    /// The ids and states of all pods, and what belongs to no pod left out. Forgets what is gone.
    pub async fn relist(&self) -> Result<BTreeMap<String, Fingerprint>, CriError> {
        let (sandboxes, containers) =
            tokio::try_join!(self.cri.list_pod_sandbox(None), self.cri.list_containers(None))?;
        let mut pods: BTreeMap<String, Fingerprint> = BTreeMap::new();
        let mut ids = HashSet::new();
        let sandboxes = sandboxes.into_iter().map(|s| (s.labels, s.id, s.state));
        // A sandbox's states must not be taken for a container's.
        let containers = containers.into_iter().map(|c| (c.labels, c.id, c.state + CONTAINER_STATES));
        for (labels, id, state) in sandboxes.chain(containers) {
            ids.insert(id.clone());
            if let Some(uid) = labels.get(names::POD_UID) {
                pods.entry(uid.clone()).or_default().push((id, state));
            }
        }
        for fingerprint in pods.values_mut() {
            fingerprint.sort_unstable();
        }
        self.containers.lock().retain(|id, _| ids.contains(id));
        self.sandboxes.lock().retain(|id, _| ids.contains(id));
        Ok(pods)
    }

    async fn sandbox(&self, listed: &v1::PodSandbox) -> Result<Sandbox, CriError> {
        let ready = listed.state() == v1::PodSandboxState::SandboxReady;
        if let Some(known) = self.sandboxes.lock().get(&listed.id).filter(|known| known.ready == ready) {
            return Ok(known.clone());
        }
        let answer = self.cri.pod_sandbox_status(&listed.id, false).await?;
        let status = answer.status.unwrap_or_default();
        let namespaces = status.linux.as_ref().and_then(|linux| linux.namespaces.as_ref());
        let network = namespaces.and_then(|namespaces| namespaces.options.as_ref()).map(|options| options.network());
        let sandbox = Sandbox {
            id: listed.id.clone(),
            attempt: listed.metadata.as_ref().map_or(0, |metadata| metadata.attempt),
            ready: status.state() == v1::PodSandboxState::SandboxReady,
            created_at: listed.created_at,
            host_network: network == Some(v1::NamespaceMode::Node),
            ips: status.network.map(addresses).unwrap_or_default(),
        };
        self.sandboxes.lock().insert(listed.id.clone(), sandbox.clone());
        Ok(sandbox)
    }

    async fn container(&self, listed: &v1::Container) -> Result<ObservedContainer, CriError> {
        let state = state(listed.state());
        let settled = matches!(state, ContainerState::Running | ContainerState::Exited);
        if let Some(known) = self.containers.lock().get(&listed.id).filter(|known| settled && known.state == state) {
            return Ok(known.clone());
        }
        let answer = self.cri.container_status(&listed.id, false).await?;
        let status = answer.status.unwrap_or_default();
        let mut container = from_status(&status);
        container.sandbox_id = listed.pod_sandbox_id.clone();
        if container.state == ContainerState::Exited {
            let written = termination_message::read(&status).await;
            if !written.is_empty() {
                container.message = written;
            }
        }
        self.containers.lock().insert(listed.id.clone(), container.clone());
        Ok(container)
    }
}

/// Containers' states follow those of sandboxes in a [`Fingerprint`].
const CONTAINER_STATES: i32 = 10;

fn found<T>(result: Result<T, CriError>) -> Result<Option<T>, CriError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn addresses(network: v1::PodSandboxNetworkStatus) -> Vec<String> {
    let all = std::iter::once(network.ip).chain(network.additional_ips.into_iter().map(|more| more.ip));
    all.filter(|ip| !ip.is_empty()).collect()
}

fn state(state: v1::ContainerState) -> ContainerState {
    match state {
        v1::ContainerState::ContainerCreated => ContainerState::Created,
        v1::ContainerState::ContainerRunning => ContainerState::Running,
        v1::ContainerState::ContainerExited => ContainerState::Exited,
        v1::ContainerState::ContainerUnknown => ContainerState::Unknown,
    }
}

fn from_status(status: &v1::ContainerStatus) -> ObservedContainer {
    let annotation = |key: &str| status.annotations.get(key).cloned().unwrap_or_default();
    let metadata = status.metadata.clone().unwrap_or_default();
    ObservedContainer {
        id: status.id.clone(),
        name: metadata.name,
        restart_count: annotation(names::RESTART_COUNT).parse().unwrap_or(metadata.attempt),
        state: state(status.state()),
        sandbox_id: String::new(),
        created_at: status.created_at,
        started_at: status.started_at,
        finished_at: status.finished_at,
        exit_code: status.exit_code,
        reason: status.reason.clone(),
        message: status.message.clone(),
        image: status.image.as_ref().map(|image| image.image.clone()).unwrap_or_default(),
        image_ref: status.image_ref.clone(),
        hash: annotation(names::HASH),
    }
}
