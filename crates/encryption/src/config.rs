//! `EncryptionConfiguration`: read, checked, and turned into chains of providers.

use crate::chain::{Chain, Provider, Transformers};
use crate::ciphers::{Cbc, Cipher, Gcm};
use crate::{Envelope, KeyService};
use authn::strict::{self, Fields};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kind::{FieldErrors, Path};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};

const VERSIONS: &[&str] = &["apiserver.config.k8s.io/v1"];
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);
const KMS_V1_OFF: &str = "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionConfig {
    pub resources: Vec<ResourceConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceConfig {
    pub resources: Vec<String>,
    pub providers: Vec<ProviderConfig>,
}

/// Exactly one field of an element is meant to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderConfig {
    pub aesgcm: Option<Vec<KeyConfig>>,
    pub aescbc: Option<Vec<KeyConfig>>,
    pub secretbox: Option<Vec<KeyConfig>>,
    pub identity: bool,
    pub kms: Option<KmsConfig>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct KeyConfig {
    pub name: String,
    pub secret: String,
}

impl std::fmt::Debug for KeyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyConfig").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsConfig {
    pub api_version: String,
    pub name: String,
    pub cache_size: Option<i64>,
    /// `unix:///path`
    pub endpoint: String,
    pub timeout: Option<Duration>,
}

impl KmsConfig {
    /// The socket's path.
    pub fn socket(&self) -> Option<&str> {
        self.endpoint.strip_prefix("unix://").filter(|path| !path.is_empty())
    }

    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// What chains are made with. `connect`: how a key service is called.
pub struct Means<'a> {
    pub connect: &'a dyn Fn(&KmsConfig) -> Arc<dyn KeyService>,
    pub clock: &'a Arc<dyn Clock>,
    pub rng: &'a Arc<dyn Rng>,
}

impl EncryptionConfig {
    /// Reads and checks a file.
    pub fn parse(text: &[u8]) -> Result<EncryptionConfig, String> {
        let config = strict::document(text, "EncryptionConfiguration", VERSIONS, |fields| EncryptionConfig {
            resources: fields.objects("resources", |one| ResourceConfig {
                resources: one.texts("resources"),
                providers: one.objects("providers", provider),
            }),
        })?;
        let mut errors = FieldErrors::new();
        config.check(&mut errors);
        if errors.is_empty() {
            return Ok(config);
        }
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.body())).collect();
        let joined = texts.join(", ");
        Err(format!("invalid configuration: {}", if texts.len() > 1 { format!("[{joined}]") } else { joined }))
    }

    fn check(&self, errors: &mut FieldErrors) {
        let root = Path::root("resources");
        if self.resources.is_empty() {
            errors.required(&root, "at least one resources is required");
        }
        let mut services: BTreeMap<&str, &KmsConfig> = BTreeMap::new();
        for (at, entry) in self.resources.iter().enumerate() {
            let path = root.index(at);
            check_resources(&entry.resources, &path.child("resources"), errors);
            let list = path.child("providers");
            if entry.providers.is_empty() {
                errors.required(&list, "at least one provider is required");
            }
            for (index, provider) in entry.providers.iter().enumerate() {
                provider.check(&list.index(index), errors);
                let Some(kms) = &provider.kms else { continue };
                if services.insert(&kms.name, kms).is_some() {
                    let why = format!("duplicate KMS provider name {}, names must be unique", kms.name);
                    errors.invalid(&list.index(index).child("kms").child("name"), kms.name.as_str(), why);
                }
            }
        }
    }

    /// The chains that the file asks for.
    pub fn transformers(&self, means: &Means<'_>) -> Result<Transformers, String> {
        let mut made = Transformers::default();
        let mut of: Vec<(String, Vec<Arc<Provider>>)> = Vec::new();
        for entry in &self.resources {
            let mut providers = Vec::new();
            for config in &entry.providers {
                providers.push(Arc::new(make(config, means, &mut made.envelopes)?));
            }
            for resource in &entry.resources {
                if of.iter().any(|(before, _)| masks(before, resource)) {
                    continue;
                }
                match of.iter_mut().find(|(before, _)| before == resource) {
                    Some((_, before)) => before.extend(providers.iter().cloned()),
                    None => of.push((resource.clone(), providers.clone())),
                }
            }
        }
        let chain = |providers| Arc::new(Chain { providers, rng: means.rng.clone() });
        made.of = of.into_iter().map(|(resource, providers)| (resource, chain(providers))).collect();
        Ok(made)
    }
}

