//! One resource's objects with their indexes.

use crate::{Key, Resource, version};
use api_core::v1::Pod;
use api_meta::v1::ObjectMeta;
use schema::typed::Part;
use schema::{Object, Text, Value};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// What a cache can hold: typed objects, and [`Meta`].
pub trait Entry: Clone + Send + Sync + 'static {
    /// From a value of the resource.
    fn from_value(value: &Value, resource: &Resource) -> Self;
    fn object_meta(&self) -> &ObjectMeta;
    fn object_meta_mut(&mut self) -> &mut ObjectMeta;
}

impl<T: Object<Meta = ObjectMeta>> Entry for T {
    fn from_value(value: &Value, _resource: &Resource) -> T {
        <T as schema::Typed>::from_value(value)
    }
    fn object_meta(&self) -> &ObjectMeta {
        self.meta()
    }
    fn object_meta_mut(&mut self) -> &mut ObjectMeta {
        self.meta_mut()
    }
}

/// An object of which only the metadata is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    pub api_version: String,
    pub kind: String,
    pub metadata: ObjectMeta,
}

impl Entry for Meta {
    /// The value may be a PartialObjectMetadata, so that what it is comes from the resource.
    fn from_value(value: &Value, resource: &Resource) -> Meta {
        Meta {
            api_version: resource.api_version(),
            kind: resource.kind.to_string(),
            metadata: ObjectMeta::read(&value["metadata"]),
        }
    }
    fn object_meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn object_meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// Objects by namespace and name, by uid, by owner and, for pods, by node. Lists are sorted by namespace and name.
#[derive(Debug)]
pub struct Cache<T> {
    objects: BTreeMap<Key, Arc<T>>,
    by_uid: HashMap<Text, Key>,
    by_owner: HashMap<Text, BTreeSet<Key>>,
    by_node: HashMap<Text, BTreeSet<Key>>,
    orphans: BTreeSet<Key>,
    version: u64,
}

impl<T> Default for Cache<T> {
    fn default() -> Cache<T> {
        Cache {
            objects: BTreeMap::new(),
            by_uid: HashMap::new(),
            by_owner: HashMap::new(),
            by_node: HashMap::new(),
            orphans: BTreeSet::new(),
            version: 0,
        }
    }
}

impl<T: Entry> Cache<T> {
    pub fn get(&self, key: &Key) -> Option<&Arc<T>> {
        self.objects.get(key)
    }

    pub fn by_uid(&self, uid: &str) -> Option<&Arc<T>> {
        self.objects.get(self.by_uid.get(uid)?)
    }

    pub fn list(&self) -> impl Iterator<Item = &Arc<T>> {
        self.objects.values()
    }

    pub fn list_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<T>> {
        let start = Key::new(namespace, "");
        self.objects
            .range((Bound::Included(start), Bound::Unbounded))
            .take_while(move |(key, _)| key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// Objects that name `uid` among their owners.
    pub fn with_owner(&self, uid: &str) -> impl Iterator<Item = &Arc<T>> {
        self.indexed(self.by_owner.get(uid))
    }

    /// Objects that `uid` manages.
    pub fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Arc<T>> {
        self.with_owner(uid)
            .filter(move |object| crate::controller_of(object.object_meta()).is_some_and(|owner| owner.uid == uid))
    }

    /// Objects of a namespace that nothing manages.
    pub fn orphans_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<T>> {
        let start = Key::new(namespace, "");
        let keys = self.orphans.range((Bound::Included(start), Bound::Unbounded));
        keys.take_while(move |key| key.namespace == namespace).filter_map(|key| self.objects.get(key))
    }

    /// Pods assigned to a node.
    pub fn on_node(&self, node: &str) -> impl Iterator<Item = &Arc<T>> {
        self.indexed(self.by_node.get(node))
    }

    fn indexed<'c>(&'c self, keys: Option<&'c BTreeSet<Key>>) -> impl Iterator<Item = &'c Arc<T>> {
        keys.into_iter().flatten().filter_map(|key| self.objects.get(key))
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The highest resourceVersion that this cache has seen.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn see(&mut self, version: u64) {
        self.version = self.version.max(version);
    }

    /// Puts an object in, and returns what stood there.
    pub fn insert(&mut self, mut object: T) -> (Arc<T>, Option<Arc<T>>) {
        object.object_meta_mut().managed_fields = Vec::new();
        let meta = object.object_meta();
        let key = Key::of(meta);
        self.see(version(&meta.resource_version));
        let old = self.objects.remove(&key);
        if let Some(old) = &old {
            self.unindex(&key, old);
        }
        let object = Arc::new(object);
        self.index(&key, &object);
        self.objects.insert(key, object.clone());
        (object, old)
    }

    /// Takes an object out. `version`: that of its deletion.
    pub fn remove(&mut self, key: &Key, version: u64) -> Option<Arc<T>> {
        self.see(version);
        let old = self.objects.remove(key)?;
        self.unindex(key, &old);
        Some(old)
    }

    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    fn index(&mut self, key: &Key, object: &Arc<T>) {
        let meta = object.object_meta();
        if !meta.uid.is_empty() {
            self.by_uid.insert(meta.uid.as_str().into(), key.clone());
        }
        for owner in &meta.owner_references {
            self.by_owner.entry(owner.uid.as_str().into()).or_default().insert(key.clone());
        }
        if crate::controller_of(meta).is_none() {
            self.orphans.insert(key.clone());
        }
        if let Some(node) = node_of(object.as_ref()) {
            self.by_node.entry(node.into()).or_default().insert(key.clone());
        }
    }

    fn unindex(&mut self, key: &Key, object: &Arc<T>) {
        let meta = object.object_meta();
        if self.by_uid.get(meta.uid.as_str()) == Some(key) {
            self.by_uid.remove(meta.uid.as_str());
        }
        for owner in &meta.owner_references {
            forget(&mut self.by_owner, &owner.uid, key);
        }
        self.orphans.remove(key);
        if let Some(node) = node_of(object.as_ref()) {
            forget(&mut self.by_node, node, key);
        }
    }
}

fn forget(index: &mut HashMap<Text, BTreeSet<Key>>, value: &str, key: &Key) {
    if let Some(keys) = index.get_mut(value) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(value);
        }
    }
}

/// The node of an assigned pod.
fn node_of(object: &dyn Any) -> Option<&str> {
    let node = object.downcast_ref::<Pod>()?.spec.node_name.as_str();
    (!node.is_empty()).then_some(node)
}
