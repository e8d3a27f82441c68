//! A cache that is shared: one writer, many readers, and a form that does not name the type.

use crate::{Cache, Entry, Key, Meta, Resource, version};
use parking_lot::{RwLock, RwLockReadGuard};
use schema::Value;
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An object whose type only the reader knows.
pub type Shared = Arc<dyn Any + Send + Sync>;

/// What happened to one object. Both absent: nothing that anyone could see.
#[derive(Clone)]
pub struct Change {
    pub old: Option<Shared>,
    pub new: Option<Shared>,
}

/// The cache of one resource.
pub struct Store<T> {
    resource: Resource,
    cache: RwLock<Cache<T>>,
    synced: AtomicBool,
}

/// A [`Store`] as its reflector sees it, and as those see it who care for the metadata of every resource.
pub trait AnyStore: Send + Sync {
    fn resource(&self) -> &Resource;
    fn insert(&self, object: &Value) -> Change;
    fn remove(&self, object: &Value) -> Change;
    /// Makes the cache hold exactly `objects`, as of a version. Unchanged objects give no change.
    fn replace(&self, objects: &[Value], version: u64) -> Vec<Change>;
    /// All changes up to this version have been seen.
    fn see(&self, version: u64);
    /// The highest version seen.
    fn version(&self) -> u64;
    /// The first list is in.
    fn is_synced(&self) -> bool;
    /// Is there an object with this name and uid that is not being deleted?
    fn is_alive(&self, key: &Key, uid: &str) -> bool;

    fn meta(&self, key: &Key) -> Option<Meta>;
    fn meta_by_uid(&self, uid: &str) -> Option<Meta>;
    /// Metadata of all objects that name `uid` among their owners.
    fn metas_with_owner(&self, uid: &str) -> Vec<Meta>;
    fn metas_in(&self, namespace: &str) -> Vec<Meta>;
    fn metas(&self) -> Vec<Meta>;
    /// The metadata of an object of this store's [`Change`]s.
    fn describe(&self, object: &Shared) -> Option<Meta>;
}

impl<T: Entry> Store<T> {
    pub fn new(resource: Resource) -> Store<T> {
        Store { resource, cache: RwLock::default(), synced: AtomicBool::new(false) }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, Cache<T>> {
        self.cache.read()
    }

    pub fn put(&self, object: T) {
        self.cache.write().insert(object);
    }

    fn meta_of(&self, object: &T) -> Meta {
        Meta {
            api_version: self.resource.api_version(),
            kind: self.resource.kind.to_string(),
            metadata: object.object_meta().clone(),
        }
    }

    fn describe_all<'c>(&self, objects: impl Iterator<Item = &'c Arc<T>>) -> Vec<Meta> {
        objects.map(|object| self.meta_of(object)).collect()
    }
}

fn erase<T: Send + Sync + 'static>(object: Arc<T>) -> Shared {
    object
}

impl<T: Entry> AnyStore for Store<T> {
    fn resource(&self) -> &Resource {
        &self.resource
    }

    fn insert(&self, object: &Value) -> Change {
        let (new, old) = self.cache.write().insert(T::from_value(object, &self.resource));
        Change { old: old.map(erase), new: Some(erase(new)) }
    }

    fn remove(&self, object: &Value) -> Change {
        let object = T::from_value(object, &self.resource);
        let meta = object.object_meta();
        let old = self.cache.write().remove(&Key::of(meta), version(&meta.resource_version));
        Change { old: old.map(erase), new: None }
    }

    fn replace(&self, objects: &[Value], at: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut cache = self.cache.write();
        let mut gone: BTreeSet<Key> = cache.keys().cloned().collect();
        for object in objects {
            let object = T::from_value(object, &self.resource);
            let meta = object.object_meta();
            let key = Key::of(meta);
            gone.remove(&key);
            let known = cache.get(&key).map(|old| old.object_meta());
            if known.is_some_and(|old| old.uid == meta.uid && old.resource_version == meta.resource_version) {
                continue;
            }
            let (new, old) = cache.insert(object);
            changes.push(Change { old: old.map(erase), new: Some(erase(new)) });
        }
        for key in gone {
            let old = cache.remove(&key, 0);
            changes.push(Change { old: old.map(erase), new: None });
        }
        cache.see(at);
        drop(cache);
        self.synced.store(true, Ordering::Release);
        changes
    }

    fn see(&self, version: u64) {
        self.cache.write().see(version);
    }

    fn version(&self) -> u64 {
        self.cache.read().version()
    }

    fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }

    fn is_alive(&self, key: &Key, uid: &str) -> bool {
        let cache = self.cache.read();
        let meta = cache.get(key).map(|object| object.object_meta());
        meta.is_some_and(|meta| meta.uid == uid && meta.deletion_timestamp.is_none())
    }

    fn meta(&self, key: &Key) -> Option<Meta> {
        self.cache.read().get(key).map(|object| self.meta_of(object))
    }

    fn meta_by_uid(&self, uid: &str) -> Option<Meta> {
        self.cache.read().by_uid(uid).map(|object| self.meta_of(object))
    }

    fn metas_with_owner(&self, uid: &str) -> Vec<Meta> {
        self.describe_all(self.cache.read().with_owner(uid))
    }

    fn metas_in(&self, namespace: &str) -> Vec<Meta> {
        self.describe_all(self.cache.read().list_in(namespace))
    }

    fn metas(&self) -> Vec<Meta> {
        self.describe_all(self.cache.read().list())
    }

    fn describe(&self, object: &Shared) -> Option<Meta> {
        object.downcast_ref::<T>().map(|object| self.meta_of(object))
    }
}

#[cfg(test)]
mod tests;
