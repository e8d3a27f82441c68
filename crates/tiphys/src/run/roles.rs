//! The loops of this process: controller manager, scheduler, kubelet, each with its own identity.

use super::network;
use super::peer::Peer;
use crate::config::{Options, Role};
use anyhow::Context;
use authn::UserInfo;
use authn::service_account;
use client::Client;
use driver::Driver;
use kubelet::KubeletConfig;
use kubelet::config::{ApiSettings, PodCidr, PodNetwork, RuntimeSource};
use std::net::Ipv4Addr;
use std::sync::Arc;
use stdx::{SystemClock, SystemRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The loops of this process; one that ends before it is told to has failed.
pub type Loops = JoinSet<anyhow::Result<()>>;

pub const VERSION: &str = "v1.36.2";

/// Starts the roles that are asked for besides the API server.
pub fn start(options: &Options, peer: &Peer, stop: watch::Receiver<bool>) -> anyhow::Result<Loops> {
    let mut loops = JoinSet::new();
    if options.runs(Role::ControllerManager) {
        let controllers = controller_manager(peer, stop.clone());
        loops.spawn(async move {
            controllers.await;
            Ok(())
        });
    }
    if options.runs(Role::Scheduler) {
        let client = client(peer, "system:kube-scheduler", "kube-scheduler");
        let scheduler = driver::scheduler::run(client, Arc::new(SystemClock), Arc::new(SystemRng), stop.clone());
        loops.spawn(async move {
            scheduler.await;
            Ok(())
        });
    }
    if options.runs(Role::Kubelet) {
        loops.spawn(kubelet(options, peer, stop)?);
    }
    Ok(loops)
}

fn client(peer: &Peer, user: &str, agent: &str) -> Client {
    peer.client(UserInfo::new(user, &[]), &format!("{agent}/{VERSION}"))
}

/// Each controller writes as its own service account, as upstream's do.
fn controller_manager(peer: &Peer, stop: watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let config = controllers::Config { root_ca: peer.ca().to_owned(), cluster_cidrs: Vec::new() };
    let manager = client(peer, "system:kube-controller-manager", "kube-controller-manager");
    let peer = peer.clone();
    let mut driver = Driver::new(manager, Arc::new(SystemClock), Arc::new(SystemRng));
    driver.client_of = Arc::new(move |controller| {
        let groups = service_account::groups("kube-system");
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let user = UserInfo::new(service_account::username("kube-system", account_of(controller)), &groups);
        peer.client(user, "kube-controller-manager/v1.36.2")
    });
    driver.run(controllers::all(&config), stop)
}

/// The service account that upstream gives a controller, to which the bootstrap roles are bound.
fn account_of(controller: &str) -> &str {
    match controller {
        "daemonset-controller" => "daemon-set-controller",
        "endpoints-controller" => "endpoint-controller",
        "garbage-collector-controller" => "generic-garbage-collector",
        "node-ipam-controller" | "node-lifecycle-controller" | "taint-eviction-controller" => "node-controller",
        "pod-garbage-collector-controller" => "pod-garbage-collector",
        "replicationcontroller-controller" => "replication-controller",
        "root-ca-certificate-publisher-controller" => "root-ca-cert-publisher",
        "serviceaccount-controller" => "service-account-controller",
        same => same,
    }
}

fn kubelet(
    options: &Options,
    peer: &Peer,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
    let name = options.node_name.clone().unwrap_or_else(network::hostname);
    let user = UserInfo::new(format!("system:node:{name}"), &["system:nodes"]);
    let client = peer.client(user, &format!("kubelet/{VERSION}"));
    let mut config = kubelet_config(options, &name)?;
    let names = apiserver::pki::Names { dns: vec![name.clone()], addresses: config.node_ips.clone() };
    match peer.node_serving(&name, &names)? {
        Some(identity) => {
            let bind_address = Ipv4Addr::UNSPECIFIED.into();
            config.api = Some(ApiSettings { bind_address, identity, client_ca: peer.ca().to_owned() });
        }
        None => tracing::warn!("without the authority's key there is no certificate for the kubelet: no logs, no exec"),
    }
    Ok(async move { kubelet::run(config, client, Arc::new(SystemClock), stop).await.context("the kubelet") })
}

fn kubelet_config(options: &Options, name: &str) -> anyhow::Result<KubeletConfig> {
    let data_dir = options.data_dir.canonicalize().context("the data directory")?;
    let address = options.advertise_address.unwrap_or_else(network::first_address);
    let mut config = KubeletConfig::in_data_dir(&data_dir, name, address);
    let pod_network = network::PodNetwork::of(options);
    let cidr = pod_network.cidr.parse().with_context(|| format!("the pod range {}", pod_network.cidr))?;
    let bridge = pod_network.bridge;
    config.network = Some(PodNetwork {
        pod_cidr: PodCidr::Fixed(vec![cidr]),
        not_masqueraded: Vec::new(),
        bridge: bridge.clone(),
        mtu: None,
        ip_forward: false,
        data_dir: data_dir.join("cni/networks"),
        bin_dir: network::cni_bin_dir(&data_dir),
        conf_dir: network::cni_conf_dir(&data_dir),
        plugin_program: std::env::current_exe().context("cannot find this program")?,
    });
    config.runtime = RuntimeSource::Managed(Box::new(network::containerd(&data_dir)));
    config.port = options.kubelet_port;
    if !options.is_default_instance() {
        config.cgroup_root = format!("/{bridge}");
    }
    Ok(config)
}
