//! Putting an API server together and starting it.

use crate::bootstrap::Bootstrap;
use crate::fallback::{Page, Paths};
use crate::gateway::Gateway;
use crate::health::{Check, Health};
use crate::late::Late;
use crate::metrics::Metrics;
use crate::node::NodeClient;
use crate::pki::{self, Pki, PkiError};
use crate::service_addresses::ServiceAddresses;
use crate::virtuals::{
    AccessReview, PodBinding, PodEviction, PodStreams, RulesReview, ScaleOf, SelfSubjectReview, TokenRequest,
    TokenReview,
};
use crate::{discovery, flow_schemas, in_process, openapi, openid, quotas, rbac_feed};
use arc_swap::ArcSwap;
use authn::service_account::{Signer, Verifier};
use authn::{AuthnError, UserInfo};
use authz::node::NodeAuthorizer;
use authz::rbac::Rbac;
use authz::{Authorizer, Chain, Masters};
use client::{Client, ClientError};
use kinds::KINDS;
use registry::{BoxFuture, KindEntry, Registry, Spawn, VirtualVerb};
use serve::tls::{ClientCertificates, TlsError, server_config};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stdx::{Clock, Rng, Timer};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Who made service-account tokens, and whom they are for.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const CLUSTER_DOMAIN: &str = "cluster.local";
const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
/// As upstream: history is kept this long for clients that fell behind.
const COMPACT_INTERVAL: Duration = Duration::from_secs(5 * 60);
const EVENT_TTL: Duration = Duration::from_secs(3600);

/// How one API server runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Holds the directory `pki`.
    pub data_dir: PathBuf,
    pub bind_address: IpAddr,
    pub secure_port: u16,
    /// Where others reach the server, also in certificates.
    pub advertise_address: IpAddr,
    pub hostname: String,
    /// Such as `10.96.0.0/16`; its first address is the Service named kubernetes.
    pub service_cidr: String,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Tokens(#[from] AuthnError),
    #[error(
        "cannot listen on {address}: {source}. Another program may have the port: choose another with --secure-port"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("making the first objects: {0}")]
    Bootstrap(#[from] ClientError),
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
    serving: tokio::task::JoinHandle<()>,
}

impl ApiServer {
    /// Opens the certificates, starts serving, and makes the first objects. Ends when `stop` becomes true.
    pub async fn start(config: Config, parts: Parts, stop: watch::Receiver<bool>) -> Result<ApiServer, StartError> {
        let address = SocketAddr::new(config.bind_address, config.secure_port);
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        let service_address = first_address(&config.service_cidr)?;
        let names = serving_names(&config, service_address);
        let now = parts.clock.now_seconds();
        let pki = Arc::new(Pki::open(&config.data_dir.join("pki"), &names, now)?);
        let bad_range = || StartError::ServiceCidr(config.service_cidr.clone());
        let addresses = ServiceAddresses::new(&config.service_cidr, parts.rng.clone()).ok_or_else(bad_range)?;
        let registry = registry(&parts, &addresses);
        let ready = Arc::new(AtomicBool::new(false));
        let gateway = assemble(&config, &parts, &pki, &registry, &ready)?;
        let tls = Arc::new(server_config(&pki.serving, pki.ca())?);
        let client = in_process::client(&registry, system_user(), "kube-apiserver/v1.36.2");
        addresses.learn(&client).await?;
        let serving = tokio::spawn(serve::serve(listener, tls, Arc::new(gateway), stop));
        tokio::spawn(compact(parts.store.clone()));
        let bootstrap = Bootstrap {
            client: &client,
            kinds: KINDS,
            service_address,
            service_cidr: config.service_cidr.clone(),
            advertise: SocketAddr::new(config.advertise_address, config.secure_port),
            client_ca: pki.ca(),
            front_proxy_ca: &pki.front_proxy_ca,
        };
        bootstrap.run().await?;
        ready.store(true, Ordering::Release);
        let reached_at = if config.bind_address.is_loopback() { config.bind_address } else { config.advertise_address };
        let url = format!("https://{}", SocketAddr::new(reached_at, config.secure_port));
        Ok(ApiServer { registry, pki, url, serving })
    }

    /// A client in this process.
    pub fn client(&self, user: UserInfo, user_agent: &str) -> Client {
        in_process::client(&self.registry, user, user_agent)
    }

