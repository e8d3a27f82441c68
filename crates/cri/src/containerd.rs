//! A containerd of our own: started when none runs, watched, restarted when it dies, stopped on request.
//!
//! containerd must outlive us. Pods keep running when Tiphys is killed, and the next Tiphys adopts the containerd that it
//! finds at its socket instead of starting a second one over the same files:
//!
//! ```text
//!   who answers at the socket?
//!     a containerd with our config file   adopt it; when the config changed since, replace it (pods survive that)
//!     anybody else (the system's)         use it, never signal it
//!     nobody                              end what our pid file names, if it still hangs about; start one
//! ```
//!
//! All paths derive from one data directory, so two instances with different directories share nothing but
//! `/run/containerd/s`, where containerd's shims listen under names that are a hash of the socket's path.
//!
//! Deliberately absent: anything about pods or shims. Stopping containerd never touches a shim.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::client::check_socket_path;
use crate::error::CriError;

mod config;
mod machine;
mod process;
mod supervise;

pub use machine::find_program;

/// What our containerd is to be like.
#[derive(Debug, Clone)]
pub struct ContainerdConfig {
    /// Images, snapshots and metadata: kept over a reboot.
    pub root: PathBuf,
    /// Bundles of running containers, `config.toml` and the pid file.
    pub state: PathBuf,
    /// Where containerd listens. Its path and `.ttrpc` must fit into a unix socket's address.
    pub socket: PathBuf,
    /// Where containerd's own log goes.
    pub log_file: PathBuf,
    /// containerd's word for how much it logs: `warn`, `info`, `debug`.
    pub log_level: String,
    /// Where the CNI plugins are.
    pub cni_bin_dir: PathBuf,
    /// Where the CNI network configuration is.
    pub cni_conf_dir: PathBuf,
    /// The image of every sandbox's first container.
    pub sandbox_image: String,
    pub snapshotter: Snapshotter,
    pub cgroup_driver: CgroupDriver,
    /// Where a longer line of a container's output is split, in bytes.
    pub max_container_log_line_size_bytes: u32,
    /// Mirrors and certificates of registries, one directory per host, as containerd documents them.
    pub registry_config_dir: PathBuf,
    /// A name that is looked up in `PATH`, or a path.
    pub containerd_program: PathBuf,
    /// A name that is looked up in `PATH`, or a path.
    pub runc_program: PathBuf,
    /// How long containerd may take from its start to answering CRI calls.
    pub start_deadline: Duration,
}

/// Where the layers of images are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshotter {
    /// overlayfs where it can be mounted below `root`, else native.
    Auto,
    Overlayfs,
    /// Full copies: slow, but works on every file system.
    Native,
}

/// Who makes the cgroups of containers; the kubelet must be of the same opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CgroupDriver {
    /// systemd where it is the init of the machine, else cgroupfs.
    Auto,
    Cgroupfs,
    Systemd,
}

/// What was decided where the configuration said `Auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    pub snapshotter: Snapshotter,
    pub cgroup_driver: CgroupDriver,
}

/// How we came by the containerd that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// We started it.
    Started,
    /// Left running by an earlier Tiphys with the same data directory.
    Adopted,
    /// Somebody else's: used, never restarted, never stopped.
    Foreign,
}

/// The state of the containerd under supervision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerdState {
    /// It answers CRI calls.
    Ready { origin: Origin, pid: u32 },
    /// It died and does not answer yet; `attempts` restarts failed so far.
    Down { reason: String, attempts: u32 },
    /// It was stopped on request.
    Stopped,
}

/// Why containerd could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ContainerdError {
    #[error(
        "{program} is not in PATH: install it (Debian and Ubuntu: apt-get install {package}), or name the socket of a \
         container runtime that already runs"
    )]
    ProgramMissing { program: String, package: &'static str },
    #[error(transparent)]
    Socket(#[from] CriError),
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("containerd ended while starting ({status}); the end of {log_file}:\n{log_tail}", log_file = log_file.display())]
    EndedAtStart { status: String, log_file: PathBuf, log_tail: String },
    #[error(
        "containerd did not answer at {socket} within {deadline:?} ({last_error}); see {log_file}",
        socket = socket.display(),
        log_file = log_file.display()
    )]
    NotReady { socket: PathBuf, deadline: Duration, last_error: String, log_file: PathBuf },
    #[error("cannot signal containerd (pid {pid}): {source}")]
    Signal { pid: u32, source: std::io::Error },
    #[error("the supervision of containerd ended by itself: {0}")]
    SupervisorGone(String),
}

