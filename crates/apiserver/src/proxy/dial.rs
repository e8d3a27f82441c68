//! Connections to the servers behind a proxy.

use super::location::{ADDRESS_NOT_ALLOWED, may_be_called};
use crate::admission::go_words;
use crate::admission::verifier::GoVerifier;
use futures_util::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serve::Identity;
use serve::tls::{TlsError, accept_any_server, certificates, provider};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use streaming::BoxStream;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A server, and how to speak to it.
#[derive(Clone)]
pub struct Destination {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Addresses in the server's own surroundings are refused, at the moment of the connection: a name may mean another
    /// address then than when it was looked at before (CVE-2020-8562).
    pub checked: bool,
}

#[derive(Clone)]
pub enum Security {
    Plain,
    Tls {
        config: Arc<ClientConfig>,
        /// Whom the certificate must be for; none: the host.
        name: Option<String>,
    },
}

/// Opens connections.
pub trait Dial: Send + Sync {
    fn dial<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, io::Result<BoxStream>>;
}

/// Over TCP.
pub struct TcpDial;

impl Dial for TcpDial {
    fn dial<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, io::Result<BoxStream>> {
        Box::pin(async move {
            let connecting = async {
                let stream = tcp(to).await?;
                to.security.secure(&to.host, stream).await
            };
            match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(connected) => connected,
                Err(_) => {
                    Err(io::Error::new(io::ErrorKind::TimedOut, format!("dial tcp {}: i/o timeout", to.authority())))
                }
            }
        })
    }
}

async fn tcp(to: &Destination) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((to.host.as_str(), to.port))
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("dial tcp: lookup {}: no such host", to.host)))?
        .collect();
    if to.checked && !addresses.iter().all(|address| may_be_called(address.ip())) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, ADDRESS_NOT_ALLOWED));
    }
    let stream = TcpStream::connect(&addresses[..])
        .await
        .map_err(|error| io::Error::new(error.kind(), go_words::dial(&to.authority(), &error)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Destination {
    /// As in a URL.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub fn scheme(&self) -> &'static str {
        match self.security {
            Security::Plain => "http",
            Security::Tls { .. } => "https",
        }
    }
}

impl Security {
    /// TLS with any server, as upstream's proxies to pods and services have it.
    pub fn unverified() -> Result<Security, TlsError> {
        Ok(Security::Tls { config: Arc::new(client_config(None, None)?), name: None })
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> io::Result<BoxStream> {
        let Security::Tls { config, name } = self else { return Ok(Box::new(stream)) };
        let shown = name.clone().unwrap_or_else(|| host.to_owned());
        let name = ServerName::try_from(shown.clone()).map_err(io::Error::other)?;
        let told = |error: io::Error| io::Error::new(error.kind(), go_words::handshake(&error, &shown));
        Ok(Box::new(TlsConnector::from(config.clone()).connect(name, stream).await.map_err(told)?))
    }
}

/// `authority`: PEM of who must have signed the server's certificate; none: nobody has to. `identity`: shown to the server.
pub fn client_config(authority: Option<&[u8]>, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match authority {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate?)?;
            }
            let verifier = GoVerifier::new(roots, pem).map_err(rustls::Error::General)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        None => builder.dangerous().with_custom_certificate_verifier(accept_any_server()),
    };
    Ok(match identity {
        Some(identity) => {
            let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
            builder.with_client_auth_cert(certificates(&identity.certificate)?, key)?
        }
        None => builder.with_no_client_auth(),
    })
}
