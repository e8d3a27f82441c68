//! OwnerReferencesPermissionEnforcement: who may not delete an object may not have the garbage collector do it.

use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use authz::Authorizer;
use kind::ApiError;
use kind::field::quoted;
use schema::Value;
use std::sync::Arc;

pub struct OwnerReferencesPermissionEnforcement {
    pub authorizer: Arc<dyn Authorizer>,
}

impl OwnerReferencesPermissionEnforcement {
    async fn check(&self, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        let of_status = (attributes.group, attributes.resource, attributes.subresource) == ("", "pods", "status");
        let (new, old) = (owners(&attributes.object), owners(attributes.old));
        let changes = match attributes.old.is_null() {
            true => !new.is_empty(),
            false => new != old,
        };
        if of_status || !changes {
            return Ok(());
        }
        if attributes.operation != Operation::Create {
            let question = authz::Attributes {
                resource_request: true,
                api_group: attributes.group,
                api_version: attributes.version,
                resource: attributes.resource,
                subresource: attributes.subresource,
                namespace: attributes.namespace,
                name: attributes.name,
                ..authz::Attributes::of(attributes.user, "delete")
            };
            self.ask(attributes, &question, "cannot set an ownerRef on a resource you can't delete").await?;
        }
        for owner in new_blocking(new, old) {
            self.check_owner(attributes, owner).await?;
        }
        Ok(())
    }

    /// Blocking the deletion of an owner takes the right to its finalizers.
    async fn check_owner(&self, attributes: &Attributes<'_>, owner: &Value) -> Result<(), ApiError> {
        let (api_version, kind) = (owner.str_at(&["apiVersion"]), owner.str_at(&["kind"]));
        let Some(found) = attributes.shapes.resource_of(api_version, kind) else {
            let why = format!("no matches for kind {} in version {}", quoted(kind), quoted(api_version));
            return Err(attributes.forbidden(format!(
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {api_version} Kind {kind}: {why}"
            )));
        };
        let question = authz::Attributes {
            resource_request: true,
            api_group: &found.group,
            api_version: api_version.rsplit('/').next().unwrap_or_default(),
            resource: &found.resource,
            subresource: "finalizers",
            namespace: if found.namespaced { attributes.namespace } else { "" },
            name: owner.str_at(&["name"]),
            ..authz::Attributes::of(attributes.user, "update")
        };
        let refusal =
            "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on";
        self.ask(attributes, &question, refusal).await
    }

    async fn ask(
        &self,
        attributes: &Attributes<'_>,
        question: &authz::Attributes<'_>,
        refusal: &str,
    ) -> Result<(), ApiError> {
        let decision = self.authorizer.authorize(question).await;
        if decision.allowed() {
            return Ok(());
        }
        let error = decision.error.as_deref().unwrap_or("<nil>");
        Err(attributes.forbidden(format!("{refusal}: {}, {error}", decision.reason())))
    }
}

fn owners(object: &Value) -> &[Value] {
    object.at(&["metadata", "ownerReferences"]).items()
}

/// References that block their owner's deletion and did not before.
fn new_blocking<'v>(new: &'v [Value], old: &[Value]) -> Vec<&'v Value> {
    let blocks = |owner: &Value| owner.at(&["blockOwnerDeletion"]).as_bool() == Some(true);
    let blocked_before =
        |owner: &Value| old.iter().any(|before| blocks(before) && before.at(&["uid"]) == owner.at(&["uid"]));
    new.iter().filter(|owner| blocks(owner) && !blocked_before(owner)).collect()
}

impl AsyncPlugin for OwnerReferencesPermissionEnforcement {
    fn name(&self) -> &'static str {
        "OwnerReferencesPermissionEnforcement"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move { self.check(attributes).await })
    }
}
