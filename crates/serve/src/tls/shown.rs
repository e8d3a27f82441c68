//! The certificates that a server shows: one for all, others by the name that a client asks for; replaced while it runs.

use super::{TlsError, certificates, provider};
use crate::Identity;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::sync::{Arc, PoisonError, RwLock};

/// Go's cipher suites that are known and not offered by anything here: naming them is no mistake, only without effect.
const NOT_OFFERED: &[&str] = &[
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
];
/// Names with a shorter form of their own.
const ALIASES: &[(&str, &str)] = &[
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
];

/// A certificate for some names.
#[derive(Clone)]
pub struct Named {
    pub identity: Identity,
    /// `*.example.org` stands for one label.
    pub names: Vec<String>,
}

/// What a server shows now.
#[derive(Debug)]
pub struct Certificates {
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    default: Arc<CertifiedKey>,
    named: Vec<(Vec<String>, Arc<CertifiedKey>)>,
}

impl Certificates {
    pub fn new(default: &Identity, named: &[Named]) -> Result<Certificates, TlsError> {
        Ok(Certificates { shown: RwLock::new(Shown::new(default, named)?) })
    }

    /// From now on shows these. On an error nothing has changed.
    pub fn replace(&self, default: &Identity, named: &[Named]) -> Result<(), TlsError> {
        let shown = Shown::new(default, named)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }
}

impl Shown {
    fn new(default: &Identity, named: &[Named]) -> Result<Shown, TlsError> {
        let named = named.iter().map(|named| {
            let names = named.names.iter().map(|name| name.to_ascii_lowercase()).collect();
            Ok((names, certified(&named.identity)?))
        });
        Ok(Shown { default: certified(default)?, named: named.collect::<Result<_, TlsError>>()? })
    }
}

fn certified(identity: &Identity) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = certificates(&identity.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider())?))
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let found = asked.and_then(|asked| {
            let fits = |names: &Vec<String>| names.iter().any(|name| matches(name, &asked));
            shown.named.iter().find(|(names, _)| fits(names)).map(|(_, key)| key.clone())
        });
        Some(found.unwrap_or_else(|| shown.default.clone()))
    }
}

fn matches(name: &str, asked: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(rest) => asked.split_once('.').is_some_and(|(label, parent)| !label.is_empty() && parent == rest),
        None => name == asked,
    }
}

/// A sentence for each name that is no cipher suite of Go's.
pub fn unknown_cipher_suites(names: &[String]) -> Vec<String> {
    let known: Vec<String> = provider().cipher_suites.iter().map(name_of).collect();
    let is_known = |name: &str| NOT_OFFERED.contains(&name) || known.iter().any(|known| known == name);
    let unknown = names.iter().filter(|name| !is_known(alias(name)));
    unknown.map(|name| format!("Cipher suite {name} not supported or doesn't exist")).collect()
}

/// Leaves those of TLS 1.3, and of TLS 1.2 those that are named; all, if none is.
pub(super) fn keep_cipher_suites(provider: &mut CryptoProvider, names: &[String]) -> Result<(), TlsError> {
    if names.is_empty() {
        return Ok(());
    }
    let named = |suite: &rustls::SupportedCipherSuite| names.iter().any(|name| alias(name) == name_of(suite));
    provider.cipher_suites.retain(|suite| suite.tls13().is_some() || named(suite));
    if provider.cipher_suites.is_empty() { Err(TlsError::NoCipherSuite(names.to_vec())) } else { Ok(()) }
}

fn alias(name: &str) -> &str {
    ALIASES.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long)
}

/// Go's name: rustls calls those of TLS 1.3 `TLS13_...`.
fn name_of(suite: &rustls::SupportedCipherSuite) -> String {
    let name = format!("{:?}", suite.suite());
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whole_or_by_one_label() {
        assert!(matches("a.example.org", "a.example.org") && matches("*.example.org", "a.example.org"));
        assert!(!matches("*.example.org", "a.b.example.org") && !matches("*.example.org", "example.org"));
    }

    #[test]
    fn cipher_suites_have_gos_names() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let known =
            names(&["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"]);
        assert!(unknown_cipher_suites(&known).is_empty());
        assert_eq!(unknown_cipher_suites(&names(&["X"])), ["Cipher suite X not supported or doesn't exist"]);
        let mut provider = (*provider()).clone();
        keep_cipher_suites(&mut provider, &known).unwrap();
        let left: Vec<String> = provider.cipher_suites.iter().filter(|s| s.tls13().is_none()).map(name_of).collect();
        assert_eq!(left, ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
    }
}
