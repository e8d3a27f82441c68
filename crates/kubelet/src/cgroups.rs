//! The cgroups of pods: their names, their limits, and their removal.
//!
//! Those of containers are the runtime's. Under the systemd driver it makes the pods' own too, and they have no limits as
//! a whole; under cgroupfs we make them (cgroup v1 and v2).

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

/// What a pod as a whole may use: the kernel's accounting of a cgroup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub cpu_shares: i64,
    /// Per period of 100 ms; `None`: no limit.
    pub cpu_quota_us: Option<i64>,
    pub memory_bytes: Option<i64>,
}

/// The sum over the pod's containers, where each of them has a limit.
pub fn pod_limits(pod: &Pod) -> Limits {
    let positive = |value: Option<i64>| value.filter(|value| *value > 0);
    Limits {
        cpu_shares: qos::cpu_shares(qos::pod_total(pod, "cpu", false).unwrap_or(0)),
        cpu_quota_us: positive(qos::pod_total(pod, "cpu", true)).map(qos::cpu_quota_us),
        memory_bytes: positive(qos::pod_total(pod, "memory", true)),
    }
}

/// Makes a pod's cgroup with its limits before the runtime makes those of containers in it. A machine that lacks a
/// controller runs pods without that limit.
pub fn prepare(hierarchies: &Path, parent: &str, limits: Limits) {
    let relative = parent.trim_start_matches('/');
    if hierarchies.join("cgroup.controllers").exists() {
        unified(hierarchies, relative, limits);
        return;
    }
    if !hierarchies.join("cpu").is_dir() || !hierarchies.join("memory").is_dir() {
        return;
    }
    let cpu = hierarchies.join("cpu").join(relative);
    let quota = limits.cpu_quota_us.unwrap_or(-1);
    set(
        &cpu,
        &[("cpu.shares", limits.cpu_shares), ("cpu.cfs_period_us", qos::CPU_PERIOD_US), ("cpu.cfs_quota_us", quota)],
    );
    if let Some(bytes) = limits.memory_bytes {
        set(&hierarchies.join("memory").join(relative), &[("memory.limit_in_bytes", bytes)]);
    }
}

/// cgroup v2: controllers have to be passed down level by level.
fn unified(root: &Path, relative: &str, limits: Limits) {
    let mut directory = root.to_owned();
    for part in relative.split('/') {
        for controller in ["cpu", "memory", "pids", "cpuset", "io"] {
            write(&directory.join("cgroup.subtree_control"), &format!("+{controller}"));
        }
        directory.push(part);
        if let Err(error) = std::fs::create_dir_all(&directory) {
            tracing::debug!(directory = %directory.display(), %error, "cannot make a cgroup");
        }
    }
    // The kernel's documented mapping of shares (2 to 262144) to weights (1 to 10000).
    let weight = 1 + ((limits.cpu_shares - 2) * 9999) / 262_142;
    write(&directory.join("cpu.weight"), &weight.to_string());
    let quota = limits.cpu_quota_us.map_or_else(|| "max".to_owned(), |quota| quota.to_string());
    write(&directory.join("cpu.max"), &format!("{quota} {}", qos::CPU_PERIOD_US));
    let memory = limits.memory_bytes.map_or_else(|| "max".to_owned(), |bytes| bytes.to_string());
    write(&directory.join("memory.max"), &memory);
}

fn set(directory: &Path, values: &[(&str, i64)]) {
    if let Err(error) = std::fs::create_dir_all(directory) {
        tracing::debug!(directory = %directory.display(), %error, "cannot make a cgroup");
        return;
    }
    for (file, value) in values {
        write(&directory.join(file), &value.to_string());
    }
}

fn write(path: &Path, value: &str) {
    if let Err(error) = std::fs::write(path, value) {
        tracing::debug!(path = %path.display(), value, %error, "cannot set a cgroup's limit");
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
