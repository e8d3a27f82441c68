//! Debian's packages that a cluster and its tests need, installed where they are missing.

use crate::process;
use anyhow::bail;
use std::process::Command;

/// A program and the package that brings it.
pub struct Need {
    pub program: &'static str,
    pub package: &'static str,
}

/// To run a cluster and to use it.
pub const CLUSTER: &[Need] = &[
    Need { program: "containerd", package: "containerd" },
    Need { program: "runc", package: "runc" },
    Need { program: "nft", package: "nftables" },
    Need { program: "ip", package: "iproute2" },
    Need { program: "busybox", package: "busybox-static" },
    Need { program: "kubectl", package: "kubernetes-client" },
    Need { program: "curl", package: "curl" },
    Need { program: "ldd", package: "libc-bin" },
    Need { program: "cc", package: "gcc" },
];

/// To test it, besides.
pub const TESTS: &[Need] = &[
    Need { program: "python3", package: "python3-venv" },
    Need { program: "node", package: "nodejs" },
    Need { program: "npm", package: "npm" },
    Need { program: "etcd", package: "etcd-server" },
];

/// Installs what is missing, or says exactly what is.
pub fn ensure(needs: &[&[Need]]) -> anyhow::Result<()> {
    let missing: Vec<&Need> =
        needs.iter().flat_map(|set| set.iter()).filter(|need| process::find(need.program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let list = packages.join(" ");
    if process::find("apt-get").is_none() {
        let programs: Vec<&str> = missing.iter().map(|need| need.program).collect();
        bail!("these programs are missing and there is no apt-get to install them: {}", programs.join(", "));
    }
    if !process::is_root() {
        bail!("these packages are missing: {list}\nInstall them as root: apt-get install {list}");
    }
    println!("installing {list}");
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::run(apt().args(["update", "-qq"]))?;
    // policy-rc.d keeps packages from starting services of their own: the cluster starts what it needs.
    process::run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages).env("RUNLEVEL", "1"))
}
