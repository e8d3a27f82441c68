//! TLS connections to webhooks, kept open between calls.

use super::go_words;
use super::verifier::GoVerifier;
use super::webhooks::Place;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serve::tls::provider;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Webhooks whose connections are kept; when there are more, all are forgotten.
const MAX_PLACES: usize = 256;
/// Connections that wait for the next call, for each webhook.
const MAX_IDLE: usize = 8;
/// Where a machine keeps the authorities that it believes, as Go looks for them.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

type Sender = SendRequest<Full<Bytes>>;

#[derive(Default)]
pub struct Connections {
    places: Mutex<HashMap<Place, Arc<Kept>>>,
}

/// Of one place.
struct Kept {
    tls: TlsConnector,
    idle: Mutex<Vec<Sender>>,
}

impl Connections {
    /// Sends a request over a connection that is there, or over a new one.
    pub async fn send(&self, place: &Place, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String> {
        let kept = self.kept(place)?;
        loop {
            let Some(sender) = kept.idle.lock().pop() else { break };
            // The other side may have closed it meanwhile; then the request goes over another one.
            if sender.is_closed() {
                continue;
            }
            if let Ok(response) = exchange(&kept, sender, request.clone()).await {
                return Ok(response);
            }
        }
        let sender = connect(place, &kept.tls).await?;
        exchange(&kept, sender, request).await
    }

    fn kept(&self, place: &Place) -> Result<Arc<Kept>, String> {
        let mut places = self.places.lock();
        if let Some(kept) = places.get(place) {
            return Ok(kept.clone());
        }
        if places.len() >= MAX_PLACES {
            places.clear();
        }
        let kept = Arc::new(Kept { tls: connector(&place.ca_bundle)?, idle: Mutex::default() });
        places.insert(place.clone(), kept.clone());
        Ok(kept)
    }
}

/// The connection can be used again as soon as its answer was read; whoever takes it before waits for that.
async fn exchange(
    kept: &Arc<Kept>,
    mut sender: Sender,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, String> {
    sender.ready().await.map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(sending)?;
    let mut idle = kept.idle.lock();
    if idle.len() < MAX_IDLE {
        idle.push(sender);
    }
    Ok(response)
}

fn sending(error: hyper::Error) -> String {
    if error.is_incomplete_message() { "EOF".into() } else { error.to_string() }
}

async fn connect(place: &Place, tls: &TlsConnector) -> Result<Sender, String> {
    let address = match place.host.contains(':') {
        true => format!("[{}]:{}", place.host, place.port),
        false => format!("{}:{}", place.host, place.port),
    };
    if place.host.parse::<std::net::IpAddr>().is_err() && tokio::net::lookup_host(&address).await.is_err() {
        return Err(format!("dial tcp: lookup {}: no such host", place.host));
    }
    let stream = TcpStream::connect(&address).await.map_err(|error| go_words::dial(&address, &error))?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let name = ServerName::try_from(place.server_name.clone()).map_err(|error| error.to_string())?;
    let stream = tls.connect(name, stream).await.map_err(|error| go_words::handshake(&error, &place.server_name))?;
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a webhook ended");
        }
    });
    Ok(sender)
}

fn connector(ca_bundle: &[u8]) -> Result<TlsConnector, String> {
    let roots = if ca_bundle.is_empty() { system_roots() } else { roots(ca_bundle)? };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(GoVerifier::new(roots, ca_bundle)?))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    let bad = "unable to load root certificates: unable to parse bytes as PEM block";
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| bad.to_owned())?;
        store.add(certificate).map_err(|_| bad.to_owned())?;
    }
    if store.is_empty() { Err(bad.into()) } else { Ok(store) }
}

fn system_roots() -> RootCertStore {
    let mut store = RootCertStore::empty();
    for certificates in SYSTEM_ROOTS.iter().filter_map(|path| CertificateDer::pem_file_iter(path).ok()) {
        store.add_parsable_certificates(certificates.flatten());
        if !store.is_empty() {
            break;
        }
    }
    store
}
