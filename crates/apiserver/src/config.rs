//! How one API server runs: a section for each of its parts, parsed once, passed explicitly.
//!
//! Flags and files of upstream's form are read at the edge, where the program starts; the names here are the flags' own.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How one API server runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where certificates that are not given are made.
    pub data_dir: PathBuf,
    /// Makes an authority in `data_dir/pki`, and from it what is not given. Else the only thing that is made is a serving
    /// certificate in `data_dir`, and what is not given is not there.
    pub own_authority: bool,
    pub bind_address: IpAddr,
    pub secure_port: u16,
    /// Where others reach the server, also in certificates.
    pub advertise_address: IpAddr,
    pub hostname: String,
    pub serving: Serving,
    pub kubelets: Kubelets,
    pub etcd: Etcd,
    pub authentication: Authentication,
    pub authorization: Authorization,
    pub admission: Admission,
    pub audit: Audit,
    pub encryption: Encryption,
    pub flow: Flow,
    pub services: Services,
    /// Pods may ask for privileged containers.
    pub allow_privileged: bool,
    /// What was said of features, by name.
    pub feature_gates: BTreeMap<String, bool>,
    /// What was said of versions and resources: `apps/v1`, `api/all`.
    pub runtime_config: BTreeMap<String, bool>,
}

/// Certificates that were given; those that were not are made.
#[derive(Clone, Debug, Default)]
pub struct Serving {
    pub tls_cert_file: Option<PathBuf>,
    pub tls_private_key_file: Option<PathBuf>,
    pub sni: Vec<SniIdentity>,
    pub min_tls_13: bool,
    /// Go's names, for TLS 1.2; empty: all.
    pub cipher_suites: Vec<String>,
    pub disable_http2: bool,
    pub permit_port_sharing: bool,
    pub proxy_client_cert_file: Option<PathBuf>,
    pub proxy_client_key_file: Option<PathBuf>,
}

/// A certificate for clients that ask for one of its names.
#[derive(Clone, Debug, Default)]
pub struct SniIdentity {
    pub cert_file: PathBuf,
    pub private_key_file: PathBuf,
    /// Empty: those in the certificate.
    pub names: Vec<String>,
}

/// How kubelets are called.
#[derive(Clone, Debug)]
pub struct Kubelets {
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    /// None, without an authority of the server's own: their certificates are not verified.
    pub certificate_authority: Option<PathBuf>,
    /// The first of these that a node has is called.
    pub preferred_address_types: Vec<String>,
}

