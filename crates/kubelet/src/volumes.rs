//! The volumes of pods, laid out on disk as upstream's kubelet does.
//!
//! ```text
//! <root>/pods/<uid>/volumes/kubernetes.io~empty-dir/<name>      a directory or a tmpfs
//!                           kubernetes.io~configmap/<name>      ..data -> ..2026_01_02_15_04_05.123, key -> ..data/key
//!                           kubernetes.io~secret/<name>         the same in a tmpfs; so projected and downward-api
//!                   volume-subpaths/<volume>/<container>/<n>    one file or directory, bound
//!                   containers/<name>/<run>                     termination messages
//!                   etc-hosts
//! ```
//!
//! What a volume holds is gathered first (async, from the API), then put in place (blocking, idempotent): a crash at any
//! point is mended by setting up again, and what a pod left behind is found by the mount table and the directory alone.
//! Deliberately absent: volumes of drivers (CSI), persistent volume claims, images as volumes.

mod atomic;
mod container;
mod downward;
mod empty_dir;
mod host_path;
mod hosts;
mod mount_table;
mod ownership;
mod payload;
pub(crate) mod subpath;
mod teardown;
#[cfg(test)]
pub(crate) mod testdir;
mod tokens;

pub use container::{ContainerMounts, MountsError};
pub use hosts::managed_hosts;

use crate::objects::ObjectSource;
use api_core::v1::{Pod, Volume};
use kubelet_core::spec;
use payload::Payload;
use schema::Quantity;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stdx::{Clock, Rng};
use tokens::Tokens;

/// The reason of the event that tells of a [`MountError`].
pub const FAILED_MOUNT: &str = "FailedMount";

/// Volumes by name, where containers find them on the host.
pub type Mounted = BTreeMap<String, MountedVolume>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedVolume {
    pub path: PathBuf,
    /// Containers see it read-only, whatever their mount says.
    pub read_only: bool,
}

/// One volume that could not be set up; the text is that of the event.
#[derive(Debug, thiserror::Error)]
#[error("MountVolume.SetUp failed for volume {volume:?} : {source}")]
pub struct MountError {
    pub volume: String,
    #[source]
    pub source: VolumeError,
}

/// All volumes that could not be set up: one event each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct SetupError(pub Vec<MountError>);

