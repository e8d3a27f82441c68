//! Nobody writes a role, or binds one, that gives more than what he has himself, unless he may `escalate` or `bind`.
//!
//! Upstream does this where roles are stored; here it is a step of admission like others.

use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use api_misc::rbac::v1::{PolicyRule, RoleRef};
use authz::Authorizer;
use authz::rbac::{Rbac, coverage};
use kind::ApiError;
use schema::{Typed, Value};
use std::sync::Arc;

pub struct RoleEscalation {
    pub rbac: Arc<Rbac>,
    pub authorizer: Arc<dyn Authorizer>,
}

const GROUP: &str = "rbac.authorization.k8s.io";

impl AsyncPlugin for RoleEscalation {
    fn name(&self) -> &'static str {
        "RoleEscalation"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(GROUP, "roles"), (GROUP, "clusterroles")]
    }

    fn admit<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            if attributes.group != GROUP || attributes.user.in_group(authn::MASTERS) || only_collected(attributes) {
                return Ok(());
            }
            match attributes.resource {
                "roles" | "clusterroles" => self.check_role(attributes).await,
                "rolebindings" | "clusterrolebindings" => self.check_binding(attributes, lookup).await,
                _ => Ok(()),
            }
        })
    }
}

impl RoleEscalation {
    async fn check_role(&self, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        let name = attributes.object.str_at(&["metadata", "name"]);
        if self.may(attributes, "escalate", attributes.resource, name).await {
            return Ok(());
        }
        let aggregates = |object: &Value| object.at(&["aggregationRule"]).clone();
        let new_aggregation = aggregates(&attributes.object);
        if !new_aggregation.is_null() && new_aggregation != aggregates(attributes.old) {
            let all = vec!["*".to_owned()];
            let everything = PolicyRule {
                verbs: all.clone(),
                api_groups: all.clone(),
                resources: all.clone(),
                ..PolicyRule::default()
            };
            let every_path = PolicyRule { verbs: all.clone(), non_resource_urls: all, ..PolicyRule::default() };
            if self.refusal(attributes, &[everything, every_path]).is_some() {
                let why = "must have cluster-admin privileges to use an aggregationRule";
                return Err(attributes.forbidden(why));
            }
        }
        self.check(attributes, &rules(&attributes.object))
    }

    async fn check_binding(&self, attributes: &Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let role = RoleRef::from_value(attributes.object.at(&["roleRef"]));
        let resource = if role.kind == "ClusterRole" { "clusterroles" } else { "roles" };
        if self.may(attributes, "bind", resource, &role.name).await {
            return Ok(());
        }
        let namespace = if resource == "roles" { attributes.namespace } else { "" };
        let Some(found) = lookup.get(GROUP, resource, namespace, &role.name) else {
            let message = format!("{}.{GROUP} \"{}\" not found", attributes.resource, role.name);
            return Err(ApiError::new(404, "NotFound", message).about(GROUP, attributes.resource, &role.name));
        };
        self.check(attributes, &rules(&found))
    }

    async fn may(&self, attributes: &Attributes<'_>, verb: &str, resource: &str, name: &str) -> bool {
        let question = authz::Attributes {
            resource_request: true,
            api_group: GROUP,
            api_version: "*",
            resource,
            namespace: attributes.namespace,
            name,
            ..authz::Attributes::of(attributes.user, verb)
        };
        self.authorizer.authorize(&question).await.allowed()
    }

    fn check(&self, attributes: &Attributes, wanted: &[PolicyRule]) -> Result<(), ApiError> {
        self.refusal(attributes, wanted).map_or(Ok(()), |why| Err(attributes.forbidden(why)))
    }

    fn refusal(&self, attributes: &Attributes, wanted: &[PolicyRule]) -> Option<String> {
        let (held, missing_roles) = self.rbac.rules_of_user(attributes.user, attributes.namespace);
        let uncovered = coverage::uncovered(&held, wanted);
        let user = attributes.user;
        (!uncovered.is_empty()).then(|| coverage::refusal(&user.name, &user.groups, &uncovered, &missing_roles))
    }
}

/// What the garbage collector needs: owners and finalizers alone change.
fn only_collected(attributes: &Attributes) -> bool {
    let bare = |object: &Value| {
        let mut object = object.clone();
        for field in ["ownerReferences", "finalizers", "managedFields", "resourceVersion"] {
            object.remove(&["metadata", field]);
        }
        object
    };
    attributes.operation == Operation::Update && bare(&attributes.object) == bare(attributes.old)
}

fn rules(role: &Value) -> Vec<PolicyRule> {
    role.at(&["rules"]).items().iter().map(PolicyRule::from_value).collect()
}

#[cfg(test)]
mod tests;
