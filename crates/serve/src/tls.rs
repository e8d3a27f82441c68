//! TLS of the API server: its certificate, and client certificates that are asked for but not required.
//!
//! A bad client certificate does not end the handshake; as upstream, it ends in a 401, so the verification happens after the
//! handshake, in [`ClientCertificates::user`].

mod shown;

pub use shown::{Certificates, Named, unknown_cipher_suites};

use crate::Identity;
use authn::{AuthnError, UserInfo};
use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("reading PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the authorities for client certificates: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    #[error("none of the cipher suites {0:?} is available")]
    NoCipherSuite(Vec<String>),
}

/// How long a certificate that was verified needs no verification: it may have expired since.
const KNOWN_SECONDS: u64 = 10;
/// Certificates that are remembered.
const MAX_KNOWN: usize = 1_000;

/// Verifies client certificates against the cluster's authorities; without one, certificates say nothing.
#[derive(Clone)]
pub struct ClientCertificates {
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// Who was verified a moment ago, by certificate: a client asks many questions, and a signature is dear.
    known: Arc<Mutex<HashMap<Box<[u8]>, Known>>>,
}

#[derive(Clone)]
struct Known {
    verified_at_unix_s: u64,
    user: UserInfo,
}

/// What the listening socket offers besides the certificates.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// TLS 1.3 alone.
    pub min_tls_13: bool,
    /// Go's names of those of TLS 1.2; empty: all there are.
    pub cipher_suites: Vec<String>,
    /// HTTP/1.1 alone.
    pub disable_http2: bool,
}

/// The configuration of a listening socket with one certificate.
pub fn server_config(identity: &Identity, client_ca: &str) -> Result<ServerConfig, TlsError> {
    let shown = Certificates::new(identity, &[])?;
    server_config_of(Arc::new(shown), client_ca, &Offer::default())
}

/// The same with certificates that can be replaced. `client_ca` may be empty.
pub fn server_config_of(shown: Arc<Certificates>, client_ca: &str, offer: &Offer) -> Result<ServerConfig, TlsError> {
    let mut provider = (*provider()).clone();
    shown::keep_cipher_suites(&mut provider, &offer.cipher_suites)?;
    let algorithms = provider.signature_verification_algorithms;
    let verifier = Arc::new(AskButAccept { hints: hints(client_ca)?, algorithms });
    let versions = if offer.min_tls_13 { &[&rustls::version::TLS13][..] } else { rustls::ALL_VERSIONS };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.alpn_protocols.retain(|protocol| !offer.disable_http2 || protocol != b"h2");
    Ok(config)
}

pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    Ok(CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>()?)
}

pub fn roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem)? {
        store.add(certificate)?;
    }
    Ok(store)
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

impl ClientCertificates {
    /// `client_ca` is PEM, and may be empty.
    pub fn new(client_ca: &str) -> Result<ClientCertificates, TlsError> {
        if client_ca.trim().is_empty() {
            return Ok(ClientCertificates { verifier: None, known: Arc::default() });
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(client_ca)?), provider()).build()?;
        Ok(ClientCertificates { verifier: Some(verifier), known: Arc::default() })
    }

    /// The user of the chain that a client showed; `None` if it showed none, or nobody is trusted.
    pub fn user(&self, chain: Option<&[CertificateDer<'_>]>, now_unix_s: u64) -> Option<Result<UserInfo, AuthnError>> {
        let leaf = chain?.first()?;
        let fresh = |known: &&Known| now_unix_s.abs_diff(known.verified_at_unix_s) < KNOWN_SECONDS;
        if let Some(known) = self.known.lock().get(&**leaf).filter(fresh) {
            return Some(Ok(known.user.clone()));
        }
        let user = self.verified(chain, now_unix_s)?.and_then(authn::x509::user);
        if let Ok(user) = &user {
            let mut known = self.known.lock();
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert((**leaf).into(), Known { verified_at_unix_s: now_unix_s, user: user.clone() });
        }
        Some(user)
    }

    /// DER of the certificate that a client showed, if the authorities vouch for it; `None` if it showed none.
    pub fn verified<'c>(
        &self,
        chain: Option<&'c [CertificateDer<'_>]>,
        now_unix_s: u64,
    ) -> Option<Result<&'c [u8], AuthnError>> {
        let (leaf, intermediates) = chain?.split_first()?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now_unix_s));
        let verified = self.verifier.as_ref()?.verify_client_cert(leaf, intermediates, now);
        Some(verified.map(|_| &**leaf).map_err(|error| AuthnError::Certificate(error.to_string())))
    }
}

/// Takes any certificate whose key the client proves to have.
#[derive(Debug)]
struct AskButAccept {
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AskButAccept {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// For servers whose certificates nobody vouches for, where an operator chose that.
pub fn accept_any_server() -> Arc<dyn ServerCertVerifier> {
    Arc::new(AcceptAnyServer { algorithms: provider().signature_verification_algorithms })
}

/// Takes any certificate whose key the server proves to have.
#[derive(Debug)]
struct AcceptAnyServer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AcceptAnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn hints(client_ca: &str) -> Result<Vec<DistinguishedName>, TlsError> {
    Ok(roots(client_ca)?.subjects())
}
