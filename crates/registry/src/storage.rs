//! Where the objects of a kind are kept: keys, the form of the stored bytes, and the cache over them.

use crate::cache::Cache;
use crate::entry::{KindRef, View};
use crate::error;
use crate::keys;
use bytes::Bytes;
use kind::{ApiError, Names};
use schema::{Schema, TypeRef, Value, json, protobuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::{Compare, Store, StoreError, Transformer, Transforming, TxnOutcome, Write};

pub struct Storage {
    /// `/registry/pods/`
    pub prefix: String,
    /// The kind as which the objects are stored.
    pub kind: KindRef,
    /// Its stored version.
    pub view: Arc<View>,
    pub custom: bool,
    /// What stored bytes say; another than the view's where upstream still stores an older version of the same form.
    pub(crate) stored_api_version: String,
    pub ttl: Option<Duration>,
    pub keep_values: bool,
    pub cache: Cache,
    store: Arc<dyn Store>,
    /// The same store, where values are stored in another form.
    transforming: Option<Transforming>,
    writes: Arc<Writes>,
    /// Other servers write to the same store.
    shared: bool,
}

/// What a storage is made of.
pub(crate) struct StorageParts {
    pub prefix: String,
    pub kind: KindRef,
    pub view: Arc<View>,
    pub ttl: Option<Duration>,
    pub keep_values: bool,
    pub store: Arc<dyn Store>,
    /// Turns values into what is stored.
    pub transformer: Option<Arc<dyn Transformer>>,
    pub shared: bool,
    /// Shared with an older storage of the same objects.
    pub writes: Arc<Writes>,
}

/// The writes of one prefix through this registry.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// The newest revision that one made.
    last_written: AtomicU64,
    /// Those that are on their way.
    pending: AtomicU64,
    /// One was given up half way; it may still take effect, unseen by `pending` and `last_written`.
    lost: AtomicBool,
}

/// A write on its way.
struct Pending<'s> {
    storage: &'s Storage,
    finished: bool,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.storage.writes.lost.store(true, Ordering::SeqCst);
        }
        self.storage.writes.pending.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A read object with the revision that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// With its resourceVersion.
    pub value: Value,
    pub raw: Bytes,
    pub revision: u64,
    /// It would be stored in another form now: also a write that changes nothing is made.
    pub stale: bool,
}

/// Stored bytes that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {why}")]
pub struct Unreadable {
    pub key: String,
    pub why: String,
}

impl Storage {
    pub(crate) fn new(parts: StorageParts) -> Storage {
        let StorageParts { prefix, kind, view, ttl, keep_values, store, transformer, shared, writes } = parts;
        let transforming = transformer.map(|transformer| Transforming::new(store.clone(), transformer));
        let store: Arc<dyn Store> = match &transforming {
            Some(transforming) => Arc::new(transforming.clone()),
            None => store,
        };
        let custom = view.custom;
        let names = kind.names();
        let stored_version = keys::stored_version(names.group, names.plural).filter(|_| !custom);
        let stored_api_version = stored_version.map_or(view.api_version.clone(), |version| names.api_version(version));
        Storage {
            stored_api_version,
            prefix,
            kind,
            view,
            custom,
            ttl,
            keep_values,
            cache: Cache::default(),
            store,
            transforming,
            writes,
            shared,
        }
    }

    pub(crate) fn writes(&self) -> Arc<Writes> {
        self.writes.clone()
    }

    pub fn names(&self) -> &Names {
        self.kind.names()
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub fn key(&self, namespace: &str, name: &str) -> String {
        keys::key(&self.prefix, namespace, name)
    }

    /// A revision that the cache must have reached to hold every write that was answered.
    pub fn last_written(&self) -> u64 {
        self.writes.last_written.load(Ordering::SeqCst)
    }

    /// Whether every write of this prefix goes through here and is accounted for.
    fn sees_all_writes(&self) -> bool {
        !self.shared
            && self.ttl.is_none()
            && self.writes.pending.load(Ordering::SeqCst) == 0
            && !self.writes.lost.load(Ordering::SeqCst)
    }

    /// Tells the cache that it is at the store's revision, where that is certain: nothing was written here that it does
    /// not have. Without this, the version of a kind that seldom changes would grow old.
    ///
    /// The order of the reads is what makes it certain: a write with a revision up to `current` was begun before `current`
    /// was read, so it is either pending or in `last_written`.
    pub async fn advance(&self) -> Result<(), StoreError> {
        if self.shared {
            // What others write is not known here: the store tells how far it is, now and then.
            return Ok(());
        }
        let current = self.store.current_revision().await?;
        if self.sees_all_writes() && self.cache.is_ready() && self.cache.revision() >= self.last_written() {
            self.cache.progress(current);
        }
        Ok(())
    }

    /// Asks the store to tell the cache how far it is, and gives the revision that will have been told.
    pub async fn request_progress(&self) -> Result<u64, StoreError> {
        self.writes.lost.store(false, Ordering::SeqCst);
        self.store.request_progress(&self.prefix).await
    }

    /// Other servers write to the same store.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether only the store can tell how far the cache must be.
    pub fn must_ask_store(&self) -> bool {
        self.shared || self.writes.lost.load(Ordering::SeqCst)
    }

    fn ty(&self) -> Option<TypeRef<'_>> {
        self.view.ty()
    }

