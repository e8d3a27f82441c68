//! Putting an API server together and starting it.

mod assemble;
mod compaction;
mod pages;

use crate::admission::HttpWebhooks;
use crate::audit::Audit;
use crate::authentication::AuthenticationError;
use crate::authorization::AuthorizationError;
use crate::bootstrap::{Advertised, Bootstrap};
use crate::config::{Config, EndpointReconciler};
use crate::custom;
use crate::encryption::Encryption;
use crate::flow::Front;
use crate::in_process;
use crate::late::Late;
use crate::masters::Masters;
use crate::metrics::{MeteredStore, Metrics};
use crate::pki::{self, Pki, PkiError};
use crate::service_addresses::{self, ServiceAddresses};
use assemble::Assembly;
use authn::UserInfo;
use client::{Client, ClientError};
use kinds::KINDS;
use registry::Registry;
use serve::tls::{Certificates, Offer, TlsError, server_config_of};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stdx::{Clock, Rng};
use store::Store;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Who made service-account tokens, and whom they are for.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const CLUSTER_DOMAIN: &str = "cluster.local";
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// How often caches over a shared store ask how far they are, without a client that wants to know.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(60);
/// What is served, as the metrics say it.
const VERSION: &str = "v1.36.2+tiphys";
/// As whom the server calls itself.
const USER_AGENT: &str = "kube-apiserver/v1.36.2";

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("authorization: {0}")]
    Authorization(#[from] AuthorizationError),
    #[error("authentication: {0}")]
    Authentication(#[from] AuthenticationError),
    #[error(
        "cannot listen on {address}: {source}. Another program may have the port: choose another with --secure-port"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("making the first objects: {0}")]
    Bootstrap(#[from] ClientError),
    #[error(transparent)]
    AdmissionSettings(#[from] crate::admission::settings::SettingsError),
    #[error(transparent)]
    Admission(#[from] admission::plugins::SelectionError),
    #[error(transparent)]
    Audit(#[from] crate::audit::SetupError),
    #[error(transparent)]
    Encryption(#[from] crate::encryption::SetupError),
    #[error("the service range {0} is not a network such as 10.96.0.0/16")]
    ServiceCidr(String),
}

/// What an API server is given.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

/// A server that is up.
pub struct ApiServer {
    pub registry: Arc<Registry>,
    pub pki: Arc<Pki>,
    /// With which clients of this machine reach it.
    pub url: String,
    pub front: Arc<Front>,
    serving: JoinHandle<()>,
    masters: Option<JoinHandle<()>>,
}

impl ApiServer {
    /// Opens the certificates, starts serving, and makes the first objects. Ends when `stop` becomes true.
    pub async fn start(config: Config, parts: Parts, stop: watch::Receiver<bool>) -> Result<ApiServer, StartError> {
        let address = SocketAddr::new(config.bind_address, config.secure_port);
        let listener = listen(address, config.serving.permit_port_sharing)
            .map_err(|source| StartError::Listen { address, source })?;
        let service_cidr = config.services.cluster_ip_ranges.first().cloned().unwrap_or_default();
        let service_address = first_address(&service_cidr)?;
        let names = serving_names(&config, service_address);
        let now = parts.clock.now_seconds();
        let metrics = Metrics::new(now, VERSION, &config.feature_gates);
        let parts = metered(parts, &metrics, &config);
        let pki = Arc::new(match config.own_authority {
            true => Pki::open(&config.data_dir.join("pki"), &names, now)?,
            false => Pki::given(&config, &names, now)?,
        });
        let addresses = service_addresses(&config, &parts)?;
        let encryption = Encryption::start(&config.encryption, &parts.clock, &parts.rng).await?;
        let registry = assemble::registry(&config, &parts, &addresses, encryption.as_ref());
        let ready = Arc::new(AtomicBool::new(false));
        let audit = Audit::start(&config.audit, &parts.clock)?;
        let front = Front::new(&registry, &config.flow, &parts.clock, &parts.rng, audit);
        let assembly = Assembly {
            config: &config,
            parts: &parts,
            pki: &pki,
            registry: &registry,
            front: &front,
            metrics: &metrics,
            ready: &ready,
            encryption: encryption.as_ref(),
        };
        let (gateway, client_authorities) = assembly.gateway()?;
        let tls = serving_tls(&config, &pki, &client_authorities)?;
        let client = in_process::client(&front, system_user(), USER_AGENT);
        addresses.learn(&client).await?;
        let ending = front.lifecycle.follow(stop.clone());
        let settings = serve::Settings {
            goaway_chance: config.flow.goaway_chance,
            max_streams: config.flow.http2_max_streams_per_connection,
            rng: parts.rng.clone(),
            handshake_errors: metrics.handshake_errors(),
        };
        let ending = serve::Ending { stop: ending.stop, cut: ending.cut };
        let serving = tokio::spawn(serve::serve_with(listener, tls, Arc::new(gateway), settings, ending));
        tokio::spawn(compaction::compact(parts.store.clone(), config.etcd.compaction_interval));
        if config.etcd.shared() {
            tokio::spawn(compaction::keep_fresh(Arc::downgrade(&registry), PROGRESS_INTERVAL));
        }
        let advertised = Advertised {
            address: SocketAddr::new(config.advertise_address, config.secure_port),
            service_address,
            node_port: config.services.kubernetes_service_node_port,
        };
        let bootstrap = Bootstrap {
            client: &client,
            kinds: KINDS,
            service_cidrs: &config.services.cluster_ip_ranges,
            advertised,
            clock: &*parts.clock,
            client_ca: pki.ca(),
            front_proxy_ca: &pki.front_proxy_ca,
            request_header: &config.authentication.request_header,
        };
        bootstrap.run().await?;
        addresses.keep_repaired();
        let masters = Masters {
            client: client.clone(),
            store: parts.store.clone(),
            root: config.etcd.root(),
            shared: config.etcd.shared(),
            advertised,
        };
        let masters = match config.services.endpoint_reconciler {
            EndpointReconciler::Lease => Some(tokio::spawn(masters.run(stop))),
            EndpointReconciler::None => None,
        };
        follow_definitions(&parts, &registry, &client).await?;
        ready.store(true, Ordering::Release);
        let reached_at = if config.bind_address.is_loopback() { config.bind_address } else { config.advertise_address };
        let url = format!("https://{}", SocketAddr::new(reached_at, config.secure_port));
        Ok(ApiServer { registry, pki, url, front, serving, masters })
    }

    /// A client in this process.
    pub fn client(&self, user: UserInfo, user_agent: &str) -> Client {
        in_process::client(&self.front, user, user_agent)
    }

    /// From now on it says that it is not ready; it serves on until its `stop`.
    pub fn not_ready(&self) {
        self.front.lifecycle.begin();
    }

    /// Waits until the server has drained.
    pub async fn stopped(self) {
        for task in [self.masters, Some(self.serving)].into_iter().flatten() {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended by a panic");
            }
        }
        if let Some(audit) = &self.front.audit {
            audit.flush().await;
        }
    }
}

/// The socket; its port may be shared with other processes that say so too.
fn listen(address: SocketAddr, share_port: bool) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(share_port)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What the socket offers and shows; certificates from files are read again when they change.
/// `client_authorities`: PEM of those whose client certificates mean something.
fn serving_tls(config: &Config, pki: &Pki, client_authorities: &str) -> Result<Arc<rustls::ServerConfig>, StartError> {
    let (default, named) = pki::identities(config, &pki.serving)?;
    let shown = Arc::new(Certificates::new(&default, &named)?);
    let offer = Offer {
        min_tls_13: config.serving.min_tls_13,
        cipher_suites: config.serving.cipher_suites.clone(),
        disable_http2: config.serving.disable_http2,
    };
    let tls = server_config_of(shown.clone(), client_authorities, &offer)?;
    tokio::spawn(pki::reload(config.clone(), pki.serving.clone(), shown));
    Ok(Arc::new(tls))
}

/// Serves custom resources.
async fn follow_definitions(parts: &Parts, registry: &Arc<Registry>, client: &Client) -> Result<(), ClientError> {
    let late = Late::default();
    late.fill(registry);
    let caller = custom::Caller { client: Arc::new(HttpWebhooks::new(late)), rng: parts.rng.clone() };
    let (registry, client, clock) = (registry.clone(), client.clone(), parts.clock.clone());
    custom::start(custom::Parts { registry, client, clock, caller }).await
}

fn service_addresses(config: &Config, parts: &Parts) -> Result<ServiceAddresses, StartError> {
    let ranges = &config.services.cluster_ip_ranges;
    let settings = service_addresses::Settings {
        ranges,
        node_ports: config.services.node_ports,
        store: parts.store.clone(),
        root: &config.etcd.root(),
        clock: parts.clock.clone(),
        rng: parts.rng.clone(),
    };
    ServiceAddresses::new(settings).ok_or_else(|| StartError::ServiceCidr(ranges.join(",")))
}

/// The same parts, with a store whose use is counted.
fn metered(parts: Parts, metrics: &Arc<Metrics>, config: &Config) -> Parts {
    let store = Arc::new(MeteredStore::new(parts.store, metrics.clone(), config.etcd.root(), KINDS));
    Parts { store, ..parts }
}

fn server_address(config: &Config) -> String {
    SocketAddr::new(config.advertise_address, config.secure_port).to_string()
}

fn serving_names(config: &Config, service_address: IpAddr) -> pki::Names {
    let service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"].map(str::to_owned);
    let mut dns: Vec<String> = service.into();
    dns.push(format!("kubernetes.default.svc.{CLUSTER_DOMAIN}"));
    dns.push("localhost".into());
    dns.push(config.hostname.clone());
    let mut addresses = vec![config.advertise_address, service_address, [127, 0, 0, 1].into()];
    addresses.dedup();
    pki::Names { dns, addresses }
}

fn first_address(cidr: &str) -> Result<IpAddr, StartError> {
    let bad = || StartError::ServiceCidr(cidr.to_owned());
    let (network, _) = cidr.split_once('/').ok_or_else(bad)?;
    match network.parse::<IpAddr>().map_err(|_| bad())? {
        IpAddr::V4(network) => Ok(std::net::Ipv4Addr::from(u32::from(network) + 1).into()),
        IpAddr::V6(network) => Ok(std::net::Ipv6Addr::from(u128::from(network) + 1).into()),
    }
}

/// Who the server itself is, where it is its own client.
fn system_user() -> UserInfo {
    UserInfo::new("system:apiserver", &[authn::MASTERS])
}
