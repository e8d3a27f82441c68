//! What a node's agent writes for the container runtime: the list of plugins, and the programs they are found as.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cidr::Cidr;

/// The name of the file that [`conflist`] is the content of.
pub const CONFLIST_FILE: &str = "10-tiphys.conflist";

/// The pod network of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    /// The network's name; reservations are kept under it.
    pub name: String,
    /// The bridge; instances that share a network namespace need one each.
    pub bridge: String,
    /// The pods' addresses on this node, one network per family. The first address is the bridge's.
    pub subnets: Vec<Cidr>,
    /// `None` leaves the kernel's default.
    pub mtu: Option<u32>,
    /// Whether pods show the node's address to whatever is outside `subnets` and `not_masqueraded`.
    pub masquerade: bool,
    /// Networks to which pods always show their own addresses, such as the whole cluster's pods.
    pub not_masqueraded: Vec<Cidr>,
    /// Whether to switch on forwarding in the node's namespace; without it pods reach each other and the node only.
    pub ip_forward: bool,
    /// Where reserved addresses are remembered; `None` is `/var/lib/cni/networks`.
    pub data_dir: Option<PathBuf>,
}

impl NetworkConfig {
    /// A network called `tiphys` on the bridge `tiphys0` that masquerades and does not forward.
    pub fn new(subnet: Cidr) -> Self {
        Self {
            name: "tiphys".to_owned(),
            bridge: "tiphys0".to_owned(),
            subnets: vec![subnet],
            mtu: None,
            masquerade: true,
            not_masqueraded: Vec::new(),
            ip_forward: false,
            data_dir: None,
        }
    }
}

/// The list of plugins for the container runtime: the bridge, then port mappings.
pub fn conflist(config: &NetworkConfig) -> String {
    let ranges: Vec<_> =
        config.subnets.iter().map(|subnet| json!([{ "subnet": subnet.network().to_string() }])).collect();
    let mut ipam = json!({ "type": "host-local", "ranges": ranges });
    if let Some(data_dir) = &config.data_dir {
        ipam["dataDir"] = json!(data_dir);
    }
    let mut bridge = json!({
        "type": "tiphys-bridge",
        "bridge": config.bridge,
        "isGateway": true,
        "isDefaultGateway": true,
        "ipMasq": config.masquerade,
        "hairpinMode": true,
        "ipForward": config.ip_forward,
        "ipam": ipam,
    });
    if let Some(mtu) = config.mtu {
        bridge["mtu"] = json!(mtu);
    }
    if !config.not_masqueraded.is_empty() {
        bridge["noMasqueradeCIDRs"] = config.not_masqueraded.iter().map(Cidr::to_string).collect();
    }
    let list = json!({
        "cniVersion": "1.0.0",
        "name": config.name,
        "plugins": [bridge, { "type": "tiphys-portmap", "capabilities": { "portMappings": true } }],
    });
    format!("{list:#}\n")
}

/// Links the plugins' names in `bin_dir` to the program `exe`. Programs of other origin that stand there are left alone,
/// so a node may keep upstream's `bridge` beside `tiphys-bridge`.
pub fn install(bin_dir: &Path, exe: &Path) -> io::Result<()> {
    fs::create_dir_all(bin_dir)?;
    for name in crate::NAMES {
        let path = bin_dir.join(name);
        let is_ours = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
            Ok(_) if name.starts_with("tiphys-") => true,
            // A link that leads nowhere serves nobody; one to another copy of this program is an older installation.
            Ok(metadata) if metadata.is_symlink() => {
                !path.exists() || fs::read_link(&path)?.file_name() == exe.file_name()
            }
            Ok(_) => false,
        };
        if is_ours {
            let fresh = bin_dir.join(format!(".{name}.new"));
            match fs::remove_file(&fresh) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            symlink(exe, &fresh)?;
            fs::rename(&fresh, &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