    /// The stored form of a value: without its resourceVersion.
    pub fn encode(&self, value: &Value) -> Result<Bytes, ApiError> {
        let left_out: [&[&str]; 2] = [&["metadata", "resourceVersion"], &["metadata", "selfLink"]];
        let mut stripped;
        let mut value = value;
        if left_out.iter().any(|path| !value.at(path).is_null()) {
            stripped = value.clone();
            left_out.iter().for_each(|path| drop(stripped.remove(path)));
            value = &stripped;
        }
        let ty = self.ty().ok_or_else(|| ApiError::internal("the kind has no type"))?;
        let mut out = Vec::new();
        if self.custom || keys::stored_as_json(self.names().group) {
            json::encode(ty, value, &mut out);
            out.push(b'\n');
            return Ok(out.into());
        }
        protobuf::encode(ty, value, &mut out);
        Ok(protobuf::envelope(&self.stored_api_version, self.names().kind, &out).into())
    }

    /// A stored value with its resourceVersion; of a custom resource in the version in which it is stored.
    pub fn decode(&self, key: &str, raw: &[u8], revision: u64) -> Result<Value, Unreadable> {
        self.cache.count_decoded();
        let fail = |why: String| Unreadable { key: key.to_owned(), why };
        let mut value = if protobuf::is_envelope(raw) {
            let envelope = protobuf::open_envelope(raw).map_err(|error| fail(error.to_string()))?;
            self.decode_protobuf(&envelope).map_err(|error| fail(error.to_string()))?
        } else {
            let meta = json::type_meta(raw).map_err(fail)?;
            let ty = self.stored_type(&meta.api_version, &meta.kind).ok_or_else(|| fail("unknown type".into()))?;
            let options = schema::decode::DecodeOptions { strict: false, custom: self.custom };
            json::decode(ty, raw, &options).map_err(|error| fail(error.to_string()))?.value
        };
        if !self.custom && value.str_at(&["apiVersion"]) != self.view.api_version {
            value = self.kind.convert(value, &self.view.api_version).map_err(|error| fail(error.to_string()))?;
        }
        if self.custom {
            self.kind.default(&mut value);
        }
        value.set(&["metadata", "resourceVersion"], revision.to_string());
        Ok(value)
    }

    fn decode_protobuf(&self, envelope: &protobuf::Envelope) -> Result<Value, schema::decode::DecodeError> {
        let unknown = schema::decode::DecodeError::Protobuf("unknown type");
        let ty = self.stored_type(&envelope.api_version, &envelope.kind).ok_or(unknown)?;
        let mut value = protobuf::decode(ty, envelope.raw)?;
        value.set(&["apiVersion"], envelope.api_version.as_str());
        value.set(&["kind"], envelope.kind.as_str());
        Ok(value)
    }

    /// The type of what is stored: another version, if an older server wrote it.
    fn stored_type(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        if self.custom {
            // A version that is gone leaves its objects; they are read as those of the stored one.
            let version = api_version.rsplit('/').next().unwrap_or_default();
            return self.kind.type_of(version).or_else(|| self.ty());
        }
        if api_version == self.view.api_version || api_version == self.stored_api_version {
            return self.ty();
        }
        Schema::builtin().by_kind(api_version, kind)
    }

    /// The newest version of an object, from the store.
    pub async fn read(&self, namespace: &str, name: &str) -> Result<Option<Stored>, ApiError> {
        let key = self.key(namespace, name);
        let found = match &self.transforming {
            Some(transforming) => transforming.get_newest(&key).await,
            None => self.store.get(&key, None).await.map(|(found, _)| found.map(|kv| (kv, false))),
        };
        let found = found.map_err(|error| error::from_store(&error, self.names(), name))?;
        let stored = found.map(|(kv, stale)| {
            let value = self.decode(&kv.key, &kv.value, kv.mod_revision).map_err(ApiError::internal)?;
            Ok(Stored { value, raw: kv.value, revision: kv.mod_revision, stale })
        });
        stored.transpose()
    }

    /// Writes if the key is at `revision` (0: not there). None: it is not.
    pub(crate) async fn put(
        &self,
        namespace: &str,
        name: &str,
        raw: Bytes,
        revision: u64,
    ) -> Result<Option<u64>, ApiError> {
        let fail = |error: store::StoreError| error::from_store(&error, self.names(), name);
        let lease = match self.ttl {
            Some(ttl) => Some(self.store.grant_lease(ttl).await.map_err(fail)?),
            None => None,
        };
        let compare = if revision == 0 { Compare::NotExists } else { Compare::ModRevision(revision) };
        let write = Write::Put { key: self.key(namespace, name), value: raw, lease };
        self.write(compare, write, name).await
    }

    /// Deletes if the key is at `revision`. None: it is not.
    pub(crate) async fn delete(&self, namespace: &str, name: &str, revision: u64) -> Result<Option<u64>, ApiError> {
        let write = Write::Delete { key: self.key(namespace, name) };
        self.write(Compare::ModRevision(revision), write, name).await
    }

    async fn write(&self, compare: Compare, write: Write, name: &str) -> Result<Option<u64>, ApiError> {
        self.writes.pending.fetch_add(1, Ordering::SeqCst);
        let mut pending = Pending { storage: self, finished: false };
        let outcome = self.store.txn(compare, write).await;
        let written = match &outcome {
            Ok(TxnOutcome::Done { revision, .. }) => {
                self.writes.last_written.fetch_max(*revision, Ordering::SeqCst);
                Some(*revision)
            }
            _ => None,
        };
        // What came of a write that failed on the disk or the network is not known.
        pending.finished = !matches!(outcome, Err(StoreError::Io { .. } | StoreError::Unavailable(_)));
        drop(pending);
        outcome.map_err(|error| error::from_store(&error, self.names(), name))?;
        Ok(written)
    }
}
