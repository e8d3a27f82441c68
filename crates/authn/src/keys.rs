//! Keys of tokens: read from PEM, named as upstream names them, shown as JSON Web Keys.

use crate::AuthnError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

/// One key that signatures are verified with.
#[derive(Clone)]
pub struct PublicKey {
    /// The SHA-256 of the DER form, base64url, for keys of ours; whatever the issuer says, for those of others.
    pub id: String,
    algorithm: Algorithm,
    key: DecodingKey,
    jwk: Value,
}

/// The key that signs.
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
    id: String,
}

/// DER of `SEQUENCE { OID rsaEncryption, NULL }`.
const RSA_ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// DER of `OID id-ecPublicKey`.
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const INTEGER_ZERO: &[u8] = &[0x02, 0x01, 0x00];

impl PublicKey {
    /// From a SubjectPublicKeyInfo.
    pub fn from_spki(der: &[u8]) -> Result<PublicKey, AuthnError> {
        let bad = |error: &dyn std::fmt::Display| AuthnError::Key(error.to_string());
        let (_, info) = SubjectPublicKeyInfo::from_der(der).map_err(|error| bad(&error))?;
        let id = key_id(der);
        match info.parsed().map_err(|error| bad(&error))? {
            Parsed::RSA(rsa) => {
                let modulus = trimmed(rsa.modulus);
                let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(trimmed(rsa.exponent)));
                let jwk = json!({ "use": "sig", "kty": "RSA", "kid": id, "alg": "RS256", "n": n, "e": e });
                let key = DecodingKey::from_rsa_components(&n, &e).map_err(|error| bad(&error))?;
                Ok(PublicKey { id, algorithm: Algorithm::RS256, key, jwk })
            }
            Parsed::EC(point) => {
                let coordinates = point.data().get(1..).unwrap_or_default();
                let (curve, name, algorithm) = match coordinates.len() {
                    64 => ("P-256", "ES256", Algorithm::ES256),
                    96 => ("P-384", "ES384", Algorithm::ES384),
                    _ => return Err(AuthnError::Key("the curve must be P-256 or P-384".into())),
                };
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                let jwk = json!({ "use": "sig", "kty": "EC", "kid": id, "crv": curve, "alg": name, "x": x, "y": y });
                let key = DecodingKey::from_ec_components(&x, &y).map_err(|error| bad(&error))?;
                Ok(PublicKey { id, algorithm, key, jwk })
            }
            _ => Err(AuthnError::Key("only RSA and ECDSA keys are supported".into())),
        }
    }

    /// From one key of an issuer's JSON Web Key Set; `None` for what does not sign or is of no supported kind.
    pub fn from_jwk(jwk: &Value) -> Option<PublicKey> {
        let text = |name: &str| jwk[name].as_str().unwrap_or_default();
        if !matches!(text("use"), "" | "sig") {
            return None;
        }
        let (algorithm, key) = match (text("kty"), text("crv")) {
            ("RSA", _) => (Algorithm::RS256, DecodingKey::from_rsa_components(text("n"), text("e")).ok()?),
            ("EC", "P-256") => (Algorithm::ES256, DecodingKey::from_ec_components(text("x"), text("y")).ok()?),
            ("EC", "P-384") => (Algorithm::ES384, DecodingKey::from_ec_components(text("x"), text("y")).ok()?),
            _ => return None,
        };
        Some(PublicKey { id: text("kid").to_owned(), algorithm, key, jwk: jwk.clone() })
    }

    /// As published.
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// `RS256`, `ES256` or `ES384`
    pub fn algorithm(&self) -> &str {
        self.jwk["alg"].as_str().unwrap_or_default()
    }

    /// The claims of a token that this key signed. What they say is not looked at.
    pub fn verify(&self, token: &str) -> Result<Value, AuthnError> {
        self.verify_as(token, self.algorithm)
    }

    /// The same by the algorithm that the token names, if it is among `allowed` and the key can do it.
    pub fn verify_any(&self, token: &str, allowed: &[String]) -> Result<Value, AuthnError> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| AuthnError::Token(error.to_string()))?;
        let name = format!("{:?}", header.alg);
        if !allowed.contains(&name) {
            let why = format!("oidc: id token signed with unsupported algorithm, expected {allowed:?} got {name:?}");
            return Err(AuthnError::Token(why));
        }
        let is_rsa = |name: &str| name.starts_with("RS") || name.starts_with("PS");
        let fits = if self.algorithm == Algorithm::RS256 { is_rsa(&name) } else { header.alg == self.algorithm };
        if !fits {
            return Err(AuthnError::Token("failed to verify id token signature".into()));
        }
        self.verify_as(token, header.alg)
    }

    fn verify_as(&self, token: &str, algorithm: Algorithm) -> Result<Value, AuthnError> {
        let mut validation = Validation::new(algorithm);
        // Times, issuer and audiences are the caller's to check, against its own clock and configuration.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Value>(token, &self.key, &validation);
        decoded
            .map(|data| data.claims)
            .map_err(|_| AuthnError::Token("go-jose/go-jose: error in cryptographic primitive".into()))
    }
}

