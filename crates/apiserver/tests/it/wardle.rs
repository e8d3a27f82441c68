//! A second API server: one group, one namespaced resource, kept in memory. It believes the headers of whoever shows a
//! certificate of the front proxy, and nobody else.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use serve::tls::{ClientCertificates, server_config};
use serve::{Body, Handler, Identity, Peer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use stdx::{Clock, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

const GROUP: &str = "/apis/wardle.example.com";
const VERSION: &str = "/apis/wardle.example.com/v1alpha1";

/// What the server was asked, and by whom.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Of the connection.
    pub peer: SocketAddr,
    pub path: String,
    pub headers: HeaderMap,
    pub body_bytes: usize,
}

pub struct Wardle {
    pub port: u16,
    /// PEM of its own certificate, which is its own authority.
    pub authority: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub stop: watch::Sender<bool>,
}

struct Flunders {
    front_proxy: ClientCertificates,
    objects: Mutex<BTreeMap<String, Value>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Wardle {
    pub async fn start(service_name: &str, front_proxy_ca: &str) -> Wardle {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![service_name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let identity = Identity { certificate: certificate.pem(), key: key.serialize_pem() };
        let tls = Arc::new(server_config(&identity, front_proxy_ca).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::default();
        let handler = Flunders {
            front_proxy: ClientCertificates::new(front_proxy_ca).unwrap(),
            objects: Mutex::default(),
            seen: Arc::clone(&seen),
        };
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve::serve(listener, tls, Arc::new(handler), stopped));
        Wardle { port, authority: identity.certificate, seen, stop }
    }
}

impl Handler for Flunders {
    fn handle(&self, mut request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let now = SystemClock.now_seconds().unsigned_abs();
            let proxy = self.front_proxy.user(peer.certificates.as_deref(), now);
            if !proxy.is_some_and(|proxy| proxy.is_ok_and(|proxy| proxy.name == "front-proxy-client")) {
                return answer(StatusCode::UNAUTHORIZED, &json!({}));
            }
            let upgrade = request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let path = head.uri.path().to_owned();
            self.seen.lock().push(Seen {
                peer: peer.address,
                path: path.clone(),
                headers: head.headers,
                body_bytes: body.len(),
            });
            if let Some(upgrade) = upgrade {
                return echo(upgrade);
            }
            self.respond(&head.method, &path, &body)
        })
    }
}

impl Flunders {
    fn respond(&self, method: &Method, path: &str, body: &[u8]) -> Response<Body> {
        match path.strip_prefix(VERSION) {
            Some("") => return answer(StatusCode::OK, &resources()),
            Some(rest) => return self.flunders(method, rest, body),
            None => {}
        }
        match path {
            "/apis" | GROUP => {
                answer(StatusCode::OK, &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] }))
            }
            "/openapi/v2" => answer(StatusCode::OK, &openapi2()),
            "/openapi/v3" => {
                let url = json!({ "serverRelativeURL": "/openapi/v3/apis/wardle.example.com/v1alpha1?hash=1" });
                answer(StatusCode::OK, &json!({ "paths": { "apis/wardle.example.com/v1alpha1": url } }))
            }
            "/openapi/v3/apis/wardle.example.com/v1alpha1" => answer(StatusCode::OK, &openapi3()),
            _ => answer(StatusCode::NOT_FOUND, &not_found(path)),
        }
    }

    /// `/namespaces/NS/flunders[/NAME]`
    fn flunders(&self, method: &Method, rest: &str, body: &[u8]) -> Response<Body> {
        let mut objects = self.objects.lock();
        let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
        if rest == "/moved" {
            let mut moved = answer(StatusCode::FOUND, &json!({}));
            moved.headers_mut().insert(header::LOCATION, "https://elsewhere.example.com/".parse().unwrap());
            return moved;
        }
        match (method, rest.rsplit_once("/flunders")) {
            (&Method::GET, Some((_, ""))) => {
                let items: Vec<&Value> = objects.values().collect();
                let list = json!({ "kind": "FlunderList", "apiVersion": "wardle.example.com/v1alpha1", "metadata": {}, "items": items });
                answer(StatusCode::OK, &list)
            }
            (&Method::POST, Some((_, ""))) => {
                let name = parsed["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                objects.insert(name, parsed.clone());
                answer(StatusCode::CREATED, &parsed)
            }
            (method, Some((_, name))) => {
                let name = name.trim_start_matches('/');
                let Some(object) = objects.get_mut(name) else {
                    return answer(StatusCode::NOT_FOUND, &not_found(name));
                };
                if method == Method::PATCH {
                    merge(object, &parsed);
                }
                answer(StatusCode::OK, object)
            }
            (_, None) => answer(StatusCode::NOT_FOUND, &not_found(rest)),
        }
    }
}

/// As a JSON merge patch.
fn merge(object: &mut Value, patch: &Value) {
    match patch.as_object() {
        Some(members) => {
            members.iter().for_each(|(key, member)| merge(&mut object[key.as_str()], member));
        }
        None => *object = patch.clone(),
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let text = Bytes::from(body.to_string());
    let mut response = Response::new(Full::new(text).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    response
}

fn not_found(what: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": format!("{what} not found")
    })
}

/// Sends back what it gets.
fn echo(upgrade: hyper::upgrade::OnUpgrade) -> Response<Body> {
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        let mut bytes = [0; 64];
        while let Ok(read) = stream.read(&mut bytes).await {
            if read == 0 || stream.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    });
    let mut response = answer(StatusCode::SWITCHING_PROTOCOLS, &json!({}));
    *response.body_mut() = Full::default().map_err(|never| match never {}).boxed_unsync();
    response.headers_mut().insert(header::CONNECTION, "Upgrade".parse().unwrap());
    response.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
    response
}

fn resources() -> Value {
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "wardle.example.com/v1alpha1",
        "resources": [{
            "name": "flunders", "singularName": "flunder", "namespaced": true, "kind": "Flunder",
            "verbs": ["create", "get", "list", "patch"], "shortNames": ["fl"]
        }]
    })
}

fn kind() -> Value {
    json!([{ "group": "wardle.example.com", "version": "v1alpha1", "kind": "Flunder" }])
}

fn openapi2() -> Value {
    let schema = json!({ "$ref": "#/definitions/com.example.wardle.v1alpha1.Flunder" });
    json!({
        "swagger": "2.0",
        "paths": { "/apis/wardle.example.com/v1alpha1/flunders": {
            "get": { "responses": { "200": { "description": "OK", "schema": schema } } }
        } },
        "definitions": {
            "com.example.wardle.v1alpha1.Flunder": { "type": "object", "x-kubernetes-group-version-kind": kind() }
        }
    })
}

fn openapi3() -> Value {
    json!({
        "openapi": "3.0.0",
        "paths": { "/apis/wardle.example.com/v1alpha1/namespaces/{namespace}/flunders/{name}": { "patch": {
            "parameters": [{ "name": "fieldValidation", "in": "query" }],
            "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind()[0]
        } } },
        "components": { "schemas": {
            "com.example.wardle.v1alpha1.Flunder": { "type": "object", "x-kubernetes-group-version-kind": kind() }
        } }
    })
}
