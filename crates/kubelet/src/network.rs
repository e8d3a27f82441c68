//! The pods' network on this node: the CNI plugins and their configuration.

use std::path::Path;

use api_core::v1::Node;
use cni::{CONFLIST_FILE, Cidr, NetworkConfig, conflist};

use crate::config::{PodCidr, PodNetwork};

/// Why pods cannot have a network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File { action: &'static str, path: std::path::PathBuf, source: std::io::Error },
}

/// The node's part of the pod network, once it is known.
pub fn pod_cidrs(network: &PodNetwork, node: Option<&Node>) -> Vec<Cidr> {
    match &network.pod_cidr {
        PodCidr::Fixed(cidrs) => cidrs.clone(),
        PodCidr::FromNode => {
            let given = node.map(|node| node.spec.pod_cidrs.as_slice()).unwrap_or_default();
            given.iter().filter_map(|cidr| cidr.parse().ok()).collect()
        }
    }
}

/// Installs the plugins and writes the configuration, if it is not there as it should be.
pub fn set_up(network: &PodNetwork, cidrs: &[Cidr]) -> Result<(), NetworkError> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| NetworkError::File { action, path, source }
    };
    cni::install(&network.bin_dir, &network.plugin_program)
        .map_err(failed("install the CNI plugins in", &network.bin_dir))?;
    let Some(first) = cidrs.first() else { return Ok(()) };
    let mut config = NetworkConfig::new(*first);
    config.subnets = cidrs.to_vec();
    config.bridge = network.bridge.clone();
    config.mtu = network.mtu;
    config.ip_forward = network.ip_forward;
    config.not_masqueraded = network.not_masqueraded.clone();
    config.data_dir = Some(network.data_dir.clone());
    let text = conflist(&config);
    let path = network.conf_dir.join(CONFLIST_FILE);
    if std::fs::read_to_string(&path).is_ok_and(|have| have == text) {
        return Ok(());
    }
    std::fs::create_dir_all(&network.conf_dir).map_err(failed("make", &network.conf_dir))?;
    let fresh = network.conf_dir.join(format!(".{CONFLIST_FILE}.new"));
    std::fs::write(&fresh, text).map_err(failed("write", &fresh))?;
    std::fs::rename(&fresh, &path).map_err(failed("write", &path))
}
