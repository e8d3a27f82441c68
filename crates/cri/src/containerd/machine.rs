//! What this machine can do, found out rather than assumed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::{CgroupDriver, ContainerdConfig, Decided, Snapshotter};

/// The properties of a machine that decide containerd's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Machine {
    /// CAP_SYS_RESOURCE: without it a negative `oom_score_adj` is refused, and with it every pod of ours.
    pub may_lower_oom_score: bool,
    pub has_apparmor: bool,
    pub has_systemd: bool,
}

impl Machine {
    pub fn detect() -> Self {
        let status = read("/proc/self/status");
        let enabled = read("/sys/module/apparmor/parameters/enabled");
        Self {
            may_lower_oom_score: effective_capabilities(&status) & (1 << CAP_SYS_RESOURCE) != 0,
            // The kernel's part and the loader of profiles: containerd needs both.
            has_apparmor: enabled.starts_with('Y') && find_program(Path::new("apparmor_parser")).is_some(),
            has_systemd: Path::new("/run/systemd/system").exists(),
        }
    }

    /// Settles what the configuration leaves open.
    pub fn decide(self, config: &ContainerdConfig) -> Decided {
        let snapshotter = match config.snapshotter {
            Snapshotter::Auto if overlay_mounts_below(&config.root) => Snapshotter::Overlayfs,
            Snapshotter::Auto => Snapshotter::Native,
            chosen => chosen,
        };
        let cgroup_driver = match config.cgroup_driver {
            CgroupDriver::Auto if self.has_systemd => CgroupDriver::Systemd,
            CgroupDriver::Auto => CgroupDriver::Cgroupfs,
            chosen => chosen,
        };
        Decided { snapshotter, cgroup_driver }
    }
}

/// Looks a program up in `PATH` and where system programs usually are; a path is only checked for being there.
pub fn find_program(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(&search_path()).map(|directory| directory.join(program)).find(|found| found.is_file())
}

/// `PATH` and the directories of system programs, which an ordinary user's `PATH` lacks.
pub(super) fn search_path() -> OsString {
    let mut search = std::env::var_os("PATH").unwrap_or_default();
    if !search.is_empty() {
        search.push(":");
    }
    search.push("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    search
}

/// Whether overlayfs can be mounted with its upper layer in `root` (it cannot on, for example, another overlayfs).
fn overlay_mounts_below(root: &Path) -> bool {
    let probe = root.join(".overlay-probe");
    let layers = ["lower", "upper", "work", "merged"].map(|name| probe.join(name));
    if layers.iter().any(|layer| std::fs::create_dir_all(layer).is_err()) {
        return false;
    }
    let [lower, upper, work, merged] = &layers;
    let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
    let mounted = mount(Some("overlay"), merged, Some("overlay"), MsFlags::empty(), Some(options.as_str()));
    if let Err(error) = mounted {
        tracing::warn!(%error, "overlayfs cannot be mounted below {}: images will be copied", root.display());
    } else if let Err(error) = umount2(merged, MntFlags::MNT_DETACH) {
        tracing::warn!(%error, "cannot unmount {}", merged.display());
        return true;
    }
    if let Err(error) = std::fs::remove_dir_all(&probe) {
        tracing::warn!(%error, "cannot remove {}", probe.display());
    }
    mounted.is_ok()
}

/// Linux's number of the capability.
const CAP_SYS_RESOURCE: u32 = 24;

fn effective_capabilities(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
}

/// A file of the kernel's; one that is not there reads as empty, which means "no" to every question here.
fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_status() {
        let status = "Name:\tx\nCapPrm:\tffff\nCapEff:\t000001fffeffffff\n";
        assert_eq!(effective_capabilities(status) & (1 << CAP_SYS_RESOURCE), 0);
        assert_eq!(effective_capabilities("CapEff:\t000001ffffffffff"), 0x1ff_ffff_ffff);
        assert_eq!(effective_capabilities(""), 0);
    }

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        assert!(find_program(Path::new("sh")).is_some());
        assert_eq!(find_program(Path::new("/bin/sh")), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find_program(Path::new("no-such-program-here")), None);
        assert_eq!(find_program(Path::new("/no/such/program")), None);
    }
}
