//! Service-account tokens: signing them, checking them, and the identity they stand for.
//!
//! A bound token names the service account and, where it was made for a pod, the pod and its node. It is good only while those
//! objects exist with the same uid; what exists is asked of a [`Lookup`]. A legacy token stands in a secret and is good while
//! the secret holds it.

mod claims;
mod legacy;

pub use claims::{Bound, Claims};

use crate::keys::{PublicKey, SigningKey, key_hint, unverified_claims};
use crate::{Authenticated, AuthnError};
use serde_json::Value;

const PREFIX: &str = "system:serviceaccount:";
/// Upstream's allowance for clocks that differ.
const LEEWAY_S: i64 = 60;

/// Of which kind a [`Lookup`] is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    ServiceAccount,
    Pod,
    Node,
    Secret,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub uid: String,
    /// Seconds since the Unix epoch, if it is being deleted.
    pub deleted_at: Option<i64>,
}

/// The token that a secret holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretToken {
    pub token: Vec<u8>,
    pub deleted: bool,
    /// Somebody took the token back without deleting the secret.
    pub marked_invalid: bool,
}

/// What the cluster holds.
pub trait Lookup: Send + Sync {
    /// `namespace` is empty for nodes.
    fn find(&self, resource: Resource, namespace: &str, name: &str) -> Option<Found>;

    fn secret_token(&self, namespace: &str, name: &str) -> Option<SecretToken>;
}

/// The private key that signs tokens, and who they say made them.
pub struct Signer {
    key: SigningKey,
    issuer: String,
}

/// The public keys and issuers whose tokens are accepted.
pub struct Verifier {
    keys: Vec<PublicKey>,
    issuers: Vec<String>,
    /// What the API server itself answers to.
    audiences: Vec<String>,
    /// Legacy tokens are checked against the secret that holds them.
    lookup_secrets: bool,
}

/// `system:serviceaccount:ns:name` into its parts.
pub fn split_username(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix(PREFIX)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

pub fn username(namespace: &str, name: &str) -> String {
    format!("{PREFIX}{namespace}:{name}")
}

pub fn groups(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}")]
}

impl Signer {
    pub fn new(key: SigningKey, issuer: &str) -> Signer {
        Signer { key, issuer: issuer.into() }
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, AuthnError> {
        self.key.sign(&claims.to_json(&self.issuer))
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Verifier {
    /// `audiences`: what the API server itself answers to; a token for none of them is refused.
    pub fn new(keys: Vec<PublicKey>, issuers: Vec<String>, audiences: Vec<String>, lookup_secrets: bool) -> Verifier {
        Verifier { keys, issuers, audiences, lookup_secrets }
    }

    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// Checks signature, times, audience and that what the token is bound to exists. `audiences` empty: the server's own.
    /// `None`: the token does not claim to be one of these at all.
    pub fn verify(
        &self,
        token: &str,
        audiences: &[String],
        now_unix_s: i64,
        lookup: &dyn Lookup,
    ) -> Result<Option<Authenticated>, AuthnError> {
        let Some(unverified) = unverified_claims(token) else { return Ok(None) };
        let issuer = unverified["iss"].as_str().unwrap_or_default();
        let is_legacy = issuer == legacy::ISSUER;
        if !is_legacy && !self.issuers.iter().any(|ours| ours == issuer) {
            return Ok(None);
        }
        let signed = self.signed_claims(token)?;
        let of_token = match audiences_of(&signed) {
            none if none.is_empty() => self.audiences.clone(),
            some => some,
        };
        let wanted = if audiences.is_empty() { &self.audiences } else { audiences };
        let granted: Vec<String> = of_token.iter().filter(|audience| wanted.contains(audience)).cloned().collect();
        if granted.is_empty() && !self.audiences.is_empty() {
            let (of_token, wanted) = (go_list(&of_token), go_list(wanted));
            let why = format!("token audiences {of_token} is invalid for the target audiences {wanted}");
            return Err(AuthnError::Token(why));
        }
        let user = if is_legacy {
            legacy::check(&signed, token, self.lookup_secrets, lookup)?
        } else {
            let unexpected = || AuthnError::Token("service account token claims could not be validated".into());
            let claims = Claims::from_json(&signed).ok_or_else(unexpected)?;
            check_times(&signed, now_unix_s)?;
            claims.check_bound(lookup, now_unix_s - LEEWAY_S)?;
            claims.user()
        };
        Ok(Some(Authenticated { user, audiences: granted }))
    }

    fn signed_claims(&self, token: &str) -> Result<Value, AuthnError> {
        let hint = key_hint(token);
        let mut last = AuthnError::Token("invalid signature, no keys found".into());
        for key in self.keys.iter().filter(|key| hint.is_empty() || key.id == hint) {
            match key.verify(token) {
                Ok(claims) => return Ok(claims),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn check_times(claims: &Value, now_unix_s: i64) -> Result<(), AuthnError> {
    let time = |name: &str| claims[name].as_i64();
    if time("exp").is_some_and(|expires| now_unix_s - LEEWAY_S > expires) {
        return Err(AuthnError::Token("service account token has expired".into()));
    }
    if time("nbf").is_some_and(|begins| now_unix_s + LEEWAY_S < begins) {
        return Err(AuthnError::Token("service account token is not valid yet".into()));
    }
    Ok(())
}

/// `aud` is one text or several.
pub(crate) fn audiences_of(claims: &Value) -> Vec<String> {
    match &claims["aud"] {
        Value::String(one) => vec![one.clone()],
        several => several.as_array().into_iter().flatten().filter_map(|a| a.as_str().map(str::to_owned)).collect(),
    }
}

/// As Go's %q shows a list.
pub(crate) fn go_list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests;
