//! The border to volumes, environment and probes: what a worker asks of them, in its own terms.

use std::time::Duration;

use api_core::v1::{Container, HTTPGetAction, Pod, Probe};
use cri::v1;
use kubelet_core::ProbeOutcome;

use crate::cri_config::sandbox;
use crate::env::{self, Facts};
use crate::kubelet::Kubelet;
use crate::probe;
use crate::volumes::{ContainerMounts, Mounted};

/// Sets up what is not set up, and brings the rest up to date. The errors are the texts of `FailedMount` events.
pub async fn mount_volumes(kubelet: &Kubelet, pod: &Pod) -> Result<Mounted, Vec<String>> {
    let setting_up = kubelet.volumes.setup(pod, &kubelet.allocatable).await;
    setting_up.map_err(|error| error.0.iter().map(ToString::to_string).collect())
}

/// Whether the pod has volumes whose content comes from elsewhere and changes.
pub fn has_changing_volumes(pod: &Pod) -> bool {
    let changes = |volume: &api_core::v1::Volume| {
        volume.config_map.is_some()
            || volume.secret.is_some()
            || volume.downward_api.is_some()
            || volume.projected.is_some()
    };
    pod.spec.volumes.iter().any(changes)
}

/// The variables of a container, in the order of their names.
pub async fn environment(
    kubelet: &Kubelet,
    pod: &Pod,
    container: &Container,
    pod_ips: &[String],
    volumes: &Mounted,
) -> Result<Vec<(String, String)>, String> {
    let facts = Facts {
        objects: &kubelet.client,
        host_ips: &kubelet.host_ips(),
        pod_ips,
        allocatable: &kubelet.allocatable,
        volumes,
    };
    env::build(container, pod, facts).await.map_err(|error| error.to_string())
}

/// All that one run of a container mounts: volumes, the hosts file, the file for its last words.
pub async fn mounts(
    kubelet: &Kubelet,
    pod: &Pod,
    container: &Container,
    environment: &[(String, String)],
    pod_ips: &[String],
    volumes: &Mounted,
) -> Result<Vec<v1::Mount>, String> {
    let domain = &kubelet.config.cluster_domain;
    let hostname = match pod.spec.host_network {
        true => kubelet.config.hostname.clone(),
        false => sandbox::hostname(pod, domain),
    };
    let host_domain = match pod.spec.subdomain.as_str() {
        "" => String::new(),
        subdomain => format!("{subdomain}.{}.svc.{domain}", pod.metadata.namespace),
    };
    let context = ContainerMounts {
        pod,
        container,
        volumes,
        env: environment,
        hostname: &hostname,
        host_domain: &host_domain,
        pod_ips,
        recursive_read_only: false,
    };
    let mut mounts = kubelet.volumes.container_mounts(&context).map_err(|error| error.to_string())?;
    if !container.termination_message_path.is_empty() {
        // Each run has a file of its own.
        let run = format!("{:016x}", kubelet.now());
        let file = kubelet.volumes.termination_log(&pod.metadata.uid, &container.name, &run);
        let file = file.map_err(|error| format!("cannot make the file for the termination message: {error}"))?;
        mounts.push(v1::Mount {
            container_path: container.termination_message_path.clone(),
            host_path: file.to_string_lossy().into_owned(),
            ..v1::Mount::default()
        });
    }
    Ok(mounts)
}

/// Asks a container once how it is.
pub async fn probe(
    kubelet: &Kubelet,
    probe: &Probe,
    container: &Container,
    container_id: &str,
    ip: &str,
) -> (ProbeOutcome, String) {
    let target = probe::Target { cri: &kubelet.cri, container, container_id, pod_ip: ip };
    let result = probe::run(probe, target).await;
    (result.outcome, result.output)
}

/// An HTTP hook succeeds when somebody answers, whatever the answer is.
pub async fn call_hook(
    kubelet: &Kubelet,
    action: &HTTPGetAction,
    container: &Container,
    container_id: &str,
    ip: &str,
    limit: Duration,
) -> Result<(), String> {
    let target = probe::Target { cri: &kubelet.cri, container, container_id, pod_ip: ip };
    probe::get(&probe::http_target(action, target)?, limit).await.map(drop)
}
