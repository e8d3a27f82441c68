//! What verifiers of service-account tokens elsewhere ask for: who issues them and by which keys.

use authn::keys::PublicKey;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const CONFIGURATION: &str = "/.well-known/openid-configuration";
pub const KEYS: &str = "/openid/v1/jwks";

/// The document at [`CONFIGURATION`].
pub fn configuration(issuer: &str, jwks_uri: &str, keys: &[PublicKey]) -> String {
    let algorithms: BTreeSet<&str> = keys.iter().map(PublicKey::algorithm).collect();
    json!({
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms
    })
    .to_string()
}

/// The document at [`KEYS`].
pub fn keys(keys: &[PublicKey]) -> String {
    let keys: Vec<&Value> = keys.iter().map(PublicKey::jwk).collect();
    json!({ "keys": keys }).to_string()
}
