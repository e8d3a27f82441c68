//! Writes that the server makes for itself: bindings, scales, evictions. They change what an update of the object may not.

use crate::pipeline::Registry;
use kind::ApiError;
use schema::Value;

/// How often a write that lost the race is tried again.
const MAX_ATTEMPTS: usize = 100;

/// Which object.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub group: &'a str,
    pub resource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// A changed spec makes a new generation; upstream's bindings make none.
    pub counts_generation: bool,
}

impl Registry {
    /// Changes a stored object by compare and swap, without admission and validation: whoever calls has checked what it
    /// writes. `change` sees the object of its stored version, with its resourceVersion, and may be called several times.
    pub async fn guaranteed_update(
        &self,
        target: Target<'_>,
        dry_run: bool,
        change: &(dyn Fn(&mut Value) -> Result<(), ApiError> + Send + Sync),
    ) -> Result<Value, ApiError> {
        let Target { group, resource, namespace, name, counts_generation } = target;
        let entry = self.routes().get(group, resource).cloned();
        let storage = entry.and_then(|entry| entry.storage.clone());
        let storage = storage.ok_or_else(|| ApiError::internal(format!("{resource} is not stored")))?;
        for _ in 0..MAX_ATTEMPTS {
            let stored = storage.read(namespace, name).await?;
            let stored = stored.ok_or_else(|| ApiError::not_found(storage.names(), name))?;
            let mut new = stored.value.clone();
            change(&mut new)?;
            if counts_generation && storage.kind.spec_changed(&new, &stored.value) == Some(true) {
                let generation = stored.value.at(&["metadata", "generation"]).as_i64().unwrap_or_default();
                new.set(&["metadata", "generation"], generation + 1);
            }
            if dry_run || (new == stored.value && !stored.stale) {
                return Ok(new);
            }
            let raw = storage.encode(&new)?;
            if let Some(written) = storage.put(namespace, name, raw, stored.revision).await? {
                new.set(&["metadata", "resourceVersion"], written.to_string());
                return Ok(new);
            }
        }
        Err(ApiError::version_conflict(storage.names(), name))
    }
}
