//! What verifiers of service-account tokens elsewhere ask for: who issues them and by which keys.

use authn::service_account::key_id;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

pub const CONFIGURATION: &str = "/.well-known/openid-configuration";
pub const KEYS: &str = "/openid/v1/jwks";
/// Of a P-256 key, at the end of its DER form: both coordinates.
const COORDINATE_BYTES: usize = 32;

/// The document at [`CONFIGURATION`].
pub fn configuration(issuer: &str, server_address: &str) -> String {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("https://{server_address}{KEYS}"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"]
    })
    .to_string()
}

/// The document at [`KEYS`]; without keys if `public_key_der` is no P-256 key.
pub fn keys(public_key_der: &[u8]) -> String {
    let point = public_key_der.len().checked_sub(2 * COORDINATE_BYTES).map(|start| &public_key_der[start..]);
    let key = point.map(|point| {
        let (x, y) = point.split_at(COORDINATE_BYTES);
        json!({
            "use": "sig", "kty": "EC", "kid": key_id(public_key_der), "crv": "P-256", "alg": "ES256",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)
        })
    });
    json!({ "keys": key.into_iter().collect::<Vec<_>>() }).to_string()
}
