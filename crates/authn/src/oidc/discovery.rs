//! What issuers publish: where their keys are, and the keys.

use crate::AuthnError;
use crate::keys::{PublicKey, key_hint};
use serde_json::Value;

/// At most this many keys of one issuer are kept.
const MAX_KEYS: usize = 100;

/// The discovery document, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub jwks_uri: String,
}

/// The keys of an issuer.
#[derive(Clone, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// Where the discovery document of an issuer is.
pub fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

impl Metadata {
    pub fn parse(document: &[u8], issuer: &str) -> Result<Metadata, AuthnError> {
        let refused = |why: String| AuthnError::Config(format!("oidc: {why}"));
        let document: Value = serde_json::from_slice(document)
            .map_err(|error| refused(format!("failed to decode provider discovery object: {error}")))?;
        let got = document["issuer"].as_str().unwrap_or_default();
        if got != issuer {
            let why = "issuer did not match the issuer returned by provider, expected";
            return Err(refused(format!("{why} {issuer:?} got {got:?}")));
        }
        let jwks_uri = document["jwks_uri"].as_str().unwrap_or_default();
        if !jwks_uri.starts_with("https://") {
            return Err(refused(format!("jwks_uri {jwks_uri:?} is not an https URL")));
        }
        Ok(Metadata { jwks_uri: jwks_uri.to_owned() })
    }
}

impl KeySet {
    pub fn parse(document: &[u8]) -> Result<KeySet, AuthnError> {
        let document: Value = serde_json::from_slice(document)
            .map_err(|error| AuthnError::Config(format!("oidc: failed to decode keys: {error}")))?;
        let listed = document["keys"].as_array().into_iter().flatten().take(MAX_KEYS);
        Ok(KeySet { keys: listed.filter_map(PublicKey::from_jwk).collect() })
    }

    /// Whether the key that the token names is here; if not, newer keys may have it.
    pub fn may_hold(&self, token: &str) -> bool {
        let hint = key_hint(token);
        self.keys.iter().any(|key| hint.is_empty() || key.id == hint)
    }

    pub(super) fn verify(&self, token: &str, algorithms: &[String]) -> Result<Value, AuthnError> {
        let hint = key_hint(token);
        let mut last = AuthnError::Token("failed to verify signature: failed to verify id token signature".into());
        for key in self.keys.iter().filter(|key| hint.is_empty() || key.id == hint) {
            match key.verify_any(token, algorithms) {
                Ok(claims) => return Ok(claims),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
