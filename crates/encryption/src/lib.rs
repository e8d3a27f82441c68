//! Encryption at rest: what an `EncryptionConfiguration` says, and values turned into stored bytes and back, in
//! upstream's formats.
//!
//! ```text
//!   k8s:enc:aescbc:v1:KEY:     iv (16)    ciphertext, padded by PKCS#7
//!   k8s:enc:aesgcm:v1:KEY:     nonce (12) ciphertext tag (16)              the object's key is authenticated
//!   k8s:enc:secretbox:v1:KEY:  nonce (24) tag (16) ciphertext
//!   k8s:enc:kms:v2:NAME:       an EncryptedObject, whose key only the key service can open
//! ```
//!
//! Of a resource's providers the first writes, and all are tried to read. Deliberately absent: IO (the shell calls the
//! key services), clocks, and KMS v1, which upstream has turned off.

pub mod chain;
mod ciphers;
pub mod config;
pub mod envelope;
pub mod service;

pub use chain::{Chain, Opened, Transformers};
pub use config::EncryptionConfig;
pub use envelope::Envelope;
pub use service::{KeyService, Status};

/// What stands before every value that is encrypted.
pub const PREFIX: &str = "k8s:enc:";

/// Why a value cannot be read or written, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    #[error("identity transformer tried to read encrypted data")]
    Encrypted,
    #[error("{0}")]
    NoMatch(&'static str),
    #[error("{0}")]
    Data(&'static str),
    /// Several providers had the prefix, and none could read.
    #[error("[{}]", .0.join(", "))]
    Several(Vec<String>),
    #[error("{0}")]
    Service(String),
}

/// Fills bytes that must not be guessed.
pub(crate) fn random<const N: usize>(rng: &dyn stdx::Rng) -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&rng.next_u64().to_le_bytes()[..chunk.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests;
