//! Starting the roles, and stopping them.
//!
//! ```text
//!   apiserver --in-process client--> controller-manager, scheduler, kubelet --CRI--> containerd
//! ```

mod down;
mod files;
pub mod network;
mod peer;
mod roles;
pub mod storage;

pub use down::down;
pub use roles::VERSION;

use crate::config::{Options, Role};
use anyhow::Context;
use apiserver::{ApiServer, Parts};
use peer::Peer;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, SystemClock, SystemRng};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Runs the roles until SIGTERM or SIGINT.
pub fn up(options: &Options) -> anyhow::Result<()> {
    files::prepare(&options.data_dir)?;
    let _lock = files::lock(&options.data_dir)?;
    with_runtime(serve(options))
}

/// Runs a component to its end.
pub fn with_runtime(component: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let result = runtime.block_on(component);
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

/// What tells the process to stop.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn new() -> anyhow::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("told to stop"),
            _ = self.interrupt.recv() => tracing::info!("interrupted"),
        }
    }
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    let (stop_sender, stop) = watch::channel(false);
    let mut signals = Signals::new()?;
    let mut cluster = Cluster::start(options, stop).await?;
    let result = tokio::select! {
        () = signals.asked_to_stop() => Ok(()),
        error = cluster.failed() => Err(error),
    };
    stop_sender.send_replace(true);
    tokio::select! {
        () = cluster.stopped() => result,
        () = signals.asked_to_stop() => anyhow::bail!("told to stop again before everything had ended"),
    }
}

/// What runs in this process.
struct Cluster {
    /// The API server, and what tells it to drain: it outlives the loops, which say goodbye through it.
    apiserver: Option<(ApiServer, watch::Sender<bool>)>,
    loops: roles::Loops,
}

impl Cluster {
    async fn start(options: &Options, stop: watch::Receiver<bool>) -> anyhow::Result<Cluster> {
        if !options.runs(Role::Apiserver) {
            let loops = roles::start(options, &Peer::remote(options)?, stop)?;
            return Ok(Cluster { apiserver: None, loops });
        }
        let (drain, server_stop) = watch::channel(false);
        let server = apiserver(options, server_stop).await?;
        files::write_admin_kubeconfig(options, &server, SystemClock.now_seconds())?;
        tracing::info!(url = %server.url, "the API server is ready");
        let loops = roles::start(options, &Peer::local(&server), stop)?;
        Ok(Cluster { apiserver: Some((server, drain)), loops })
    }

    /// Why a role could not go on. Never, if none fails.
    async fn failed(&mut self) -> anyhow::Error {
        loop {
            match self.loops.join_next().await {
                Some(Ok(Err(error))) => return error,
                Some(Err(panic)) => return anyhow::Error::from(panic).context("a role ended by a panic"),
                Some(Ok(Ok(()))) => {}
                None => std::future::pending().await,
            }
        }
    }

    async fn stopped(mut self) {
        if let Some((server, _)) = &self.apiserver {
            server.not_ready();
        }
        while let Some(ended) = self.loops.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), "a role failed while it was stopped"),
                Err(error) => tracing::error!(%error, "a role ended by a panic"),
            }
        }
        if let Some((server, drain)) = self.apiserver {
            drain.send_replace(true);
            server.stopped().await;
        }
    }
}

async fn apiserver(options: &Options, stop: watch::Receiver<bool>) -> anyhow::Result<ApiServer> {
    let etcd = apiserver::config::Etcd {
        servers: options.etcd_servers.clone(),
        cafile: options.etcd_cafile.clone(),
        certfile: options.etcd_certfile.clone(),
        keyfile: options.etcd_keyfile.clone(),
        prefix: options.etcd_prefix.clone(),
        ..Default::default()
    };
    let store = storage::open(&etcd, &options.data_dir, options.store_sync).await?;
    let hostname = network::hostname();
    let advertise_address = match options.advertise_address {
        Some(address) => address,
        None if options.bind_address.is_unspecified() || options.bind_address.is_loopback() => network::first_address(),
        None => options.bind_address,
    };
    let config = apiserver::Config {
        data_dir: options.data_dir.clone(),
        own_authority: true,
        bind_address: options.bind_address,
        secure_port: options.secure_port,
        advertise_address,
        hostname,
        serving: Default::default(),
        kubelets: Default::default(),
        etcd,
        authentication: Default::default(),
        authorization: Default::default(),
        admission: Default::default(),
        audit: Default::default(),
        encryption: Default::default(),
        flow: Default::default(),
        services: apiserver::config::Services {
            cluster_ip_ranges: options.service_cluster_ip_range.clone(),
            // Nothing on this machine needs to know the services' own addresses.
            enable_aggregator_routing: true,
            ..Default::default()
        },
        allow_privileged: true,
        feature_gates: options.feature_gates.iter().cloned().collect(),
        runtime_config: Default::default(),
    };
    let parts = Parts { store, clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
    Ok(ApiServer::start(config, parts, stop).await?)
}