impl SigningKey {
    /// `pkcs8`: the private key; `spki`: its public half.
    pub fn new(pkcs8: &[u8], spki: &[u8]) -> Result<SigningKey, AuthnError> {
        let public = PublicKey::from_spki(spki)?;
        let key = match public.algorithm {
            // The library takes RSA keys in another form of DER, which it finds itself in PEM.
            Algorithm::RS256 => EncodingKey::from_rsa_pem(pem_of(pkcs8).as_bytes())
                .map_err(|error| AuthnError::Key(error.to_string()))?,
            _ => EncodingKey::from_ec_der(pkcs8),
        };
        Ok(SigningKey { algorithm: public.algorithm, key, id: public.id })
    }

    pub fn sign(&self, claims: &Value) -> Result<String, AuthnError> {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.clone());
        header.typ = None;
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|error| AuthnError::Key(error.to_string()))
    }
}

/// What a block of a key file is.
pub enum KeyBlock {
    /// DER of a SubjectPublicKeyInfo.
    Public(Vec<u8>),
    /// DER of a private key as PKCS #8.
    Private(Vec<u8>),
}

/// A block of PEM by its label, as upstream's key files may have them; `None` for what is no key.
pub fn key_block(label: &str, der: &[u8]) -> Option<KeyBlock> {
    match label {
        "PUBLIC KEY" => Some(KeyBlock::Public(der.to_vec())),
        "RSA PUBLIC KEY" => {
            let bits = [&[0], der].concat();
            Some(KeyBlock::Public(tlv(SEQUENCE, &[RSA_ALGORITHM, &tlv(BIT_STRING, &bits)].concat())))
        }
        "CERTIFICATE" => {
            let (_, certificate) = X509Certificate::from_der(der).ok()?;
            Some(KeyBlock::Public(certificate.public_key().raw.to_vec()))
        }
        "PRIVATE KEY" => Some(KeyBlock::Private(der.to_vec())),
        "RSA PRIVATE KEY" => Some(KeyBlock::Private(pkcs8(RSA_ALGORITHM, der))),
        "EC PRIVATE KEY" => {
            let has = |oid: &[u8]| der.windows(oid.len()).any(|window| window == oid);
            let curve = [P256, P384].into_iter().find(|oid| has(oid))?;
            Some(KeyBlock::Private(pkcs8(&tlv(SEQUENCE, &[EC_PUBLIC_KEY, curve].concat()), der)))
        }
        _ => None,
    }
}

fn pem_of(pkcs8: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn pkcs8(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[INTEGER_ZERO, algorithm, &tlv(OCTET_STRING, key)].concat())
}

/// Tag, length and content of one element of DER.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1)..];
    if content.len() >= 0x80 {
        // The length of a length in memory fits into seven bits.
        out.push(0x80 | significant.len() as u8);
    }
    out.extend_from_slice(significant);
    out.extend_from_slice(content);
    out
}

/// Without the zero that keeps a number of DER positive.
fn trimmed(number: &[u8]) -> &[u8] {
    &number[number.iter().position(|&byte| byte != 0).unwrap_or(number.len())..]
}

/// The id of a key as upstream makes it: the SHA-256 of its DER form, base64url.
pub fn key_id(public_key_der: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    URL_SAFE_NO_PAD.encode(Sha256::digest(public_key_der))
}

/// The claims of a token that nobody has verified: only to tell whose token it claims to be.
pub fn unverified_claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let payload = parts.nth(1)?;
    if parts.count() != 1 {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Which key the token says it was signed with; empty if it does not say.
pub fn key_hint(token: &str) -> String {
    jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid).unwrap_or_default()
}
