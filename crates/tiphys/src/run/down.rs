//! `tiphys down`: stops an instance, and with `--pods` all that it left running.

use super::{files, network};
use crate::config::Options;
use anyhow::{Context, bail};
use cri::containerd::Containerd;
use cri::{CriClient, CriTimeouts};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the process may take to end.
const TIMEOUT: Duration = Duration::from_secs(60);
/// As long as a container may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(10);

pub fn down(options: &Options, pods: bool) -> anyhow::Result<()> {
    match files::running(&options.data_dir)? {
        Some(id) => stop_process(id, &options.data_dir)?,
        None => println!("no instance runs on {}", options.data_dir.display()),
    }
    if pods {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(end_pods(&options.data_dir))?;
    }
    Ok(())
}

fn stop_process(id: i32, data_dir: &Path) -> anyhow::Result<()> {
    kill(Pid::from_raw(id), Signal::SIGTERM).with_context(|| format!("cannot stop process {id}"))?;
    let deadline = Instant::now() + TIMEOUT;
    while files::running(data_dir)?.is_some() {
        if Instant::now() > deadline {
            bail!("process {id} still runs {TIMEOUT:?} after SIGTERM");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("stopped process {id}");
    Ok(())
}

/// Ends every container and sandbox of the instance's containerd, then that. Their objects stay: the next start runs them
/// again.
async fn end_pods(data_dir: &Path) -> anyhow::Result<()> {
    let data_dir = data_dir.canonicalize().with_context(|| data_dir.display().to_string())?;
    let config = network::containerd(&data_dir);
    if !config.root.exists() {
        return Ok(());
    }
    let containerd = Containerd::ensure(config).await.context("the containerd of this instance")?;
    let cri = CriClient::connect(containerd.socket(), CriTimeouts::default()).await?;
    for container in cri.list_containers(None).await? {
        if let Err(error) = cri.stop_container(&container.id, GRACE).await
            && !error.is_not_found()
        {
            return Err(error).with_context(|| format!("stopping container {}", container.id));
        }
    }
    let sandboxes = cri.list_pod_sandbox(None).await?;
    for sandbox in &sandboxes {
        let ended = match cri.stop_pod_sandbox(&sandbox.id).await {
            Ok(()) => cri.remove_pod_sandbox(&sandbox.id).await,
            Err(error) => Err(error),
        };
        match ended {
            Err(error) if !error.is_not_found() => {
                return Err(error).with_context(|| format!("ending pod sandbox {}", sandbox.id));
            }
            _ => {}
        }
    }
    containerd.stop().await.context("stopping containerd")?;
    println!("ended {} pods and containerd", sandboxes.len());
    Ok(())
}
