use super::webhooks::address;
use super::*;
use crate::late::Late;
use ::admission::webhook::{Destination, Target, WebhookClient};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use schema::{Value, value};
use serve::{Handler, Identity, Peer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Answers `/echo` with the body, `/broken` with a 500, `/slow` never; remembers from where it was asked.
#[derive(Default)]
struct Echo {
    peers: Mutex<Vec<SocketAddr>>,
    requests: Mutex<Vec<String>>,
}

impl Handler for Echo {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<serve::Body>> {
        Box::pin(async move {
            self.peers.lock().push(peer.address);
            self.requests.lock().push(format!("{} {}", request.method(), request.uri()));
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let (status, body) = match path.as_str() {
                "/slow" => std::future::pending().await,
                "/broken" => (500, Bytes::from_static(b"oops\n")),
                _ => (200, body),
            };
            let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed_unsync());
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            response
        })
    }
}

struct Server {
    address: SocketAddr,
    authority: String,
    echo: Arc<Echo>,
    _stop: watch::Sender<bool>,
}

async fn server(names: &[&str]) -> Server {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "a test's authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let identity = Identity { certificate: leaf.pem(), key: key.serialize_pem() };
    let tls = Arc::new(serve::tls::server_config(&identity, &authority.pem()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let echo = Arc::new(Echo::default());
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve::serve(listener, tls, echo.clone(), stopped));
    Server { address, authority: authority.pem(), echo, _stop: stop }
}

async fn post(client: &HttpWebhooks, url: String, authority: &str, timeout_ms: u64) -> Result<String, String> {
    let target = Target { destination: Destination::Url(url), ca_bundle: authority.as_bytes().to_vec() };
    let answer = client.post(&target, b"{}".to_vec(), Duration::from_millis(timeout_ms)).await;
    answer.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn a_webhook_is_asked_over_one_connection_again_and_again() {
    let server = server(&["127.0.0.1"]).await;
    let client = HttpWebhooks::new(Late::default());
    for _ in 0..3 {
        let url = format!("https://{}/echo", server.address);
        assert_eq!(post(&client, url, &server.authority, 5000).await.unwrap(), "{}");
    }
    let peers = server.echo.peers.lock().clone();
    assert_eq!(peers.len(), 3);
    assert!(peers.iter().all(|peer| *peer == peers[0]));
    assert_eq!(server.echo.requests.lock()[0], "POST /echo?timeout=5s");
}

#[tokio::test]
async fn what_goes_wrong_is_told_in_upstreams_words() {
    let server = server(&["127.0.0.1"]).await;
    let stranger = self::server(&["127.0.0.1"]).await;
    let other_name = self::server(&["other.example.com"]).await;
    let client = HttpWebhooks::new(Late::default());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = |address: SocketAddr, path: &str| format!("https://{address}{path}");
    for (url, authority, timeout_ms, expected) in [
        (
            url(server.address, "/broken"),
            &server.authority,
            5000,
            "an error on the server (\"oops\") has prevented the request from succeeding".to_owned(),
        ),
        (
            url(server.address, "/slow"),
            &server.authority,
            100,
            format!("Post \"https://{}/slow?timeout=0s\": context deadline exceeded", server.address),
        ),
        (
            url(closed, ""),
            &server.authority,
            5000,
            format!("Post \"https://{closed}/?timeout=5s\": dial tcp {closed}: connect: connection refused"),
        ),
        (
            url(server.address, "/echo"),
            &stranger.authority,
            5000,
            format!(
                "Post \"https://{}/echo?timeout=5s\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                server.address
            ),
        ),
        (
            url(other_name.address, "/echo"),
            &other_name.authority,
            5000,
            format!(
                "Post \"https://{}/echo?timeout=5s\": tls: failed to verify certificate: x509: certificate is valid for other.example.com, not 127.0.0.1",
                other_name.address
            ),
        ),
    ] {
        assert_eq!(post(&client, url, authority, timeout_ms).await.unwrap_err(), expected);
    }
}

#[test]
fn services_are_found_at_their_endpoints_or_their_own_address() {
    let service = value!({
        "metadata": { "name": "hook" },
        "spec": { "clusterIP": "10.96.0.7", "ports": [{ "name": "https", "port": 443 }] }
    });
    let slice = |ready: bool| {
        Arc::new(value!({
            "metadata": { "labels": { "kubernetes.io/service-name": "hook" } },
            "ports": [{ "name": "https", "port": 8443 }],
            "endpoints": [{ "addresses": ["10.1.2.3"], "conditions": { "ready": ready } }]
        }))
    };
    let at = |slices: &[Arc<Value>], port| address(&service, slices, port);
    assert_eq!(at(&[slice(true)], 443), Ok(("10.1.2.3".into(), 8443)));
    assert_eq!(at(&[slice(false)], 443), Ok(("10.96.0.7".into(), 443)));
    assert_eq!(at(&[], 444), Err("no service port 444 found for service \"hook\"".into()));
}
