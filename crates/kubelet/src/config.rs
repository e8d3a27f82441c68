//! What a kubelet is told at its start.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cni::Cidr;
use cri::containerd::ContainerdConfig;

/// The whole configuration; parsed at the edge (flags, config file), passed on as it is.
#[derive(Debug, Clone)]
pub struct KubeletConfig {
    /// The Node object's name.
    pub node_name: String,
    /// The machine's host name: hostname label and address.
    pub hostname: String,
    /// The node's addresses, at most one per family; the first is the pods' `hostIP`.
    pub node_ips: Vec<IpAddr>,
    /// Below this lie volumes and the pods' own files (`/var/lib/kubelet`).
    pub root_dir: PathBuf,
    /// Below this lie the containers' logs (`/var/log/pods`).
    pub pod_logs_dir: PathBuf,
    pub runtime: RuntimeSource,
    /// Image archives that are imported before the first pod; `None`: nothing is imported.
    pub images: Option<ImageSource>,
    /// The network that we set up for pods; `None`: somebody else writes the CNI configuration.
    pub network: Option<PodNetwork>,
    /// Name servers of pods with `dnsPolicy: ClusterFirst`; empty: the node's own.
    pub cluster_dns: Vec<IpAddr>,
    /// Searched by the same pods: `cluster.local`.
    pub cluster_domain: String,
    /// Read for pods that use the node's name servers.
    pub resolv_conf: PathBuf,
    pub max_pods: u32,
    /// Where pods' cgroups lie below each hierarchy: `/` or a path such as `/tiphys/node-1`.
    pub cgroup_root: String,
    /// The port of the kubelet's own API, which the Node object tells.
    pub port: u16,
    /// With what that API is served; `None`: it is not.
    pub api: Option<ApiSettings>,
    /// Whether to make the Node object when it is not there.
    pub register_node: bool,
    pub node_labels: BTreeMap<String, String>,
    pub register_with_taints: Vec<api_core::v1::Taint>,
    /// How often the runtime is asked for what changed.
    pub relist_period: Duration,
    /// How often the node's status is looked at.
    pub status_check_period: Duration,
    /// How often it is written when nothing changed.
    pub status_report_period: Duration,
    pub lease_duration: Duration,
    /// How many kubelets' events about one object may come at once, and how many later per second.
    pub event_burst: u32,
}

/// What the kubelet's own API needs. Who may use it is asked of the API server.
#[derive(Clone)]
pub struct ApiSettings {
    pub bind_address: IpAddr,
    /// The certificate that the API server and others see.
    pub identity: serve::Identity,
    /// The authorities of client certificates, PEM.
    pub client_ca: String,
}

impl fmt::Debug for ApiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is nobody's to read.
        f.debug_struct("ApiSettings").field("bind_address", &self.bind_address).finish_non_exhaustive()
    }
}

/// Which container runtime to use.
#[derive(Debug, Clone)]
pub enum RuntimeSource {
    /// A containerd of our own, started when it does not run.
    Managed(Box<ContainerdConfig>),
    /// Whoever listens there.
    Socket(PathBuf),
}

#[derive(Debug, Clone)]
pub struct ImageSource {
    pub directory: PathBuf,
    /// Remembers what was imported.
    pub marker_file: PathBuf,
}

/// The pods' network on this node.
#[derive(Debug, Clone)]
pub struct PodNetwork {
    pub pod_cidr: PodCidr,
    /// Networks to which pods show their own addresses: the whole cluster's pods.
    pub not_masqueraded: Vec<Cidr>,
    pub bridge: String,
    pub mtu: Option<u32>,
    pub ip_forward: bool,
    /// Where reserved addresses are remembered.
    pub data_dir: PathBuf,
    pub bin_dir: PathBuf,
    pub conf_dir: PathBuf,
    /// The multi-call program that is the plugins.
    pub plugin_program: PathBuf,
}

/// Where the node's part of the pod network comes from.
#[derive(Debug, Clone)]
pub enum PodCidr {
    Fixed(Vec<Cidr>),
    /// The Node object's `spec.podCIDRs`, which the controller manager assigns.
    FromNode,
}

impl KubeletConfig {
    /// A node whose files all lie below `data_dir` and whose containerd is our own.
    pub fn in_data_dir(data_dir: &Path, node_name: &str, node_ip: IpAddr) -> KubeletConfig {
        KubeletConfig {
            node_name: node_name.to_owned(),
            hostname: node_name.to_owned(),
            node_ips: vec![node_ip],
            root_dir: data_dir.join("kubelet"),
            pod_logs_dir: data_dir.join("log/pods"),
            runtime: RuntimeSource::Managed(Box::new(ContainerdConfig::in_data_dir(data_dir))),
            images: Some(ImageSource {
                directory: data_dir.join("images"),
                marker_file: data_dir.join("containerd/images.json"),
            }),
            network: None,
            cluster_dns: Vec::new(),
            cluster_domain: "cluster.local".to_owned(),
            resolv_conf: PathBuf::from("/etc/resolv.conf"),
            max_pods: 110,
            cgroup_root: "/".to_owned(),
            port: 10250,
            api: None,
            register_node: true,
            node_labels: BTreeMap::new(),
            register_with_taints: Vec::new(),
            relist_period: Duration::from_secs(1),
            status_check_period: Duration::from_secs(10),
            status_report_period: Duration::from_secs(300),
            lease_duration: Duration::from_secs(40),
            event_burst: 25,
        }
    }

    /// The directory of one pod's own files.
    pub fn pod_dir(&self, uid: &str) -> PathBuf {
        self.root_dir.join("pods").join(uid)
    }

    /// The directory of one pod's logs, as `kubectl logs` and log collectors expect it.
    pub fn pod_log_dir(&self, namespace: &str, name: &str, uid: &str) -> PathBuf {
        self.pod_logs_dir.join(format!("{namespace}_{name}_{uid}"))
    }
}

/// The version that the node reports.
pub const KUBELET_VERSION: &str = "v1.36.2";
