//! The plugins, one file each, by upstream's names.

mod certificates;
mod claim_resize;
mod default_tolerations;
mod limit_ranger;
mod namespace_lifecycle;
mod node_restriction;
mod pod_security;
mod priority;
mod resource_quota;
mod resources;
mod role_escalation;
mod runtime_class;
mod service_account;
mod storage;
mod taint_nodes;

pub use certificates::{CertificateApproval, CertificateSigning, CertificateSubjectRestriction};
pub use claim_resize::PersistentVolumeClaimResize;
pub use default_tolerations::DefaultTolerationSeconds;
pub use limit_ranger::LimitRanger;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use node_restriction::NodeRestriction;
pub use pod_security::PodSecurity;
pub use priority::Priority;
pub use resource_quota::{QuotaStore, ResourceQuota};
pub use role_escalation::RoleEscalation;
pub use runtime_class::RuntimeClass;
pub use service_account::ServiceAccount;
pub use storage::{DefaultStorageClass, StorageObjectInUseProtection};
pub use taint_nodes::TaintNodesByCondition;

use crate::webhook::{Caller, MutatingAdmissionWebhook, ValidatingAdmissionWebhook, WebhookClient};
use crate::{Attributes, Chain};
use authz::Authorizer;
use authz::rbac::Rbac;
use kind::ApiError;
use std::sync::Arc;
use stdx::Rng;

/// What the plugins of the default chain are given.
pub struct Parts {
    pub rng: Arc<dyn Rng>,
    pub authorizer: Arc<dyn Authorizer>,
    pub rbac: Arc<Rbac>,
    pub quotas: Arc<dyn QuotaStore>,
    pub webhooks: Arc<dyn WebhookClient>,
}

/// What upstream runs by default, and NodeRestriction, in upstream's order, as far as it exists here.
pub fn default_chain(parts: Parts) -> Chain {
    let Parts { rng, authorizer, rbac, quotas, webhooks } = parts;
    let caller = || Caller { client: webhooks.clone(), rng: rng.clone(), authorizer: authorizer.clone() };
    let (mutating, validating) = (caller(), caller());
    let mut chain = Chain::default();
    chain.push_waiting(RoleEscalation { rbac, authorizer: authorizer.clone() });
    chain.push(NamespaceLifecycle);
    chain.push(LimitRanger);
    chain.push(ServiceAccount::new(rng));
    chain.push(NodeRestriction);
    chain.push(TaintNodesByCondition);
    chain.push(PodSecurity);
    chain.push(Priority);
    chain.push(DefaultTolerationSeconds);
    chain.push(DefaultStorageClass);
    chain.push(StorageObjectInUseProtection);
    chain.push(PersistentVolumeClaimResize);
    chain.push(RuntimeClass);
    chain.push_waiting(CertificateApproval { authorizer: authorizer.clone() });
    chain.push_waiting(CertificateSigning { authorizer });
    chain.push(CertificateSubjectRestriction);
    chain.push_waiting(MutatingAdmissionWebhook::new(mutating));
    chain.push_waiting(ValidatingAdmissionWebhook::new(validating));
    chain.push_waiting(ResourceQuota::new(quotas));
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
