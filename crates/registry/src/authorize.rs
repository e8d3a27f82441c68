//! Refuses what the authorizer does not allow.

use crate::context::RequestContext;
use crate::error;
use crate::pipeline::Registry;
use crate::record::Record;
use crate::selector::{FieldSelector, LabelSelector};
use authz::{Attributes, Requirement};
use kind::ApiError;

impl Registry {
    pub(crate) async fn authorize(&self, context: &RequestContext) -> Result<(), ApiError> {
        self.check_verb(context, &context.info.verb, context.record.as_deref()).await
    }

    /// The same for another verb on what the request is about.
    pub(crate) async fn authorize_verb(&self, context: &RequestContext, verb: &str) -> Result<(), ApiError> {
        self.check_verb(context, verb, None).await
    }

    /// `record`: where the decision is noted.
    async fn check_verb(&self, context: &RequestContext, verb: &str, record: Option<&Record>) -> Result<(), ApiError> {
        let info = &context.info;
        let (fields, labels) = selectors(context, verb);
        let attributes = Attributes {
            resource_request: info.is_resource,
            api_group: &info.group,
            api_version: &info.version,
            resource: &info.resource,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: &info.path,
            field_selector: &fields,
            label_selector: &labels,
            ..Attributes::of(&context.caller.user, verb)
        };
        let policy = self.policy();
        let decision = match policy.authorizer.authorize(&attributes).into_now() {
            Ok(decision) => decision,
            Err(waiting) => waiting.await,
        };
        if let Some(record) = record {
            record.annotate("authorization.k8s.io/decision", if decision.allowed() { "allow" } else { "forbid" });
            record.annotate("authorization.k8s.io/reason", decision.reason());
        }
        if decision.allowed() {
            return Ok(());
        }
        if let Some(error) = decision.error.as_ref().filter(|_| decision.reason().is_empty()) {
            tracing::warn!(%error, "an authorizer failed");
        }
        let why = attributes.refusal(decision.reason());
        Err(error::with_details(ApiError::forbidden(&info.group, &info.resource, &info.name, &why)))
    }
}

/// Those that limit what a request over many objects sees; one that cannot be read limits nothing, and is refused later.
fn selectors(context: &RequestContext, verb: &str) -> (Vec<Requirement>, Vec<Requirement>) {
    if !context.info.is_resource || !matches!(verb, "list" | "watch" | "deletecollection") {
        return (Vec::new(), Vec::new());
    }
    let fields = context.query.get("fieldSelector").and_then(|text| FieldSelector::parse(text).ok());
    let labels = context.query.get("labelSelector").and_then(|text| LabelSelector::parse(text).ok());
    let fields = fields.map(|selector| selector.requirements()).unwrap_or_default();
    (fields, labels.map(|selector| selector.requirements()).unwrap_or_default())
}
