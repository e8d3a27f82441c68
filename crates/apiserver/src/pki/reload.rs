//! Certificates that change on disk are shown from then on: cert-manager and kubeadm renew them under a running server.

use super::identities;
use crate::config::Config;
use serve::Identity;
use serve::tls::Certificates;
use std::sync::Arc;
use std::time::Duration;

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(10);

/// Runs as long as the server shows certificates from files; at once over, if it shows none.
pub async fn reload(config: Config, serving: Identity, shown: Arc<Certificates>) {
    if config.serving.tls_cert_file.is_none() && config.serving.sni.is_empty() {
        return;
    }
    let mut before = None;
    let mut interval = tokio::time::interval(PERIOD);
    loop {
        interval.tick().await;
        let read = match identities(&config, &serving) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "a certificate cannot be read again; the one before is still shown");
                continue;
            }
        };
        let content = content(&read.0, &read.1);
        let changed = before.as_ref().is_some_and(|before| *before != content);
        if before.is_none() || !changed {
            before.get_or_insert(content);
            continue;
        }
        match shown.replace(&read.0, &read.1) {
            Ok(()) => {
                tracing::info!("certificates changed and are shown from now on");
                before = Some(content);
            }
            // Certificate and key are two files: they fit together when both are written.
            Err(error) => tracing::warn!(%error, "a changed certificate is not usable; the one before is still shown"),
        }
    }
}

fn content(default: &Identity, named: &[serve::tls::Named]) -> Vec<String> {
    let of = |identity: &Identity| [identity.certificate.clone(), identity.key.clone()];
    of(default).into_iter().chain(named.iter().flat_map(|named| of(&named.identity))).collect()
}
