//! Empty directories, on disk and in memory.

use super::{VolumeError, mount_table};
use api_core::v1::{EmptyDirVolumeSource, Pod};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use schema::Quantity;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The size of a tmpfs, if the volume is to be one: the smallest of the node's memory, the pod's limit and its own.
pub(super) fn memory_bytes(
    source: &EmptyDirVolumeSource,
    pod: &Pod,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<Option<i64>, VolumeError> {
    match source.medium.as_str() {
        "" => return Ok(None),
        "Memory" => {}
        other => return Err(VolumeError::Medium(other.to_owned())),
    }
    let own = source.size_limit.as_ref().map(Quantity::value).filter(|&bytes| bytes > 0);
    let node = allocatable.get("memory").map(Quantity::value).filter(|&bytes| bytes > 0);
    let smallest = [own, pod_limit(pod), node].into_iter().flatten().min();
    Ok(Some(smallest.unwrap_or(0)))
}

/// What all containers together may use; `None` if one of them has no limit.
fn pod_limit(pod: &Pod) -> Option<i64> {
    let memory = |limits: &BTreeMap<String, Quantity>| limits.get("memory").map(Quantity::value).filter(|&n| n > 0);
    if let Some(limit) = pod.spec.resources.as_deref().and_then(|resources| memory(&resources.limits)) {
        return Some(limit);
    }
    let each = pod.spec.containers.iter().map(|container| memory(&container.resources.limits));
    let sum = each.sum::<Option<i64>>()?;
    let init = pod.spec.init_containers.iter().filter_map(|container| memory(&container.resources.limits)).max();
    Some(sum.max(init.unwrap_or(0))).filter(|&sum| sum > 0)
}

/// The directory, open to everybody: it is reached through containers' mounts alone.
pub(super) fn make(path: &Path) -> Result<(), VolumeError> {
    if !path.is_dir() {
        fs::create_dir_all(path).map_err(VolumeError::io("create", path))?;
    }
    let mode = fs::metadata(path).map_err(VolumeError::io("stat", path))?.permissions().mode();
    if mode & 0o777 != 0o777 {
        // The umask has had its say.
        let open = Permissions::from_mode(0o777 | (mode & 0o7000));
        fs::set_permissions(path, open).map_err(VolumeError::io("chmod", path))?;
    }
    Ok(())
}

/// Mounts a tmpfs of `bytes` (0: the kernel's default, half the memory) unless one is mounted.
pub(super) fn tmpfs(path: &Path, bytes: i64) -> Result<(), VolumeError> {
    if mount_table::is_mount_point(path) {
        return Ok(());
    }
    let size = if bytes > 0 { format!("size={bytes}") } else { String::new() };
    mount_tmpfs(path, &size).map_err(|errno| VolumeError::io("mount tmpfs on", path)(errno.into()))
}

/// A tmpfs for files that should not reach a disk, swap included. Where mounting is not permitted, the directory serves.
pub(super) fn try_tmpfs(path: &Path) {
    if mount_table::is_mount_point(path) {
        return;
    }
    // Kernels before 6.3 do not know `noswap`.
    let mounted = mount_tmpfs(path, "noswap").or_else(|_| mount_tmpfs(path, ""));
    if let Err(error) = mounted {
        tracing::warn!(path = %path.display(), %error, "no tmpfs for this volume; its files lie on disk");
    }
}

fn mount_tmpfs(path: &Path, options: &str) -> Result<(), Errno> {
    mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::empty(), Some(options))
}
