//! The API server as the roles of this process see it: in the same process, or somewhere else by a kubeconfig.

use crate::config::Options;
use anyhow::{Context, bail};
use apiserver::ApiServer;
use apiserver::flow::Front;
use apiserver::pki::{Names, Pki};
use authn::UserInfo;
use client::{Client, ConnectionConfig, HttpTransport};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use stdx::{Clock, SystemClock};

const SYSTEM_KUBECONFIG: &str = "/etc/kubernetes/admin.conf";

/// Who answers the roles' requests.
#[derive(Clone)]
pub enum Peer {
    Local { front: Arc<Front>, pki: Arc<Pki> },
    Remote { transport: Arc<HttpTransport>, ca: String, pki: Option<Arc<Pki>> },
}

impl Peer {
    pub fn local(server: &ApiServer) -> Peer {
        Peer::Local { front: server.front.clone(), pki: server.pki.clone() }
    }

    /// By `--kubeconfig`, or the administrator's where that is on this machine.
    pub fn remote(options: &Options) -> anyhow::Result<Peer> {
        let usual = [options.data_dir.join("admin.conf"), PathBuf::from(SYSTEM_KUBECONFIG)];
        let found = options.kubeconfig.clone().or_else(|| usual.into_iter().find(|path| path.exists()));
        let Some(path) = found else {
            bail!("the role apiserver does not run here: say with --kubeconfig how to reach it");
        };
        let config = ConnectionConfig::from_file(&path, None).with_context(|| path.display().to_string())?;
        let transport = HttpTransport::new(&config).with_context(|| path.display().to_string())?;
        let ca = String::from_utf8(config.certificate_authority).context("the authority in the kubeconfig")?;
        let pki = pki_of_this_machine(&options.data_dir.join("pki"))?;
        Ok(Peer::Remote { transport: Arc::new(transport), ca, pki })
    }

    /// A client for a role. In this process it acts as `user`; elsewhere as whom the kubeconfig names.
    pub fn client(&self, user: UserInfo, agent: &str) -> Client {
        match self {
            Peer::Local { front, .. } => apiserver::in_process::client(front, user, agent),
            Peer::Remote { transport, .. } => Client::new(transport.clone(), agent),
        }
    }

    /// PEM of the cluster's authority.
    pub fn ca(&self) -> &str {
        match self {
            Peer::Local { pki, .. } => pki.ca(),
            Peer::Remote { ca, .. } => ca,
        }
    }

    /// A serving certificate for this node's kubelet; none where the authority's key is not on this machine.
    pub fn node_serving(&self, node: &str, names: &Names) -> anyhow::Result<Option<serve::Identity>> {
        let pki = match self {
            Peer::Local { pki, .. } => Some(pki),
            Peer::Remote { pki, .. } => pki.as_ref(),
        };
        let identity = pki.map(|pki| pki.node_serving(node, names, SystemClock.now_seconds()));
        Ok(identity.transpose()?)
    }
}

fn pki_of_this_machine(directory: &Path) -> anyhow::Result<Option<Arc<Pki>>> {
    if !directory.join("ca.key").exists() {
        return Ok(None);
    }
    Ok(Some(Arc::new(Pki::read(directory)?)))
}
