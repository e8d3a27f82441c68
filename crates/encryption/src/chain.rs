//! The providers of a resource, in order, and which resource has which.

use crate::ciphers::Cipher;
use crate::{EncryptionError, Envelope, PREFIX};
use bytes::Bytes;
use std::sync::Arc;
use stdx::Rng;

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub plain: Bytes,
    /// The first provider would write it in another way.
    pub stale: bool,
}

/// One provider.
pub enum Provider {
    Identity,
    /// Keys of one algorithm, by the prefix that names each.
    Keys {
        prefix: &'static str,
        no_match: &'static str,
        keys: Vec<(String, Cipher)>,
    },
    Envelope {
        prefix: String,
        envelope: Arc<Envelope>,
    },
}

/// The providers of a resource.
pub struct Chain {
    pub providers: Vec<Arc<Provider>>,
    pub rng: Arc<dyn Rng>,
}

impl Chain {
    /// Reads by whichever provider can.
    pub async fn open(&self, data: &Bytes, context: &[u8]) -> Result<Opened, EncryptionError> {
        let mut failures = Vec::new();
        for (at, provider) in self.providers.iter().enumerate() {
            let Some(rest) = data.strip_prefix(provider.prefix().as_bytes()) else { continue };
            match provider.open(data, rest, context).await {
                Ok(opened) => return Ok(Opened { stale: opened.stale || at != 0, ..opened }),
                // Encrypted data is for a later provider.
                Err(_) if provider.prefix().is_empty() => {}
                Err(error) => failures.push(error),
            }
        }
        Err(match failures.pop() {
            None => EncryptionError::NoMatch("no matching prefix found"),
            Some(only) if failures.is_empty() => only,
            Some(last) => {
                let mut texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
                texts.push(last.to_string());
                texts.dedup();
                if texts.len() == 1 { last } else { EncryptionError::Several(texts) }
            }
        })
    }

    /// Writes by the first provider.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        let provider = self.providers.first().ok_or(EncryptionError::NoMatch("no provider"))?;
        let mut out = Vec::with_capacity(plain.len() + 128);
        out.extend_from_slice(provider.prefix().as_bytes());
        match &**provider {
            Provider::Identity => out.extend_from_slice(plain),
            Provider::Keys { keys, no_match, .. } => {
                let (name, cipher) = keys.first().ok_or(EncryptionError::NoMatch(no_match))?;
                out.extend_from_slice(name.as_bytes());
                cipher.seal(&*self.rng, plain, context, &mut out)?;
            }
            Provider::Envelope { envelope, .. } => envelope.seal(plain, context, &mut out)?,
        }
        Ok(out)
    }
}

impl Provider {
    fn prefix(&self) -> &str {
        match self {
            Provider::Identity => "",
            Provider::Keys { prefix, .. } => prefix,
            Provider::Envelope { prefix, .. } => prefix,
        }
    }

    /// `rest`: the data without the prefix.
    async fn open(&self, data: &Bytes, rest: &[u8], context: &[u8]) -> Result<Opened, EncryptionError> {
        match self {
            Provider::Identity => open_plain(data),
            Provider::Envelope { envelope, .. } => envelope.open(rest, context).await,
            Provider::Keys { keys, no_match, .. } => {
                let mut failure = EncryptionError::NoMatch(no_match);
                for (at, (name, cipher)) in keys.iter().enumerate() {
                    let Some(sealed) = rest.strip_prefix(name.as_bytes()) else { continue };
                    match cipher.open(sealed, context) {
                        Ok(plain) => return Ok(Opened { plain: plain.into(), stale: at != 0 }),
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
        }
    }
}

/// Reads what no provider has to do with.
pub fn open_plain(data: &Bytes) -> Result<Opened, EncryptionError> {
    if data.starts_with(PREFIX.as_bytes()) {
        return Err(EncryptionError::Encrypted);
    }
    Ok(Opened { plain: data.clone(), stale: false })
}

/// The chains by resource, in the order in which they are looked for.
#[derive(Default)]
pub struct Transformers {
    /// `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`
    pub of: Vec<(String, Arc<Chain>)>,
    pub envelopes: Vec<Arc<Envelope>>,
}

impl Transformers {
    /// None: the resource's values are stored as they are.
    pub fn for_resource(&self, group: &str, plural: &str) -> Option<&Arc<Chain>> {
        let own = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        let of_group = format!("*.{group}");
        let fits = |pattern: &str| pattern == own || pattern == of_group || pattern == "*.*";
        self.of.iter().find(|(pattern, _)| fits(pattern)).map(|(_, chain)| chain)
    }
}