/// Whether an earlier entry with a wildcard leaves nothing for a later one.
fn masks(before: &str, resource: &str) -> bool {
    if before == resource {
        return false;
    }
    let group = resource.split_once('.').map_or("", |(_, group)| group);
    before == "*.*" || before.strip_prefix("*.").is_some_and(|of| of == group && resource != "*.*")
}

fn make(config: &ProviderConfig, means: &Means<'_>, envelopes: &mut Vec<Arc<Envelope>>) -> Result<Provider, String> {
    const AES: &str = "no matching key was found for the provided AES transformer";
    const SECRETBOX: &str = "no matching key was found for the provided Secretbox transformer";
    if let Some(kms) = &config.kms {
        if kms.api_version != "v2" {
            return Err(KMS_V1_OFF.to_owned());
        }
        let service = (means.connect)(kms);
        let envelope = Arc::new(Envelope::new(&kms.name, service, means.clock.clone(), means.rng.clone()));
        envelopes.push(envelope.clone());
        return Ok(Provider::Envelope { prefix: format!("k8s:enc:kms:v2:{}:", kms.name), envelope });
    }
    let named = |keys: &[KeyConfig], cipher: &dyn Fn(&[u8]) -> Option<Cipher>| {
        let one = |key: &KeyConfig| {
            let secret = STANDARD.decode(&key.secret).map_err(|error| error.to_string())?;
            let cipher = cipher(&secret).ok_or_else(|| format!("the key {:?} has a wrong length", key.name))?;
            Ok::<_, String>((format!("{}:", key.name), cipher))
        };
        keys.iter().map(one).collect::<Result<Vec<_>, String>>()
    };
    if let Some(keys) = &config.aesgcm {
        let keys = named(keys, &|secret| Gcm::new(secret).map(Cipher::AesGcm))?;
        return Ok(Provider::Keys { prefix: "k8s:enc:aesgcm:v1:", no_match: AES, keys });
    }
    if let Some(keys) = &config.aescbc {
        let keys = named(keys, &|secret| Cbc::new(secret).map(|cbc| Cipher::AesCbc(Box::new(cbc))))?;
        return Ok(Provider::Keys { prefix: "k8s:enc:aescbc:v1:", no_match: AES, keys });
    }
    if let Some(keys) = &config.secretbox {
        let keys = named(keys, &Cipher::secretbox)?;
        return Ok(Provider::Keys { prefix: "k8s:enc:secretbox:v1:", no_match: SECRETBOX, keys });
    }
    Ok(Provider::Identity)
}

fn provider(fields: &Fields) -> ProviderConfig {
    let keys = |name: &'static str| fields.object(name, |one| one.objects("keys", key));
    ProviderConfig {
        aesgcm: keys("aesgcm"),
        aescbc: keys("aescbc"),
        secretbox: keys("secretbox"),
        identity: fields.object("identity", |_| ()).is_some(),
        kms: fields.object("kms", |one| KmsConfig {
            api_version: one.optional_text("apiVersion").unwrap_or_else(|| "v1".into()),
            name: one.text("name"),
            cache_size: one.number("cachesize"),
            endpoint: one.text("endpoint"),
            timeout: one.has("timeout").then(|| one.duration("timeout")),
        }),
    }
}

fn key(fields: &Fields) -> KeyConfig {
    KeyConfig { name: fields.text("name"), secret: fields.text("secret") }
}

fn check_resources(resources: &[String], path: &Path, errors: &mut FieldErrors) {
    if resources.is_empty() {
        errors.required(path, "at least one resource is required");
    }
    for (at, resource) in resources.iter().enumerate() {
        let here = path.index(at);
        let (name, group) = resource.split_once('.').unwrap_or((resource, ""));
        let why = if resource.chars().any(char::is_uppercase) {
            "resource name should not contain capital letters"
        } else if resource == "*" {
            "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
        } else if group == "events.k8s.io" {
            "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
        } else if group == "extensions" {
            "'extensions' group has been removed and cannot be used for encryption"
        } else if resources[..at].contains(resource) {
            "the same resource cannot be specified multiple times"
        } else if overlaps(resources, resource, name, group) {
            "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked"
        } else if group.contains('*') && resource != "*.*" {
            "encrypting the same resource across groups is not supported"
        } else {
            continue;
        };
        errors.invalid(&here, resource.as_str(), why);
    }
}

