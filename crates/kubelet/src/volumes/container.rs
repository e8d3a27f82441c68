//! What one container mounts.

use super::{Mounted, hosts, subpath};
use crate::env::expand;
use api_core::v1::{Container, Pod, VolumeMount};
use cri::v1::{Mount, MountPropagation};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// A container, and what its mounts depend on.
#[derive(Clone, Copy)]
pub struct ContainerMounts<'a> {
    pub pod: &'a Pod,
    pub container: &'a Container,
    pub volumes: &'a Mounted,
    /// The container's variables, for `subPathExpr`.
    pub env: &'a [(String, String)],
    pub hostname: &'a str,
    /// Empty without a subdomain.
    pub host_domain: &'a str,
    pub pod_ips: &'a [String],
    /// Whether the runtime can mount read-only all the way down.
    pub recursive_read_only: bool,
}

/// The message of a CreateContainerConfigError. Details of the host's file system stay in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MountsError {
    #[error("cannot find volume {volume:?} to mount into container {container:?}")]
    NoVolume { volume: String, container: String },
    #[error("{0}")]
    SubPathExpr(String),
    #[error("error SubPath `{0}` must not be an absolute path")]
    Absolute(String),
    #[error("unable to provision SubPath `{0}`: must not contain '..'")]
    Backsteps(String),
    #[error("failed to create subPath directory for volumeMount {volume:?} of container {container:?}")]
    Create { volume: String, container: String },
    #[error("failed to prepare subPath for volumeMount {volume:?} of container {container:?}")]
    Prepare { volume: String, container: String },
    #[error("invalid MountPropagation mode: {0:?}")]
    Propagation(String),
    #[error("failed to resolve recursive read-only mode: {0}")]
    RecursiveReadOnly(String),
    #[error("failed to write the hosts file: {0}")]
    Hosts(String),
}

pub(super) fn mounts(pod_dir: &Path, context: &ContainerMounts<'_>) -> Result<Vec<Mount>, MountsError> {
    let (container, pod) = (context.container, context.pod);
    let mut mounts = Vec::with_capacity(container.volume_mounts.len() + 1);
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let volume = context
            .volumes
            .get(&mount.name)
            .ok_or_else(|| MountsError::NoVolume { volume: mount.name.clone(), container: container.name.clone() })?;
        let sub_path = sub_path(mount, context.env)?;
        let host_path = match sub_path.as_str() {
            "" => volume.path.clone(),
            sub_path => bind_sub_path(pod_dir, container, mount, index, &volume.path, sub_path)?,
        };
        mounts.push(Mount {
            container_path: absolute(&mount.mount_path),
            host_path: host_path.display().to_string(),
            readonly: mount.read_only || volume.read_only,
            propagation: propagation(mount)?.into(),
            recursive_read_only: recursive_read_only(mount, context.recursive_read_only)?,
            ..Mount::default()
        });
    }
    let has_address = pod.spec.host_network || !context.pod_ips.is_empty();
    if has_address && !container.volume_mounts.iter().any(|mount| mount.mount_path == hosts::PATH) {
        let written = hosts::write(pod_dir, pod, context.pod_ips, context.hostname, context.host_domain);
        let path = written.map_err(|error| MountsError::Hosts(error.to_string()))?;
        mounts.push(Mount {
            container_path: hosts::PATH.to_owned(),
            host_path: path.display().to_string(),
            selinux_relabel: true,
            ..Mount::default()
        });
    }
    Ok(mounts)
}

pub(super) fn termination_log(pod_dir: &Path, container: &str, run: &str) -> io::Result<PathBuf> {
    let dir = pod_dir.join("containers").join(container);
    fs::create_dir_all(&dir)?;
    let path = dir.join(run);
    let file = File::create(&path)?;
    // Whoever the container runs as may write.
    file.set_permissions(Permissions::from_mode(0o666))?;
    Ok(path)
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn sub_path(mount: &VolumeMount, env: &[(String, String)]) -> Result<String, MountsError> {
    let path = match mount.sub_path_expr.as_str() {
        "" => mount.sub_path.clone(),
        expression => expand::strict(expression, env).map_err(MountsError::SubPathExpr)?,
    };
    if path.starts_with('/') {
        return Err(MountsError::Absolute(path));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(MountsError::Backsteps(path));
    }
    Ok(path)
}

fn bind_sub_path(
    pod_dir: &Path,
    container: &Container,
    mount: &VolumeMount,
    index: usize,
    volume: &Path,
    sub_path: &str,
) -> Result<PathBuf, MountsError> {
    let path: PathBuf = Path::new(sub_path).components().filter(|part| *part != Component::CurDir).collect();
    let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path };
    let names = || (mount.name.clone(), container.name.clone());
    subpath::make_dirs(volume, &path).map_err(|error| {
        tracing::warn!(%error, volume = %volume.display(), sub_path, "cannot make a subPath directory");
        let (volume, container) = names();
        MountsError::Create { volume, container }
    })?;
    let subpaths = pod_dir.join("volume-subpaths").join(&mount.name).join(&container.name);
    let target = subpaths.join(index.to_string());
    subpath::bind(volume, &path, &target).map_err(|error| {
        tracing::warn!(%error, volume = %volume.display(), sub_path, "cannot bind a subPath");
        let (volume, container) = names();
        MountsError::Prepare { volume, container }
    })?;
    Ok(target)
}

fn propagation(mount: &VolumeMount) -> Result<MountPropagation, MountsError> {
    match mount.mount_propagation.as_deref() {
        None | Some("None") => Ok(MountPropagation::PropagationPrivate),
        Some("HostToContainer") => Ok(MountPropagation::PropagationHostToContainer),
        Some("Bidirectional") => Ok(MountPropagation::PropagationBidirectional),
        Some(other) => Err(MountsError::Propagation(other.to_owned())),
    }
}

fn recursive_read_only(mount: &VolumeMount, supported: bool) -> Result<bool, MountsError> {
    let fail = |why: &str| Err(MountsError::RecursiveReadOnly(why.to_owned()));
    match mount.recursive_read_only.as_deref() {
        None | Some("Disabled") => Ok(false),
        Some("IfPossible") => Ok(mount.read_only && supported),
        Some("Enabled") if !mount.read_only => fail("volume is not read-only"),
        Some("Enabled") if !supported => fail("recursive read-only mounts are not supported by the runtime"),
        Some("Enabled") => Ok(true),
        Some(other) => fail(&format!("unknown recursive read-only mode {other:?}")),
    }
}