    /// Waits until the server has drained.
    pub async fn stopped(self) {
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended by a panic");
        }
    }
}

fn registry(parts: &Parts, addresses: &ServiceAddresses) -> Arc<Registry> {
    let config = registry::Config {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        rng: parts.rng.clone(),
        timer: Arc::new(TokioTimer),
        spawn: Arc::new(TokioSpawn),
        shared_store: false,
    };
    Registry::new(config, KINDS.iter().map(|&kind| entry(kind, addresses)))
}

/// What the server adds to a kind: how long events live, which caches are looked into all the time, what services are given.
fn entry(kind: &'static dyn kind::DynKind, addresses: &ServiceAddresses) -> KindEntry {
    let names = kind.names();
    let mut entry = KindEntry::builtin(kind);
    entry.is_virtual = !names.verbs.contains(&kind::Verb::Watch);
    if names.plural == "events" {
        entry.ttl = Some(EVENT_TTL);
    }
    if (names.group, names.plural) == ("", "services") {
        entry.hook = Some(Arc::new(addresses.clone()));
    }
    entry.keep_values = matches!(names.plural, "namespaces" | "serviceaccounts" | "priorityclasses" | "nodes");
    entry
}

fn assemble(
    config: &Config,
    parts: &Parts,
    pki: &Arc<Pki>,
    registry: &Arc<Registry>,
    ready: &Arc<AtomicBool>,
) -> Result<Gateway, StartError> {
    let late = Late::default();
    late.fill(registry);
    let signer = Signer::new(&pki.token_key.serialize_pem(), &pki.token_public_der(), ISSUER)?;
    let tokens = Arc::new(Verifier::new(&[&pki.token_key.public_key_pem()], ISSUER, &[ISSUER])?);
    let rbac = Arc::new(Rbac::default());
    let nodes = Arc::new(NodeAuthorizer { rbac: rbac.clone(), graph: Arc::new(late.clone()) });
    let authorizer: Arc<dyn Authorizer> = Arc::new(Chain { links: vec![Arc::new(Masters), nodes, rbac.clone()] });
    let metrics = Arc::new(Metrics::default());
    let paths = Paths {
        documents: ArcSwap::from_pointee(discovery::documents(KINDS, &server_address(config))),
        health: health(ready),
        pages: pages(pki, &server_address(config), &metrics),
        openapi: Arc::new(openapi::Documents::new(KINDS)),
    };
    let own_client = in_process::client(registry, system_user(), "kube-apiserver/v1.36.2");
    let plugins = admission::plugins::Parts {
        rng: parts.rng.clone(),
        authorizer: authorizer.clone(),
        rbac: rbac.clone(),
        quotas: Arc::new(quotas::Quotas { client: own_client.clone() }),
    };
    registry.set_policy(registry::Policy {
        authorizer: authorizer.clone(),
        admission: admission::plugins::default_chain(plugins),
        fallback: Some(Arc::new(paths)),
    });
    let token_request = TokenRequest { signer: Arc::new(signer), rng: parts.rng.clone(), registry: late.clone() };
    let kubelet_client = pki.kept_client(
        "apiserver-kubelet-client",
        "kube-apiserver-kubelet-client",
        &[authn::MASTERS],
        parts.clock.now_seconds(),
    )?;
    let streams = Arc::new(PodStreams { registry: late.clone(), nodes: NodeClient::new(&kubelet_client, pki.ca())? });
    let reviews = Arc::new(AccessReview { authorizer: authorizer.clone() });
    let token_review = TokenReview { tokens: tokens.clone(), lookup: Arc::new(late.clone()) };
    let create = VirtualVerb::Create;
    registry.register("", "serviceaccounts", "token", create, Arc::new(token_request));
    registry.register("authentication.k8s.io", "tokenreviews", "", create, Arc::new(token_review));
    registry.register("authentication.k8s.io", "selfsubjectreviews", "", create, Arc::new(SelfSubjectReview));
    for resource in ["subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews"] {
        registry.register("authorization.k8s.io", resource, "", create, reviews.clone());
    }
    let rules = Arc::new(RulesReview { rbac: rbac.clone() });
    registry.register("authorization.k8s.io", "selfsubjectrulesreviews", "", create, rules);
    for subresource in ["log", "exec", "attach", "portforward"] {
        registry.register("", "pods", subresource, VirtualVerb::Connect, streams.clone());
    }
    let binding = Arc::new(PodBinding { registry: late.clone() });
    registry.register("", "pods", "binding", create, binding.clone());
    registry.register("", "bindings", "", create, binding);
    registry.register("", "pods", "eviction", create, Arc::new(PodEviction { registry: late.clone() }));
    register_scales(registry, &late);
    rbac_feed::spawn(&own_client, &rbac);
    flow_schemas::spawn(&own_client, &parts.clock);
    Ok(Gateway {
        registry: registry.clone(),
        certificates: ClientCertificates::new(pki.ca())?,
        tokens,
        token_lookup: Arc::new(late),
        authorizer,
        clock: parts.clock.clone(),
        metrics,
    })
}

