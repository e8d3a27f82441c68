//! What a controller reads, and how a change there becomes keys.

use api_meta::v1::ObjectMeta;
use informer::{AnyStore, Key, Meta, Resource, Shared, View, controller_of};
use schema::Object;
use std::sync::Arc;

type Keys = Arc<dyn Fn(&dyn AnyStore, &Shared, &View) -> Vec<Key> + Send + Sync>;

/// One resource, or all of them, that a controller reads.
#[derive(Clone)]
pub struct Watch {
    pub scope: Scope,
    keys: Keys,
}

#[derive(Clone)]
pub enum Scope {
    /// Whole objects of a built-in type; `store` makes or finds their cache.
    Typed { resource: Resource, store: fn(&View) -> Arc<dyn AnyStore> },
    /// The metadata of one resource.
    Metadata(Resource),
    /// The metadata of every resource that can be listed and watched, custom ones too.
    AllMetadata,
}

impl Watch {
    /// Objects whose changes concern the keys that `keys` gives. It is called with the object as it was and as it is.
    pub fn of<T, F>(keys: F) -> Watch
    where
        T: Object<Meta = ObjectMeta>,
        F: Fn(&T, &View) -> Vec<Key> + Send + Sync + 'static,
    {
        let store: fn(&View) -> Arc<dyn AnyStore> = |view| view.store::<T>();
        let keys = move |_: &dyn AnyStore, object: &Shared, view: &View| {
            object.downcast_ref::<T>().map(|object| keys(object, view)).unwrap_or_default()
        };
        Watch { scope: Scope::Typed { resource: Resource::of::<T>(), store }, keys: Arc::new(keys) }
    }

    /// Objects that are keys themselves.
    pub fn own<T: Object<Meta = ObjectMeta>>() -> Watch {
        Watch::of::<T, _>(|object, _| vec![Key::of(object.meta())])
    }

    /// Objects that concern the one who manages them, if that is an `Owner`.
    pub fn managed_by<T: Object<Meta = ObjectMeta>, Owner: Object>() -> Watch {
        Watch::of::<T, _>(|object, _| controller_key::<Owner>(object.meta()).into_iter().collect())
    }

    /// Objects that are read, but whose changes start nothing.
    pub fn cached<T: Object<Meta = ObjectMeta>>() -> Watch {
        Watch::of::<T, _>(|_, _| Vec::new())
    }

    /// The metadata of one resource.
    pub fn metadata<F>(resource: Resource, keys: F) -> Watch
    where
        F: Fn(&Resource, &Meta, &View) -> Vec<Key> + Send + Sync + 'static,
    {
        Watch { scope: Scope::Metadata(resource), keys: described(keys) }
    }

    /// The metadata of every resource.
    pub fn all_metadata<F>(keys: F) -> Watch
    where
        F: Fn(&Resource, &Meta, &View) -> Vec<Key> + Send + Sync + 'static,
    {
        Watch { scope: Scope::AllMetadata, keys: described(keys) }
    }

    /// The keys that an object of a store concerns.
    pub fn keys(&self, store: &dyn AnyStore, object: &Shared, view: &View) -> Vec<Key> {
        (self.keys)(store, object, view)
    }
}

fn described<F>(keys: F) -> Keys
where
    F: Fn(&Resource, &Meta, &View) -> Vec<Key> + Send + Sync + 'static,
{
    Arc::new(move |store, object, view| {
        store.describe(object).map(|meta| keys(store.resource(), &meta, view)).unwrap_or_default()
    })
}

/// The key of the object's manager, if that is an `Owner`.
pub fn controller_key<Owner: Object>(meta: &ObjectMeta) -> Option<Key> {
    let owner = controller_of(meta)?;
    let info = Owner::RESOURCE;
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    (owner.kind == info.kind && group == info.group)
        .then(|| Key::new(if info.namespaced { meta.namespace.as_str() } else { "" }, owner.name.as_str()))
}