/// A containerd that answers, under supervision.
///
/// Dropping this ends the supervision and leaves containerd and all pods running, as a crash of ours would.
#[derive(Debug)]
pub struct Containerd {
    socket: PathBuf,
    decided: Decided,
    state: watch::Receiver<ContainerdState>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ContainerdError>>,
}

impl Containerd {
    /// Finds or starts the containerd of `config` and returns once it answers CRI calls.
    pub async fn ensure(config: ContainerdConfig) -> Result<Self, ContainerdError> {
        config.check()?;
        let socket = config.socket.clone();
        let (decided, supervisor, state) = supervise::begin(config).await?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(supervisor.run(stopped));
        Ok(Self { socket, decided, state, stop: Some(stop), task })
    }

    /// Where to connect a [`crate::CriClient`].
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What was decided where the configuration said `Auto`.
    pub fn decided(&self) -> Decided {
        self.decided
    }

    /// The state now and every change of it.
    pub fn state(&self) -> watch::Receiver<ContainerdState> {
        self.state.clone()
    }

    /// Ends containerd (SIGTERM, then SIGKILL) unless it is somebody else's. Pods keep running under their shims.
    pub async fn stop(mut self) -> Result<(), ContainerdError> {
        if let Some(stop) = self.stop.take() {
            // A supervisor that is gone has its reason in the join below.
            let _ = stop.send(());
        }
        match (&mut self.task).await {
            Ok(result) => result,
            Err(error) => Err(ContainerdError::SupervisorGone(error.to_string())),
        }
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ContainerdConfig {
    /// The configuration whose files all lie in `data_dir/containerd`, but for the CNI directories.
    pub fn in_data_dir(data_dir: &Path) -> Self {
        let own = data_dir.join("containerd");
        Self {
            root: own.join("root"),
            state: own.join("state"),
            socket: own.join("containerd.sock"),
            log_file: own.join("containerd.log"),
            log_level: "warn".to_owned(),
            cni_bin_dir: PathBuf::from("/opt/cni/bin"),
            cni_conf_dir: PathBuf::from("/etc/cni/net.d"),
            sandbox_image: DEFAULT_SANDBOX_IMAGE.to_owned(),
            snapshotter: Snapshotter::Auto,
            cgroup_driver: CgroupDriver::Auto,
            max_container_log_line_size_bytes: 16 * 1024,
            registry_config_dir: PathBuf::from("/etc/containerd/certs.d"),
            containerd_program: PathBuf::from("containerd"),
            runc_program: PathBuf::from("runc"),
            start_deadline: Duration::from_secs(30),
        }
    }

    /// The file that we write for containerd; its path on a command line is how we know our containerd again.
    pub fn config_file(&self) -> PathBuf {
        self.state.join("config.toml")
    }

    /// Holds the pid of the containerd that we started last.
    pub fn pid_file(&self) -> PathBuf {
        self.state.join("containerd.pid")
    }

    fn check(&self) -> Result<(), ContainerdError> {
        // containerd opens a second socket with this ending for its shims.
        let mut ttrpc = self.socket.clone().into_os_string();
        ttrpc.push(".ttrpc");
        Ok(check_socket_path(Path::new(&ttrpc))?)
    }
}

/// The sandbox image that comes with Tiphys.
pub const DEFAULT_SANDBOX_IMAGE: &str = "tiphys.test/pause:1";

impl Snapshotter {
    /// containerd's name of the snapshotter; `Auto` has none before it is decided.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto | Self::Overlayfs => "overlayfs",
            Self::Native => "native",
        }
    }
}