fn register_scales(registry: &Registry, late: &Late) {
    for (group, resource, api_version) in [
        ("apps", "deployments", "apps/v1"),
        ("apps", "replicasets", "apps/v1"),
        ("apps", "statefulsets", "apps/v1"),
        ("", "replicationcontrollers", "v1"),
    ] {
        let plain_selector = group.is_empty();
        let scale = Arc::new(ScaleOf { registry: late.clone(), group, resource, api_version, plain_selector });
        for verb in [VirtualVerb::Get, VirtualVerb::Update, VirtualVerb::Patch] {
            registry.register(group, resource, "scale", verb, scale.clone());
        }
    }
}

fn health(ready: &Arc<AtomicBool>) -> Health {
    let ready = ready.clone();
    let good = |name| Check { name, ready_only: false, run: Box::new(|| Ok(())) };
    let bootstrapped = move || {
        if ready.load(Ordering::Acquire) { Ok(()) } else { Err("the bootstrap objects are not there yet".to_owned()) }
    };
    let hook = Check { name: "poststarthook/rbac/bootstrap-roles", ready_only: false, run: Box::new(bootstrapped) };
    Health::new(vec![good("ping"), good("log"), good("etcd"), hook])
}

fn pages(pki: &Pki, server_address: &str, metrics: &Arc<Metrics>) -> Vec<Page> {
    let version = concat!(
        "{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"emulationMajor\": \"1\",\n  \"emulationMinor\": \"36\",\n",
        "  \"minCompatibilityMajor\": \"1\",\n  \"minCompatibilityMinor\": \"35\",\n  \"gitVersion\": \"v1.36.2+tiphys\",\n",
        "  \"gitCommit\": \"\",\n  \"gitTreeState\": \"\",\n  \"buildDate\": \"1970-01-01T00:00:00Z\",\n",
        "  \"goVersion\": \"rust\",\n  \"compiler\": \"rustc\",\n  \"platform\": \"linux/amd64\"\n}"
    );
    let constant = |path: &str, content_type, text: String| {
        let text = bytes::Bytes::from(text);
        Page { path: path.into(), content_type, make: Box::new(move || text.clone()) }
    };
    let metrics = metrics.clone();
    vec![
        constant("/version", JSON, version.to_owned()),
        constant("/version/", JSON, version.to_owned()),
        constant(openid::CONFIGURATION, JSON, openid::configuration(ISSUER, server_address)),
        constant(openid::KEYS, "application/jwk-set+json", openid::keys(&pki.token_public_der())),
        Page { path: "/metrics".into(), content_type: METRICS, make: Box::new(move || metrics.text().into()) },
    ]
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

/// Forgets history that is older than two intervals.
async fn compact(store: Arc<dyn Store>) {
    let mut before = 0;
    let mut interval = tokio::time::interval(COMPACT_INTERVAL);
    loop {
        interval.tick().await;
        let newest = match store.current_revision().await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::warn!(%error, "cannot ask the store for its revision");
                continue;
            }
        };
        if before > 0
            && let Err(error) = store.compact(before).await
            && !matches!(error, store::StoreError::Compacted { .. })
        {
            tracing::warn!(%error, "cannot compact the store");
        }
        before = newest;
    }
}

struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

struct TokioSpawn;

impl Spawn for TokioSpawn {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        tokio::spawn(future);
    }
}
