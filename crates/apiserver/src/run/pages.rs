//! The paths that are no resources and belong to no group: version, keys of tokens, metrics, health.

use super::assemble::Assembly;
use super::server_address;
use crate::authentication::Credentials;
use crate::config::Config;
use crate::encryption::Encryption;
use crate::fallback::Page;
use crate::flow::Front;
use crate::flow::lifecycle::Phase;
use crate::health::{Check, Health, Part};
use crate::late::Late;
use crate::metrics::Metrics;
use crate::openid;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// Upstream's names of what happens after the start. All of it is over when the first objects are there.
const START_HOOKS: &[&str] = &[
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/storage-readiness",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/aggregator-reload-proxy-client-cert",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/apiservice-wait-for-first-sync",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
];
/// The key that is read to see whether the store answers, which need not exist.
const HEALTH_KEY: &str = "health";

pub fn health(assembly: &Assembly) -> Health {
    let good = |name| Check::now(name, Part::Everywhere, || Ok(()));
    let (store, timeout) = (assembly.parts.store.clone(), assembly.config.etcd.healthcheck_timeout);
    let etcd = Check::new("etcd", Part::NotReadiness, move || {
        let store = store.clone();
        Box::pin(async move {
            match tokio::time::timeout(timeout, store.get(HEALTH_KEY, None)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(format!("error getting data from etcd: {error}")),
                Err(_) => Err("etcd failed: context deadline exceeded".to_owned()),
            }
        })
    });
    let lifecycle = assembly.front.lifecycle.clone();
    let shutdown = Check::now("shutdown", Part::ReadinessOnly, move || match lifecycle.phase() {
        Phase::Serving => Ok(()),
        Phase::NotReady | Phase::Draining => Err("process is shutting down".to_owned()),
    });
    let started = |name, part| {
        let ready = assembly.ready.clone();
        let bootstrapped = move || match ready.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err("not finished".to_owned()),
        };
        Check::now(name, part, bootstrapped)
    };
    let caches = Arc::downgrade(assembly.registry);
    let informers = Check::now("informer-sync", Part::ReadinessOnly, move || {
        let Some(registry) = caches.upgrade() else { return Err("the server has ended".to_owned()) };
        let routes = registry.routes();
        let waiting = routes.iter().filter(|entry| entry.storage.as_ref().is_some_and(|s| !s.cache.is_ready())).count();
        if waiting == 0 { Ok(()) } else { Err(format!("{waiting} informers not started yet")) }
    });
    let mut checks = vec![
        good("ping"),
        good("log"),
        etcd,
        Check::now("loopback-serving-certificate", Part::NotReadiness, || Ok(())),
        informers,
    ];
    checks.extend(assembly.encryption.into_iter().flat_map(Encryption::checks));
    checks.extend(START_HOOKS.iter().map(|name| started(name, Part::Everywhere)));
    checks.push(shutdown);
    Health::new(checks, assembly.metrics.clone())
}

pub fn pages(
    config: &Config,
    credentials: &Credentials,
    metrics: &Arc<Metrics>,
    late: &Late,
    front: &Front,
) -> Vec<Page> {
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
    let (issuer, keys) = (credentials.signer.issuer(), credentials.verifier.keys());
    let own_uri = || format!("https://{}{}", server_address(config), openid::KEYS);
    let jwks_uri = config.authentication.service_account_jwks_uri.clone().unwrap_or_else(own_uri);
    let (of_scrape, of_slis, late, flow) =
        (metrics.clone(), metrics.clone(), late.clone(), front.controller().cloned());
    let audit = front.audit.clone();
    let metrics = move || {
        let flow = flow.as_ref().map(|flow| flow.metrics()).unwrap_or_default();
        let audit = audit.as_ref().map(|audit| audit.metrics()).unwrap_or_default();
        (of_scrape.text(stored(&late).into_iter()) + &flow + &audit).into()
    };
    let slis = move || of_slis.slis().into();
    vec![
        constant("/version", JSON, version.to_owned()),
        constant("/version/", JSON, version.to_owned()),
        constant(openid::CONFIGURATION, JSON, openid::configuration(issuer, &jwks_uri, keys)),
        constant(openid::KEYS, "application/jwk-set+json", openid::keys(keys)),
        Page { path: "/metrics".into(), content_type: METRICS, make: Box::new(metrics) },
        Page { path: "/metrics/slis".into(), content_type: METRICS, make: Box::new(slis) },
    ]
}

/// Group, resource and number of the objects that are stored, by their caches.
fn stored(late: &Late) -> Vec<(String, String, usize)> {
    let Ok(registry) = late.get() else { return Vec::new() };
    let routes = registry.routes();
    let owners = routes.iter().filter(|entry| entry.kind.stored_as().is_none());
    let counted = owners.filter_map(|entry| {
        let names = entry.names();
        Some((names.group.to_owned(), names.plural.to_owned(), entry.storage.as_ref()?.cache.len()))
    });
    counted.collect()
}
