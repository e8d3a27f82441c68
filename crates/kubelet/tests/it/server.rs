//! The kubelet's API in front of a real runtime: logs, exec over both protocols, port-forward, statistics.

use std::net::SocketAddr;
use std::sync::Arc;

use api_core::v1::Pod;
use authn::UserInfo;
use bytes::Bytes;
use cri::{CriClient, CriTimeouts};
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use kubelet::config::RuntimeSource;
use kubelet::server::access::{Authenticator, Authorizer, NodeAccess};
use kubelet::server::{Api, PodLookup};
use rustls_pki_types::ServerName;
use serve::tls::{self, ClientCertificates};
use stdx::SystemClock;
use streaming::remotecommand::client::{LocalStreams, exec_spdy, exec_websocket};
use streaming::remotecommand::{Outcome, Protocol};
use streaming::{Backend, BoxStream, portforward, spdy};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use crate::api::{FakeApi, PATIENCE};
use crate::lifecycle;
use crate::node::TestNode;

struct OnePod(Arc<Pod>);

impl PodLookup for OnePod {
    fn all(&self) -> Vec<Arc<Pod>> {
        vec![self.0.clone()]
    }

    fn find(&self, namespace: &str, name: &str, _uid: Option<&str>) -> Option<Arc<Pod>> {
        let meta = &self.0.metadata;
        (meta.namespace == namespace && meta.name == name).then(|| self.0.clone())
    }
}

/// Whoever shows the token may do everything.
struct Friend;

impl Authenticator for Friend {
    fn token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<UserInfo>, String>> {
        Box::pin(async move { Ok((token == "good").then(|| UserInfo::new("friend", &[]))) })
    }
}

impl Authorizer for Friend {
    fn authorize<'a>(&'a self, _user: &'a UserInfo, _access: &'a NodeAccess) -> BoxFuture<'a, Result<bool, String>> {
        Box::pin(async move { Ok(true) })
    }
}

struct Server {
    address: SocketAddr,
    tls: TlsConnector,
    _stop: watch::Sender<bool>,
}

impl Server {
    async fn start(node: &TestNode, pod: Pod) -> Server {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = key.cert.pem();
        let identity = serve::Identity { certificate: certificate.clone(), key: key.signing_key.serialize_pem() };
        let api = Api {
            node_name: "node-1".into(),
            cri: CriClient::connect(&socket(node), CriTimeouts::default()).await.unwrap(),
            pods: Arc::new(OnePod(Arc::new(pod))),
            clock: Arc::new(SystemClock),
            client_certificates: ClientCertificates::new(&certificate).unwrap(),
            authenticator: Arc::new(Friend),
            authorizer: Arc::new(Friend),
            config: serde_json::Value::Null,
            root_dir: node.directory.clone(),
        };
        let config = tls::server_config(&identity, &certificate).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(kubelet::server::serve(listener, Arc::new(config), api, stopped));
        let client = rustls::ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(tls::roots(&certificate).unwrap())
            .with_no_client_auth();
        Server { address, tls: TlsConnector::from(Arc::new(client)), _stop: stop }
    }

    fn backend(&self, path: &str) -> Backend {
        let (address, tls) = (self.address, self.tls.clone());
        let headers = [(http::header::AUTHORIZATION, "Bearer good".parse().unwrap())].into_iter().collect();
        let uri = format!("https://localhost{path}").parse().unwrap();
        Backend::new(uri, move || async move {
            let stream = TcpStream::connect(address).await?;
            let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await?;
            Ok(Box::new(stream) as BoxStream)
        })
        .with_headers(headers)
    }

    async fn get(&self, method: &str, path: &str) -> (StatusCode, String) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let stream = self.tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", "Bearer good").body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Runs a command with stdin; its outcome and output.
    async fn exec(&self, websocket: bool, script: &str, stdin: &str) -> (Outcome, String) {
        let script = script.replace(' ', "+");
        let path =
            format!("/exec/default/web/main?command=/bin/sh&command=-c&command={script}&input=1&output=1&error=1");
        let (mut to, from) = duplex(1024);
        to.write_all(stdin.as_bytes()).await.unwrap();
        drop(to);
        let (out, mut read) = duplex(1024);
        let local = LocalStreams {
            stdin: Some(Box::new(from)),
            stdout: Some(Box::new(out)),
            stderr: Some(Box::new(tokio::io::sink())),
            resize: None,
        };
        let backend = self.backend(&path);
        let running = async {
            match websocket {
                true => exec_websocket(backend, local, &[Protocol::V4]).await,
                false => exec_spdy(backend, local, spdy::Config::default()).await,
            }
        };
        let mut text = String::new();
        let (outcome, read) = tokio::join!(running, read.read_to_string(&mut text));
        read.unwrap();
        (outcome.unwrap(), text)
    }
}

