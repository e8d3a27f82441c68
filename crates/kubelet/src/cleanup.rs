//! Taking away what a pod used of the node.

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
