//! What is around pods and nodes: namespaces, disruption budgets, volumes.

use api_apps::policy::v1::PodDisruptionBudget;
use api_core::v1::{Namespace, PersistentVolume, PersistentVolumeClaim};
use api_misc::storage::v1::StorageClass;
use informer::Key;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Objects by name.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub namespaces: HashMap<Key, Arc<Namespace>>,
    pub budgets: BTreeMap<Key, Arc<PodDisruptionBudget>>,
    pub claims: HashMap<Key, Arc<PersistentVolumeClaim>>,
    pub volumes: HashMap<Key, Arc<PersistentVolume>>,
    pub storage_classes: HashMap<Key, Arc<StorageClass>>,
}

static NONE: BTreeMap<String, String> = BTreeMap::new();

impl Surroundings {
    pub fn namespace_labels(&self, name: &str) -> &BTreeMap<String, String> {
        self.namespaces.get(&Key::cluster(name)).map_or(&NONE, |namespace| &namespace.metadata.labels)
    }
}
