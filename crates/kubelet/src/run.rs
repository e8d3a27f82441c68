//! From the configuration to a running kubelet, and back.

use std::net::SocketAddr;
use std::sync::Arc;

use client::Client;
use cri::containerd::{CgroupDriver, Containerd, ContainerdError};
use cri::images::{ImportConfig, ImportError, import_directory};
use cri::{CriClient, CriError, CriTimeouts, v1};
use serve::tls::{ClientCertificates, TlsError};
use stdx::{Clock, SeededRng};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cgroups::Driver;
use crate::config::{KubeletConfig, PodCidr, RuntimeSource};
use crate::images::Images;
use crate::kubelet::Kubelet;
use crate::machine::Machine;
use crate::network::{self, NetworkError};
use crate::pods::PodTable;
use crate::runtime::Runtime;
use crate::server::{self, Api, delegated::Delegated};
use crate::volumes::Volumes;
use crate::{events, image_gc, log_rotation, node, pods};

/// Why the kubelet could not start.
#[derive(Debug, thiserror::Error)]
pub enum KubeletError {
    #[error(transparent)]
    Containerd(#[from] ContainerdError),
    #[error(transparent)]
    Runtime(#[from] CriError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot make {path}: {source}", path = path.display())]
    Directory { path: std::path::PathBuf, source: std::io::Error },
}

/// Runs the node's pods until `stop` becomes true. Pods, and a containerd of ours, go on running after that.
pub async fn run(
    config: KubeletConfig,
    client: Client,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
) -> Result<(), KubeletError> {
    for path in [&config.root_dir, &config.pod_logs_dir] {
        let failed = |source| KubeletError::Directory { path: path.clone(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
    }
    // The runtime reads the network's configuration at its start; one that is known is there by then.
    if let Some(network) = &config.network
        && let PodCidr::Fixed(cidrs) = &network.pod_cidr
    {
        network::set_up(network, cidrs)?;
    }
    let (containerd, cri) = connect(&config).await?;
    let cgroup_driver = cgroup_driver(&cri, containerd.as_ref()).await?;
    let machine = Machine::read(&config.root_dir);
    // Spreads the renewal of tokens; secrets are made elsewhere.
    let rng = Arc::new(SeededRng::new(clock.now().unsigned_abs()));
    let (recorder, sender) = events::recorder(client.clone(), clock.clone(), &config.node_name, config.event_burst);
    let kubelet = Arc::new(Kubelet {
        runtime: Runtime::new(cri.clone()),
        images: Images::new(cri.clone(), clock.clone()),
        volumes: Volumes::new(&config.root_dir, Arc::new(client.clone()), clock.clone(), rng),
        allocatable: machine.allocatable(config.max_pods),
        pods: Arc::new(PodTable::default()),
        memory_capacity_bytes: machine.memory_bytes,
        config,
        client,
        cri,
        clock,
        recorder,
        cgroup_driver,
    });
    let sending = tokio::spawn(sender.run());
    let mut caretakers = JoinSet::new();
    caretakers.spawn(log_rotation::run(kubelet.clone()));
    caretakers.spawn(image_gc::run(kubelet.clone()));
    let running_pods = async {
        // A pod that came first would take an image for missing, and wait for its next pull.
        import_images(&kubelet).await;
        pods::run(kubelet.clone(), stop.clone()).await;
    };
    let serving = serve_api(&kubelet, stop.clone()).await?;
    tokio::join!(serving, node::run(kubelet.clone(), machine, stop.clone()), running_pods);
    sending.abort();
    Ok(())
}

/// The kubelet's own API; binds at once, so that a port that is taken is an error of the start.
async fn serve_api(
    kubelet: &Kubelet,
    stop: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + use<>, KubeletError> {
    let config = &kubelet.config;
    let mut parts = None;
    if let Some(settings) = &config.api {
        let address = SocketAddr::new(settings.bind_address, config.port);
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| KubeletError::Listen { address, source })?;
        let tls = Arc::new(serve::tls::server_config(&settings.identity, &settings.client_ca)?);
        let judge = Arc::new(Delegated::new(kubelet.client.clone(), kubelet.clock.clone()));
        let api = Api {
            node_name: config.node_name.clone(),
            cri: kubelet.cri.clone(),
            pods: kubelet.pods.clone(),
            clock: kubelet.clock.clone(),
            client_certificates: ClientCertificates::new(&settings.client_ca)?,
            authenticator: judge.clone(),
            authorizer: judge,
            config: serde_json::json!({
                "kind": "KubeletConfiguration",
                "apiVersion": "kubelet.config.k8s.io/v1beta1",
                "maxPods": config.max_pods,
                "port": config.port,
                "clusterDomain": config.cluster_domain,
                "clusterDNS": config.cluster_dns,
            }),
            root_dir: config.root_dir.clone(),
        };
        parts = Some((listener, tls, api));
    }
    Ok(async move {
        if let Some((listener, tls, api)) = parts {
            server::serve(listener, tls, api, stop).await;
        }
    })
}

async fn connect(config: &KubeletConfig) -> Result<(Option<Containerd>, CriClient), KubeletError> {
    match &config.runtime {
        RuntimeSource::Managed(containerd) => {
            let containerd = Containerd::ensure(containerd.as_ref().clone()).await?;
            let cri = CriClient::connect(containerd.socket(), CriTimeouts::default()).await?;
            Ok((Some(containerd), cri))
        }
        RuntimeSource::Socket(path) => Ok((None, CriClient::connect(path, CriTimeouts::default()).await?)),
    }
}

/// The runtime's own word counts; one that is too old to say has what we configured, or cgroupfs.
async fn cgroup_driver(cri: &CriClient, containerd: Option<&Containerd>) -> Result<Driver, CriError> {
    let told = cri.runtime_config().await?.and_then(|answer| answer.linux);
    let systemd = match (told, containerd) {
        (Some(linux), _) => linux.cgroup_driver() == v1::CgroupDriver::Systemd,
        (None, Some(containerd)) => containerd.decided().cgroup_driver == CgroupDriver::Systemd,
        (None, None) => false,
    };
    Ok(if systemd { Driver::Systemd } else { Driver::Cgroupfs })
}

async fn import_images(kubelet: &Kubelet) {
    let Some(source) = &kubelet.config.images else { return };
    let import = ImportConfig::new(&source.directory, &source.marker_file);
    match import_directory(&kubelet.cri, &import).await {
        Ok(_) => {}
        Err(error @ ImportError::Read { .. }) => tracing::warn!(%error, "no images are imported"),
        Err(error) => tracing::error!(%error, "cannot import images"),
    }
}
