//! Envelopes of KMS v2: values are encrypted here, each by a key derived from one seed, and the seed is kept encrypted by
//! the key service beside every value.
//!
//! ```text
//!   seed (32, ours) --HKDF-SHA256 expand, info = 32 random bytes--> key of one value
//!   EncryptedObject.encryptedData = info, nonce, ciphertext, tag;  .encryptedDEKSource = seed, encrypted by the service
//! ```
//!
//! Reads go on while the service is down, as far as their seeds are known; writes for [`WRITE_FOR`].

use crate::ciphers::Gcm;
use crate::service::{DecryptRequest, EncryptRequest, KeyService, Status};
use crate::{EncryptionError, Opened, random};
use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use parking_lot::Mutex;
use prost::Message;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};

/// How long writes go on after the service was last known to be well.
pub const WRITE_FOR: Duration = Duration::from_secs(3 * 60);
const MAX_KEY_ID_BYTES: usize = 1024;
const MAX_SOURCE_BYTES: usize = 1024;
const MAX_ANNOTATION_BYTES: usize = 32 << 10;
/// Opened seeds that are kept; the service is asked again for others.
const MAX_SEEDS: usize = 1_000;
const SEED_LEN: usize = 32;
const INFO_LEN: usize = 32;
const DERIVED_LEN: usize = 32;

/// What is stored: `v2.EncryptedObject`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EncryptedObject {
    #[prost(bytes = "vec", tag = "1")]
    pub encrypted_data: Vec<u8>,
    #[prost(string, tag = "2")]
    pub key_id: String,
    #[prost(bytes = "vec", tag = "3")]
    pub encrypted_dek_source: Vec<u8>,
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub annotations: BTreeMap<String, Vec<u8>>,
    /// [`SOURCE_KEY`] or [`SOURCE_SEED`]
    #[prost(int32, tag = "5")]
    pub encrypted_dek_source_type: i32,
}

/// The source is an AES-GCM key: what upstream wrote before it had seeds.
pub const SOURCE_KEY: i32 = 0;
/// The source is a seed from which a key is derived for each value.
pub const SOURCE_SEED: i32 = 1;

/// One key service, as a provider.
pub struct Envelope {
    name: String,
    service: Arc<dyn KeyService>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    current: ArcSwapOption<Current>,
    seeds: Mutex<HashMap<[u8; 32], Arc<Source>>>,
}

/// What new values are written with.
#[derive(Clone)]
struct Current {
    source: Arc<Source>,
    /// With everything but data.
    object: EncryptedObject,
    /// In seconds.
    expires: i64,
}

/// Where keys of values come from.
enum Source {
    Key(Gcm),
    Seed(Vec<u8>),
}

