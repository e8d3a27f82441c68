//! From flags to the server's configuration.

use crate::pflag::Flags;
use crate::run::network;
use anyhow::bail;
use apiserver::config::{
    Admission, Audit, AuditBatch, AuditLog, AuditWebhook, Authentication, Authorization, Config, Encryption,
    EndpointReconciler, Etcd, Flow, Kubelets, Oidc, RequestHeader, Services, Serving, SniIdentity,
};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Upstream's range where none is given.
const DEFAULT_SERVICE_RANGE: &str = "10.0.0.0/24";

pub fn config(flags: &Flags) -> anyhow::Result<Config> {
    refuse_what_is_not_there(flags)?;
    let bind_address = flags.address("bind-address").unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let advertise_address = match flags.address("advertise-address") {
        Some(address) if !address.is_unspecified() => address,
        _ if bind_address.is_unspecified() || bind_address.is_loopback() => network::first_address(),
        _ => bind_address,
    };
    Ok(Config {
        data_dir: flags.path("cert-dir").unwrap_or_default(),
        own_authority: false,
        bind_address,
        secure_port: flags.number("secure-port"),
        advertise_address,
        hostname: network::hostname(),
        serving: serving(flags)?,
        kubelets: kubelets(flags),
        etcd: etcd(flags),
        authentication: authentication(flags),
        authorization: authorization(flags),
        admission: admission(flags),
        audit: audit(flags),
        encryption: Encryption {
            provider_config: flags.path("encryption-provider-config"),
            automatic_reload: flags.is_true("encryption-provider-config-automatic-reload"),
        },
        flow: flow(flags),
        services: services(flags),
        allow_privileged: flags.is_true("allow-privileged"),
        feature_gates: flags.map("feature-gates").into_iter().map(|(name, value)| (name, value == "true")).collect(),
        runtime_config: flags.map("runtime-config").into_iter().map(|(name, value)| (name, value != "false")).collect(),
    })
}

/// Values whose behaviour is missing, and would be missed.
fn refuse_what_is_not_there(flags: &Flags) -> anyhow::Result<()> {
    if !flags.is_true("allow-privileged") {
        bail!(
            "--allow-privileged=false is not supported: set it to true, and keep privileged pods out by pod security"
        );
    }
    let known = |name: &str, value: &str| matches!((name, value), ("api/all" | "api/ga", "true"));
    if let Some((name, value)) = flags.map("runtime-config").iter().find(|(name, value)| !known(name, value)) {
        bail!("--runtime-config={name}={value} is not supported: the versions that are on by default are served");
    }
    Ok(())
}

fn serving(flags: &Flags) -> anyhow::Result<Serving> {
    Ok(Serving {
        tls_cert_file: flags.path("tls-cert-file"),
        tls_private_key_file: flags.path("tls-private-key-file"),
        sni: flags.list("tls-sni-cert-key").iter().map(|text| sni(text)).collect::<anyhow::Result<_>>()?,
        min_tls_13: flags.text("tls-min-version") == "VersionTLS13",
        cipher_suites: flags.list("tls-cipher-suites"),
        disable_http2: flags.is_true("disable-http2-serving"),
        permit_port_sharing: flags.is_true("permit-port-sharing"),
        proxy_client_cert_file: flags.path("proxy-client-cert-file"),
        proxy_client_key_file: flags.path("proxy-client-key-file"),
    })
}

/// `cert.crt,cert.key:name,name`
fn sni(text: &str) -> anyhow::Result<SniIdentity> {
    let (files, names) = text.split_once(':').unwrap_or((text, ""));
    let Some((certificate, key)) = files.split_once(',') else {
        bail!(
            "invalid argument {text:?} for \"--tls-sni-cert-key\" flag: expected comma separated certificate and key file paths"
        )
    };
    let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(SniIdentity { cert_file: certificate.into(), private_key_file: key.into(), names })
}

