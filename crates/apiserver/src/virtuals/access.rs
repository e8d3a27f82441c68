//! SubjectAccessReview and its kin: may somebody do something; what may I do.

mod limits;

use api_misc::authorization::v1::{
    LocalSubjectAccessReview, NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReview,
    SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewSpec, SubjectAccessReviewStatus,
};
use authn::UserInfo;
use authz::{Attributes, Authorizer};
use bytes::Bytes;
use kind::{ApiError, FieldErrors, Path};
use limits::Limits;
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
    pub authorizer: Arc<dyn Authorizer>,
}

impl Virtual for AccessReview {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move { self.review(context, tracked(context, body)).await.map(Outcome::created) })
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
    async fn review(&self, context: &RequestContext, body: Value) -> Result<Value, ApiError> {
        match context.info.resource.as_str() {
            "selfsubjectaccessreviews" => {
                let mut review = SelfSubjectAccessReview::from_value(&body);
                let spec = &review.spec;
                check(&spec.resource_attributes, &spec.non_resource_attributes, None)?;
                let asked = (spec.resource_attributes.as_deref(), spec.non_resource_attributes.as_deref());
                review.status = self.decide(&context.caller.user, asked).await;
                Ok(review.to_value())
            }
            "localsubjectaccessreviews" => {
                let mut review = LocalSubjectAccessReview::from_value(&body);
                check_subject(&review.spec)?;
                check_local(&review, &context.info.namespace)?;
                review.status = self.of_subject(&review.spec).await;
                Ok(review.to_value())
            }
            _ => {
                let mut review = SubjectAccessReview::from_value(&body);
                check_subject(&review.spec)?;
                review.status = self.of_subject(&review.spec).await;
                Ok(review.to_value())
            }
        }
    }

    async fn of_subject(&self, spec: &SubjectAccessReviewSpec) -> SubjectAccessReviewStatus {
        let user = UserInfo {
            name: spec.user.clone(),
            uid: spec.uid.clone(),
            groups: spec.groups.clone(),
            extra: spec.extra.clone(),
        };
        self.decide(&user, (spec.resource_attributes.as_deref(), spec.non_resource_attributes.as_deref())).await
    }

    async fn decide(
        &self,
        user: &UserInfo,
        asked: (Option<&ResourceAttributes>, Option<&NonResourceAttributes>),
    ) -> SubjectAccessReviewStatus {
        let limits = asked.0.map(Limits::of).unwrap_or_default();
        let attributes = match asked {
            (Some(resource), _) => Attributes {
                field_selector: &limits.fields,
                label_selector: &limits.labels,
                ..of_resource(user, resource)
            },
            (None, Some(path)) => Attributes { path: &path.path, ..Attributes::of(user, &path.verb) },
            (None, None) => return SubjectAccessReviewStatus::default(),
        };
        let decision = self.authorizer.authorize(&attributes).await;
        let errors: Vec<String> = decision.error.iter().cloned().chain(limits.ignored).collect();
        SubjectAccessReviewStatus {
            allowed: decision.allowed(),
            denied: decision.denied(),
            reason: decision.reason().to_owned(),
            evaluation_error: errors.join("; "),
        }
    }
}

fn of_resource<'a>(user: &'a UserInfo, asked: &'a ResourceAttributes) -> Attributes<'a> {
    Attributes {
        resource_request: true,
        api_group: &asked.group,
        api_version: if asked.version.is_empty() { "*" } else { &asked.version },
        resource: &asked.resource,
        subresource: &asked.subresource,
        namespace: &asked.namespace,
        name: &asked.name,
        ..Attributes::of(user, &asked.verb)
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
    if let Some(resource) = resource {
        limits::check(resource, &spec.child("resourceAttributes"), &mut errors);
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
            let rules = self.authorizer.rules_for(&context.caller.user, &namespace);
            review.status.resource_rules = rules.resource;
            review.status.non_resource_rules = rules.non_resource;
            review.status.incomplete = rules.incomplete;
            review.status.evaluation_error = match rules.errors.as_slice() {
                [] => String::new(),
                [one] => one.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            Ok(Outcome::created(review.to_value()))
        })
    }
}
