//! The keys of service-account tokens, from the files that flags name.

use super::assemble::AuthenticationError;
use authn::keys::{KeyBlock, PublicKey, SigningKey, key_block};
use rcgen::{KeyPair, PublicKeyData};
use rustls_pki_types::PrivatePkcs8KeyDer;
use std::path::{Path, PathBuf};

/// The one that signs, and those that verify.
pub struct Keys {
    pub signing: SigningKey,
    pub verifying: Vec<PublicKey>,
}

impl Keys {
    /// `own` signs, and verifies, unless files say otherwise.
    pub fn read(own: &KeyPair, signing: Option<&PathBuf>, verifying: &[PathBuf]) -> Result<Keys, AuthenticationError> {
        let (signing, public) = match signing {
            Some(path) => signing_key(path)?,
            None => pair(own)?,
        };
        let mut keys = Vec::new();
        for path in verifying {
            keys.extend(public_keys(path)?);
        }
        if keys.is_empty() {
            keys.push(public);
        }
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(key.id.clone()));
        Ok(Keys { signing, verifying: keys })
    }
}

fn signing_key(path: &Path) -> Result<(SigningKey, PublicKey), AuthenticationError> {
    for block in blocks(path)? {
        if let KeyBlock::Private(pkcs8) = block {
            return pair(&private(path, pkcs8)?);
        }
    }
    Err(bad(path, "it holds no private key"))
}

fn public_keys(path: &Path) -> Result<Vec<PublicKey>, AuthenticationError> {
    let mut keys = Vec::new();
    for block in blocks(path)? {
        keys.push(match block {
            KeyBlock::Public(spki) => PublicKey::from_spki(&spki)?,
            KeyBlock::Private(pkcs8) => pair(&private(path, pkcs8)?)?.1,
        });
    }
    if keys.is_empty() {
        return Err(bad(path, "data does not contain any valid RSA or ECDSA public keys"));
    }
    Ok(keys)
}

fn pair(pair: &KeyPair) -> Result<(SigningKey, PublicKey), AuthenticationError> {
    let spki = pair.subject_public_key_info();
    Ok((SigningKey::new(&pair.serialize_der(), &spki)?, PublicKey::from_spki(&spki)?))
}

fn private(path: &Path, pkcs8: Vec<u8>) -> Result<KeyPair, AuthenticationError> {
    KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8)).map_err(|error| bad(path, &error.to_string()))
}

fn blocks(path: &Path) -> Result<Vec<KeyBlock>, AuthenticationError> {
    let text = std::fs::read(path).map_err(|source| AuthenticationError::File { path: path.into(), source })?;
    let blocks = x509_parser::pem::Pem::iter_from_buffer(&text).filter_map(Result::ok);
    Ok(blocks.filter_map(|block| key_block(&block.label, &block.contents)).collect())
}

fn bad(path: &Path, what: &str) -> AuthenticationError {
    AuthenticationError::Content { path: path.into(), what: what.to_owned() }
}
