//! What this machine is called, and where it is.

use cri::containerd::ContainerdConfig;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

pub fn hostname() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".into()).to_lowercase()
}

/// The address that this machine would speak from to others, or loopback. Nothing is sent.
pub fn first_address() -> IpAddr {
    let outside = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9));
    let local = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect(outside)?;
        socket.local_addr()
    });
    local.map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

/// The containerd of an instance, which finds the instance's own CNI plugins.
pub fn containerd(data_dir: &Path) -> ContainerdConfig {
    let mut config = ContainerdConfig::in_data_dir(data_dir);
    config.cni_bin_dir = cni_bin_dir(data_dir);
    config.cni_conf_dir = cni_conf_dir(data_dir);
    config
}

pub fn cni_bin_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("cni/bin")
}

pub fn cni_conf_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("cni/net.d")
}

/// The pods' network of one instance on this machine.
pub struct PodNetwork {
    pub cidr: String,
    pub bridge: String,
}

impl PodNetwork {
    /// The machine's usual instance has the usual names; any other has names of its own, made from its directory, so that
    /// instances do not meet.
    pub fn of(options: &crate::config::Options) -> PodNetwork {
        if options.is_default_instance() {
            let cidr = options.pod_cidr.clone().unwrap_or_else(|| "10.244.0.0/24".into());
            return PodNetwork { cidr, bridge: "tiphys0".into() };
        }
        let path = options.data_dir.canonicalize().unwrap_or_else(|_| options.data_dir.clone());
        let hash = fnv1a(path.as_os_str().as_encoded_bytes());
        // 10.245.0.0/16 to 10.252.0.0/16 in ranges of 256 addresses.
        let (second, third) = (245 + (hash >> 8) % 8, hash % 256);
        let cidr = options.pod_cidr.clone().unwrap_or_else(|| format!("10.{second}.{third}.0/24"));
        PodNetwork { cidr, bridge: format!("tiphys{:08x}", hash as u32) }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
