use super::*;
use crate::containerd::Snapshotter;

fn rendered(machine: Machine, decided: Decided) -> String {
    let config = ContainerdConfig::in_data_dir(Path::new("/data"));
    render(&config, decided, machine, Path::new("/usr/sbin/runc"))
}

#[test]
fn a_poor_machine_gets_its_restrictions() {
    let machine = Machine { may_lower_oom_score: false, has_apparmor: false, has_systemd: false };
    let decided = Decided { snapshotter: Snapshotter::Native, cgroup_driver: CgroupDriver::Cgroupfs };
    let text = rendered(machine, decided);
    for expected in [
        "version = 2\n",
        "oom_score = 0\n",
        "disable_apparmor = true\n",
        "restrict_oom_score_adj = true\n",
        "SystemdCgroup = false\n",
        "snapshotter = \"native\"\n",
        "address = \"/data/containerd/containerd.sock\"\n",
        "sandbox_image = \"tiphys.test/pause:1\"\n",
        "stream_server_port = \"0\"\n",
        "BinaryName = \"/usr/sbin/runc\"\n",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
}

#[test]
fn a_full_machine_gets_none() {
    let machine = Machine { may_lower_oom_score: true, has_apparmor: true, has_systemd: true };
    let decided = Decided { snapshotter: Snapshotter::Overlayfs, cgroup_driver: CgroupDriver::Systemd };
    let text = rendered(machine, decided);
    for expected in [
        "oom_score = -999\n",
        "disable_apparmor = false\n",
        "restrict_oom_score_adj = false\n",
        "SystemdCgroup = true\n",
        "snapshotter = \"overlayfs\"\n",
    ] {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
}

#[test]
fn strings_are_escaped() {
    assert_eq!(text("a\"b\\c\nd"), r#""a\"b\\c\u000Ad""#);
}
