//! What the caches have to see before a key is looked at again.

use informer::{AnyStore, Key};
use std::sync::Arc;

pub(crate) enum Awaited {
    /// A write that gave this version.
    Version { store: Arc<dyn AnyStore>, version: u64 },
    /// A deletion: the object is gone, or on its way.
    Gone { store: Arc<dyn AnyStore>, key: Key, uid: String },
}

impl Awaited {
    pub(crate) fn store(&self) -> &dyn AnyStore {
        match self {
            Awaited::Version { store, .. } | Awaited::Gone { store, .. } => store.as_ref(),
        }
    }

    pub(crate) fn is_seen(&self) -> bool {
        match self {
            Awaited::Version { store, version } => store.version() >= *version,
            Awaited::Gone { store, key, uid } => !store.is_alive(key, uid),
        }
    }
}
