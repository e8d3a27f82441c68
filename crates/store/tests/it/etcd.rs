//! The same suite against a real etcd, started here.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use store::{Compare, EtcdOptions, EtcdStore, EtcdTls, Store, TxnOutcome, WatchItem};

use crate::support::{Directory, put, put_any};

#[tokio::test]
async fn passes_the_suite() {
    let server = Server::start("http", &[]);
    let store: Arc<dyn Store> = Arc::new(server.connect().await);
    store::suite::run(|| async { Arc::clone(&store) }).await;
}

#[tokio::test]
async fn speaks_tls() {
    let server = Server::start("https", &["--auto-tls"]);
    let store = server.connect().await;
    let revision = put_any(&store, "/a", "1").await;
    let mut watch = store.watch("/", revision).await.unwrap();
    let Some(Ok(WatchItem::Events(events))) = watch.next().await else { panic!() };
    assert_eq!(events[0].kv.mod_revision, revision);
    let outcome = store.txn(Compare::NotExists, put("/a", "2")).await.unwrap();
    assert!(matches!(outcome, TxnOutcome::Conflict { current: Some(_), .. }), "{outcome:?}");
}

/// An etcd on free ports of the loopback interface, ended with the test.
struct Server {
    process: Child,
    url: String,
    directory: Directory,
}

impl Server {
    fn start(scheme: &str, more: &[&str]) -> Self {
        let directory = Directory::new("etcd");
        // Both are held until both are known, so that they differ.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [client, peer] = listeners.each_ref().map(|socket| socket.local_addr().unwrap());
        let (url, peers) = (format!("{scheme}://{client}"), format!("http://{peer}"));
        drop(listeners);
        let process = Command::new("etcd")
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}"), "--log-level", "error"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests of the etcd engine need etcd in PATH (Debian: etcd-server)");
        Self { process, url, directory }
    }

    async fn connect(&self) -> EtcdStore {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            // The certificate that etcd makes for itself.
            let certificate = std::fs::read(self.directory.path().join("data/fixtures/client/cert.pem")).ok();
            let tls = certificate.map(|ca_pem| EtcdTls { ca_pem, identity_pem: None });
            let options = EtcdOptions { endpoints: vec![self.url.clone()], tls };
            match EtcdStore::connect(&options).await {
                Ok(store) => return store,
                Err(error) => assert!(Instant::now() < deadline, "etcd does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
