//! The plugins, one file each, by upstream's names.

mod default_tolerations;
mod namespace_lifecycle;
mod priority;
mod runtime_class;
mod service_account;
mod storage;
mod taint_nodes;

pub use default_tolerations::DefaultTolerationSeconds;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use priority::Priority;
pub use runtime_class::RuntimeClass;
pub use service_account::ServiceAccount;
pub use storage::{DefaultStorageClass, StorageObjectInUseProtection};
pub use taint_nodes::TaintNodesByCondition;

use crate::{Attributes, Chain};
use kind::ApiError;
use std::sync::Arc;
use stdx::Rng;

/// What upstream runs by default, in upstream's order, as far as it exists here.
pub fn default_chain(rng: Arc<dyn Rng>) -> Chain {
    let mut chain = Chain::default();
    chain.push(NamespaceLifecycle);
    chain.push(ServiceAccount::new(rng));
    chain.push(TaintNodesByCondition);
    chain.push(Priority);
    chain.push(DefaultTolerationSeconds);
    chain.push(DefaultStorageClass);
    chain.push(StorageObjectInUseProtection);
    chain.push(RuntimeClass);
    chain
}

impl Attributes<'_> {
    /// Whether this writes objects of `resource` themselves, not a subresource.
    fn is(&self, group: &str, resource: &str) -> bool {
        self.group == group && self.resource == resource && self.subresource.is_empty()
    }

    /// Upstream's refusal by admission: `pods "x" is forbidden: why`.
    fn forbidden(&self, why: impl std::fmt::Display) -> ApiError {
        ApiError::forbidden(self.group, self.resource, self.name, &why.to_string())
    }
}

#[cfg(test)]
mod tests;
