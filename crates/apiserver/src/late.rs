//! The registry, for what the registry itself holds: known only once it stands.

use authn::service_account::Lookup;
use kind::ApiError;
use registry::Registry;
use schema::Value;
use std::sync::{Arc, OnceLock, Weak};

/// Filled once; asked before that, it says that the server is starting.
#[derive(Clone, Default)]
pub struct Late(Arc<OnceLock<Weak<Registry>>>);

impl Late {
    pub fn fill(&self, registry: &Arc<Registry>) {
        self.0.get_or_init(|| Arc::downgrade(registry));
    }

    pub fn get(&self) -> Result<Arc<Registry>, ApiError> {
        let registry = self.0.get().and_then(Weak::upgrade);
        registry.ok_or_else(|| ApiError::service_unavailable("the server is starting or stopping"))
    }

    /// An object of the core group, from the cache.
    pub fn find(&self, resource: &str, namespace: &str, name: &str) -> Result<Option<Arc<Value>>, ApiError> {
        Ok(self.get()?.lookup("", resource, namespace, name))
    }

    /// The uid of an object that is there; a pod's or secret's that is being deleted counts until it is gone.
    fn uid(&self, resource: &str, namespace: &str, name: &str) -> Option<String> {
        let object = self.find(resource, namespace, name).ok()??;
        Some(object.str_at(&["metadata", "uid"]).to_owned())
    }
}

impl Lookup for Late {
    fn service_account_uid(&self, namespace: &str, name: &str) -> Option<String> {
        self.uid("serviceaccounts", namespace, name)
    }

    fn pod_uid(&self, namespace: &str, name: &str) -> Option<String> {
        self.uid("pods", namespace, name)
    }

    fn node_uid(&self, name: &str) -> Option<String> {
        self.uid("nodes", "", name)
    }

    fn secret_uid(&self, namespace: &str, name: &str) -> Option<String> {
        self.uid("secrets", namespace, name)
    }
}
