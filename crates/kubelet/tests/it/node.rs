//! A node under a temporary directory, which leaves nothing behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cni::Cidr;
use cri::containerd::ContainerdConfig;
use kubelet::KubeletConfig;
use kubelet::config::{ImageSource, PodCidr, PodNetwork, RuntimeSource};
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stdx::SystemClock;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::{FakeApi, PATIENCE};

pub struct TestNode {
    pub directory: PathBuf,
    pub config: KubeletConfig,
    cgroup: String,
    bridge: String,
}

/// A kubelet that runs; dropped, it is as if it had been killed.
pub struct RunningKubelet {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningKubelet {
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

impl TestNode {
    /// `number` tells the nodes of tests that run at the same time apart.
    pub fn new(number: u8) -> TestNode {
        assert!(nix::unistd::geteuid().is_root(), "this test starts a real containerd, which needs root");
        let unique = format!("tk{number}-{}", std::process::id());
        let directory = std::env::temp_dir().join(&unique);
        std::fs::create_dir_all(&directory).unwrap();
        let cgroup = format!("/{unique}");
        let bridge = format!("tk{number}b{}", std::process::id() % 100_000);
        let config = config(&directory, &cgroup, &bridge, number);
        TestNode { directory, config, cgroup, bridge }
    }

    pub fn start(&self, api: &FakeApi) -> RunningKubelet {
        let (stop, stopped) = watch::channel(false);
        let (config, client) = (self.config.clone(), api.client());
        let task = tokio::spawn(async move {
            kubelet::run(config, client, Arc::new(SystemClock), stopped).await.unwrap();
        });
        RunningKubelet { stop, task }
    }

    fn processes(&self) -> Vec<i32> {
        let command_mark = self.directory.to_string_lossy().into_owned();
        let mine = |pid: &i32| {
            let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&read("cmdline")).contains(&command_mark)
                || String::from_utf8_lossy(&read("cgroup")).contains(&self.cgroup)
        };
        let entries = std::fs::read_dir("/proc").unwrap();
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| *pid != std::process::id() as i32).filter(mine).collect()
    }

    fn kill_all(&self) {
        let started = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() || started.elapsed() > PATIENCE {
                break;
            }
            for pid in left {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            std::thread::yield_now();
        }
    }

    fn unmount_all(&self) {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let directory = self.directory.to_string_lossy().into_owned();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4)).filter(|p| p.starts_with(&directory));
        for point in points.collect::<Vec<_>>().into_iter().rev() {
            let _ = umount2(point, MntFlags::MNT_DETACH);
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.kill_all();
        self.unmount_all();
        for hierarchy in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            remove_cgroups(&hierarchy.path().join(&self.cgroup[1..]));
        }
        remove_cgroups(&PathBuf::from(format!("/sys/fs/cgroup{}", self.cgroup)));
        let _ = std::process::Command::new("ip").args(["link", "delete", &self.bridge]).output();
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("cannot remove {}: {error}", self.directory.display());
        }
    }
}

fn remove_cgroups(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_cgroups(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(directory);
}

fn config(directory: &Path, cgroup: &str, bridge: &str, number: u8) -> KubeletConfig {
    let mut containerd = ContainerdConfig::in_data_dir(directory);
    containerd.cni_bin_dir = directory.join("cni/bin");
    containerd.cni_conf_dir = directory.join("cni/conf");
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/images");
    assert!(images.exists(), "this test needs the test images: cargo xtask images");
    let cidr: Cidr = format!("10.231.{number}.0/24").parse().unwrap();
    let network = PodNetwork {
        pod_cidr: PodCidr::Fixed(vec![cidr]),
        not_masqueraded: vec![cidr],
        bridge: bridge.to_owned(),
        mtu: None,
        ip_forward: false,
        data_dir: directory.join("cni/data"),
        bin_dir: directory.join("cni/bin"),
        conf_dir: directory.join("cni/conf"),
        plugin_program: cni_program(),
    };
    let mut config = KubeletConfig::in_data_dir(directory, "node-1", "127.0.0.1".parse().unwrap());
    config.images = Some(ImageSource { directory: images, marker_file: directory.join("images.json") });
    config.runtime = RuntimeSource::Managed(Box::new(containerd));
    config.network = Some(network);
    config.cgroup_root = cgroup.to_owned();
    config
}

/// The plugins' program, built beside this test.
fn cni_program() -> PathBuf {
    let profile = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let program = profile.join("tiphys-cni");
    if !program.exists() {
        let built = std::process::Command::new(env!("CARGO")).args(["build", "--package", "cni"]).status().unwrap();
        assert!(built.success());
    }
    program
}
