//! An API server in a directory of its own, and kubectl.

use apiserver::proxy::dial::client_config;
use apiserver::proxy::{Destination, Dial, Security, TcpDial};
use apiserver::{ApiServer, Config, Parts, outbound, pki};
use serve::Identity;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stdx::{Clock, SystemClock, SystemRng};
use store::{EmbeddedOptions, EmbeddedStore, StoreSync};
use streaming::BoxStream;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

/// How long anything may take that a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

static STARTED: AtomicUsize = AtomicUsize::new(0);

pub struct Cluster {
    pub server: ApiServer,
    admin: Identity,
    pub port: u16,
    directory: PathBuf,
    stop: watch::Sender<bool>,
}

impl Cluster {
    pub async fn start() -> Cluster {
        Cluster::start_with(|_| {}).await
    }

    /// With other settings than usual; its directory exists already.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Cluster {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("apiserver-it-{}-{number}", std::process::id()));
        let mut options = EmbeddedOptions::new(directory.join("store"));
        options.sync = StoreSync::Never;
        std::fs::create_dir_all(&directory).unwrap();
        let store = Arc::new(EmbeddedStore::open(options).unwrap());
        let mut config = config(directory.clone());
        change(&mut config);
        let port = config.secure_port;
        let parts = Parts { store, clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
        let (sender, stop) = watch::channel(false);
        let server = ApiServer::start(config, parts, stop).await.unwrap();
        let admin = server.pki.client("kubernetes-admin", &[authn::MASTERS], SystemClock.now_seconds()).unwrap();
        let kubeconfig = pki::kubeconfig(&server.url, server.pki.ca(), "kubernetes-admin", &admin);
        std::fs::write(directory.join("admin.conf"), kubeconfig).unwrap();
        Cluster { server, admin, port, directory, stop: sender }
    }

    pub fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    /// A second server, which believes the front proxy of this one.
    pub async fn start_behind(&self) -> Cluster {
        let from = self.directory.join("pki");
        let copy = |config: &mut Config| {
            let to = config.data_dir.join("pki");
            std::fs::create_dir_all(&to).unwrap();
            for name in ["front-proxy-ca.crt", "front-proxy-ca.key"] {
                std::fs::copy(from.join(name), to.join(name)).unwrap();
            }
        };
        Cluster::start_with(copy).await
    }

    /// A connection as the administrator.
    pub async fn connect(&self) -> BoxStream {
        let authority = self.server.pki.ca().as_bytes();
        let config = client_config(Some(authority), Some(&self.admin)).unwrap();
        let security = Security::Tls { config: Arc::new(config), name: None };
        let destination = Destination { host: "127.0.0.1".into(), port: self.port, security, checked: false };
        TcpDial.dial(&destination).await.unwrap()
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// GETs a path with a token, or with nothing: the answer, or its status and what it says.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<String, String> {
        let url = format!("{}{path}", self.server.url);
        let answer = outbound::get(&url, self.server.pki.ca(), token).await;
        answer.map(|bytes| text(&bytes)).map_err(|error| error.to_string())
    }

    /// GETs until the answer, or the refusal, holds this.
    pub async fn get_until(&self, path: &str, token: Option<&str>, wanted: &str) {
        let started = Instant::now();
        loop {
            let said = self.get(path, token).await.unwrap_or_else(|refusal| refusal);
            if said.contains(wanted) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{path}: not {wanted:?} but {said}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Runs kubectl to its end.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = tokio::process::Command::new("kubectl");
        command.env("HOME", &self.directory).arg("--kubeconfig").arg(self.directory.join("admin.conf"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl is on the PATH");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap()
    }

    /// What kubectl prints; it must succeed.
    pub async fn ok(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input).await;
        assert!(output.status.success(), "kubectl {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Asks kubectl until it says this.
    pub async fn until(&self, arguments: &[&str], wanted: &str) {
        let started = Instant::now();
        loop {
            let output = self.run(arguments, "").await;
            let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
            if said.contains(wanted) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "kubectl {arguments:?}: not {wanted:?} but {said}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn config(data_dir: PathBuf) -> Config {
    Config {
        data_dir,
        own_authority: true,
        bind_address: Ipv4Addr::LOCALHOST.into(),
        secure_port: free_port(),
        advertise_address: Ipv4Addr::LOCALHOST.into(),
        hostname: "test".into(),
        serving: Default::default(),
        kubelets: Default::default(),
        etcd: Default::default(),
        authentication: Default::default(),
        authorization: Default::default(),
        admission: Default::default(),
        audit: Default::default(),
        encryption: Default::default(),
        flow: Default::default(),
        services: Default::default(),
        allow_privileged: true,
        feature_gates: Default::default(),
        runtime_config: Default::default(),
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("{}: {error}", self.directory.display());
        }
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
