//! `cargo xtask up`: from a clean clone to a running cluster.

use crate::{images, packages, process, root};
use anyhow::{Context, bail};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DEFAULT_DATA_DIR: &str = "/var/lib/tiphys";
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// `options` go to tiphys as they are.
pub fn run(options: &[&str]) -> anyhow::Result<()> {
    if !process::is_root() {
        bail!("a node starts containers and sets up their network, for which it must run as root: sudo cargo xtask up");
    }
    packages::ensure(&[packages::CLUSTER])?;
    println!("building tiphys");
    process::run(process::cargo().args(["build", "--release", "--package", "tiphys", "--quiet"]))?;
    let data_dir = option(options, "--data-dir").unwrap_or(DEFAULT_DATA_DIR);
    let images_dir = Path::new(data_dir).join("images");
    fs::create_dir_all(&images_dir).with_context(|| images_dir.display().to_string())?;
    images::run(Some(&images_dir))?;
    let started = Instant::now();
    let log = Path::new(data_dir).join("tiphys.log");
    let mut child = start(options, &log)?;
    let kubeconfig = Path::new(data_dir).join("admin.conf");
    loop {
        if let Some(status) = child.try_wait()? {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(15).collect();
            bail!("tiphys ended with {status}:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        if node_ready(&kubeconfig) {
            break;
        }
        if started.elapsed() > START_TIMEOUT {
            bail!("the node is not Ready after {START_TIMEOUT:?}; see {}", log.display());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    print_how_to(&kubeconfig, &log, data_dir, child.id(), started.elapsed());
    Ok(())
}

fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    let at = options.iter().position(|option| *option == name)?;
    options.get(at + 1).copied()
}

fn start(options: &[&str], log: &Path) -> anyhow::Result<std::process::Child> {
    let file = fs::File::create(log).with_context(|| log.display().to_string())?;
    Command::new(binary())
        .args(options)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .process_group(0)
        .spawn()
        .context("cannot start tiphys")
}

fn binary() -> PathBuf {
    root().join("target/release/tiphys")
}

fn node_ready(kubeconfig: &Path) -> bool {
    let condition = "jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}";
    let mut kubectl = Command::new("kubectl");
    kubectl.arg("--kubeconfig").arg(kubeconfig).args(["get", "nodes", "-o", condition]);
    kubeconfig.exists() && process::output(&mut kubectl).is_ok_and(|output| output.stdout.starts_with(b"True"))
}

fn print_how_to(kubeconfig: &Path, log: &Path, data_dir: &str, id: u32, took: Duration) {
    let binary = binary();
    println!(
        "\nThe cluster is up; the node was Ready after {:.1} s.\n\n  \
         export KUBECONFIG={}\n  kubectl get nodes\n  \
         kubectl create deployment web --image=tiphys.test/nginx:1 --replicas=3\n\n\
         Images in {data_dir}/images are imported at start. Log: {}.\n\
         Stop, pods keep running: kill {id}. Stop and end the pods: {} down --pods{}",
        took.as_secs_f64(),
        kubeconfig.display(),
        log.display(),
        binary.display(),
        if data_dir == DEFAULT_DATA_DIR { String::new() } else { format!(" --data-dir {data_dir}") },
    );
}
