//! Taking away what a pod used of the node.

use std::sync::Arc;

use api_core::v1::Pod;
use kubelet_core::spec;

use crate::cgroups;
use crate::kubelet::Kubelet;

/// Volumes, the pod's own files and its cgroup; whether that worked.
pub async fn pod(kubelet: &Kubelet, pod: &Pod) -> bool {
    if let Err(error) = kubelet.volumes.teardown(&pod.metadata.uid).await {
        tracing::warn!(pod = %spec::format_pod(pod), %error, "cannot clean up a pod's volumes");
        return false;
    }
    let parent = kubelet.cgroup_parent(pod);
    let removing = tokio::task::spawn_blocking(move || {
        cgroups::remove(std::path::Path::new(cgroups::HIERARCHIES), &parent);
    });
    if let Err(error) = removing.await {
        tracing::warn!(%error, "cannot remove a pod's cgroup");
    }
    true
}

/// Ends and removes what the runtime has of a pod that is in the API no more. It was told to end when it was deleted, so
/// it gets no more time.
pub async fn orphan(kubelet: &Kubelet, uid: &str) {
    let observed = match kubelet.runtime.observe(uid).await {
        Ok(observed) => observed,
        Err(error) => {
            tracing::warn!(uid, %error, "cannot see an orphaned pod");
            return;
        }
    };
    for sandbox in &observed.sandboxes {
        let stopped = kubelet.cri.stop_pod_sandbox(&sandbox.id).await;
        if let Err(error) = &stopped
            && !error.is_not_found()
        {
            tracing::warn!(uid, sandbox = sandbox.id, %error, "cannot stop an orphaned sandbox");
            return;
        }
        if let Err(error) = kubelet.cri.remove_pod_sandbox(&sandbox.id).await {
            tracing::warn!(uid, sandbox = sandbox.id, %error, "cannot remove an orphaned sandbox");
        }
    }
    if let Err(error) = kubelet.volumes.teardown(uid).await {
        tracing::warn!(uid, %error, "cannot clean up the volumes of an orphaned pod");
    }
}

/// Volumes and logs of pods that went while no kubelet was here. `uids`: the pods that there are.
pub async fn leftovers(kubelet: Arc<Kubelet>, uids: Vec<String>) {
    let known = |uid: &str| uids.iter().any(|have| have == uid) || kubelet.pods.has(uid);
    match kubelet.volumes.pods_on_disk() {
        Ok(on_disk) => {
            for uid in on_disk.iter().filter(|uid| !known(uid)) {
                orphan(&kubelet, uid).await;
            }
        }
        Err(error) => tracing::warn!(%error, "cannot look for volumes of pods that are gone"),
    }
    let entries = std::fs::read_dir(&kubelet.config.pod_logs_dir).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A directory is called after namespace, name and uid.
        let gone = name.rsplit('_').next().is_some_and(|uid| name.contains('_') && !known(uid));
        if gone && let Err(error) = tokio::fs::remove_dir_all(entry.path()).await {
            tracing::warn!(directory = name, %error, "cannot remove the logs of a pod that is gone");
        }
    }
}
