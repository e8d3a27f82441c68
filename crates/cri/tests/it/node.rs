//! A node's runtime under a temporary directory, which leaves nothing behind.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cri::containerd::{Containerd, ContainerdConfig, ContainerdState};
use cri::images::{ImportConfig, ImportReport, import_directory};
use cri::{CriClient, CriTimeouts, v1};
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::archive::{BUSYBOX, ImageArchive};

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The image that test containers run: busybox.
pub const TEST_IMAGE: &str = "tiphys.test/busybox:1";

/// A data directory, an image directory and a cgroup of one test.
pub struct TestNode {
    pub directory: PathBuf,
    pub cgroup: String,
}

impl TestNode {
    /// Fails, saying what is missing, where a real containerd cannot run.
    pub fn new(name: &str) -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "this test starts a real containerd, which needs root: run it as root"
        );
        for (program, package) in [("containerd", "containerd"), ("ctr", "containerd"), ("runc", "runc")] {
            let found = cri::containerd::find_program(Path::new(program)).is_some();
            assert!(found, "this test needs {program}: apt-get install {package}");
        }
        assert!(Path::new(BUSYBOX).exists(), "this test needs {BUSYBOX}: apt-get install busybox-static");
        let unique = format!("tiphys-cri-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(&unique);
        std::fs::create_dir_all(directory.join("images")).unwrap();
        Self { directory, cgroup: format!("/{unique}") }
    }

    pub fn config(&self) -> ContainerdConfig {
        let mut config = ContainerdConfig::in_data_dir(&self.directory);
        config.cni_bin_dir = self.directory.join("cni/bin");
        config.cni_conf_dir = self.directory.join("cni/conf");
        config
    }

    pub async fn start(&self) -> (Containerd, CriClient) {
        let containerd = Containerd::ensure(self.config()).await.unwrap();
        let client = CriClient::connect(containerd.socket(), CriTimeouts::default()).await.unwrap();
        (containerd, client)
    }

    pub fn images_directory(&self) -> PathBuf {
        self.directory.join("images")
    }

    /// Puts the sandbox image and the test image into the image directory.
    pub fn write_images(&self) {
        let pause = ImageArchive::of_busybox("tiphys.test/pause:1", &["/bin/busybox", "tail", "-f", "/dev/null"]);
        pause.write(&self.images_directory().join("pause.tar"));
        ImageArchive::of_busybox(TEST_IMAGE, &["/bin/sh"]).write(&self.images_directory().join("busybox.tar"));
    }

    pub async fn import(&self, client: &CriClient) -> ImportReport {
        let config = ImportConfig::new(&self.images_directory(), &self.directory.join("images.json"));
        let report = import_directory(client, &config).await.unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        report
    }

    /// Processes whose command line or cgroup names this node: its containerd, its shims, its containers.
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

    /// Ends every process and mount of the node at once, as a power failure would.
    pub fn lose_power(&self) {
        self.kill_all();
        self.unmount_all();
    }

    fn kill_all(&self) {
        let started = Instant::now();
        // Shims first tell containerd about their containers, so a second look may find more to end.
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
        let points =
            mounts.lines().filter_map(|line| line.split(' ').nth(4)).filter(|point| point.starts_with(&directory));
        for point in points.collect::<Vec<_>>().into_iter().rev() {
            // What is mounted below may have gone with it.
            let _ = umount2(point, MntFlags::MNT_DETACH);
        }
    }

    fn remove_cgroups(&self) {
        for hierarchy in std::fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            let _ = std::fs::remove_dir(hierarchy.path().join(&self.cgroup[1..]));
        }
        let _ = std::fs::remove_dir(format!("/sys/fs/cgroup{}", self.cgroup));
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.kill_all();
        self.unmount_all();
        self.remove_cgroups();
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("cannot remove {}: {error}", self.directory.display());
        }
    }
}

/// The pid of a containerd that is ready; waits for it.
pub async fn ready_pid(containerd: &Containerd, other_than: u32) -> u32 {
    let mut state = containerd.state();
    let ready = |state: &ContainerdState| matches!(state, ContainerdState::Ready { pid, .. } if *pid != other_than);
    let state = tokio::time::timeout(PATIENCE, state.wait_for(ready)).await.unwrap().unwrap().clone();
    let ContainerdState::Ready { pid, .. } = state else { unreachable!("it was just seen to be ready") };
    pid
}

/// Waits until `condition` gives something.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        tokio::task::yield_now().await;
    }
}

/// The configuration of a sandbox in the host's network, so that no CNI is needed.
pub fn sandbox_config(node: &TestNode, name: &str) -> v1::PodSandboxConfig {
    let namespaces = v1::NamespaceOption { network: v1::NamespaceMode::Node.into(), ..Default::default() };
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            name: name.to_owned(),
            uid: format!("uid-of-{name}"),
            namespace: "default".to_owned(),
            attempt: 0,
        }),
        log_directory: node.directory.join("logs").to_string_lossy().into_owned(),
        labels: [("app".to_owned(), name.to_owned())].into(),
        linux: Some(v1::LinuxPodSandboxConfig {
            cgroup_parent: node.cgroup.clone(),
            security_context: Some(v1::LinuxSandboxSecurityContext {
                namespace_options: Some(namespaces),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The configuration of a container that runs a shell script in such a sandbox.
pub fn container_config(name: &str, script: &str) -> v1::ContainerConfig {
    let namespaces = v1::NamespaceOption { network: v1::NamespaceMode::Node.into(), ..Default::default() };
    v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: name.to_owned(), attempt: 0 }),
        image: Some(v1::ImageSpec { image: TEST_IMAGE.to_owned(), ..Default::default() }),
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        log_path: format!("{name}.log"),
        linux: Some(v1::LinuxContainerConfig {
            resources: Some(v1::LinuxContainerResources { cpu_shares: 128, ..Default::default() }),
            security_context: Some(v1::LinuxContainerSecurityContext {
                namespace_options: Some(namespaces),
                ..Default::default()
            }),
        }),
        ..Default::default()
    }
}
