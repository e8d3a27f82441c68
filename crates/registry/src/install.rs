//! Kinds that come and go while the server runs.

use crate::entry::{Entry, KindEntry, View};
use crate::pipeline::Registry;
use crate::storage::{Storage, StorageParts};
use crate::{cache, keys};
use std::sync::Arc;

impl Registry {
    /// Serves one more kind, or another form of one; its cache begins to fill. Watches of an older form end.
    pub fn install(&self, kind: KindEntry) {
        let views = Entry::views_of(&kind.kind, kind.custom);
        let storage = if kind.is_virtual { None } else { self.storage_of(&kind, &views) };
        let entry = Arc::new(Entry { kind: kind.kind, views, storage, hook: kind.hook, converter: kind.converter });
        let before = self.swap_routes(|routes| routes.insert(entry.clone()));
        close(before, entry.storage.as_ref());
        self.tell_observers();
    }

    /// Serves a kind no longer. Its objects stay in the store.
    pub fn uninstall(&self, group: &str, plural: &str) {
        let before = self.swap_routes(|routes| routes.remove(group, plural));
        self.unregister(group, plural);
        close(before, None);
        self.tell_observers();
    }

    fn storage_of(&self, kind: &KindEntry, views: &[Arc<View>]) -> Option<Arc<Storage>> {
        let routes = self.routes();
        if let Some((group, plural)) = kind.kind.stored_as() {
            return routes.get(group, plural)?.storage.clone();
        }
        let names = kind.kind.names();
        let prefix = match kind.custom {
            true => keys::custom_prefix(&self.config.root, names.group, names.plural),
            false => keys::prefix(&self.config.root, names.group, names.plural),
        };
        let view = match kind.kind.storage_version() {
            None => views.first()?.clone(),
            Some(version) => match views.iter().find(|view| view.version == version) {
                Some(view) => view.clone(),
                None => Arc::new(View::new(&kind.kind, version, kind.custom)),
            },
        };
        // Writes that began through an older form count for the new one.
        let older = routes.get(names.group, names.plural).and_then(|entry| entry.storage.as_ref());
        let storage = Arc::new(Storage::new(StorageParts {
            prefix,
            kind: kind.kind.clone(),
            view,
            ttl: kind.ttl,
            keep_values: kind.keep_values,
            store: self.config.store.clone(),
            transformer: self.config.transformers.as_ref().map(|of| of(names.group, names.plural)),
            shared: self.config.shared_store,
            writes: older.map(|storage| storage.writes()).unwrap_or_default(),
        }));
        self.config.spawn.spawn(Box::pin(cache::run(storage.clone(), self.config.timer.clone())));
        Some(storage)
    }
}

/// Ends the cache and the watches of what is served no longer; another kind may have the same storage.
fn close(before: Option<Arc<Entry>>, now: Option<&Arc<Storage>>) {
    let Some(storage) = before.as_ref().and_then(|entry| entry.storage.as_ref()) else { return };
    let is_own = before.as_ref().is_some_and(|entry| entry.kind.stored_as().is_none());
    if is_own && now.is_none_or(|now| !Arc::ptr_eq(now, storage)) {
        storage.cache.close();
    }
}
