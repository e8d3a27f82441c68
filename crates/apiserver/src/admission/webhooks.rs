//! The client of admission webhooks: where they are, one POST, and what went wrong in upstream's words.

use super::connections::Connections;
use super::go_words;
use crate::late::Late;
use admission::BoxFuture;
use admission::webhook::{Destination, Target, WebhookClient};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use kind::field::quoted;
use schema::Value;
use std::sync::Arc;
use std::time::Duration;

/// An answer may be this large: room for a patch of the largest object.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
const USER_AGENT: &str = "kube-apiserver-admission";

/// Calls webhooks over HTTPS, and keeps connections for the next call.
pub struct HttpWebhooks {
    pub registry: Late,
    connections: Connections,
}

/// A webhook's place, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Whose name the certificate must have.
    pub server_name: String,
    /// Where to connect: a host or an address.
    pub host: String,
    pub port: u16,
    pub ca_bundle: Vec<u8>,
}

/// A place and how the request names it.
struct Url {
    place: Place,
    /// `https://host[:port]`, for messages.
    base: String,
    /// The Host header.
    authority: String,
    path: String,
}

impl HttpWebhooks {
    pub fn new(registry: Late) -> HttpWebhooks {
        HttpWebhooks { registry, connections: Connections::default() }
    }

    fn url(&self, target: &Target) -> Result<Url, String> {
        match &target.destination {
            Destination::Url(text) => url_of(text, &target.ca_bundle),
            Destination::Service { namespace, name, port, path } => {
                let server_name = format!("{name}.{namespace}.svc");
                let authority = format!("{server_name}:{port}");
                let path = if path.is_empty() { "/".to_owned() } else { path.clone() };
                let place =
                    Place { server_name, host: String::new(), port: *port, ca_bundle: target.ca_bundle.clone() };
                Ok(Url { place, base: format!("https://{authority}"), authority, path })
            }
        }
    }

    /// Finds where a service is now; leaves other places alone.
    fn resolve(&self, target: &Target, url: &mut Url) -> Result<(), String> {
        let Destination::Service { namespace, name, port, .. } = &target.destination else { return Ok(()) };
        let registry = self.registry.get().map_err(|error| error.to_string())?;
        let service = registry.lookup("", "services", namespace, name);
        let service = service.ok_or_else(|| format!("service {} not found", quoted(name)))?;
        let slices = registry.lookup_all("discovery.k8s.io", "endpointslices", namespace);
        (url.place.host, url.place.port) = address(&service, &slices, *port)?;
        Ok(())
    }

    async fn call(&self, target: &Target, body: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, String> {
        let mut url = self.url(target)?;
        let shown = format!("{}{}?timeout={}s", url.base, url.path, timeout.as_secs());
        let failed = |why: String| format!("Post {}: {why}", quoted(&shown));
        self.resolve(target, &mut url).map_err(failed)?;
        let exchange = async {
            let request = request(&url, timeout, Bytes::from(body)).map_err(failed)?;
            let response = self.connections.send(&url.place, request).await.map_err(failed)?;
            read(response).await
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(failed("context deadline exceeded".into())),
        }
    }
}

impl WebhookClient for HttpWebhooks {
    fn post<'a>(
        &'a self,
        target: &'a Target,
        body: Vec<u8>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        Box::pin(self.call(target, body, timeout))
    }
}

fn url_of(text: &str, ca_bundle: &[u8]) -> Result<Url, String> {
    let bad = |why: &dyn std::fmt::Display| format!("parse {}: {why}", quoted(text));
    let uri: http::Uri = text.parse().map_err(|error| bad(&error))?;
    let authority = uri.authority().ok_or_else(|| bad(&"missing host"))?.to_string();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let path = if uri.path().is_empty() { "/" } else { uri.path() }.to_owned();
    let place =
        Place { server_name: host.clone(), host, port: uri.port_u16().unwrap_or(443), ca_bundle: ca_bundle.to_vec() };
    Ok(Url { place, base: format!("https://{authority}"), authority, path })
}

/// Where a service is reached: at one of its ready endpoints, or at its own address, which needs a proxy on this machine.
pub(super) fn address(service: &Value, slices: &[Arc<Value>], port: u16) -> Result<(String, u16), String> {
    let name = service.str_at(&["metadata", "name"]);
    if service.str_at(&["spec", "type"]) == "ExternalName" {
        return Ok((service.str_at(&["spec", "externalName"]).to_owned(), port));
    }
    let ports = service.at(&["spec", "ports"]).items();
    let found = ports.iter().find(|candidate| candidate.at(&["port"]).as_i64() == Some(i64::from(port)));
    let found = found.ok_or_else(|| format!("no service port {port} found for service {}", quoted(name)))?;
    let port_name = found.str_at(&["name"]);
    for slice in slices {
        if slice.str_at(&["metadata", "labels", "kubernetes.io/service-name"]) != name {
            continue;
        }
        let slice_ports = slice.at(&["ports"]).items();
        let Some(number) = slice_ports.iter().find(|port| port.str_at(&["name"]) == port_name) else { continue };
        let Some(number) = number.at(&["port"]).as_i64().and_then(|number| u16::try_from(number).ok()) else {
            continue;
        };
        let is_ready = |endpoint: &&Value| endpoint.at(&["conditions", "ready"]).as_bool() != Some(false);
        let endpoint = slice.at(&["endpoints"]).items().iter().find(is_ready);
        let address = endpoint.and_then(|endpoint| endpoint.at(&["addresses"]).items().first()?.as_str());
        if let Some(address) = address {
            return Ok((address.to_owned(), number));
        }
    }
    match service.str_at(&["spec", "clusterIP"]) {
        "" | "None" => Err("cannot route to service with ClusterIP \"None\"".into()),
        address => Ok((address.to_owned(), port)),
    }
}

fn request(url: &Url, timeout: Duration, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
    let path = format!("{}?timeout={}s", url.path, timeout.as_secs());
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, &url.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, */*")
        .header(header::USER_AGENT, USER_AGENT)
        .body(Full::new(body))
        .map_err(|error| error.to_string())
}

async fn read(response: Response<Incoming>) -> Result<Vec<u8>, String> {
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    match status {
        StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED => Ok(body.to_vec()),
        _ => Err(go_words::status(status.as_u16(), &String::from_utf8_lossy(&body))),
    }
}
