//! `cargo xtask testbed up N`: a cluster of N nodes on this machine, each in network, mount, process, name and IPC namespaces
//! of its own, joined by a bridge; `down` ends it.
//!
//! ```text
//!   tiphys --roles apiserver,controller-manager,scheduler     on the bridge's address 10.99.0.254
//!        |  tph-testbed (bridge, no way out of this machine)
//!   node-1 10.99.0.1, pods 10.244.1.0/24     node-2 10.99.0.2, pods 10.244.2.0/24     ...
//! ```
//!
//! Nodes reach each other's pods by routes. Ending the first process of a node's process namespace ends all in it:
//! containerd, its shims, the pods.

use crate::{images, packages, process, root};
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/tmp/tph-testbed";
const BRIDGE: &str = "tph-testbed";
const SERVER: &str = "10.99.0.254";
const PORT: &str = "26443";
const MAX_NODES: u8 = 16;
const READY_TIMEOUT: Duration = Duration::from_secs(90);

pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    match arguments {
        ["up", nodes] => up(nodes.parse().context("the number of nodes")?),
        ["down"] => down(),
        _ => bail!("usage: cargo xtask testbed up N | down"),
    }
}

fn up(nodes: u8) -> anyhow::Result<()> {
    if !process::is_root() {
        bail!("namespaces and bridges take root: sudo cargo xtask testbed up {nodes}");
    }
    if !(1..=MAX_NODES).contains(&nodes) {
        bail!("a testbed has 1 to {MAX_NODES} nodes");
    }
    packages::ensure(&[packages::CLUSTER])?;
    process::run(process::cargo().args(["build", "--package", "tiphys", "--quiet"]))?;
    images::run(None)?;
    down()?;
    fs::create_dir_all(DIRECTORY)?;
    ip(&["link", "add", BRIDGE, "type", "bridge"])?;
    ip(&["addr", "add", &format!("{SERVER}/24"), "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])?;
    start_server()?;
    for number in 1..=nodes {
        start_node(number, nodes)?;
    }
    wait_until_ready(nodes)?;
    println!("{nodes} nodes are Ready\n\n  export KUBECONFIG={}\n  kubectl get nodes -o wide", kubeconfig().display());
    Ok(())
}

/// Ends what an earlier `up` started; nothing is fine too.
fn down() -> anyhow::Result<()> {
    let directory = Path::new(DIRECTORY);
    if directory.is_dir() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "pid") {
                end(&path)?;
            }
        }
    }
    for number in 1..=MAX_NODES {
        let name = node(number);
        if Path::new("/run/netns").join(&name).exists() {
            ip(&["netns", "delete", &name])?;
        }
    }
    if Path::new("/sys/class/net").join(BRIDGE).exists() {
        ip(&["link", "delete", BRIDGE])?;
    }
    if directory.is_dir() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot remove {DIRECTORY}"))?;
    }
    Ok(())
}

/// Ends the process that a pid file names, if it still is one of ours.
fn end(pid_file: &Path) -> anyhow::Result<()> {
    let id = fs::read_to_string(pid_file)?;
    let command = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
    if command.contains(DIRECTORY) {
        process::run(Command::new("kill").args(["-KILL", &id]))?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while Path::new("/proc").join(&id).exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

fn start_server() -> anyhow::Result<()> {
    let data_dir = Path::new(DIRECTORY).join("server");
    let mut command = Command::new(binary());
    command.args(["--roles", "apiserver,controller-manager,scheduler", "--secure-port", PORT]);
    command.args(["--advertise-address", SERVER, "--data-dir"]).arg(&data_dir);
    spawn("server", &mut command)?;
    wait("the API server", || kubeconfig().exists())
}

fn start_node(number: u8, nodes: u8) -> anyhow::Result<()> {
    let name = node(number);
    let address = format!("10.99.0.{number}");
    let peer = format!("tph-v{number}");
    ip(&["netns", "add", &name])?;
    ip(&["link", "add", &peer, "type", "veth", "peer", "name", "eth0", "netns", &name])?;
    ip(&["link", "set", &peer, "master", BRIDGE, "up"])?;
    inside(&name, &["ip", "link", "set", "lo", "up"])?;
    // A fixed address of the card: a node that is made anew must not meet stale neighbours.
    inside(&name, &["ip", "link", "set", "eth0", "address", &format!("0a:58:0a:63:00:{number:02x}")])?;
    inside(&name, &["ip", "addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
    inside(&name, &["ip", "link", "set", "eth0", "up"])?;
    inside(&name, &["sysctl", "-qw", "net.ipv4.ip_forward=1"])?;
    for other in (1..=nodes).filter(|other| *other != number) {
        let (range, via) = (format!("10.244.{other}.0/24"), format!("10.99.0.{other}"));
        inside(&name, &["ip", "route", "add", &range, "via", &via])?;
    }
    let data_dir = Path::new(DIRECTORY).join(format!("n{number}"));
    fs::create_dir_all(data_dir.join("images"))?;
    for archive in fs::read_dir(root().join("target/images"))? {
        let archive = archive?.path();
        if archive.extension().is_some_and(|extension| extension == "tar") {
            fs::copy(&archive, data_dir.join("images").join(archive.file_name().unwrap_or_default()))?;
        }
    }
    // The node's kubelet takes its certificate from the authority on this machine.
    std::os::unix::fs::symlink(Path::new(DIRECTORY).join("server/pki"), data_dir.join("pki"))?;
    // Not `ip netns exec`: it mounts a new /sys, without the cgroups.
    let mut command = Command::new("nsenter");
    command.args([&format!("--net=/run/netns/{name}"), "unshare", "--mount", "--pid", "--uts", "--ipc", "--fork"]);
    command.arg("--kill-child");
    command.args(["--mount-proc", "--propagation", "private"]).arg(binary()).args(["--roles", "kubelet"]);
    command.args(["--node-name", &name, "--advertise-address", &address, "--data-dir"]).arg(&data_dir);
    command.args(["--pod-cidr", &format!("10.244.{number}.0/24"), "--kubeconfig"]).arg(kubeconfig());
    spawn(&name, &mut command).map(drop)
}

fn spawn(name: &str, command: &mut Command) -> anyhow::Result<Child> {
    let log = fs::File::create(Path::new(DIRECTORY).join(format!("{name}.log")))?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    let child = child.with_context(|| format!("cannot start {name}"))?;
    fs::write(Path::new(DIRECTORY).join(format!("{name}.pid")), child.id().to_string())?;
    Ok(child)
}

fn wait_until_ready(nodes: u8) -> anyhow::Result<()> {
    wait("the nodes", || {
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("--kubeconfig").arg(kubeconfig()).args(["get", "nodes", "--no-headers"]);
        let listed = process::output(&mut kubectl).map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&listed).lines().filter(|line| line.contains(" Ready ")).count() == usize::from(nodes)
    })
}

fn wait(what: &str, is_there: impl Fn() -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY_TIMEOUT;
    while !is_there() {
        if Instant::now() > deadline {
            bail!("{what} did not come up in {READY_TIMEOUT:?}; the logs are in {DIRECTORY}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    process::run(Command::new("ip").args(arguments))
}

fn inside(node: &str, command: &[&str]) -> anyhow::Result<()> {
    process::run(Command::new("ip").args(["netns", "exec", node]).args(command))
}

fn node(number: u8) -> String {
    format!("node-{number}")
}

fn binary() -> PathBuf {
    root().join("target/debug/tiphys")
}

fn kubeconfig() -> PathBuf {
    Path::new(DIRECTORY).join("server/admin.conf")
}