fn socket(node: &TestNode) -> std::path::PathBuf {
    match &node.config.runtime {
        RuntimeSource::Managed(containerd) => containerd.socket.clone(),
        RuntimeSource::Socket(path) => path.clone(),
    }
}

const SCRIPT: &str = "echo one; echo two >&2; \
    while true; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello' | nc -l -p 8080 >/dev/null; done & \
    trap 'echo bye; kill %1; exit 0' TERM; while true; do sleep 0.1; done";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_are_reached_through_the_kubelet() {
    let node = TestNode::new(9);
    let api = FakeApi::new();
    let kubelet = node.start(&api);
    let mut pod = lifecycle::pod("web", "Never", &[("main", SCRIPT)]);
    pod.spec.containers[0].stdin = false;
    api.put(&pod);
    let pod =
        api.wait::<Pod>("default", "web", "a ready pod", |pod| lifecycle::condition(pod, "Ready") == "True").await;
    let server = Server::start(&node, pod).await;
    tokio::time::timeout(PATIENCE, logs_and_commands(&server)).await.unwrap();
    tokio::time::timeout(PATIENCE, ports_and_numbers(&server)).await.unwrap();

    let following = server.get("GET", "/containerLogs/default/web/main?follow=true&tailLines=0");
    let ending = async { api.delete_pod("default", "web", 5) };
    let ((status, log), ()) = tokio::join!(following, ending);
    assert_eq!((status, log.as_str()), (StatusCode::OK, "bye\n"));
    kubelet.stop().await;
}

async fn logs_and_commands(server: &Server) {
    let (_, mut log) = server.get("GET", "/containerLogs/default/web/main").await;
    while !log.contains("one\n") || !log.contains("two\n") {
        tokio::task::yield_now().await;
        log = server.get("GET", "/containerLogs/default/web/main").await.1;
    }
    let (status, text) = server.get("GET", "/containerLogs/default/web/main?previous=true").await;
    let expected = "previous terminated container \"main\" in pod \"web\" not found";
    assert_eq!((status, text.as_str()), (StatusCode::BAD_REQUEST, expected));
    let (status, output) = server.get("POST", "/run/default/web/main?cmd=echo%20hi").await;
    assert_eq!((status, output.as_str()), (StatusCode::OK, "hi\n"));
    for websocket in [false, true] {
        let script = if websocket { "head -n 1; exit 7" } else { "cat; exit 7" };
        let (outcome, text) = server.exec(websocket, &script.replace(';', "%3B"), "input\n").await;
        assert_eq!(text, "input\n");
        assert!(matches!(outcome, Outcome::Exit(7)), "{outcome:?}");
    }
}

async fn ports_and_numbers(server: &Server) {
    let connection = portforward::client::connect(server.backend("/portForward/default/web")).await.unwrap();
    let mut answer = String::new();
    let mut request_id = 0;
    // The container's server may be between two connections.
    while !answer.ends_with("hello") {
        let (mut near, far) = duplex(1024);
        let talk = async move {
            near.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
            let mut text = String::new();
            let _cut_off_when_refused = near.read_to_string(&mut text).await;
            text
        };
        let forwarding = portforward::client::forward(&connection, 8080, request_id, Box::new(far));
        let (_may_be_refused, text) = tokio::join!(forwarding, talk);
        answer = text;
        request_id += 1;
    }
    let (_, summary) = server.get("GET", "/stats/summary").await;
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["pods"][0]["podRef"]["name"], "web");
    let main = &summary["pods"][0]["containers"][0];
    assert!(main["memory"]["workingSetBytes"].as_u64().unwrap() > 0, "{main}");
    assert!(summary["node"]["memory"]["workingSetBytes"].as_u64().unwrap() > 0);
    let (_, metrics) = server.get("GET", "/metrics/resource").await;
    let sample = "container_memory_working_set_bytes{container=\"main\",namespace=\"default\",pod=\"web\"} ";
    assert!(metrics.contains(sample) && metrics.contains("resource_scrape_error 0\n"), "{metrics}");
    let (_, metrics) = server.get("GET", "/metrics").await;
    assert!(metrics.contains("kubelet_running_pods 1\n"), "{metrics}");
    let (_, running) = server.get("GET", "/runningpods/").await;
    assert!(running.contains("\"name\":\"web\""), "{running}");
}
