//! `postStart` and `preStop`.

use std::time::Duration;

use api_core::v1::{Container, LifecycleHandler, Pod};

use crate::files;
use crate::kubelet::Kubelet;

/// Runs a hook to its end. The error is what the container's status shows.
pub async fn run(
    kubelet: &Kubelet,
    pod: &Pod,
    container: &Container,
    hook: &LifecycleHandler,
    sandbox_id: &str,
    container_id: &str,
) -> Result<(), String> {
    if let Some(exec) = &hook.exec {
        let answer = kubelet.cri.exec_sync(container_id, exec.command.clone(), Duration::ZERO).await;
        let answer = answer.map_err(|error| error.message())?;
        if answer.exit_code == 0 {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&answer.stdout).into_owned() + &String::from_utf8_lossy(&answer.stderr);
        let command = exec.command.join(" ");
        return Err(format!(
            "Exec lifecycle hook ([{command}]) for Container \"{}\" in Pod \"{}\" failed - error: command '{command}' exited with {}: {output}",
            container.name,
            kubelet_core::spec::format_pod(pod),
            answer.exit_code
        ));
    }
    if let Some(sleep) = &hook.sleep {
        tokio::time::sleep(Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0))).await;
        return Ok(());
    }
    if let Some(action) = &hook.http_get {
        let ip = address(kubelet, pod, sandbox_id).await?;
        return files::call_hook(kubelet, action, container, container_id, &ip, HTTP_TIMEOUT).await;
    }
    Ok(())
}

/// Where an HTTP hook without a host goes.
async fn address(kubelet: &Kubelet, pod: &Pod, sandbox_id: &str) -> Result<String, String> {
    if pod.spec.host_network {
        return Ok(kubelet.host_ips().into_iter().next().unwrap_or_default());
    }
    let observed = kubelet.runtime.observe(&pod.metadata.uid).await.map_err(|error| error.to_string())?;
    let mut sandboxes = observed.sandboxes.iter();
    let sandbox = sandboxes.find(|sandbox| sandbox_id.is_empty() || sandbox.id == sandbox_id);
    sandbox
        .and_then(|sandbox| sandbox.ips.first().cloned())
        .ok_or_else(|| "failed to find networking container".to_owned())
}

/// Upstream's client for hooks has no limit; one that never answers must not hold a worker for ever.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);
