//! The plugins, one file each, by upstream's names; their order and the choice of them are in `order`.

mod always;
mod always_pull_images;
mod anti_affinity;
mod certificates;
mod claim_resize;
mod configuration;
mod default_tolerations;
mod event_rate_limit;
mod extended_resources;
mod external_ips;
mod image_policy;
mod ingress_class;
mod limit_ranger;
mod namespace_existence;
mod namespace_lifecycle;
mod node_restriction;
mod order;
mod owner_references;
mod pod_node_selector;
mod pod_security;
mod pod_tolerations;
mod priority;
mod resource_quota;
mod resources;
mod role_escalation;
mod runtime_class;
mod service_account;
mod storage;
mod taint_nodes;
mod tolerations;
mod topology_labels;
mod trust_bundles;

pub use always::{AlwaysAdmit, AlwaysDeny};
pub use always_pull_images::AlwaysPullImages;
pub use anti_affinity::LimitPodHardAntiAffinityTopology;
pub use certificates::{CertificateApproval, CertificateSigning, CertificateSubjectRestriction};
pub use claim_resize::PersistentVolumeClaimResize;
pub use configuration::{Configuration, ConfigurationError};
pub use default_tolerations::DefaultTolerationSeconds;
pub use event_rate_limit::EventRateLimit;
pub use extended_resources::ExtendedResourceToleration;
pub use external_ips::DenyServiceExternalIPs;
pub use image_policy::{ImagePolicyWebhook, ImageReviewer};
pub use ingress_class::DefaultIngressClass;
pub use limit_ranger::LimitRanger;
pub use namespace_existence::{NamespaceAutoProvision, NamespaceExists, NamespaceStore};
pub use namespace_lifecycle::NamespaceLifecycle;
pub use node_restriction::NodeRestriction;
pub use order::{Selection, SelectionError, chain, known};
pub use owner_references::OwnerReferencesPermissionEnforcement;
pub use pod_node_selector::PodNodeSelector;
pub use pod_security::PodSecurity;
pub use pod_tolerations::PodTolerationRestriction;
pub use priority::Priority;
pub use resource_quota::{QuotaStore, ResourceQuota};
pub use role_escalation::RoleEscalation;
pub use runtime_class::RuntimeClass;
pub use service_account::ServiceAccount;
pub use storage::{DefaultStorageClass, StorageObjectInUseProtection};
pub use taint_nodes::TaintNodesByCondition;
pub use topology_labels::PodTopologyLabels;
pub use trust_bundles::ClusterTrustBundleAttest;

use crate::Attributes;
use crate::webhook::WebhookClient;
use authz::Authorizer;
use authz::rbac::Rbac;
use kind::ApiError;
use schema::Value;
use std::sync::Arc;
use stdx::{Clock, Rng};

/// What the plugins are given.
pub struct Parts {
    pub rng: Arc<dyn Rng>,
    pub clock: Arc<dyn Clock>,
    pub authorizer: Arc<dyn Authorizer>,
    pub rbac: Arc<Rbac>,
    pub quotas: Arc<dyn QuotaStore>,
    pub namespaces: Arc<dyn NamespaceStore>,
    pub webhooks: Arc<dyn WebhookClient>,
    pub images: Arc<dyn ImageReviewer>,
    pub tolerations: DefaultTolerationSeconds,
}

impl Attributes<'_> {
    /// Whether this writes objects of `resource` themselves, not a subresource.
    fn is(&self, group: &str, resource: &str) -> bool {
        self.group == group && self.resource == resource && self.subresource.is_empty()
    }

    /// Upstream's refusal by admission: `pods "x" is forbidden: why`. What has no name yet is called by what it will begin
    /// with.
    pub(crate) fn forbidden(&self, why: impl std::fmt::Display) -> ApiError {
        let metadata = self.object.at(&["metadata"]);
        let names = [self.name, metadata.str_at(&["name"]), metadata.str_at(&["generateName"]), "Unknown"];
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        ApiError::forbidden(self.group, self.resource, name, &why.to_string())
    }
}

#[cfg(test)]
mod tests;
