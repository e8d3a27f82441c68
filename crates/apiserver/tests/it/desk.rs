//! A server on loopback that others ask: it issues tokens (OpenID Connect), and answers reviews of tokens and of access.

use authn::keys::{PublicKey, SigningKey};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData, RsaKeySize};
use serde_json::{Value, json};
use serve::tls::server_config;
use serve::{Body, Handler, Identity, Peer};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub struct Desk {
    pub url: String,
    /// PEM of who signed its certificate.
    pub authority: String,
    /// The reviews that it was sent.
    pub seen: Arc<Mutex<Vec<Value>>>,
    key: SigningKey,
    _stop: watch::Sender<bool>,
}

struct Clerk {
    url: String,
    keys: Value,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Desk {
    pub async fn start() -> Desk {
        let (identity, authority) = certificate();
        let tls = Arc::new(server_config(&identity, "").unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let pair = rsa();
        let spki = pair.subject_public_key_info();
        let keys = json!({ "keys": [PublicKey::from_spki(&spki).unwrap().jwk()] });
        let seen = Arc::default();
        let clerk = Clerk { url: url.clone(), keys, seen: Arc::clone(&seen) };
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve::serve(listener, tls, Arc::new(clerk), stopped));
        let key = SigningKey::new(&pair.serialize_der(), &spki).unwrap();
        Desk { url, authority, seen, key, _stop: stop }
    }

    /// A token that the desk issues.
    pub fn token(&self, claims: Value) -> String {
        let mut all = json!({ "iss": self.url, "aud": "kube", "exp": 4_000_000_000_i64 });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.key.sign(&all).unwrap()
    }

    /// A kubeconfig for reviews of one kind, in `directory`.
    pub fn kubeconfig(&self, directory: &Path, of: &str) -> std::path::PathBuf {
        let (ca, path) = (directory.join("desk-ca.crt"), directory.join(format!("desk-{of}.conf")));
        std::fs::write(&ca, &self.authority).unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "desk",
            "clusters": [{ "name": "desk", "cluster": {
                "server": format!("{}/{of}", self.url), "certificate-authority": ca
            } }],
            "contexts": [{ "name": "desk", "context": { "cluster": "desk", "user": "" } }]
        });
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

pub fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

fn certificate() -> (Identity, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::from_ca_cert_pem(&authority, authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (Identity { certificate: leaf.pem(), key: key.serialize_pem() }, authority)
}

impl Handler for Clerk {
    fn handle(&self, request: Request<Incoming>, _peer: Peer) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let review: Value = serde_json::from_slice(&body).unwrap_or_default();
            let said = match path.as_str() {
                "/.well-known/openid-configuration" => {
                    json!({ "issuer": self.url, "jwks_uri": format!("{}/keys", self.url) })
                }
                "/keys" => self.keys.clone(),
                "/tokens" => json!({ "status": whose(review["spec"]["token"].as_str().unwrap_or_default()) }),
                "/access" => {
                    let allowed = review["spec"]["user"] == "hook-good";
                    json!({ "status": { "allowed": allowed, "denied": !allowed, "reason": "says the desk" } })
                }
                _ => return answer(StatusCode::NOT_FOUND, &json!({})),
            };
            if !review.is_null() {
                self.seen.lock().push(review);
            }
            answer(StatusCode::OK, &said)
        })
    }
}

fn whose(token: &str) -> Value {
    match token {
        "webhook-token" => json!({ "authenticated": true, "user": { "username": "webhook-eve", "groups": ["dev"] } }),
        _ => json!({ "authenticated": false }),
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let body = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
