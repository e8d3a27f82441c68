//! What the server itself asks of its caches: the authorizer, admission, bootstrap.

use crate::cache::{Counts, Filter};
use crate::pipeline::Registry;
use schema::Value;
use std::sync::Arc;

/// The caches of a registry as admission sees them.
pub struct CacheLookup<'r>(pub &'r Registry);

impl admission::Lookup for CacheLookup<'_> {
    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.0.lookup(group, resource, namespace, name)
    }

    fn list(&self, group: &str, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.0.lookup_all(group, resource, namespace)
    }

    fn changes(&self, group: &str, resource: &str) -> Option<u64> {
        let entry = self.0.routes().get(group, resource)?.clone();
        Some(entry.storage.as_ref()?.cache.changes())
    }
}

impl Registry {
    /// How much there is of a resource. None: none of it is stored here.
    pub fn counts(&self, group: &str, resource: &str) -> Option<Counts> {
        Some(self.routes().get(group, resource)?.storage.as_ref()?.cache.counts())
    }

    /// An object from the cache, of its stored version.
    pub fn lookup(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let entry = self.routes().get(group, resource)?.clone();
        let storage = entry.storage.as_ref()?;
        let object = storage.cache.get(&storage.key(namespace, name))?;
        object.value(storage).ok()
    }

    /// The objects of a namespace from the cache; of all, if `namespace` is empty.
    pub fn lookup_all(&self, group: &str, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        let Some(entry) = self.routes().get(group, resource).cloned() else { return Vec::new() };
        let Some(storage) = entry.storage.as_ref() else { return Vec::new() };
        let filter = Filter { namespace: namespace.to_owned(), ..Filter::default() };
        let snapshot = storage.cache.list(&storage.prefix, &filter, 0);
        snapshot.objects.iter().filter_map(|object| object.value(storage).ok()).collect()
    }
}
