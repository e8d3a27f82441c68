//! CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may do what to requests of a signer.

use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation, Plugin};
use authz::Authorizer;
use kind::ApiError;
use std::sync::Arc;

/// Approving takes the right to `approve` for the signer.
pub struct CertificateApproval {
    pub authorizer: Arc<dyn Authorizer>,
}

/// Writing the certificate or a failure takes the right to `sign` for the signer.
pub struct CertificateSigning {
    pub authorizer: Arc<dyn Authorizer>,
}

/// Nobody asks for a client certificate of the masters.
pub struct CertificateSubjectRestriction;

const GROUP: &str = "certificates.k8s.io";
const RESOURCE: &str = "certificatesigningrequests";
const API_CLIENT: &str = "kubernetes.io/kube-apiserver-client";

impl AsyncPlugin for CertificateApproval {
    fn name(&self) -> &'static str {
        "CertificateApproval"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Update
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            if !writes(attributes, "approval") || may(&*self.authorizer, attributes, "approve").await {
                return Ok(());
            }
            let signer = attributes.old.str_at(&["spec", "signerName"]);
            Err(attributes.forbidden(format!("user not permitted to approve requests with signerName {signer:?}")))
        })
    }
}

impl AsyncPlugin for CertificateSigning {
    fn name(&self) -> &'static str {
        "CertificateSigning"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Update
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let same = |field: &str| attributes.object.at(&["status", field]) == attributes.old.at(&["status", field]);
            let unchanged = same("certificate") && same("conditions");
            if !writes(attributes, "status") || unchanged || may(&*self.authorizer, attributes, "sign").await {
                return Ok(());
            }
            let signer = attributes.old.str_at(&["spec", "signerName"]);
            Err(attributes.forbidden(format!("user not permitted to sign requests with signerName {signer:?}")))
        })
    }
}

impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        let asks = writes(attributes, "") && attributes.object.str_at(&["spec", "signerName"]) == API_CLIENT;
        if !asks {
            return Ok(());
        }
        let groups = authn::x509::requested_groups(attributes.object.str_at(&["spec", "request"]));
        let groups = groups.map_err(|error| attributes.forbidden(format!("unable to parse the request: {error}")))?;
        if groups.iter().any(|group| group == authn::MASTERS) {
            let why = format!("use of {API_CLIENT} signer with {} group is not allowed", authn::MASTERS);
            return Err(attributes.forbidden(why));
        }
        Ok(())
    }
}

fn writes(attributes: &Attributes, subresource: &str) -> bool {
    (attributes.group, attributes.resource, attributes.subresource) == (GROUP, RESOURCE, subresource)
}

/// For the signer itself, or for all of its domain.
async fn may(authorizer: &dyn Authorizer, attributes: &Attributes<'_>, verb: &str) -> bool {
    may_for_signer(authorizer, attributes, attributes.old.str_at(&["spec", "signerName"]), verb).await
}

pub(super) async fn may_for_signer(
    authorizer: &dyn Authorizer,
    attributes: &Attributes<'_>,
    signer: &str,
    verb: &str,
) -> bool {
    let domain = signer.split('/').next().unwrap_or_default();
    for name in [signer, &format!("{domain}/*")] {
        let question = authz::Attributes {
            resource_request: true,
            api_group: GROUP,
            api_version: "*",
            resource: "signers",
            name,
            ..authz::Attributes::of(attributes.user, verb)
        };
        if authorizer.authorize(&question).await.allowed() {
            return true;
        }
    }
    false
}
