//! ClusterTrustBundleAttest: whose trust a bundle speaks of takes the right to `attest` for that signer.

use super::certificates::may_for_signer;
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use authz::Authorizer;
use kind::ApiError;
use std::sync::Arc;

pub struct ClusterTrustBundleAttest {
    pub authorizer: Arc<dyn Authorizer>,
}

impl AsyncPlugin for ClusterTrustBundleAttest {
    fn name(&self) -> &'static str {
        "ClusterTrustBundleAttest"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let signer = attributes.object.str_at(&["spec", "signerName"]);
            let bundles = attributes.is("certificates.k8s.io", "clustertrustbundles");
            if !bundles || signer.is_empty() || may_for_signer(&*self.authorizer, attributes, signer, "attest").await {
                return Ok(());
            }
            Err(attributes.forbidden(format!("user not permitted to attest for signerName {signer:?}")))
        })
    }
}
