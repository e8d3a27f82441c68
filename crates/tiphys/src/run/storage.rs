//! Opening the store: the engine inside, or a real etcd.

use crate::config::StoreSync;
use anyhow::{Context, bail};
use apiserver::config::Etcd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{EmbeddedOptions, EmbeddedStore, EtcdOptions, EtcdStore, EtcdTls, Store};

/// As upstream: an etcd that does not answer in this time at the start ends the program.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const RETRY_PAUSE: Duration = Duration::from_millis(500);

pub async fn open(etcd: &Etcd, data_dir: &Path, sync: StoreSync) -> anyhow::Result<Arc<dyn Store>> {
    if etcd.shared() {
        return connect(etcd).await;
    }
    let mut embedded = EmbeddedOptions::new(data_dir.join("store"));
    if sync == StoreSync::Never {
        tracing::warn!("--store-sync=never: a crash of this machine loses acknowledged writes");
        embedded.sync = store::StoreSync::Never;
    }
    Ok(Arc::new(EmbeddedStore::open(embedded).context("opening the store")?))
}

async fn connect(etcd: &Etcd) -> anyhow::Result<Arc<dyn Store>> {
    let options = etcd_options(etcd)?;
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match tokio::time::timeout(left, EtcdStore::connect(&options)).await {
            Ok(Ok(store)) => return Ok(Arc::new(store)),
            Ok(Err(error)) => anyhow::Error::from(error),
            Err(_) => anyhow::anyhow!("context deadline exceeded"),
        };
        if Instant::now() + RETRY_PAUSE > deadline {
            return Err(error.context(format!("etcd at {} does not answer", options.endpoints.join(","))));
        }
        tracing::debug!(%error, "etcd does not answer yet");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

fn etcd_options(etcd: &Etcd) -> anyhow::Result<EtcdOptions> {
    let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
    let secure = etcd.servers.iter().any(|url| url.starts_with("https://"));
    let with_scheme = |url: &String| if url.contains("://") { url.clone() } else { format!("http://{url}") };
    let endpoints = etcd.servers.iter().map(with_scheme).collect();
    let identity_pem = match (&etcd.certfile, &etcd.keyfile) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        (None, None) => None,
        _ => bail!("--etcd-certfile and --etcd-keyfile must be given together"),
    };
    let tls = match (&etcd.cafile, secure) {
        (Some(ca), true) => Some(EtcdTls { ca_pem: read(ca)?, identity_pem }),
        (None, true) => bail!("--etcd-cafile must be given with https:// servers"),
        (_, false) => None,
    };
    Ok(EtcdOptions { endpoints, tls })
}
