//! The registry, for what the registry itself holds: known only once it stands.

use authn::service_account::{Found, Lookup, Resource, SecretToken};
use kind::ApiError;
use registry::Registry;
use schema::{Bytes, Time, Value};
use std::sync::{Arc, OnceLock, Weak};

/// A secret's token was taken back.
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

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
}

impl Lookup for Late {
    fn find(&self, resource: Resource, namespace: &str, name: &str) -> Option<Found> {
        let plural = match resource {
            Resource::ServiceAccount => "serviceaccounts",
            Resource::Pod => "pods",
            Resource::Node => "nodes",
            Resource::Secret => "secrets",
        };
        let object = Late::find(self, plural, namespace, name).ok()??;
        let deleted_at = object.at(&["metadata", "deletionTimestamp"]).as_str();
        Some(Found {
            uid: object.str_at(&["metadata", "uid"]).to_owned(),
            deleted_at: deleted_at.map(|time| Time::parse(time).map_or(0, |time| time.unix())),
        })
    }

    fn secret_token(&self, namespace: &str, name: &str) -> Option<SecretToken> {
        let secret = Late::find(self, "secrets", namespace, name).ok()??;
        Some(SecretToken {
            token: Bytes::from_base64(secret.str_at(&["data", "token"])).ok()?.0,
            deleted: !secret.at(&["metadata", "deletionTimestamp"]).is_null(),
            marked_invalid: !secret.str_at(&["metadata", "labels", INVALID_SINCE]).is_empty(),
        })
    }
}
