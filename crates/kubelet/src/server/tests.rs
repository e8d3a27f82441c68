use super::access::NodeAccess;
use super::*;
use authn::UserInfo;
use bytes::Bytes;
use cri::CriTimeouts;
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::path::Path;
use stdx::SystemClock;
use tokio_rustls::TlsConnector;

struct FakePods(Vec<Arc<Pod>>);

impl PodLookup for FakePods {
    fn all(&self) -> Vec<Arc<Pod>> {
        self.0.clone()
    }

    fn find(&self, namespace: &str, name: &str, uid: Option<&str>) -> Option<Arc<Pod>> {
        let is = |pod: &&Arc<Pod>| {
            let meta = &pod.metadata;
            meta.namespace == namespace && meta.name == name && uid.is_none_or(|uid| meta.uid == uid)
        };
        self.0.iter().find(is).cloned()
    }
}

/// Knows one token, and lets `api-server` do everything and `metrics` read metrics.
#[derive(Default)]
struct FakeJudge {
    asked: Arc<Mutex<Vec<(String, NodeAccess)>>>,
}

impl Authenticator for FakeJudge {
    fn token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<UserInfo>, String>> {
        Box::pin(async move { Ok((token == "good").then(|| UserInfo::new("metrics", &[]))) })
    }
}

impl Authorizer for FakeJudge {
    fn authorize<'a>(&'a self, user: &'a UserInfo, access: &'a NodeAccess) -> BoxFuture<'a, Result<bool, String>> {
        self.asked.lock().push((user.name.clone(), access.clone()));
        Box::pin(async move { Ok(user.name == "api-server" || access.subresource == "metrics") })
    }
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, common_name: &str) -> serve::Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages =
            vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        serve::Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

struct World {
    address: std::net::SocketAddr,
    authority: Authority,
    asked: Arc<Mutex<Vec<(String, NodeAccess)>>>,
    _stop: watch::Sender<bool>,
}

async fn world() -> World {
    let authority = Authority::new("cluster");
    let judge = FakeJudge::default();
    let asked = judge.asked.clone();
    let judge = Arc::new(judge);
    let mut pod = Pod::default();
    pod.metadata.name = "p".into();
    pod.metadata.namespace = "ns".into();
    pod.metadata.uid = "u".into();
    let api = Api {
        node_name: "n1".into(),
        cri: CriClient::connect_lazy(Path::new("/nonexistent.sock"), CriTimeouts::default()).unwrap(),
        pods: Arc::new(FakePods(vec![Arc::new(pod)])),
        clock: Arc::new(SystemClock),
        client_certificates: ClientCertificates::new(&authority.0.pem()).unwrap(),
        authenticator: judge.clone(),
        authorizer: judge,
        config: serde_json::json!({ "maxPods": 110 }),
        root_dir: "/tmp".into(),
    };
    let tls = serve::tls::server_config(&authority.issue("n1"), &authority.0.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(super::serve(listener, Arc::new(tls), api, stopped));
    World { address, authority, asked, _stop: stop }
}

impl World {
    async fn ask(&self, identity: Option<&serve::Identity>, token: &str, path: &str) -> (StatusCode, String) {
        let builder = rustls::ClientConfig::builder_with_provider(serve::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(serve::tls::roots(&self.authority.0.pem()).unwrap());
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain =
                    CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).map(Result::unwrap).collect();
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().uri(path).header("host", "localhost");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn nobody_is_anonymous() {
    let world = world().await;
    assert_eq!(world.ask(None, "", "/pods").await, (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned()));
    assert_eq!(world.ask(None, "bad", "/pods").await.0, StatusCode::UNAUTHORIZED);
    let stranger = Authority::new("elsewhere").issue("api-server");
    assert_eq!(world.ask(Some(&stranger), "", "/pods").await.0, StatusCode::UNAUTHORIZED);
    assert!(world.asked.lock().is_empty());
}

#[tokio::test]
async fn rights_are_those_on_the_node() {
    let world = world().await;
    let (status, text) = world.ask(None, "good", "/pods").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(text, "Forbidden (user=metrics, verb=get, resource=nodes, subresource(s)=[pods proxy])");
    let asked = world.asked.lock().clone();
    assert_eq!(asked[0].1, NodeAccess { verb: "get", node_name: "n1".into(), subresource: "pods" });
    // Allowed, but there is no runtime.
    assert_eq!(world.ask(None, "good", "/metrics").await.0, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn the_api_server_is_answered() {
    let world = world().await;
    let own = world.authority.issue("api-server");
    assert_eq!(world.ask(Some(&own), "", "/healthz").await, (StatusCode::OK, "ok".to_owned()));
    let (_, pods) = world.ask(Some(&own), "", "/pods").await;
    let pods: serde_json::Value = serde_json::from_str(&pods).unwrap();
    assert_eq!((&pods["kind"], &pods["items"][0]["metadata"]["name"]), (&"PodList".into(), &"p".into()));
    let (_, config) = world.ask(Some(&own), "", "/configz").await;
    assert_eq!(config, r#"{"kubeletconfig":{"maxPods":110}}"#);
    let table = [
        ("/containerLogs/ns/gone/c", 404, "pod \"gone\" does not exist"),
        ("/containerLogs/ns/p/c", 404, "container \"c\" not found in pod \"p\""),
        ("/exec/ns/p/c?command=ls", 400, "you must specify at least 1 of stdin, stdout, stderr"),
        ("/exec/ns/gone/c?command=ls&output=1", 404, "pod does not exist"),
        ("/portForward/ns/p/other-uid", 404, "pod does not exist"),
        ("/nothing", 404, "404: Page Not Found"),
    ];
    for (path, status, text) in table {
        let (found, body) = world.ask(Some(&own), "", path).await;
        assert_eq!((found.as_u16(), body.as_str()), (status, text), "{path}");
    }
}
