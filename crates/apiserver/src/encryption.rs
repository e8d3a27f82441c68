//! Encryption at rest, wired: the file that says how, key services on their sockets, and how well they are.
//!
//! What a value looks like encrypted is the crate `encryption`'s business.

mod grpc;
mod plugin;

use crate::config;
use crate::health::{Check, Part};
use crate::watched_file;
use ::encryption::chain::open_plain;
use ::encryption::config::Means;
use ::encryption::{EncryptionConfig, Envelope, Transformers};
use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};
use store::{BoxFuture, Plain, Transformer};
use tokio::task::JoinHandle;

/// How often a key service is asked how it is; more often while it is not well.
const REFRESH: Duration = Duration::from_secs(60);
const REFRESH_FAILED: Duration = Duration::from_secs(10);
/// How often a key service is asked before the server starts without it.
const FIRST_TRIES: usize = 3;
/// Files with more providers than this name the rest of their services' checks alike.
const CHECK_NAMES: &[&str] = &["kms-provider-0", "kms-provider-1", "kms-provider-2", "kms-provider-3"];
const MANY: &str = "kms-providers";

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("error while parsing file: {}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("error while parsing file: {}: {what}", path.display())]
    Content { path: PathBuf, what: String },
}

/// What is in force.
pub struct Encryption {
    current: ArcSwap<InForce>,
    reloads: bool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

struct InForce {
    transformers: Transformers,
    services: Vec<Service>,
}

/// A key service and the task that follows how it is, which ends with this.
struct Service {
    failure: Arc<Mutex<Option<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Encryption {
    /// Reads the file, if one is given, and follows it if that is wanted.
    pub async fn start(
        config: &config::Encryption,
        clock: &Arc<dyn Clock>,
        rng: &Arc<dyn Rng>,
    ) -> Result<Option<Arc<Encryption>>, SetupError> {
        let Some(path) = config.provider_config.clone() else { return Ok(None) };
        let read = tokio::fs::read(&path).await;
        let content = read.map_err(|source| SetupError::File { path: path.clone(), source })?;
        let made = make(&content, clock, rng).map_err(|what| SetupError::Content { path: path.clone(), what })?;
        for envelope in &made.transformers.envelopes {
            first_contact(envelope).await;
        }
        let encryption = Arc::new(Encryption {
            current: ArcSwap::from_pointee(made),
            reloads: config.automatic_reload,
            clock: clock.clone(),
            rng: rng.clone(),
        });
        if config.automatic_reload {
            let followed = Arc::downgrade(&encryption);
            watched_file::follow(path, content, move |content| {
                let Some(encryption) = followed.upgrade() else { return Ok(()) };
                let made = make(content, &encryption.clock, &encryption.rng)?;
                encryption.replace(made);
                Ok(())
            });
        }
        Ok(Some(encryption))
    }

    /// A new configuration holds once its key services have answered, or at once if it has none.
    fn replace(self: Arc<Encryption>, made: InForce) {
        if made.transformers.envelopes.is_empty() {
            self.current.store(Arc::new(made));
            return;
        }
        tokio::spawn(async move {
            for envelope in &made.transformers.envelopes {
                if let Err(error) = envelope.refresh().await {
                    let name = envelope.name();
                    tracing::error!(name, %error, "a changed encryption configuration is refused; the one before stays");
                    return;
                }
            }
            self.current.store(Arc::new(made));
        });
    }

    /// For [`registry::Config::transformers`].
    pub fn transformers(self: &Arc<Encryption>) -> registry::Transformers {
        let encryption = self.clone();
        Arc::new(move |group, plural| {
            let (group, plural) = (group.to_owned(), plural.to_owned());
            Arc::new(OfResource { encryption: encryption.clone(), group, plural })
        })
    }

    /// One check for all key services where the file may change, else one for each.
    pub fn checks(self: &Arc<Encryption>) -> Vec<Check> {
        let count = self.current.load().services.len();
        if self.reloads {
            let encryption = self.clone();
            let run = move || encryption.current.load().services.iter().try_for_each(Service::check);
            return vec![Check::now(MANY, Part::Everywhere, run)];
        }
        let check = |index: usize| {
            let encryption = self.clone();
            let run = move || encryption.current.load().services.get(index).map_or(Ok(()), Service::check);
            let name = CHECK_NAMES.get(index).copied().unwrap_or(MANY);
            Check::now(name, Part::Everywhere, run)
        };
        (0..count).map(check).collect()
    }
}

impl Service {
    fn follow(envelope: Arc<Envelope>) -> Service {
        let failure = Arc::<Mutex<Option<String>>>::default();
        let told = failure.clone();
        let task = tokio::spawn(async move {
            loop {
                let wait = match envelope.refresh().await {
                    Ok(()) => {
                        *told.lock() = None;
                        REFRESH
                    }
                    Err(error) => {
                        tracing::error!(name = envelope.name(), %error, "a key service is not well");
                        *told.lock() = Some(error.to_string());
                        REFRESH_FAILED
                    }
                };
                tokio::time::sleep(wait).await;
            }
        });
        Service { failure, task }
    }

    fn check(&self) -> Result<(), String> {
        self.failure.lock().clone().map_or(Ok(()), Err)
    }
}

fn make(content: &[u8], clock: &Arc<dyn Clock>, rng: &Arc<dyn Rng>) -> Result<InForce, String> {
    let config = EncryptionConfig::parse(content)?;
    let transformers = config.transformers(&Means { connect: &plugin::connect, clock, rng })?;
    let services = transformers.envelopes.iter().cloned().map(Service::follow).collect();
    Ok(InForce { transformers, services })
}

/// Writes need a seed, so the server waits a moment for its services.
async fn first_contact(envelope: &Envelope) {
    for _ in 0..FIRST_TRIES {
        match envelope.refresh().await {
            Ok(()) => return,
            Err(error) => tracing::warn!(name = envelope.name(), %error, "a key service does not answer yet"),
        }
    }
}

/// The transformer of one resource: whatever is in force for it when a value passes.
struct OfResource {
    encryption: Arc<Encryption>,
    group: String,
    plural: String,
}

impl Transformer for OfResource {
    fn open<'a>(&'a self, key: &'a str, value: &'a Bytes) -> BoxFuture<'a, Result<Plain, String>> {
        Box::pin(async move {
            let in_force = self.encryption.current.load_full();
            let opened = match in_force.transformers.for_resource(&self.group, &self.plural) {
                Some(chain) => chain.open(value, key.as_bytes()).await,
                None => open_plain(value),
            };
            let opened = opened.map_err(|error| error.to_string())?;
            Ok(Plain { value: opened.plain, stale: opened.stale })
        })
    }

    fn seal<'a>(&'a self, key: &'a str, value: &'a Bytes) -> BoxFuture<'a, Result<Bytes, String>> {
        Box::pin(async move {
            let in_force = self.encryption.current.load_full();
            match in_force.transformers.for_resource(&self.group, &self.plural) {
                Some(chain) => chain.seal(value, key.as_bytes()).map(Bytes::from).map_err(|error| error.to_string()),
                None => Ok(value.clone()),
            }
        })
    }
}

#[cfg(test)]
mod tests;
