//! What the machine as a whole uses, from `/proc` and the root cgroup (v1 or v2).

use super::{NODE, Sampler, present, time};
use crate::server::Api;
use serde_json::{Value, json};
use std::fs;

/// The node's numbers that metrics are made of.
pub(in crate::server) struct NodeUse {
    pub time_ns: i64,
    pub cpu_ns: u64,
    pub nano_cores: Option<u64>,
    pub working_set_bytes: u64,
    pub available_bytes: u64,
    pub usage_bytes: u64,
}

pub(in crate::server) fn usage(api: &Api, sampler: &Sampler) -> NodeUse {
    let time_ns = api.clock.now();
    let cpu_ns = cpu_ns();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let (total, free, available) =
        (kilobytes(&meminfo, "MemTotal"), kilobytes(&meminfo, "MemFree"), kilobytes(&meminfo, "MemAvailable"));
    NodeUse {
        time_ns,
        cpu_ns,
        nano_cores: sampler.nano_cores(NODE, (time_ns, cpu_ns)),
        working_set_bytes: total.saturating_sub(available),
        available_bytes: available,
        usage_bytes: total.saturating_sub(free),
    }
}

pub(super) fn summary(api: &Api, sampler: &Sampler) -> Value {
    let node = usage(api, sampler);
    let now = time(node.time_ns);
    let boot_s = proc_stat("btime ").unwrap_or(0);
    let disk = nix::sys::statvfs::statvfs(&api.root_dir).ok().map(|disk| {
        let block = disk.fragment_size();
        let (blocks, files) = (disk.blocks(), disk.files());
        let (free, free_files) = (disk.blocks_free(), disk.files_free());
        present(
            [
                ("availableBytes", Some(disk.blocks_available() * block)),
                ("capacityBytes", Some(blocks * block)),
                ("usedBytes", Some(blocks.saturating_sub(free) * block)),
                ("inodesFree", Some(free_files)),
                ("inodes", Some(files)),
                ("inodesUsed", Some(files.saturating_sub(free_files))),
            ],
            &now,
        )
    });
    json!({
        "nodeName": api.node_name,
        "startTime": time(i64::try_from(boot_s).unwrap_or(0) * 1_000_000_000),
        "cpu": present([("usageNanoCores", node.nano_cores), ("usageCoreNanoSeconds", Some(node.cpu_ns))], &now),
        "memory": present([
            ("availableBytes", Some(node.available_bytes)),
            ("usageBytes", Some(node.usage_bytes)),
            ("workingSetBytes", Some(node.working_set_bytes)),
        ], &now),
        "fs": disk,
        "rlimit": present([("maxpid", number_in("/proc/sys/kernel/pid_max")), ("curproc", processes())], &now),
    })
}

/// CPU time of all processes since the machine's start.
fn cpu_ns() -> u64 {
    let v1 = number_in("/sys/fs/cgroup/cpuacct/cpuacct.usage");
    let v2 = || {
        let text = fs::read_to_string("/sys/fs/cgroup/cpu.stat").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
        Some(line.trim().parse::<u64>().ok()? * 1000)
    };
    v1.or_else(v2).unwrap_or(0)
}

fn number_in(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn proc_stat(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

/// `0.20 0.18 0.12 1/80 11206`: running and all.
fn processes() -> Option<u64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

fn kilobytes(meminfo: &str, name: &str) -> u64 {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
