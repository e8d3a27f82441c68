//! The same suite against a real etcd, started here.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use store::{EtcdStore, Store};

use crate::support::Directory;

#[tokio::test]
async fn passes_the_suite() {
    let server = Server::start();
    let store: Arc<dyn Store> = Arc::new(server.connect().await);
    store::suite::run(|| async { Arc::clone(&store) }).await;
}

/// An etcd on free ports of the loopback interface, ended with the test.
struct Server {
    process: Child,
    url: String,
    _directory: Directory,
}

impl Server {
    fn start() -> Self {
        let directory = Directory::new("etcd");
        // Both are held until both are known, so that they differ.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [url, peers] = listeners.each_ref().map(|socket| format!("http://{}", socket.local_addr().unwrap()));
        drop(listeners);
        let process = Command::new("etcd")
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}"), "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests of the etcd engine need etcd in PATH (Debian: etcd-server)");
        Self { process, url, _directory: directory }
    }

    async fn connect(&self) -> EtcdStore {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match EtcdStore::connect(std::slice::from_ref(&self.url)).await {
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
