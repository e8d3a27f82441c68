//! `cargo xtask bench`: the benchmarks, on a release build, beside the targets.

use crate::{apireplay, process, root, shared};
use anyhow::Context;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const OBJECTS: &str = "10000";

pub fn run() -> anyhow::Result<()> {
    process::run(process::cargo().args(["build", "--release", "--package", "tiphys", "--quiet"]))?;
    let kbench = kbench()?;
    let started = Instant::now();
    let server = apireplay::Server::start_binary(&root().join("target/release/tiphys"))?;
    println!("start to /readyz: {:.3} s (target 0.3)", started.elapsed().as_secs_f64());
    println!("RSS after start: {} MiB", rss_mib(server.id())?);
    let measure = |title: &str, target: &str, arguments: &[&str]| {
        println!("\n{title} (target {target})");
        process::run(Command::new(&kbench).arg("--kubeconfig").arg(server.kubeconfig()).args(arguments))
    };
    let create = ["create", "--kind", "pods", "--count", OBJECTS, "--concurrency", "64"];
    measure("durable creates, 64 in flight", "5,000/s, p99 30 ms", &create)?;
    let list = ["get", "/api/v1/pods", "--concurrency", "4", "--seconds", "5"];
    measure("LIST of 10,000 pods, 4 clients", "25/s", &list)?;
    let get = ["get", "/api/v1/namespaces/bench/pods/p-0", "--concurrency", "16", "--seconds", "5"];
    measure("GET of one pod, 16 clients", "20,000/s", &get)?;
    // A connection has room for 250 streams: on two, the watchers would leave none for the writes.
    let watch = ["--connections", "8", "watch", "--watchers", "500", "--writes", "1000"];
    measure("watch fan-out to 500 watchers", "400,000 events/s", &watch)?;
    println!("\nRSS after these: {} MiB (target 200)", rss_mib(server.id())?);
    Ok(())
}

/// Builds the load generator outside of the shared folder.
fn kbench() -> anyhow::Result<std::path::PathBuf> {
    let target = root().join("target/kbench");
    let manifest = shared().join("tools/kbench/Cargo.toml");
    let build = ["build", "--release", "--quiet", "--locked", "--manifest-path"];
    process::run(process::cargo().args(build).arg(manifest).arg("--target-dir").arg(&target))?;
    Ok(target.join("release/kbench"))
}

fn rss_mib(id: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{id}/status");
    let status = fs::read_to_string(Path::new(&path)).with_context(|| path.clone())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
