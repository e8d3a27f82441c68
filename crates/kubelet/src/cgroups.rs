//! The cgroups of pods: their names, and their removal.
//!
//! The runtime makes them (cgroup v1 and v2, driver cgroupfs or systemd); we only say where, and take away what is left
//! when a pod is gone.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use api_core::v1::Pod;
use kubelet_core::qos;

/// How the runtime makes cgroups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    Cgroupfs,
    Systemd,
}

/// The cgroup under which all of a pod's containers are, in the form that the driver takes.
pub fn pod_parent(root: &str, driver: Driver, pod: &Pod) -> String {
    let class = match qos::class(pod) {
        "Guaranteed" => "",
        "Burstable" => "burstable",
        _ => "besteffort",
    };
    let uid = &pod.metadata.uid;
    match driver {
        Driver::Cgroupfs => {
            let parts = [root.trim_matches('/'), "kubepods", class, &format!("pod{uid}")];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("/{}", parts.join("/"))
        }
        Driver::Systemd => {
            let class = if class.is_empty() { String::new() } else { format!("-{class}") };
            format!("kubepods{class}-pod{}.slice", uid.replace('-', "_"))
        }
    }
}

/// Removes what is left of a pod's cgroup, in every hierarchy. Empty ones only: a process left behind keeps its cgroup.
pub fn remove(hierarchies: &Path, parent: &str) {
    for hierarchy in mounted(hierarchies) {
        let directory = hierarchy.join(parent.trim_start_matches('/'));
        if let Err(error) = remove_tree(&directory)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::debug!(directory = %directory.display(), %error, "a pod's cgroup stays");
        }
    }
}

/// Each hierarchy of cgroup v1, or the one of v2.
fn mounted(root: &Path) -> Vec<PathBuf> {
    if root.join("cgroup.controllers").exists() {
        return vec![root.to_owned()];
    }
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// A cgroup's files go with its directory; only directories have to be removed, the innermost first.
fn remove_tree(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    std::fs::remove_dir(directory)
}

/// Where cgroups are mounted.
pub const HIERARCHIES: &str = "/sys/fs/cgroup";
