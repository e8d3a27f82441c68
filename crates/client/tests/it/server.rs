//! A server that answers as it is told, over TLS, and remembers what it was asked.

use bytes::Bytes;
use client::{Client, ConnectionConfig, HttpTransport};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serve::{Body, Handler, Identity, Peer};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A request as the server saw it.
pub struct Seen {
    /// `GET /api/v1/pods?limit=1`
    pub line: String,
    pub version: http::Version,
    pub headers: http::HeaderMap,
    pub body: Bytes,
    /// The client has shown a certificate.
    pub certified: bool,
}

#[derive(Default)]
pub struct Script {
    answers: Mutex<VecDeque<Response<Vec<Bytes>>>>,
    pub seen: Mutex<Vec<Seen>>,
}

impl Script {
    pub fn answer(&self, code: u16, media_type: &str, body: impl Into<Bytes>) {
        self.chunks(code, media_type, vec![body.into()]);
    }

    pub fn chunks(&self, code: u16, media_type: &str, chunks: Vec<Bytes>) {
        let mut answer = Response::new(chunks);
        *answer.status_mut() = StatusCode::from_u16(code).unwrap();
        answer.headers_mut().insert("content-type", media_type.parse().unwrap());
        if code == 429 {
            answer.headers_mut().insert("retry-after", "0".parse().unwrap());
        }
        self.answers.lock().push_back(answer);
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen.lock().iter().map(|seen| seen.line.clone()).collect()
    }
}

impl Handler for Script {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let path = head.uri.path_and_query().map_or("", |path| path.as_str());
            self.seen.lock().push(Seen {
                line: format!("{} {path}", head.method),
                version: head.version,
                headers: head.headers,
                body,
                certified: peer.certificates.is_some(),
            });
            let answer = self.answers.lock().pop_front().unwrap_or_else(|| Response::new(Vec::new()));
            answer.map(|chunks| {
                let frames = chunks.into_iter().map(|chunk| Ok(hyper::body::Frame::data(chunk)));
                let stream = futures_util::stream::iter(frames);
                http_body_util::StreamBody::new(stream).boxed_unsync()
            })
        })
    }
}

/// A running server with the authority that signs for it.
pub struct Server {
    pub script: Arc<Script>,
    address: SocketAddr,
    authority: String,
    client: Identity,
    _stop: watch::Sender<bool>,
}

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "test authority");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (certificate, Issuer::new(params, key))
}

fn identity(issuer: &Issuer<'static, KeyPair>, name: &str) -> Identity {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap().pem();
    Identity { certificate, key: key.serialize_pem() }
}

impl Server {
    pub async fn start() -> Server {
        let (authority, issuer) = authority();
        let tls = serve::tls::server_config(&identity(&issuer, "server"), &authority).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script::default());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve::serve(listener, Arc::new(tls), script.clone(), stopped));
        Server { script, address, authority, client: identity(&issuer, "admin"), _stop: stop }
    }

    pub fn kubeconfig(&self) -> String {
        let base64 = |text: &str| schema::Bytes(text.as_bytes().to_vec()).to_base64();
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
             contexts:\n- name: here\n  context: {{cluster: test, user: admin, namespace: team}}\n\
             clusters:\n- name: test\n  cluster:\n    server: https://{}\n    certificate-authority-data: {}\n\
             users:\n- name: admin\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\n    token: secret\n",
            self.address,
            base64(&self.authority),
            base64(&self.client.certificate),
            base64(&self.client.key),
        )
    }

    pub fn config(&self) -> ConnectionConfig {
        ConnectionConfig::from_yaml(self.kubeconfig().as_bytes(), "".as_ref(), None).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(Arc::new(HttpTransport::new(&self.config()).unwrap()), "test/1")
    }
}
