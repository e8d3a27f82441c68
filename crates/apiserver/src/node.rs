//! Calling the kubelets: where they are, and a TLS connection with the API server's own certificate.

use crate::proxy::Security;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kind::ApiError;
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, ServerName};
use schema::Value;
use serve::tls::{TlsError, certificates, provider, roots};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use streaming::{Backend, BoxStream};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_PORT: i64 = 10250;

/// How to reach kubelets.
#[derive(Clone)]
pub struct NodeClient {
    tls: TlsConnector,
    /// The first of these that a node has is called.
    address_types: Arc<[String]>,
}

/// One kubelet.
#[derive(Clone, Debug)]
pub struct Kubelet {
    pub host: String,
    pub port: u16,
}

impl NodeClient {
    /// `identity`: the client certificate shown to kubelets; `authority`: who signs theirs, which are not verified without.
    pub fn new(
        identity: Option<&serve::Identity>,
        authority: Option<&str>,
        address_types: &[String],
    ) -> Result<NodeClient, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = match authority {
            Some(authority) => builder.with_root_certificates(roots(authority)?),
            None => builder.dangerous().with_custom_certificate_verifier(serve::tls::accept_any_server()),
        };
        let config = match identity {
            Some(identity) => {
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
                builder.with_client_auth_cert(certificates(&identity.certificate)?, key)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(NodeClient { tls: TlsConnector::from(Arc::new(config)), address_types: address_types.into() })
    }

    /// Where a node says that its kubelet listens.
    pub fn kubelet(&self, node: &Value) -> Result<Kubelet, ApiError> {
        Kubelet::of(node, &self.address_types)
    }

    /// For who opens the connection itself.
    pub fn security(&self) -> Security {
        Security::Tls { config: self.tls.config().clone(), name: None }
    }

    async fn connect(&self, kubelet: &Kubelet) -> io::Result<BoxStream> {
        let name = ServerName::try_from(kubelet.host.clone()).map_err(io::Error::other)?;
        let connecting = async {
            let stream = TcpStream::connect((kubelet.host.as_str(), kubelet.port)).await?;
            stream.set_nodelay(true)?;
            self.tls.connect(name, stream).await
        };
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(io::Error::other)??;
        Ok(Box::new(stream))
    }

    /// For a stream: opened when the client's side is ready.
    pub fn backend(&self, kubelet: Kubelet, path_and_query: &str) -> Result<Backend, ApiError> {
        let uri = uri(&kubelet, path_and_query)?;
        let client = self.clone();
        Ok(Backend::new(uri, move || async move { client.connect(&kubelet).await }))
    }

    /// One request; the answer's body comes as it comes.
    pub async fn send(
        &self,
        kubelet: &Kubelet,
        method: Method,
        path_and_query: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, ApiError> {
        let unreachable = |error: &dyn std::fmt::Display| {
            let message = format!("error trying to reach service: {error}");
            ApiError::service_unavailable(message)
        };
        let io = self.connect(kubelet).await.map_err(|error| unreachable(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(io)).await.map_err(|error| unreachable(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to a kubelet ended");
            }
        });
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri(kubelet, path_and_query)?.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        *request.headers_mut() = headers;
        let host = format!("{}:{}", kubelet.host, kubelet.port).parse().map_err(ApiError::internal)?;
        request.headers_mut().insert(header::HOST, host);
        sender.send_request(request).await.map_err(|error| unreachable(&error))
    }
}

impl Kubelet {
    /// Where a node says that its kubelet listens.
    fn of(node: &Value, address_types: &[String]) -> Result<Kubelet, ApiError> {
        let addresses = node.at(&["status", "addresses"]).items();
        let found = address_types
            .iter()
            .find_map(|wanted| addresses.iter().find(|address| address.str_at(&["type"]) == wanted))
            .map(|address| address.str_at(&["address"]).to_owned());
        let host = found.ok_or_else(|| {
            let name = node.str_at(&["metadata", "name"]);
            ApiError::internal(format!("no preferred addresses found; known addresses: [] of node {name}"))
        })?;
        let port = node.at(&["status", "daemonEndpoints", "kubeletEndpoint", "Port"]).as_i64().unwrap_or(DEFAULT_PORT);
        Ok(Kubelet { host, port: u16::try_from(port).map_err(ApiError::internal)? })
    }
}

fn uri(kubelet: &Kubelet, path_and_query: &str) -> Result<Uri, ApiError> {
    let host = if kubelet.host.contains(':') { format!("[{}]", kubelet.host) } else { kubelet.host.clone() };
    let text = format!("https://{host}:{}{path_and_query}", kubelet.port);
    text.parse().map_err(|error| ApiError::bad_request(format!("{text}: {error}")))
}
