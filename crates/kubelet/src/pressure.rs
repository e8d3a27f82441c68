//! Whether the node runs short of memory, disk or processes: upstream's default eviction thresholds.

use std::path::Path;

use kubelet_core::node::NodeFacts;

use crate::machine::EVICTION_MEMORY_BYTES;

/// Sets the pressures in `facts`. What cannot be measured is no pressure.
pub fn measure(root_dir: &Path, facts: &mut NodeFacts) {
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let available = available.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok());
    facts.memory_pressure = available.is_some_and(|kilobytes| kilobytes * 1024 < EVICTION_MEMORY_BYTES);
    if let Ok(disk) = nix::sys::statvfs::statvfs(root_dir) {
        let short = |available: u64, total: u64, percent: u64| total > 0 && available * 100 < total * percent;
        facts.disk_pressure = short(disk.blocks_available(), disk.blocks(), MIN_DISK_PERCENT)
            || short(disk.files_available(), disk.files(), MIN_INODES_PERCENT);
    }
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let maximum = number("/proc/sys/kernel/pid_max");
    let loadavg = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let running = loadavg.split_whitespace().nth(3).and_then(|part| part.split('/').nth(1)?.parse::<u64>().ok());
    if let (Some(maximum), Some(running)) = (maximum, running) {
        facts.pid_pressure = maximum.saturating_sub(running) * 100 < maximum * MIN_PIDS_PERCENT;
    }
}

/// `nodefs.available<10%`
const MIN_DISK_PERCENT: u64 = 10;
/// `nodefs.inodesFree<5%`
const MIN_INODES_PERCENT: u64 = 5;
/// There is no default of upstream's; a machine this close to its end is in trouble.
const MIN_PIDS_PERCENT: u64 = 1;
