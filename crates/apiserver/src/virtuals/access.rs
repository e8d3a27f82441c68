//! SubjectAccessReview and its kin: may somebody do something; what may I do.

use api_misc::authorization::v1::{
    LocalSubjectAccessReview, NonResourceAttributes, NonResourceRule, ResourceAttributes, ResourceRule,
    SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewSpec,
    SubjectAccessReviewStatus,
};
use authn::UserInfo;
use authz::rbac::Rbac;
use authz::{Attributes, Authorizer, Decision};
use bytes::Bytes;
use kind::{ApiError, FieldErrors, Path};
use patch::managed::FieldManager;
use registry::{BoxFuture, Outcome, RequestContext, Virtual};
use schema::{Schema, Typed, Value};
use std::sync::Arc;

/// SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview.
pub struct AccessReview {
    pub authorizer: Arc<dyn Authorizer>,
}

/// SelfSubjectRulesReview.
pub struct RulesReview {
    pub rbac: Arc<Rbac>,
}

impl Virtual for AccessReview {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move { self.review(context, tracked(context, body)).map(Outcome::created) })
    }
}

/// With the managedFields of what the client sent.
fn tracked(context: &RequestContext, mut review: Value) -> Value {
    let (api_version, kind) = (review.str_at(&["apiVersion"]).to_owned(), review.str_at(&["kind"]).to_owned());
    let Some(ty) = Schema::builtin().by_kind(&api_version, &kind) else { return review };
    let manager =
        FieldManager { ty, api_version: &api_version, kind: &kind, subresource: "", reset: &[], versions: None };
    let name = context.field_manager(context.query.get("fieldManager").unwrap_or_default());
    manager.on_update(&Value::Null, &mut review, &name, context.now);
    review
}

impl AccessReview {
    fn review(&self, context: &RequestContext, body: Value) -> Result<Value, ApiError> {
        match context.info.resource.as_str() {
            "selfsubjectaccessreviews" => {
                let mut review = SelfSubjectAccessReview::from_value(&body);
                let spec = &review.spec;
                check(&spec.resource_attributes, &spec.non_resource_attributes, None)?;
                let asked = (spec.resource_attributes.as_deref(), spec.non_resource_attributes.as_deref());
                review.status = self.decide(&context.caller.user, asked);
                Ok(review.to_value())
            }
            "localsubjectaccessreviews" => {
                let mut review = LocalSubjectAccessReview::from_value(&body);
                check_subject(&review.spec)?;
                check_local(&review, &context.info.namespace)?;
                review.status = self.of_subject(&review.spec);
                Ok(review.to_value())
            }
            _ => {
                let mut review = SubjectAccessReview::from_value(&body);
                check_subject(&review.spec)?;
                review.status = self.of_subject(&review.spec);
                Ok(review.to_value())
            }
        }
    }

    fn of_subject(&self, spec: &SubjectAccessReviewSpec) -> SubjectAccessReviewStatus {
        let user = UserInfo {
            name: spec.user.clone(),
            uid: spec.uid.clone(),
            groups: spec.groups.clone(),
            extra: spec.extra.clone(),
        };
        self.decide(&user, (spec.resource_attributes.as_deref(), spec.non_resource_attributes.as_deref()))
    }

    fn decide(
        &self,
        user: &UserInfo,
        asked: (Option<&ResourceAttributes>, Option<&NonResourceAttributes>),
    ) -> SubjectAccessReviewStatus {
        let attributes = match asked {
            (Some(resource), _) => of_resource(user, resource),
            (None, Some(path)) => of_path(user, path),
            (None, None) => return SubjectAccessReviewStatus::default(),
        };
        let decision = self.authorizer.authorize(&attributes);
        SubjectAccessReviewStatus {
            allowed: decision.allowed(),
            denied: matches!(decision, Decision::Deny { .. }),
            reason: decision.reason().to_owned(),
            ..SubjectAccessReviewStatus::default()
        }
    }
}

fn of_resource<'a>(user: &'a UserInfo, asked: &'a ResourceAttributes) -> Attributes<'a> {
    Attributes {
        user,
        verb: &asked.verb,
        resource_request: true,
        api_group: &asked.group,
        api_version: if asked.version.is_empty() { "*" } else { &asked.version },
        resource: &asked.resource,
        subresource: &asked.subresource,
        namespace: &asked.namespace,
        name: &asked.name,
        path: "",
    }
}

fn of_path<'a>(user: &'a UserInfo, asked: &'a NonResourceAttributes) -> Attributes<'a> {
    Attributes {
        user,
        verb: &asked.verb,
        resource_request: false,
        api_group: "",
        api_version: "",
        resource: "",
        subresource: "",
        namespace: "",
        name: "",
        path: &asked.path,
    }
}

fn check_subject(spec: &SubjectAccessReviewSpec) -> Result<(), ApiError> {
    check(&spec.resource_attributes, &spec.non_resource_attributes, Some((&spec.user, &spec.groups)))
}

/// Exactly one kind of question, about somebody.
fn check(
    resource: &Option<Box<ResourceAttributes>>,
    path: &Option<Box<NonResourceAttributes>>,
    subject: Option<(&str, &[String])>,
) -> Result<(), ApiError> {
    let spec = Path::root("spec");
    let mut errors = FieldErrors::new();
    if resource.is_some() && path.is_some() {
        let why = "cannot be specified in combination with resourceAttributes";
        errors.invalid(&spec.child("nonResourceAttributes"), &Value::Null, why);
    }
    if resource.is_none() && path.is_none() {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.invalid(&spec.child("resourceAttributes"), &Value::Null, why);
    }
    if let Some((user, groups)) = subject
        && user.is_empty()
        && groups.is_empty()
    {
        errors.invalid(&spec.child("user"), user, "at least one of user or group must be specified");
    }
    invalid(&errors)
}

fn check_local(review: &LocalSubjectAccessReview, namespace: &str) -> Result<(), ApiError> {
    let spec = Path::root("spec");
    let mut errors = FieldErrors::new();
    match &review.spec.resource_attributes {
        Some(resource) if resource.namespace != namespace => {
            let message =
                format!("spec.resourceAttributes.namespace must match namespace: {namespace}, {}", resource.namespace);
            return Err(ApiError::bad_request(message));
        }
        Some(_) => {}
        None => {
            let why = "disallowed on this kind of request";
            errors.invalid(&spec.child("nonResourceAttributes"), &Value::Null, why);
        }
    }
    invalid(&errors)
}

/// Upstream names no kind here.
fn invalid(errors: &FieldErrors) -> Result<(), ApiError> {
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid("authorization.k8s.io", "", "", errors)) }
}

impl Virtual for RulesReview {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let mut review = SelfSubjectRulesReview::from_value(&body);
            let namespace = std::mem::take(&mut review.spec.namespace);
            if namespace.is_empty() {
                return Err(ApiError::bad_request("no namespace on request"));
            }
            let (rules, missing) = self.rbac.rules_for(&context.caller.user, &namespace);
            for rule in rules {
                if rule.non_resource_urls.is_empty() {
                    review.status.resource_rules.push(ResourceRule {
                        verbs: rule.verbs,
                        api_groups: rule.api_groups,
                        resources: rule.resources,
                        resource_names: rule.resource_names,
                    });
                } else {
                    let rule = NonResourceRule { verbs: rule.verbs, non_resource_urls: rule.non_resource_urls };
                    review.status.non_resource_rules.push(rule);
                }
            }
            review.status.incomplete = !missing.is_empty();
            review.status.evaluation_error = missing.join(", ");
            Ok(Outcome::created(review.to_value()))
        })
    }
}