/// What the server does with its store, whichever engine it is.
#[derive(Clone, Debug)]
pub struct Etcd {
    /// URLs of the members of a real etcd; empty: the engine inside.
    pub servers: Vec<String>,
    pub cafile: Option<PathBuf>,
    pub certfile: Option<PathBuf>,
    pub keyfile: Option<PathBuf>,
    /// Before every key; `/registry`.
    pub prefix: String,
    pub event_ttl: Duration,
    /// Zero: nothing is forgotten.
    pub compaction_interval: Duration,
    /// Zero: objects are not counted.
    pub count_metric_poll_period: Duration,
    pub healthcheck_timeout: Duration,
    pub readycheck_timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Authentication {
    pub client_ca_file: Option<PathBuf>,
    pub anonymous_auth: bool,
    pub token_auth_file: Option<PathBuf>,
    pub enable_bootstrap_token_auth: bool,
    /// `AuthenticationConfiguration`; excludes the `oidc_*` fields.
    pub authentication_config: Option<PathBuf>,
    pub oidc: Oidc,
    pub request_header: RequestHeader,
    /// A kubeconfig.
    pub token_webhook_config_file: Option<PathBuf>,
    /// `v1` or `v1beta1`
    pub token_webhook_version: String,
    pub token_webhook_cache_ttl: Duration,
    /// Empty: the issuers.
    pub api_audiences: Vec<String>,
    /// The first signs; tokens of each are taken. Empty: the cluster's default.
    pub service_account_issuers: Vec<String>,
    /// Keys that verify; empty: the one that signs.
    pub service_account_key_files: Vec<PathBuf>,
    pub service_account_signing_key_file: Option<PathBuf>,
    pub service_account_jwks_uri: Option<String>,
    pub service_account_lookup: bool,
    /// Zero: no limit.
    pub service_account_max_token_expiration: Duration,
    pub service_account_extend_token_expiration: bool,
}

/// `--oidc-*`
#[derive(Clone, Debug, Default)]
pub struct Oidc {
    pub issuer_url: String,
    pub client_id: String,
    pub ca_file: Option<PathBuf>,
    pub username_claim: String,
    pub username_prefix: String,
    pub groups_claim: String,
    pub groups_prefix: String,
    pub signing_algs: Vec<String>,
    pub required_claims: Vec<(String, String)>,
}

/// `--requestheader-*`
#[derive(Clone, Debug, Default)]
pub struct RequestHeader {
    pub client_ca_file: Option<PathBuf>,
    pub allowed_names: Vec<String>,
    pub username_headers: Vec<String>,
    pub uid_headers: Vec<String>,
    pub group_headers: Vec<String>,
    pub extra_headers_prefix: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Authorization {
    /// `Node`, `RBAC`, `ABAC`, `Webhook`, `AlwaysAllow`, `AlwaysDeny`, in order.
    pub modes: Vec<String>,
    /// `AuthorizationConfiguration`; excludes `modes` and the webhook's fields.
    pub config_file: Option<PathBuf>,
    pub policy_file: Option<PathBuf>,
    pub webhook_config_file: Option<PathBuf>,
    pub webhook_version: String,
    pub webhook_cache_authorized_ttl: Duration,
    pub webhook_cache_unauthorized_ttl: Duration,
}

#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Besides upstream's default set.
    pub enable: Vec<String>,
    pub disable: Vec<String>,
    /// `AdmissionConfiguration`
    pub config_file: Option<PathBuf>,
    /// Five minutes where it is not given.
    pub default_not_ready_toleration_seconds: Option<i64>,
    pub default_unreachable_toleration_seconds: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct Audit {
    pub policy_file: Option<PathBuf>,
    pub log: AuditLog,
    pub webhook: AuditWebhook,
}

/// `--audit-log-*`
#[derive(Clone, Debug, Default)]
pub struct AuditLog {
    /// `-` is standard output.
    pub path: Option<PathBuf>,
    /// `json` or `legacy`
    pub format: String,
    pub max_age_days: u32,
    pub max_backups: u32,
    pub max_size_mib: u32,
    pub compress: bool,
    pub batch: AuditBatch,
}

/// `--audit-webhook-*`
#[derive(Clone, Debug, Default)]
pub struct AuditWebhook {
    /// A kubeconfig.
    pub config_file: Option<PathBuf>,
    pub initial_backoff: Duration,
    pub version: String,
    pub batch: AuditBatch,
}

/// How events are gathered before they go out.
#[derive(Clone, Debug, Default)]
pub struct AuditBatch {
    /// `batch`, `blocking` or `blocking-strict`
    pub mode: String,
    pub buffer_size: usize,
    pub max_size: usize,
    pub max_wait: Duration,
    pub throttle_enable: bool,
    pub throttle_qps: f64,
    pub throttle_burst: u32,
    pub truncate_enabled: bool,
    pub truncate_max_batch_size: usize,
    pub truncate_max_event_size: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// `EncryptionConfiguration`
    pub provider_config: Option<PathBuf>,
    pub automatic_reload: bool,
}

/// Limits on what is done at once and for how long.
#[derive(Clone, Debug)]
pub struct Flow {
    pub enable_priority_and_fairness: bool,
    pub max_requests_inflight: u32,
    pub max_mutating_requests_inflight: u32,
    pub request_timeout: Duration,
    pub min_request_timeout: Duration,
    /// The chance that a request on HTTP/2 makes its client connect anew, which spreads clients over servers.
    pub goaway_chance: f64,
    /// 0: the server's default.
    pub http2_max_streams_per_connection: u32,
    pub shutdown_delay_duration: Duration,
    pub shutdown_send_retry_after: bool,
    pub shutdown_watch_termination_grace_period: Duration,
}

#[derive(Clone, Debug)]
pub struct Services {
    /// One range, or one of each family; the first address of the first is the Service named kubernetes.
    pub cluster_ip_ranges: Vec<String>,
    /// First and last.
    pub node_ports: (u16, u16),
    pub enable_aggregator_routing: bool,
    /// Of the Service named kubernetes; 0: it has none.
    pub kubernetes_service_node_port: u16,
    pub endpoint_reconciler: EndpointReconciler,
}

/// Who keeps the endpoints of the Service named kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointReconciler {
    /// The servers, each by a lease in the store.
    Lease,
    /// Somebody else.
    None,
}

impl Default for Etcd {
    fn default() -> Etcd {
        Etcd {
            servers: Vec::new(),
            cafile: None,
            certfile: None,
            keyfile: None,
            prefix: "/registry".into(),
            event_ttl: Duration::from_secs(3600),
            compaction_interval: Duration::from_secs(5 * 60),
            count_metric_poll_period: Duration::from_secs(60),
            healthcheck_timeout: Duration::from_secs(2),
            readycheck_timeout: Duration::from_secs(2),
        }
    }
}

impl Etcd {
    /// Other servers may write to the same store.
    pub fn shared(&self) -> bool {
        !self.servers.is_empty()
    }

