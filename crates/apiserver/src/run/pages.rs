//! The paths that are no resources and belong to no group: version, keys of tokens, metrics, health.

use super::server_address;
use crate::authentication::Credentials;
use crate::config::Config;
use crate::fallback::Page;
use crate::flow::lifecycle::{Lifecycle, Phase};
use crate::health::{Check, Health};
use crate::metrics::Metrics;
use crate::openid;
use flowcontrol::Controller;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

pub fn health(ready: &Arc<AtomicBool>, lifecycle: &Arc<Lifecycle>) -> Health {
    let ready = ready.clone();
    let good = |name| Check { name, ready_only: false, run: Box::new(|| Ok(())) };
    let bootstrapped = move || {
        if ready.load(Ordering::Acquire) { Ok(()) } else { Err("the bootstrap objects are not there yet".to_owned()) }
    };
    let hook = Check { name: "poststarthook/rbac/bootstrap-roles", ready_only: false, run: Box::new(bootstrapped) };
    let lifecycle = lifecycle.clone();
    let serving = move || match lifecycle.phase() {
        Phase::Serving => Ok(()),
        Phase::NotReady | Phase::Draining => Err("process is shutting down".to_owned()),
    };
    let shutdown = Check { name: "shutdown", ready_only: true, run: Box::new(serving) };
    Health::new(vec![good("ping"), good("log"), good("etcd"), hook, shutdown])
}

pub fn pages(
    config: &Config,
    credentials: &Credentials,
    metrics: &Arc<Metrics>,
    flow: Option<&Arc<Controller>>,
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
    let (metrics, flow) = (metrics.clone(), flow.cloned());
    let metrics = move || {
        let flow = flow.as_ref().map(|flow| flow.metrics()).unwrap_or_default();
        (metrics.text() + &flow).into()
    };
    vec![
        constant("/version", JSON, version.to_owned()),
        constant("/version/", JSON, version.to_owned()),
        constant(openid::CONFIGURATION, JSON, openid::configuration(issuer, &jwks_uri, keys)),
        constant(openid::KEYS, "application/jwk-set+json", openid::keys(keys)),
        Page { path: "/metrics".into(), content_type: METRICS, make: Box::new(metrics) },
    ]
}