#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    #[error(transparent)]
    Payload(#[from] payload::PayloadError),
    #[error(transparent)]
    HostPath(#[from] host_path::HostPathError),
    #[error("unknown storage medium {0:?}")]
    Medium(String),
    #[error("volumes of type {0} are not supported by this kubelet")]
    Unsupported(&'static str),
    #[error("{what} {path}: {source}", path = path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("invalid path: {0}")]
    Path(String),
    #[error("setting up was cut short")]
    Stopped,
}

impl VolumeError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VolumeError {
        let path = path.to_owned();
        move |source| VolumeError::Io { what, path, source }
    }
}

/// The volumes of one node's pods.
pub struct Volumes {
    root: PathBuf,
    objects: Arc<dyn ObjectSource>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
}

/// What is put in place for one volume.
enum Work {
    EmptyDir { memory_bytes: Option<i64> },
    HostPath { path: String, kind: String },
    Files { plugin: &'static str, in_memory: bool, payload: Payload },
}

/// One volume with all that putting it in place needs.
struct Job {
    name: String,
    pod_dir: PathBuf,
    fs_group: Option<u32>,
    on_root_mismatch: bool,
    work: Work,
    /// Names the directory of a new set of files.
    now_unix: i64,
}

impl Volumes {
    /// `root`: the kubelet's directory (`/var/lib/kubelet`).
    pub fn new(root: &Path, objects: Arc<dyn ObjectSource>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Volumes {
        let tokens = Tokens::new(objects.clone(), clock.clone(), rng);
        Volumes { root: root.to_owned(), objects, clock, tokens }
    }

    /// Sets up, or brings up to date, the volumes that containers use. Idempotent: this is also how ConfigMaps, Secrets,
    /// downward API files and tokens are refreshed. `allocatable` is the node's.
    pub async fn setup(&self, pod: &Pod, allocatable: &BTreeMap<String, Quantity>) -> Result<Mounted, SetupError> {
        let used = used_volumes(pod);
        let (mut jobs, mut failed) = (Vec::new(), Vec::new());
        for volume in pod.spec.volumes.iter().filter(|volume| used.contains(volume.name.as_str())) {
            match self.job(pod, volume, allocatable).await {
                Ok(job) => jobs.push(job),
                Err(source) => failed.push(MountError { volume: volume.name.clone(), source }),
            }
        }
        let (mounted, mut unmounted) = run(jobs).await;
        failed.append(&mut unmounted);
        if failed.is_empty() { Ok(mounted) } else { Err(SetupError(failed)) }
    }

    /// Takes down all that [`Volumes::setup`] and [`Volumes::container_mounts`] made for a pod. Idempotent, and needs
    /// nothing but the pod's uid.
    pub async fn teardown(&self, uid: &str) -> io::Result<()> {
        self.tokens.forget(uid);
        let dir = self.pod_dir(uid);
        tokio::task::spawn_blocking(move || teardown::teardown(&dir)).await.map_err(io::Error::other)?
    }

    /// The uids of all pods that have a directory here: after a crash, some of them may be gone from the API.
    pub fn pods_on_disk(&self) -> io::Result<Vec<String>> {
        teardown::pods_on_disk(&self.root.join("pods"))
    }

    pub fn pod_dir(&self, uid: &str) -> PathBuf {
        self.root.join("pods").join(uid)
    }

    /// The mounts of one container, with its sub-paths bound and the pod's hosts file written.
    pub fn container_mounts(&self, mounts: &ContainerMounts<'_>) -> Result<Vec<cri::v1::Mount>, MountsError> {
        container::mounts(&self.pod_dir(&mounts.pod.metadata.uid), mounts)
    }

    /// An empty file for the termination message of one run of a container; to be mounted at its
    /// `terminationMessagePath`.
    pub fn termination_log(&self, uid: &str, container: &str, run: &str) -> io::Result<PathBuf> {
        container::termination_log(&self.pod_dir(uid), container, run)
    }

    async fn job(
        &self,
        pod: &Pod,
        volume: &Volume,
        allocatable: &BTreeMap<String, Quantity>,
    ) -> Result<Job, VolumeError> {
        let context = pod.spec.security_context.as_deref();
        Ok(Job {
            name: volume.name.clone(),
            pod_dir: self.pod_dir(&pod.metadata.uid),
            fs_group: context.and_then(|context| u32::try_from(context.fs_group?).ok()),
            on_root_mismatch: context.is_some_and(|c| c.fs_group_change_policy.as_deref() == Some("OnRootMismatch")),
            work: self.work(pod, volume, allocatable).await?,
            now_unix: self.clock.now_seconds(),
        })
    }

    async fn work(
        &self,
        pod: &Pod,
        volume: &Volume,
        allocatable: &BTreeMap<String, Quantity>,
    ) -> Result<Work, VolumeError> {
        let namespace = pod.metadata.namespace.as_str();
        let objects = &*self.objects;
        if let Some(source) = &volume.empty_dir {
            let memory_bytes = empty_dir::memory_bytes(source, pod, allocatable)?;
            return Ok(Work::EmptyDir { memory_bytes });
        }
        if let Some(source) = &volume.host_path {
            return Ok(Work::HostPath { path: source.path.clone(), kind: source.type_.clone().unwrap_or_default() });
        }
        if let Some(source) = &volume.config_map {
            let payload = payload::config_map(objects, namespace, source).await?;
            return Ok(Work::Files { plugin: "configmap", in_memory: false, payload });
        }
        if let Some(source) = &volume.secret {
            let payload = payload::secret(objects, namespace, source).await?;
            return Ok(Work::Files { plugin: "secret", in_memory: true, payload });
        }
        if let Some(source) = &volume.downward_api {
            let payload = downward::files(pod, &source.items, source.default_mode, allocatable)?;
            return Ok(Work::Files { plugin: "downward-api", in_memory: true, payload });
        }
        if let Some(source) = &volume.projected {
            let payload = payload::projected(objects, &self.tokens, pod, source, allocatable).await?;
            return Ok(Work::Files { plugin: "projected", in_memory: true, payload });
        }
        Err(VolumeError::Unsupported(type_name(volume)))
    }
}

/// Puts volumes in place, all in one go: a pod has few, and each takes well under a millisecond.
async fn run(jobs: Vec<Job>) -> (Mounted, Vec<MountError>) {
    let names: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
    let done = tokio::task::spawn_blocking(move || {
        let (mut mounted, mut failed) = (Mounted::new(), Vec::new());
        for job in jobs {
            match job.run() {
                Ok(volume) => drop(mounted.insert(job.name, volume)),
                Err(source) => failed.push(MountError { volume: job.name, source }),
            }
        }
        (mounted, failed)
    });
    let stopped = |_| {
        let failed = names.into_iter().map(|volume| MountError { volume, source: VolumeError::Stopped });
        (Mounted::new(), failed.collect())
    };
    done.await.unwrap_or_else(stopped)
}

impl Job {
    fn run(&self) -> Result<MountedVolume, VolumeError> {
        match &self.work {
            Work::HostPath { path, kind } => {
                host_path::check(Path::new(path), kind)?;
                Ok(MountedVolume { path: PathBuf::from(path), read_only: false })
            }
            Work::EmptyDir { memory_bytes } => {
                let path = self.directory("empty-dir")?;
                self.empty_dir(&path, *memory_bytes)?;
                Ok(MountedVolume { path, read_only: false })
            }
            Work::Files { plugin, in_memory, payload } => {
                let path = self.directory(plugin)?;
                empty_dir::make(&path)?;
                if *in_memory {
                    empty_dir::try_tmpfs(&path);
                }
                let group = self.fs_group;
                let finish = |dir: &Path| match group {
                    Some(group) => ownership::set(dir, group, true),
                    None => Ok(()),
                };
                atomic::write(&path, payload, self.now_unix, finish)?;
                Ok(MountedVolume { path, read_only: true })
            }
        }
    }

    /// The group's ownership is set once: from then on the files are the containers' own.
    fn empty_dir(&self, path: &Path, memory_bytes: Option<i64>) -> Result<(), VolumeError> {
        let marker = self.pod_dir.join("plugins/kubernetes.io~empty-dir").join(&self.name);
        let is_ready = marker.join("ready").exists() && path.is_dir();
        if is_ready && (memory_bytes.is_none() || mount_table::is_mount_point(path)) {
            return Ok(());
        }
        empty_dir::make(path)?;
        if let Some(bytes) = memory_bytes {
            empty_dir::tmpfs(path, bytes)?;
        }
        if let Some(group) = self.fs_group
            && !(self.on_root_mismatch && ownership::root_matches(path, group))
        {
            ownership::set(path, group, false)?;
        }
        make_dir(&marker)?;
        std::fs::write(marker.join("ready"), b"").map_err(VolumeError::io("create", &marker))
    }

    fn directory(&self, plugin: &str) -> Result<PathBuf, VolumeError> {
        if self.name.is_empty() || self.name.contains('/') || self.name.starts_with('.') {
            return Err(VolumeError::Path(format!("{:?} cannot be a volume's name", self.name)));
        }
        let parent = self.pod_dir.join("volumes").join(format!("kubernetes.io~{plugin}"));
        make_dir(&parent)?;
        Ok(parent.join(&self.name))
    }
}

/// The kubelet's own directories are nobody else's to look into; volumes are reached by mounts.
fn make_dir(path: &Path) -> Result<(), VolumeError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o750).create(path).map_err(VolumeError::io("create", path))
}

/// Volumes that no container mounts are left alone.
fn used_volumes(pod: &Pod) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (_, container) in spec::containers(pod) {
        used.extend(container.volume_mounts.iter().map(|mount| mount.name.clone()));
        let sources = container.env.iter().filter_map(|variable| variable.value_from.as_ref());
        used.extend(sources.filter_map(|source| Some(source.file_key_ref.as_ref()?.volume_name.clone())));
    }
    used
}

/// The type of a volume that is none of ours, by the name of its field.
fn type_name(volume: &Volume) -> &'static str {
    let table = [
        (volume.persistent_volume_claim.is_some(), "persistentVolumeClaim"),
        (volume.csi.is_some(), "csi"),
        (volume.ephemeral.is_some(), "ephemeral"),
        (volume.image.is_some(), "image"),
        (volume.nfs.is_some(), "nfs"),
        (volume.iscsi.is_some(), "iscsi"),
        (volume.fc.is_some(), "fc"),
        (volume.flex_volume.is_some(), "flexVolume"),
        (volume.git_repo.is_some(), "gitRepo"),
    ];
    table.into_iter().find_map(|(is, name)| is.then_some(name)).unwrap_or("unknown")
}

#[cfg(test)]
mod tests;
