//! The border to volumes, environment and probes: what a worker asks of them, in its own terms.

use api_core::v1::{Container, Pod, Probe};
use kubelet_core::ProbeOutcome;

use crate::cri_config::container::HostMount;
use crate::kubelet::Kubelet;

/// The error is the text of the `FailedMount` event.
pub async fn mount_volumes(_kubelet: &Kubelet, _pod: &Pod) -> Result<(), String> {
    Ok(())
}

pub async fn unmount_volumes(kubelet: &Kubelet, uid: &str) -> Result<(), String> {
    match tokio::fs::remove_dir_all(kubelet.config.pod_dir(uid)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

pub async fn environment(
    _kubelet: &Kubelet,
    _pod: &Pod,
    container: &Container,
    _pod_ips: &[String],
) -> Result<Vec<(String, String)>, String> {
    Ok(container.env.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect())
}

pub fn expand(words: &[String], _environment: &[(String, String)]) -> Vec<String> {
    words.to_vec()
}

pub async fn mounts(
    kubelet: &Kubelet,
    pod: &Pod,
    container: &Container,
    _environment: &[(String, String)],
    _pod_ips: &[String],
    _restart_count: u32,
) -> Result<Vec<HostMount>, String> {
    if container.termination_message_path.is_empty() {
        return Ok(Vec::new());
    }
    let directory = kubelet.config.pod_dir(&pod.metadata.uid).join("containers").join(&container.name);
    tokio::fs::create_dir_all(&directory).await.map_err(|error| error.to_string())?;
    let file = directory.join(format!("{:08x}", kubelet.now().unsigned_abs() as u32));
    tokio::fs::write(&file, b"").await.map_err(|error| error.to_string())?;
    Ok(vec![HostMount {
        container_path: container.termination_message_path.clone(),
        host_path: file,
        ..HostMount::default()
    }])
}

pub async fn probe(
    kubelet: &Kubelet,
    probe: &Probe,
    _container: &Container,
    container_id: &str,
    _ip: &str,
) -> (ProbeOutcome, String) {
    let Some(exec) = &probe.exec else { return (ProbeOutcome::Unknown, "unsupported".to_owned()) };
    let limit = std::time::Duration::from_secs(u64::try_from(probe.timeout_seconds.max(1)).unwrap_or(1));
    match kubelet.cri.exec_sync(container_id, exec.command.clone(), limit).await {
        Ok(answer) if answer.exit_code == 0 => (ProbeOutcome::Success, String::new()),
        Ok(answer) => (ProbeOutcome::Failure, String::from_utf8_lossy(&answer.stdout).into_owned()),
        Err(error) => (ProbeOutcome::Unknown, error.to_string()),
    }
}

/// An HTTP hook succeeds when somebody answers, whatever the answer is.
pub async fn call_hook(
    kubelet: &Kubelet,
    hook: &Probe,
    container: &Container,
    container_id: &str,
    ip: &str,
) -> Result<(), String> {
    match probe(kubelet, hook, container, container_id, ip).await {
        (ProbeOutcome::Success, _) => Ok(()),
        (_, output) if output.starts_with("HTTP probe failed with statuscode") => Ok(()),
        (_, output) => Err(output),
    }
}
