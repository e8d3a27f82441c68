//! The paths that are no resources and belong to no group: version, keys of tokens, metrics, health.

use super::server_address;
use crate::config::Config;
use crate::fallback::Page;
use crate::health::{Check, Health};
use crate::metrics::Metrics;
use crate::openid;
use crate::pki::Pki;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

pub fn health(ready: &Arc<AtomicBool>) -> Health {
    let ready = ready.clone();
    let good = |name| Check { name, ready_only: false, run: Box::new(|| Ok(())) };
    let bootstrapped = move || {
        if ready.load(Ordering::Acquire) { Ok(()) } else { Err("the bootstrap objects are not there yet".to_owned()) }
    };
    let hook = Check { name: "poststarthook/rbac/bootstrap-roles", ready_only: false, run: Box::new(bootstrapped) };
    Health::new(vec![good("ping"), good("log"), good("etcd"), hook])
}

pub fn pages(config: &Config, pki: &Pki, metrics: &Arc<Metrics>) -> Vec<Page> {
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
        constant(openid::CONFIGURATION, JSON, openid::configuration(super::ISSUER, &server_address(config))),
        constant(openid::KEYS, "application/jwk-set+json", openid::keys(&pki.token_public_der())),
        Page { path: "/metrics".into(), content_type: METRICS, make: Box::new(move || metrics.text().into()) },
    ]
}