fn kubelets(flags: &Flags) -> Kubelets {
    Kubelets {
        client_certificate: flags.path("kubelet-client-certificate"),
        client_key: flags.path("kubelet-client-key"),
        certificate_authority: flags.path("kubelet-certificate-authority"),
        preferred_address_types: flags.list("kubelet-preferred-address-types"),
    }
}

fn etcd(flags: &Flags) -> Etcd {
    Etcd {
        servers: flags.list("etcd-servers"),
        cafile: flags.path("etcd-cafile"),
        certfile: flags.path("etcd-certfile"),
        keyfile: flags.path("etcd-keyfile"),
        prefix: flags.text("etcd-prefix"),
        event_ttl: flags.duration("event-ttl"),
        compaction_interval: flags.duration("etcd-compaction-interval"),
        count_metric_poll_period: flags.duration("etcd-count-metric-poll-period"),
        healthcheck_timeout: flags.duration("etcd-healthcheck-timeout"),
        readycheck_timeout: flags.duration("etcd-readycheck-timeout"),
    }
}

fn authentication(flags: &Flags) -> Authentication {
    Authentication {
        client_ca_file: flags.path("client-ca-file"),
        anonymous_auth: flags.is_true("anonymous-auth"),
        token_auth_file: flags.path("token-auth-file"),
        enable_bootstrap_token_auth: flags.is_true("enable-bootstrap-token-auth"),
        authentication_config: flags.path("authentication-config"),
        oidc: Oidc {
            issuer_url: flags.text("oidc-issuer-url"),
            client_id: flags.text("oidc-client-id"),
            ca_file: flags.path("oidc-ca-file"),
            username_claim: flags.text("oidc-username-claim"),
            username_prefix: flags.text("oidc-username-prefix"),
            groups_claim: flags.text("oidc-groups-claim"),
            groups_prefix: flags.text("oidc-groups-prefix"),
            signing_algs: flags.list("oidc-signing-algs"),
            required_claims: flags.map("oidc-required-claim").into_iter().collect(),
        },
        request_header: RequestHeader {
            client_ca_file: flags.path("requestheader-client-ca-file"),
            allowed_names: flags.list("requestheader-allowed-names"),
            username_headers: flags.list("requestheader-username-headers"),
            uid_headers: flags.list("requestheader-uid-headers"),
            group_headers: flags.list("requestheader-group-headers"),
            extra_headers_prefix: flags.list("requestheader-extra-headers-prefix"),
        },
        token_webhook_config_file: flags.path("authentication-token-webhook-config-file"),
        token_webhook_version: flags.text("authentication-token-webhook-version"),
        token_webhook_cache_ttl: flags.duration("authentication-token-webhook-cache-ttl"),
        api_audiences: flags.list("api-audiences"),
        service_account_issuers: flags.list("service-account-issuer"),
        service_account_key_files: flags.paths("service-account-key-file"),
        service_account_signing_key_file: flags.path("service-account-signing-key-file"),
        service_account_jwks_uri: Some(flags.text("service-account-jwks-uri")).filter(|uri| !uri.is_empty()),
        service_account_lookup: flags.is_true("service-account-lookup"),
        service_account_max_token_expiration: flags.duration("service-account-max-token-expiration"),
        service_account_extend_token_expiration: flags.is_true("service-account-extend-token-expiration"),
    }
}

fn authorization(flags: &Flags) -> Authorization {
    let config_file = flags.path("authorization-config");
    let mut modes = flags.list("authorization-mode");
    if modes.is_empty() && config_file.is_none() {
        modes.push("AlwaysAllow".into());
    }
    Authorization {
        modes,
        config_file,
        policy_file: flags.path("authorization-policy-file"),
        webhook_config_file: flags.path("authorization-webhook-config-file"),
        webhook_version: flags.text("authorization-webhook-version"),
        webhook_cache_authorized_ttl: flags.duration("authorization-webhook-cache-authorized-ttl"),
        webhook_cache_unauthorized_ttl: flags.duration("authorization-webhook-cache-unauthorized-ttl"),
    }
}

