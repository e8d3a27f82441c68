//! Service-account tokens: signing them, checking them, and the identity they stand for.
//!
//! A bound token names the service account and, where it was made for a pod, the pod and its node. It is good only while those
//! objects exist with the same uid; what exists is asked of a [`Lookup`].

use crate::{AuthnError, UserInfo};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};

const PREFIX: &str = "system:serviceaccount:";

/// What a token is bound to besides its service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub name: String,
    pub uid: String,
}

/// Everything in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub namespace: String,
    pub service_account: Bound,
    pub pod: Option<Bound>,
    pub node: Option<Bound>,
    pub secret: Option<Bound>,
    pub audiences: Vec<String>,
    pub issued_at: i64,
    pub expires_at: i64,
    pub warn_after: Option<i64>,
    /// Unique id of the token.
    pub id: String,
}

/// What the cluster holds: the uid of an object, if it is there and not being deleted for long.
pub trait Lookup {
    fn service_account_uid(&self, namespace: &str, name: &str) -> Option<String>;
    fn pod_uid(&self, namespace: &str, name: &str) -> Option<String>;
    fn node_uid(&self, name: &str) -> Option<String>;
    fn secret_uid(&self, namespace: &str, name: &str) -> Option<String>;
}

/// The private key that signs tokens.
pub struct Signer {
    key: EncodingKey,
    key_id: String,
    issuer: String,
}

/// The public keys and issuers whose tokens are accepted.
pub struct Verifier {
    keys: Vec<DecodingKey>,
    issuer: String,
    audiences: Vec<String>,
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
    /// `private_key_pem`: a P-256 key as PKCS #8.
    pub fn new(private_key_pem: &str, public_key_der: &[u8], issuer: &str) -> Result<Signer, AuthnError> {
        let key = EncodingKey::from_ec_pem(private_key_pem.as_bytes()).map_err(token_error)?;
        Ok(Signer { key, key_id: key_id(public_key_der), issuer: issuer.into() })
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, AuthnError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        header.typ = None;
        jsonwebtoken::encode(&header, &claims.to_json(&self.issuer), &self.key).map_err(token_error)
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Verifier {
    /// `audiences`: what the API server itself answers to; a token for none of them is refused.
    pub fn new(public_keys_pem: &[&str], issuer: &str, audiences: &[&str]) -> Result<Verifier, AuthnError> {
        let keys = public_keys_pem.iter().map(|pem| DecodingKey::from_ec_pem(pem.as_bytes()).map_err(token_error));
        Ok(Verifier {
            keys: keys.collect::<Result<_, _>>()?,
            issuer: issuer.into(),
            audiences: audiences.iter().map(|&audience| audience.to_owned()).collect(),
        })
    }

    /// Whether the token claims to be ours at all; others are left to other authenticators.
    pub fn claims_to_be_ours(&self, token: &str) -> bool {
        unverified_payload(token).is_some_and(|payload| payload["iss"] == self.issuer.as_str())
    }

    /// Checks signature, times, audience and that what the token is bound to exists. `audiences` empty: the server's own.
    /// Returns the identity and the audiences of the request that the token has.
    pub fn verify(
        &self,
        token: &str,
        audiences: &[String],
        now_unix_s: i64,
        lookup: &dyn Lookup,
    ) -> Result<(UserInfo, Vec<String>), AuthnError> {
        let claims = self.signed_claims(token)?;
        let wanted = if audiences.is_empty() { &self.audiences } else { audiences };
        let granted: Vec<String> = wanted.iter().filter(|a| claims.audiences.contains(a)).cloned().collect();
        if granted.is_empty() {
            return Err(AuthnError::Token(format!(
                "audiences {:?} do not include any of {wanted:?}",
                claims.audiences
            )));
        }
        if now_unix_s >= claims.expires_at {
            return Err(AuthnError::Token("the token has expired".into()));
        }
        claims.check_bound(lookup)?;
        Ok((claims.user(), granted))
    }

    fn signed_claims(&self, token: &str) -> Result<Claims, AuthnError> {
        let mut validation = Validation::new(Algorithm::ES256);
        // Times and audiences are checked by the caller, against its own clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        validation.set_issuer(&[&self.issuer]);
        let mut last = AuthnError::Token("there is no key to verify with".into());
        for key in &self.keys {
            match jsonwebtoken::decode::<Value>(token, key, &validation) {
                Ok(data) => {
                    return Claims::from_json(&data.claims)
                        .ok_or_else(|| AuthnError::Token("its claims are not those of a service account".into()));
                }
                Err(error) => last = token_error(error),
            }
        }
        Err(last)
    }
}

impl Claims {
    pub fn user(&self) -> UserInfo {
        let mut user = UserInfo {
            name: username(&self.namespace, &self.service_account.name),
            uid: self.service_account.uid.clone(),
            groups: groups(&self.namespace),
            ..UserInfo::default()
        };
        let mut extra =
            |key: &str, value: String| user.extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value]);
        extra("credential-id", format!("JTI={}", self.id));
        if let Some(pod) = &self.pod {
            extra("pod-name", pod.name.clone());
            extra("pod-uid", pod.uid.clone());
        }
        if let Some(node) = &self.node {
            extra("node-name", node.name.clone());
            extra("node-uid", node.uid.clone());
        }
        user.authenticated()
    }

