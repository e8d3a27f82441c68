//! The labels and annotations by which containers are known again after a restart of the kubelet: upstream's.

pub const POD_NAME: &str = "io.kubernetes.pod.name";
pub const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
pub const POD_UID: &str = "io.kubernetes.pod.uid";
pub const CONTAINER_NAME: &str = "io.kubernetes.container.name";

pub const HASH: &str = "io.kubernetes.container.hash";
pub const RESTART_COUNT: &str = "io.kubernetes.container.restartCount";
pub const TERMINATION_MESSAGE_PATH: &str = "io.kubernetes.container.terminationMessagePath";
pub const TERMINATION_MESSAGE_POLICY: &str = "io.kubernetes.container.terminationMessagePolicy";
pub const PORTS: &str = "io.kubernetes.container.ports";
pub const PRE_STOP: &str = "io.kubernetes.container.preStopHandler";
pub const POD_GRACE: &str = "io.kubernetes.pod.terminationGracePeriod";
pub const POD_DELETION_GRACE: &str = "io.kubernetes.pod.deletionGracePeriod";

/// The log file of one run, below the pod's log directory.
pub fn log_path(container: &str, restart_count: u32) -> String {
    format!("{container}/{restart_count}.log")
}