fn admission(flags: &Flags) -> Admission {
    let mut enable = flags.list("enable-admission-plugins");
    enable.extend(flags.list("admission-control"));
    Admission {
        enable,
        disable: flags.list("disable-admission-plugins"),
        config_file: flags.path("admission-control-config-file"),
        default_not_ready_toleration_seconds: Some(flags.number("default-not-ready-toleration-seconds")),
        default_unreachable_toleration_seconds: Some(flags.number("default-unreachable-toleration-seconds")),
    }
}

fn audit(flags: &Flags) -> Audit {
    Audit {
        policy_file: flags.path("audit-policy-file"),
        log: AuditLog {
            path: flags.path("audit-log-path"),
            format: flags.text("audit-log-format"),
            max_age_days: flags.number("audit-log-maxage"),
            max_backups: flags.number("audit-log-maxbackup"),
            max_size_mib: flags.number("audit-log-maxsize"),
            compress: flags.is_true("audit-log-compress"),
            batch: batch(flags, "log"),
        },
        webhook: AuditWebhook {
            config_file: flags.path("audit-webhook-config-file"),
            initial_backoff: flags.duration("audit-webhook-initial-backoff"),
            version: flags.text("audit-webhook-version"),
            batch: batch(flags, "webhook"),
        },
    }
}

fn batch(flags: &Flags, backend: &str) -> AuditBatch {
    let name = |rest: &str| format!("audit-{backend}-{rest}");
    AuditBatch {
        mode: flags.text(&name("mode")),
        buffer_size: flags.number(&name("batch-buffer-size")),
        max_size: flags.number(&name("batch-max-size")),
        max_wait: flags.duration(&name("batch-max-wait")),
        throttle_enable: flags.is_true(&name("batch-throttle-enable")),
        throttle_qps: flags.float(&name("batch-throttle-qps")),
        throttle_burst: flags.number(&name("batch-throttle-burst")),
        truncate_enabled: flags.is_true(&name("truncate-enabled")),
        truncate_max_batch_size: flags.number(&name("truncate-max-batch-size")),
        truncate_max_event_size: flags.number(&name("truncate-max-event-size")),
    }
}

fn flow(flags: &Flags) -> Flow {
    Flow {
        enable_priority_and_fairness: flags.is_true("enable-priority-and-fairness"),
        max_requests_inflight: flags.number("max-requests-inflight"),
        max_mutating_requests_inflight: flags.number("max-mutating-requests-inflight"),
        request_timeout: flags.duration("request-timeout"),
        min_request_timeout: Duration::from_secs(flags.number("min-request-timeout")),
        goaway_chance: flags.float("goaway-chance"),
        shutdown_delay_duration: flags.duration("shutdown-delay-duration"),
        shutdown_send_retry_after: flags.is_true("shutdown-send-retry-after"),
        shutdown_watch_termination_grace_period: flags.duration("shutdown-watch-termination-grace-period"),
        http2_max_streams_per_connection: flags.number("http2-max-streams-per-connection"),
    }
}

fn services(flags: &Flags) -> Services {
    let text = flags.text("service-cluster-ip-range");
    let mut ranges: Vec<String> =
        text.split(',').map(|range| range.trim().to_owned()).filter(|range| !range.is_empty()).collect();
    if ranges.is_empty() {
        ranges.push(DEFAULT_SERVICE_RANGE.into());
    }
    Services {
        cluster_ip_ranges: ranges,
        node_ports: flags.port_range("service-node-port-range").unwrap_or(Services::default().node_ports),
        enable_aggregator_routing: flags.is_true("enable-aggregator-routing"),
        kubernetes_service_node_port: flags.number("kubernetes-service-node-port"),
        endpoint_reconciler: match flags.text("endpoint-reconciler-type").as_str() {
            "none" => EndpointReconciler::None,
            _ => EndpointReconciler::Lease,
        },
    }
}