    /// What stands before every key.
    pub fn root(&self) -> String {
        format!("/{}/", self.prefix.trim_matches('/'))
    }
}

impl Default for Kubelets {
    fn default() -> Kubelets {
        let types = ["InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS", "Hostname"];
        Kubelets {
            client_certificate: None,
            client_key: None,
            certificate_authority: None,
            preferred_address_types: types.map(str::to_owned).into(),
        }
    }
}

impl Default for Authentication {
    fn default() -> Authentication {
        Authentication {
            client_ca_file: None,
            anonymous_auth: true,
            token_auth_file: None,
            enable_bootstrap_token_auth: false,
            authentication_config: None,
            oidc: Oidc::default(),
            request_header: RequestHeader::default(),
            token_webhook_config_file: None,
            token_webhook_version: "v1beta1".into(),
            token_webhook_cache_ttl: Duration::from_secs(120),
            api_audiences: Vec::new(),
            service_account_issuers: Vec::new(),
            service_account_key_files: Vec::new(),
            service_account_signing_key_file: None,
            service_account_jwks_uri: None,
            service_account_lookup: true,
            service_account_max_token_expiration: Duration::ZERO,
            service_account_extend_token_expiration: true,
        }
    }
}

impl Default for Authorization {
    fn default() -> Authorization {
        Authorization {
            modes: vec!["Node".into(), "RBAC".into()],
            config_file: None,
            policy_file: None,
            webhook_config_file: None,
            webhook_version: "v1beta1".into(),
            webhook_cache_authorized_ttl: Duration::from_secs(5 * 60),
            webhook_cache_unauthorized_ttl: Duration::from_secs(30),
        }
    }
}

impl Default for Flow {
    fn default() -> Flow {
        Flow {
            enable_priority_and_fairness: true,
            max_requests_inflight: 400,
            max_mutating_requests_inflight: 200,
            request_timeout: Duration::from_secs(60),
            min_request_timeout: Duration::from_secs(1800),
            goaway_chance: 0.0,
            http2_max_streams_per_connection: 0,
            shutdown_delay_duration: Duration::ZERO,
            shutdown_send_retry_after: false,
            shutdown_watch_termination_grace_period: Duration::ZERO,
        }
    }
}

impl Default for Services {
    fn default() -> Services {
        Services {
            cluster_ip_ranges: vec!["10.96.0.0/16".into()],
            node_ports: (30000, 32767),
            enable_aggregator_routing: false,
            kubernetes_service_node_port: 0,
            endpoint_reconciler: EndpointReconciler::Lease,
        }
    }
}
