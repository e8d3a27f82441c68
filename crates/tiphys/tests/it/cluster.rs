//! An instance under a directory of its own, which leaves nothing behind. Never the machine's usual one.

use crate::kubectl::{Kubectl, READY};
use crate::wait;
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

pub const TIPHYS: &str = env!("CARGO_BIN_EXE_tiphys");

static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Says what is missing, where a cluster cannot run.
pub fn check_machine() {
    assert!(nix::unistd::geteuid().is_root(), "these tests start containers, for which they must run as root");
    for program in ["kubectl", "containerd", "runc", "nft", "ip", "script", "setpriv"] {
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|directory| directory.join(program).exists()));
        assert!(found, "these tests need {program}, which is not on the PATH");
    }
    assert!(images().join("nginx-1.tar").exists(), "these tests need the test images: cargo xtask images");
}

fn images() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/images");
    std::env::var_os("TIPHYS_IMAGES").map_or(built, PathBuf::from)
}

/// A directory that fits into the path of a unix socket with containerd's names below it.
pub fn scratch() -> PathBuf {
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    PathBuf::from(format!("/tmp/tph-{}-{number}", std::process::id()))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub struct Instance {
    pub directory: PathBuf,
    pub port: u16,
    kubelet_port: u16,
    roles: &'static [&'static str],
    process: Option<Child>,
}

impl Instance {
    /// A whole node, Ready.
    pub fn start() -> Instance {
        let instance = Instance::of_roles(&[]);
        instance.until_node_ready();
        instance
    }

    /// An API server without a node, which is all that some cases need.
    pub fn control_plane() -> Instance {
        Instance::of_roles(&["--roles", "apiserver"])
    }

    fn of_roles(roles: &'static [&'static str]) -> Instance {
        let directory = scratch();
        fs::create_dir_all(directory.join("images")).unwrap();
        for archive in fs::read_dir(images()).unwrap().flatten().filter(|_| roles.is_empty()) {
            if archive.path().extension().is_some_and(|extension| extension == "tar") {
                let to = directory.join("images").join(archive.file_name());
                fs::hard_link(archive.path(), &to).or_else(|_| fs::copy(archive.path(), &to).map(drop)).unwrap();
            }
        }
        let (port, kubelet_port) = (free_port(), free_port());
        let mut instance = Instance { directory, port, kubelet_port, roles, process: None };
        instance.launch();
        instance
    }

    /// Starts the process and waits until it serves.
    pub fn launch(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(TIPHYS);
        command.arg("--data-dir").arg(&self.directory).args(["--bind-address", "127.0.0.1"]);
        command.args(["--secure-port", &self.port.to_string(), "--kubelet-port", &self.kubelet_port.to_string()]);
        command.args(self.roles).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let kubectl = self.kubectl();
        wait::until("the API server is ready", || {
            if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
                panic!("tiphys ended with {status}: {}", self.log_text());
            }
            let asked = kubectl.run(&["get", "--raw", "/readyz"], None);
            if asked.stdout == b"ok" { Ok(()) } else { Err(crate::kubectl::text(&asked.stderr)) }
        });
    }

    pub fn until_node_ready(&self) {
        self.kubectl().until("nodes", &READY.replace("{.", "{.items[*]."), "True");
    }

    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.directory.join("admin.conf"))
    }

    /// Beside the data directory, whose names are the product's.
    pub fn log(&self) -> PathBuf {
        self.directory.with_extension("log")
    }

    pub fn log_text(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Ends the process alone, with its pods left running.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        kill(Pid::from_raw(process.id() as i32), signal).unwrap();
        wait::until("tiphys ends", || process.try_wait().unwrap().ok_or_else(|| "it still runs".into()))
    }

    /// The processes of this instance's containerd, shims and containers.
    fn processes(&self) -> BTreeSet<i32> {
        let mark = format!("{}/", self.directory.display());
        let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let parents: BTreeMap<i32, i32> = ids.filter_map(|id| Some((id, parent(id)?))).collect();
        let named = |id: &i32| {
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let program = String::from_utf8_lossy(&command);
            program.contains("containerd") && program.contains(&mark)
        };
        let mut ours: BTreeSet<i32> = parents.keys().copied().filter(named).collect();
        // Containers are children of shims.
        loop {
            let children = parents.iter().filter(|(_, parent)| ours.contains(parent)).map(|(id, _)| *id);
            let grown: BTreeSet<i32> = ours.iter().copied().chain(children).collect();
            if grown.len() == ours.len() {
                return ours;
            }
            ours = grown;
        }
    }

    fn end_everything(&mut self) -> Result<(), std::io::Error> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        wait::until("containerd and the pods end", || {
            let left = self.processes();
            for id in &left {
                // One that has ended meanwhile is what is wanted.
                let _ = kill(Pid::from_raw(*id), Signal::SIGKILL);
            }
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
        });
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let prefix = format!("{}/", self.directory.display());
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        let points: Vec<&str> = points.filter(|point| point.starts_with(&prefix)).collect();
        for point in points.into_iter().rev() {
            umount2(point, MntFlags::MNT_DETACH)?;
        }
        self.remove_bridge()?;
        fs::remove_file(self.log())?;
        fs::remove_dir_all(&self.directory)
    }

    /// The bridge whose name the CNI configuration tells.
    fn remove_bridge(&self) -> Result<(), std::io::Error> {
        for file in fs::read_dir(self.directory.join("cni/net.d")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path())?;
            let name = text.split("\"tiphys").skip(1).filter_map(|rest| rest.split('"').next());
            for name in name.filter(|name| name.len() == 8 && name.chars().all(|c| c.is_ascii_hexdigit())) {
                Command::new("ip").args(["link", "delete", &format!("tiphys{name}")]).output()?;
            }
        }
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Err(error) = self.end_everything() {
            eprintln!("{} is left behind: {error}", self.directory.display());
        }
    }
}

fn parent(id: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Runs a tiphys that is expected to end by itself.
pub fn refused(mut command: Command) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let status = wait::until("tiphys refuses", || child.try_wait().unwrap().ok_or_else(|| "it runs".into()));
    let Output { stderr, .. } = child.wait_with_output().unwrap();
    let said = crate::kubectl::text(&stderr);
    assert!(!status.success(), "tiphys should fail; it said: {said}");
    said
}
