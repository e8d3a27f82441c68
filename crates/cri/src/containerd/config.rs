//! The `config.toml` that we write for containerd.
//!
//! Version 2 of the format, which containerd 1.6 and 1.7 speak and 2.x migrates by itself. Everything that Tiphys needs
//! is said; everything else keeps containerd's default.

use std::fmt::Write as _;
use std::path::Path;

use super::machine::Machine;
use super::{CgroupDriver, ContainerdConfig, Decided};

/// The text of the file: a pure function, so that a changed configuration shows as a changed text.
pub(super) fn render(config: &ContainerdConfig, decided: Decided, machine: Machine, runc: &Path) -> String {
    let mut out = String::from("# Written by Tiphys at each start; changes are lost.\nversion = 2\n");
    let mut line = |key: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{key} = {value}");
    };
    line("root", path(&config.root));
    line("state", path(&config.state));
    // A score below our own needs CAP_SYS_RESOURCE, and a failed attempt to set it ends containerd's start.
    line("oom_score", if machine.may_lower_oom_score { "-999".to_owned() } else { "0".to_owned() });
    line("disabled_plugins", format!("[{}]", DISABLED_PLUGINS.map(text).join(", ")));
    out.push_str("\n[debug]\n");
    let _ = writeln!(out, "  level = {}", text(&config.log_level));
    out.push_str("\n[grpc]\n");
    let _ = writeln!(out, "  address = {}", path(&config.socket));
    render_cri(&mut out, config, decided, machine, runc);
    out
}

fn render_cri(out: &mut String, config: &ContainerdConfig, decided: Decided, machine: Machine, runc: &Path) {
    let _ = write!(
        out,
        r#"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {sandbox_image}
  disable_apparmor = {disable_apparmor}
  restrict_oom_score_adj = {restrict_oom_score_adj}
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  max_container_log_line_size = {max_line}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = {snapshotter}
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = {runc}
        SystemdCgroup = {systemd_cgroup}

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {cni_bin_dir}
    conf_dir = {cni_conf_dir}

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = {registry_config_dir}
"#,
        sandbox_image = text(&config.sandbox_image),
        disable_apparmor = !machine.has_apparmor,
        restrict_oom_score_adj = !machine.may_lower_oom_score,
        max_line = config.max_container_log_line_size_bytes,
        snapshotter = text(decided.snapshotter.name()),
        runc = path(runc),
        systemd_cgroup = decided.cgroup_driver == CgroupDriver::Systemd,
        cni_bin_dir = path(&config.cni_bin_dir),
        cni_conf_dir = path(&config.cni_conf_dir),
        registry_config_dir = path(&config.registry_config_dir),
    );
}

/// Snapshotters that we never choose (each probes the machine at start), a directory under `/opt` that two instances
/// would share, and a sender of traces that nobody reads.
const DISABLED_PLUGINS: [&str; 7] = [
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
];

fn path(path: &Path) -> String {
    text(&path.to_string_lossy())
}

/// A TOML basic string.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