    fn check_bound(&self, lookup: &dyn Lookup) -> Result<(), AuthnError> {
        let check = |what: &str, bound: &Bound, found: Option<String>| match found {
            Some(uid) if uid == bound.uid => Ok(()),
            Some(_) => Err(AuthnError::Token(format!("the {what} {} is another one by now", bound.name))),
            None => Err(AuthnError::Token(format!("the {what} {} does not exist", bound.name))),
        };
        let account = &self.service_account;
        check("service account", account, lookup.service_account_uid(&self.namespace, &account.name))?;
        if let Some(pod) = &self.pod {
            check("pod", pod, lookup.pod_uid(&self.namespace, &pod.name))?;
        }
        if let Some(secret) = &self.secret {
            check("secret", secret, lookup.secret_uid(&self.namespace, &secret.name))?;
        }
        match &self.node {
            // A node's name in a pod's token only informs; a token bound to the node itself needs the node.
            Some(node) if self.pod.is_none() => check("node", node, lookup.node_uid(&node.name)),
            _ => Ok(()),
        }
    }

    fn to_json(&self, issuer: &str) -> Value {
        let bound = |b: &Bound| json!({ "name": b.name, "uid": b.uid });
        let mut kubernetes = Map::new();
        kubernetes.insert("namespace".into(), json!(self.namespace));
        kubernetes.insert("serviceaccount".into(), bound(&self.service_account));
        for (key, part) in [("pod", &self.pod), ("node", &self.node), ("secret", &self.secret)] {
            if let Some(part) = part {
                kubernetes.insert(key.into(), bound(part));
            }
        }
        if let Some(warn_after) = self.warn_after {
            kubernetes.insert("warnafter".into(), json!(warn_after));
        }
        json!({
            "aud": self.audiences, "exp": self.expires_at, "iat": self.issued_at, "nbf": self.issued_at, "iss": issuer,
            "jti": self.id, "kubernetes.io": kubernetes,
            "sub": username(&self.namespace, &self.service_account.name),
        })
    }

    fn from_json(json: &Value) -> Option<Claims> {
        let kubernetes = &json["kubernetes.io"];
        let bound = |key: &str| {
            let part = &kubernetes[key];
            Some(Bound { name: part["name"].as_str()?.into(), uid: part["uid"].as_str()?.into() })
        };
        let audiences = match &json["aud"] {
            Value::String(one) => vec![one.clone()],
            several => several.as_array()?.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect(),
        };
        let claims = Claims {
            namespace: kubernetes["namespace"].as_str()?.into(),
            service_account: bound("serviceaccount")?,
            pod: bound("pod"),
            node: bound("node"),
            secret: bound("secret"),
            audiences,
            issued_at: json["iat"].as_i64()?,
            expires_at: json["exp"].as_i64()?,
            warn_after: kubernetes["warnafter"].as_i64(),
            id: json["jti"].as_str().unwrap_or_default().into(),
        };
        (json["sub"] == username(&claims.namespace, &claims.service_account.name).as_str()).then_some(claims)
    }
}

/// The id of a key as upstream makes it: the SHA-256 of its DER form, base64url.
pub fn key_id(public_key_der: &[u8]) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(public_key_der))
}

fn unverified_payload(token: &str) -> Option<Value> {
    use base64::Engine;
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn token_error(error: jsonwebtoken::errors::Error) -> AuthnError {
    AuthnError::Token(error.to_string())
}

#[cfg(test)]
mod tests;
