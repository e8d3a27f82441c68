//! The view: a cheap handle over the caches of a process.

use crate::store::AnyStore;
use crate::{Key, Meta, Resource, Store};
use api_core::v1::Pod;
use api_meta::v1::ObjectMeta;
use parking_lot::RwLock;
use schema::Object;
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// All that a loop may read. A resource that no one watches looks empty.
///
/// Each read is of the present state of one cache; a reconcile that must not act on what it has itself just changed is kept
/// back by the driver until the caches have seen it.
#[derive(Clone, Default)]
pub struct View {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    typed: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    all: RwLock<BTreeMap<Resource, Arc<dyn AnyStore>>>,
}

impl View {
    pub fn new() -> View {
        View::default()
    }

    /// The view with one more object: worlds of tests are built with it.
    pub fn with<T: Object<Meta = ObjectMeta>>(self, object: T) -> View {
        self.store::<T>().put(object);
        self
    }

    pub fn with_all<T: Object<Meta = ObjectMeta>>(self, objects: impl IntoIterator<Item = T>) -> View {
        objects.into_iter().fold(self, View::with)
    }

    /// The view with one more object of which only the metadata is known.
    pub fn with_meta(self, resource: &Resource, metadata: ObjectMeta) -> View {
        let meta = Meta { api_version: resource.api_version(), kind: resource.kind.to_string(), metadata };
        let mut all = self.inner.all.write();
        let store = Store::<Meta>::new(resource.clone());
        let store = all.entry(resource.clone()).or_insert_with(|| Arc::new(store)).clone();
        drop(all);
        store.insert(&schema::value!({ "metadata": (schema::typed::Part::write(&meta.metadata)) }));
        self
    }

    pub fn get<T: Object<Meta = ObjectMeta>>(&self, namespace: &str, name: &str) -> Option<Arc<T>> {
        self.find::<T>()?.read().get(&Key::new(namespace, name)).cloned()
    }

    pub fn by_uid<T: Object<Meta = ObjectMeta>>(&self, uid: &str) -> Option<Arc<T>> {
        self.find::<T>()?.read().by_uid(uid).cloned()
    }

    /// Sorted by namespace and name, as all lists here.
    pub fn list<T: Object<Meta = ObjectMeta>>(&self) -> Vec<Arc<T>> {
        self.find::<T>().map(|store| store.read().list().cloned().collect()).unwrap_or_default()
    }

    pub fn list_in<T: Object<Meta = ObjectMeta>>(&self, namespace: &str) -> Vec<Arc<T>> {
        self.find::<T>().map(|store| store.read().list_in(namespace).cloned().collect()).unwrap_or_default()
    }

    /// What `uid` manages.
    pub fn owned_by<T: Object<Meta = ObjectMeta>>(&self, uid: &str) -> Vec<Arc<T>> {
        self.find::<T>().map(|store| store.read().owned_by(uid).cloned().collect()).unwrap_or_default()
    }

    /// What names `uid` among its owners.
    pub fn with_owner<T: Object<Meta = ObjectMeta>>(&self, uid: &str) -> Vec<Arc<T>> {
        self.find::<T>().map(|store| store.read().with_owner(uid).cloned().collect()).unwrap_or_default()
    }

    /// What nothing manages, in a namespace.
    pub fn orphans_in<T: Object<Meta = ObjectMeta>>(&self, namespace: &str) -> Vec<Arc<T>> {
        self.find::<T>().map(|store| store.read().orphans_in(namespace).cloned().collect()).unwrap_or_default()
    }

    /// The pods assigned to a node.
    pub fn on_node(&self, node: &str) -> Vec<Arc<Pod>> {
        self.find::<Pod>().map(|store| store.read().on_node(node).cloned().collect()).unwrap_or_default()
    }

    /// The store of a type, made if no one has asked for it before.
    pub fn store<T: Object<Meta = ObjectMeta>>(&self) -> Arc<Store<T>> {
        if let Some(store) = self.find::<T>() {
            return store;
        }
        let resource = Resource::of::<T>();
        let mut typed = self.inner.typed.write();
        let made = typed.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(Store::<T>::new(resource.clone())));
        let store = made.clone().downcast::<Store<T>>().expect("stored under the id of its type just above");
        drop(typed);
        self.inner.all.write().insert(resource, store.clone());
        store
    }

    /// The store of a resource of which at least the metadata is to be known: its typed store, if it has one.
    pub fn metadata_store(&self, resource: &Resource) -> Arc<dyn AnyStore> {
        let mut all = self.inner.all.write();
        all.entry(resource.clone()).or_insert_with(|| Arc::new(Store::<Meta>::new(resource.clone()))).clone()
    }

    /// A resource that is no longer served.
    pub fn forget(&self, resource: &Resource) {
        self.inner.all.write().remove(resource);
    }

    /// Every resource with a store.
    pub fn resources(&self) -> Vec<Resource> {
        self.inner.all.read().keys().cloned().collect()
    }

    pub fn stores(&self) -> Vec<Arc<dyn AnyStore>> {
        self.inner.all.read().values().cloned().collect()
    }

    pub fn any_store(&self, resource: &Resource) -> Option<Arc<dyn AnyStore>> {
        self.inner.all.read().get(resource).cloned()
    }

    /// The store of an apiVersion and kind.
    pub fn store_of_kind(&self, api_version: &str, kind: &str) -> Option<Arc<dyn AnyStore>> {
        let all = self.inner.all.read();
        let found = all.iter().find(|(resource, _)| resource.kind == kind && resource.api_version() == api_version);
        found.map(|(_, store)| store.clone())
    }

    /// An object of any resource by its uid.
    pub fn meta_by_uid(&self, uid: &str) -> Option<(Resource, Meta)> {
        self.stores().into_iter().find_map(|store| Some((store.resource().clone(), store.meta_by_uid(uid)?)))
    }

    /// Objects of any resource that name `uid` among their owners.
    pub fn metas_with_owner(&self, uid: &str) -> Vec<(Resource, Meta)> {
        let of = |store: Arc<dyn AnyStore>| {
            let metas = store.metas_with_owner(uid);
            metas.into_iter().map(move |meta| (store.resource().clone(), meta)).collect::<Vec<_>>()
        };
        self.stores().into_iter().flat_map(of).collect()
    }

    /// Objects of any resource in a namespace.
    pub fn metas_in(&self, namespace: &str) -> Vec<(Resource, Meta)> {
        let of = |store: Arc<dyn AnyStore>| {
            let metas = store.metas_in(namespace);
            metas.into_iter().map(move |meta| (store.resource().clone(), meta)).collect::<Vec<_>>()
        };
        self.stores().into_iter().flat_map(of).collect()
    }

    fn find<T: Object<Meta = ObjectMeta>>(&self) -> Option<Arc<Store<T>>> {
        self.inner.typed.read().get(&TypeId::of::<T>())?.clone().downcast().ok()
    }
}