impl Envelope {
    pub fn new(name: &str, service: Arc<dyn KeyService>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Envelope {
        let (current, seeds) = (ArcSwapOption::empty(), Mutex::default());
        Envelope { name: name.to_owned(), service, clock, rng, current, seeds }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the service how it is, and takes a new seed if its key is another one now. Called now and then.
    pub async fn refresh(&self) -> Result<(), EncryptionError> {
        let failed = |what: &str, why: String| EncryptionError::Service(format!("{what}: {why}"));
        // Counted from before the call, since it is a limit.
        let expires = self.clock.now_seconds() + i64::try_from(WRITE_FOR.as_secs()).unwrap_or(i64::MAX);
        let status = self
            .service
            .status()
            .await
            .map_err(|why| failed("failed to perform status section of the healthz check for KMS Provider", why))?;
        check_status(&self.name, &status)?;
        if let Some(current) = self.current.load_full().filter(|current| current.object.key_id == status.key_id) {
            self.current.store(Some(Arc::new(Current { expires, ..(*current).clone() })));
            return Ok(());
        }
        let seed: [u8; SEED_LEN] = random(&*self.rng);
        let request = EncryptRequest { plaintext: seed.to_vec(), uid: self.uid() };
        let sealed = self.service.encrypt(request).await.map_err(|why| failed("failed to encrypt DEK, error", why))?;
        let object = EncryptedObject {
            encrypted_data: Vec::new(),
            key_id: sealed.key_id,
            encrypted_dek_source: sealed.ciphertext,
            annotations: sealed.annotations,
            encrypted_dek_source_type: SOURCE_SEED,
        };
        check_object(&object)?;
        if object.key_id != status.key_id {
            let why = "the service encrypted with another key than its status tells of".to_owned();
            return Err(failed("failed to rotate DEK", why));
        }
        let source = Arc::new(Source::Seed(seed.to_vec()));
        self.remember(identity(&object), source.clone());
        self.current.store(Some(Arc::new(Current { source, object, expires })));
        Ok(())
    }

    /// `data` is without the prefix.
    pub async fn open(&self, data: &[u8], context: &[u8]) -> Result<Opened, EncryptionError> {
        let object = EncryptedObject::decode(data)
            .map_err(|error| EncryptionError::Service(format!("failed to unmarshal EncryptedObject: {error}")))?;
        if object.encrypted_data.is_empty() {
            return Err(EncryptionError::Data("encrypted data is empty"));
        }
        check_object(&object)?;
        let source = self.source(&object).await?;
        let plain = source.open(&object.encrypted_data, context)?;
        let current = self.current.load();
        let is_current = current.as_ref().is_some_and(|current| {
            current.object.key_id == object.key_id
                && current.object.encrypted_dek_source_type == object.encrypted_dek_source_type
        });
        Ok(Opened { plain: plain.into(), stale: !is_current })
    }

    /// Appends what is stored, without the prefix.
    pub fn seal(&self, plain: &[u8], context: &[u8], out: &mut Vec<u8>) -> Result<(), EncryptionError> {
        let current = self.current.load_full();
        let current = current.ok_or(EncryptionError::Data("got unexpected nil transformer"))?;
        let now = self.clock.now_seconds();
        if now > current.expires {
            let why =
                format!("EDEK with keyID {:?} expired {} seconds ago", current.object.key_id, now - current.expires);
            return Err(EncryptionError::Service(why));
        }
        let mut object = current.object.clone();
        object.encrypted_data = current.source.seal(&*self.rng, plain, context)?;
        object.encode(out).map_err(|_| EncryptionError::Data("the value could not be encrypted"))
    }

    async fn source(&self, object: &EncryptedObject) -> Result<Arc<Source>, EncryptionError> {
        let id = identity(object);
        if let Some(source) = self.seeds.lock().get(&id) {
            return Ok(source.clone());
        }
        let request = DecryptRequest {
            ciphertext: object.encrypted_dek_source.clone(),
            uid: self.uid(),
            key_id: object.key_id.clone(),
            annotations: object.annotations.clone(),
        };
        let opened = self.service.decrypt(request).await;
        let plain =
            opened.map_err(|why| EncryptionError::Service(format!("failed to decrypt DEK, error: {why}")))?.plaintext;
        let source = Arc::new(Source::new(object.encrypted_dek_source_type, plain)?);
        self.remember(id, source.clone());
        Ok(source)
    }

    fn remember(&self, id: [u8; 32], source: Arc<Source>) {
        let mut seeds = self.seeds.lock();
        if seeds.len() >= MAX_SEEDS {
            seeds.clear();
        }
        seeds.insert(id, source);
    }

    fn uid(&self) -> String {
        let bytes: [u8; 16] = random(&*self.rng);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl Source {
    fn new(kind: i32, plain: Vec<u8>) -> Result<Source, EncryptionError> {
        match kind {
            SOURCE_KEY => Gcm::new(&plain).map(Source::Key).ok_or(EncryptionError::Data("the DEK is no key of AES")),
            SOURCE_SEED if plain.len() >= SEED_LEN => Ok(Source::Seed(plain)),
            SOURCE_SEED => Err(EncryptionError::Data("the seed is shorter than 32 bytes")),
            _ => Err(EncryptionError::Data("unknown encryptedDEKSourceType")),
        }
    }

    fn open(&self, data: &[u8], context: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        match self {
            Source::Key(key) => key.open(data, context),
            Source::Seed(seed) => {
                let short = EncryptionError::Data("the stored data was shorter than the required size");
                let (info, sealed) = data.split_first_chunk::<INFO_LEN>().ok_or(short)?;
                derive(seed, info)?.open(sealed, context)
            }
        }
    }

    fn seal(&self, rng: &dyn Rng, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, EncryptionError> {
        let mut out = Vec::with_capacity(plain.len() + 64);
        match self {
            Source::Key(key) => key.seal(rng, plain, context, &mut out)?,
            Source::Seed(seed) => {
                let info: [u8; INFO_LEN] = random(rng);
                out.extend_from_slice(&info);
                derive(seed, &info)?.seal(rng, plain, context, &mut out)?;
            }
        }
        Ok(out)
    }
}

/// The length of a derived key, in aws-lc's form.
struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        DERIVED_LEN
    }
}

fn derive(seed: &[u8], info: &[u8]) -> Result<Gcm, EncryptionError> {
    let failed = EncryptionError::Data("no key can be derived from the seed");
    let mut key = [0; DERIVED_LEN];
    let parts = [info];
    let prk = Prk::new_less_safe(HKDF_SHA256, seed);
    prk.expand(&parts, Derived).and_then(|okm| okm.fill(&mut key)).map_err(|_| failed.clone())?;
    Gcm::new(&key).ok_or(failed)
}

/// Two objects with the same have the same source.
fn identity(object: &EncryptedObject) -> [u8; 32] {
    let without_data = EncryptedObject { encrypted_data: Vec::new(), ..object.clone() };
    let mut id = [0; 32];
    id.copy_from_slice(digest(&SHA256, &without_data.encode_to_vec()).as_ref());
    id
}

fn check_status(name: &str, status: &Status) -> Result<(), EncryptionError> {
    let refused = |why: String| Err(EncryptionError::Service(format!("KMS provider {name}: {why}")));
    if !matches!(status.version.as_str(), "v2" | "v2beta1") {
        return refused(format!("expected KMSv2 API version v2, got {}", status.version));
    }
    if status.healthz != "ok" {
        return refused(format!("expected KMSv2 health status ok, got {}", status.healthz));
    }
    check_key_id(&status.key_id)
}

fn check_key_id(key_id: &str) -> Result<(), EncryptionError> {
    match key_id.len() {
        0 => Err(EncryptionError::Data("keyID is empty")),
        1..=MAX_KEY_ID_BYTES => Ok(()),
        len => {
            let why = format!("keyID is {len} bytes, which exceeds the max size of {MAX_KEY_ID_BYTES}");
            Err(EncryptionError::Service(why))
        }
    }
}

fn check_object(object: &EncryptedObject) -> Result<(), EncryptionError> {
    let too_large = |what: &str, len: usize, max: usize| {
        Err(EncryptionError::Service(format!("{what} is {len} bytes, which exceeds the max size of {max}")))
    };
    match object.encrypted_dek_source.len() {
        0 => return Err(EncryptionError::Data("encrypted DEK source is empty")),
        1..=MAX_SOURCE_BYTES => {}
        len => return too_large("encrypted DEK source", len, MAX_SOURCE_BYTES),
    }
    check_key_id(&object.key_id)?;
    let annotations: usize = object.annotations.iter().map(|(name, value)| name.len() + value.len()).sum();
    if annotations > MAX_ANNOTATION_BYTES {
        return too_large("total size of annotations", annotations, MAX_ANNOTATION_BYTES);
    }
    Ok(())
}