fn overlaps(resources: &[String], resource: &str, name: &str, group: &str) -> bool {
    let has = |pattern: &str| resource != pattern && resources.iter().any(|one| one == pattern);
    has("*.*") || (name != "*" && has(&format!("*.{group}")))
}

impl ProviderConfig {
    fn check(&self, path: &Path, errors: &mut FieldErrors) {
        let given =
            [self.aesgcm.is_some(), self.aescbc.is_some(), self.secretbox.is_some(), self.identity, self.kms.is_some()];
        match given.iter().filter(|given| **given).count() {
            0 => {
                errors.invalid(
                    path,
                    "{}",
                    "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity",
                );
            }
            1 => {}
            _ => {
                errors.invalid(
                    path,
                    "{}",
                    "more than one provider specified in a single element, should split into different list elements",
                );
            }
        }
        let lists = [
            ("aesgcm", &self.aesgcm, Cipher::AES_LENGTHS),
            ("aescbc", &self.aescbc, Cipher::AES_LENGTHS),
            ("secretbox", &self.secretbox, Cipher::SECRETBOX_LENGTHS),
        ];
        for (name, keys, lengths) in lists {
            let Some(keys) = keys else { continue };
            let provider = path.child(name);
            let list = provider.child("keys");
            if keys.is_empty() {
                errors.required(&list, "at least one keys is required");
            }
            for (at, key) in keys.iter().enumerate() {
                key.check(&list.index(at), lengths, errors);
            }
        }
        if let Some(kms) = &self.kms {
            kms.check(&path.child("kms"), errors);
        }
    }
}

impl KeyConfig {
    fn check(&self, path: &Path, lengths: &[usize], errors: &mut FieldErrors) {
        if self.name.is_empty() {
            errors.required(&path.child("name"), "name is a mandatory field for a key");
        }
        let secret = path.child("secret");
        if self.secret.is_empty() {
            errors.required(&secret, "secret is a mandatory field for a key");
            return;
        }
        match STANDARD.decode(&self.secret) {
            Err(_) => errors.invalid(&secret, "REDACTED", "secrets must be base64 encoded"),
            Ok(bytes) if lengths.contains(&bytes.len()) => {}
            Ok(bytes) => {
                let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
                let why = format!(
                    "secret is not of the expected length, got {}, expected one of [{}]",
                    bytes.len(),
                    lengths.join(" ")
                );
                errors.invalid(&secret, "REDACTED", why);
            }
        }
    }
}

impl KmsConfig {
    fn check(&self, path: &Path, errors: &mut FieldErrors) {
        if self.name.is_empty() {
            errors.required(&path.child("name"), "name is a mandatory field for a provider");
        } else if self.name.contains(':') {
            let why = format!("invalid KMS provider name {}, must not contain ':'", self.name);
            errors.invalid(&path.child("name"), self.name.as_str(), why);
        }
        if self.timeout == Some(Duration::ZERO) {
            errors.invalid(&path.child("timeout"), "0s", "timeout should be a positive value");
        }
        let endpoint = path.child("endpoint");
        if self.endpoint.is_empty() {
            errors.invalid(&endpoint, "", "endpoint is a mandatory field for a provider");
        } else if self.socket().is_none() {
            let scheme = self.endpoint.split_once(':').map_or("", |(scheme, _)| scheme);
            let why = format!("unsupported scheme {scheme:?} for KMS provider, only unix is supported");
            errors.invalid(&endpoint, self.endpoint.as_str(), why);
        }
        if !matches!(self.api_version.as_str(), "v1" | "v2") {
            let why =
                format!("unsupported apiVersion {} for KMS provider, only v1 and v2 are supported", self.api_version);
            errors.invalid(&path.child("apiVersion"), self.api_version.as_str(), why);
        }
        if self.api_version == "v2" && self.cache_size.is_some() {
            errors.invalid(
                &path.child("cachesize"),
                self.cache_size.unwrap_or_default(),
                "cachesize is not supported in v2",
            );
        }
        if self.api_version == "v1" && self.cache_size == Some(0) {
            errors.invalid(
                &path.child("cachesize"),
                0i64,
                "cachesize should be a positive value, or negative to disable",
            );
        }
    }
}
