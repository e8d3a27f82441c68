//! `scale`: how many replicas something has, in one form for all that have some.

use crate::late::Late;
use api_apps::autoscaling::v1::Scale;
use api_meta::v1::{LabelSelector, StatusCause};
use bytes::Bytes;
use http::{Method, header};
use kind::{ApiError, DynKind, FieldErrors, Path};
use patch::managed::scale::{ReplicasPath, from_scale, to_scale};
use patch::managed::{ApplyError, FieldManager};
use registry::guaranteed::Target;
use registry::{BoxFuture, Outcome, Place, RequestContext, Virtual};
use schema::decode::{DecodeOptions, normalize};
use schema::typed::Part;
use schema::{Typed, Value, json, yaml};

/// The scale of one resource whose replicas stand at `spec.replicas`.
pub struct ScaleOf {
    pub registry: Late,
    pub group: &'static str,
    pub resource: &'static str,
    /// Such as `apps/v1`.
    pub api_version: &'static str,
    /// ReplicationControllers select by a plain map.
    pub plain_selector: bool,
}

/// How often a write that lost the race is tried again.
const MAX_ATTEMPTS: usize = 100;
/// The reason of a race that was lost, which no client sees.
const CHANGED: &str = "Changed";
const REPLICAS: &[&str] = &["spec", "replicas"];

impl Virtual for ScaleOf {
    fn kind(&self) -> Option<&'static dyn DynKind> {
        Some(&kinds_apps::scale::SCALE)
    }

    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let (namespace, name) = (context.info.namespace.as_str(), context.info.name.as_str());
            let registry = self.registry.get()?;
            let target =
                Target { group: self.group, resource: self.resource, namespace, name, counts_generation: true };
            if context.method == Method::GET {
                let object = registry.guaranteed_update(target, true, &|_| Ok(())).await?;
                return Ok(Outcome::ok(self.scale_of(&object)));
            }
            let dry_run = context.query.get("dryRun").is_some();
            for _ in 0..MAX_ATTEMPTS {
                let mut object = registry.guaranteed_update(target, true, &|_| Ok(())).await?;
                let live = self.live(&mut object);
                let mut new = self.asked(context, &live, &body, &raw)?;
                let Target { group, resource, namespace, name, .. } = target;
                let place = Place { group, resource, subresource: "scale", namespace, name };
                registry.admit_update(context, place, &mut new, &live).await?;
                self.check(context, &live, &new)?;
                let change = |object: &mut Value| self.change(object, &live, &new);
                match registry.guaranteed_update(target, dry_run, &change).await {
                    Ok(object) => return Ok(Outcome::ok(self.scale_of(&object))),
                    Err(error) if error.reason() == CHANGED => {}
                    Err(error) => return Err(error),
                }
            }
            Err(ApiError::internal(format!("the scale of {name} changes too often")))
        })
    }
}

impl ScaleOf {
    /// The object's scale, without managedFields, as clients see it.
    fn scale_of(&self, object: &Value) -> Value {
        let mut scale = Scale::default();
        let metadata = object.at(&["metadata"]);
        scale.metadata.name = metadata.str_at(&["name"]).to_owned();
        scale.metadata.namespace = metadata.str_at(&["namespace"]).to_owned();
        scale.metadata.uid = metadata.str_at(&["uid"]).to_owned();
        scale.metadata.resource_version = metadata.str_at(&["resourceVersion"]).to_owned();
        scale.metadata.creation_timestamp = Part::read(metadata.at(&["creationTimestamp"]));
        scale.spec.replicas = i32::read(object.at(REPLICAS));
        scale.status.replicas = i32::read(object.at(&["status", "replicas"]));
        scale.status.selector = self.selector_of(object);
        scale.to_value()
    }

    fn selector_of(&self, object: &Value) -> String {
        let selector = object.at(&["spec", "selector"]);
        let labels = if self.plain_selector { selector } else { selector.at(&["matchLabels"]) };
        let equal = labels.as_map().into_iter().flat_map(|map| map.iter());
        let mut terms: Vec<String> =
            equal.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        if !self.plain_selector {
            let selector: LabelSelector = Part::read(selector);
            terms.extend(selector.match_expressions.iter().map(|requirement| {
                let mut values = requirement.values.clone();
                values.sort();
                match requirement.operator.as_str() {
                    "In" => format!("{} in ({})", requirement.key, values.join(",")),
                    "NotIn" => format!("{} notin ({})", requirement.key, values.join(",")),
                    "Exists" => requirement.key.clone(),
                    _ => format!("!{}", requirement.key),
                }
            }));
        }
        terms.join(",")
    }

    fn with_paths<T>(&self, act: impl FnOnce(ReplicasPath) -> T) -> T {
        act(ReplicasPath { versions: &[(self.api_version, REPLICAS)], api_version: self.api_version })
    }

    /// The object's scale, with managedFields.
    fn live(&self, object: &mut Value) -> Value {
        let mut live = self.scale_of(object);
        self.with_paths(|paths| to_scale(object, &mut live, paths));
        live
    }

    /// What the request makes of it.
    fn asked(&self, context: &RequestContext, live: &Value, body: &Value, raw: &[u8]) -> Result<Value, ApiError> {
        match context.method {
            Method::PUT => self.tracked(context, live, body.clone()),
            _ => self.patched(context, live, raw),
        }
    }

    /// Takes over a scale, if the object is still the one of which `live` was made.
    fn change(&self, object: &mut Value, live: &Value, new: &Value) -> Result<(), ApiError> {
        const VERSION: &[&str] = &["metadata", "resourceVersion"];
        if object.at(VERSION) != live.at(VERSION) {
            return Err(ApiError::new(409, CHANGED, "the object changed meanwhile"));
        }
        self.with_paths(|paths| from_scale(new, object, paths));
        object.set(REPLICAS, new.at(REPLICAS).as_i64().unwrap_or_default());
        Ok(())
    }

    fn manager<'a>(&self) -> FieldManager<'a> {
        FieldManager {
            ty: Scale::type_ref(),
            api_version: "autoscaling/v1",
            kind: "Scale",
            subresource: "scale",
            reset: &[],
            versions: None,
        }
    }

    fn tracked(&self, context: &RequestContext, live: &Value, mut new: Value) -> Result<Value, ApiError> {
        let manager = context.field_manager(context.query.get("fieldManager").unwrap_or_default());
        self.manager().on_update(live, &mut new, &manager, context.now);
        Ok(new)
    }

    fn patched(&self, context: &RequestContext, live: &Value, raw: &[u8]) -> Result<Value, ApiError> {
        let bad = |error: &dyn std::fmt::Display| ApiError::bad_request(error.to_string());
        let media = context.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        if media.starts_with("application/apply-patch") {
            let applied = yaml::parse(raw, json::Limits::default()).map_err(|error| bad(&error))?.value;
            let force = context.query.get("force").is_some_and(|value| !matches!(value, "false" | "0"));
            let manager = context.query.get("fieldManager").unwrap_or_default();
            let merged = self.manager().on_apply(live, &applied, manager, force, context.now).map_err(apply_error)?;
            return Ok(normalize(Scale::type_ref(), merged, &DecodeOptions::default()).map_err(|e| bad(&e))?.value);
        }
        let patch = json::parse(raw, json::Limits::default()).map_err(|error| bad(&error))?;
        let mut new = patch::written::form(Scale::type_ref(), live);
        let result = match media {
            "application/json-patch+json" => patch::json_patch::apply(&mut new, &patch),
            "application/merge-patch+json" => patch::merge::apply(&mut new, &patch),
            "application/strategic-merge-patch+json" => patch::strategic::apply(Scale::type_ref(), &mut new, &patch),
            other => {
                let message = format!(
                    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, not {other}"
                );
                return Err(ApiError::new(415, "UnsupportedMediaType", message));
            }
        };
        result.map_err(|error| ApiError::new(error.code(), error.reason(), error.message()))?;
        let new = normalize(Scale::type_ref(), new, &DecodeOptions::default()).map_err(|error| bad(&error))?.value;
        self.tracked(context, live, new)
    }

    fn check(&self, context: &RequestContext, live: &Value, new: &Value) -> Result<(), ApiError> {
        let (name, own) = (context.info.name.as_str(), new.str_at(&["metadata", "name"]));
        if own != name {
            let message = format!("the name of the object ({own}) does not match the name on the URL ({name})");
            return Err(ApiError::bad_request(message));
        }
        let given = new.str_at(&["metadata", "resourceVersion"]);
        if !given.is_empty() && given != live.str_at(&["metadata", "resourceVersion"]) {
            let qualified = if self.group.is_empty() {
                self.resource.to_owned()
            } else {
                format!("{}.{}", self.resource, self.group)
            };
            let message = format!(
                "Operation cannot be fulfilled on {qualified} \"{name}\": the object has been modified; please apply your \
                 changes to the latest version and try again"
            );
            return Err(ApiError::new(409, "Conflict", message).about(self.group, self.resource, name));
        }
        let replicas = new.at(REPLICAS).as_i64().unwrap_or_default();
        let mut errors = FieldErrors::new();
        kind::validate::not_negative(replicas, &Path::root("spec").child("replicas"), &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid("autoscaling", "Scale", name, &errors)) }
    }
}

fn apply_error(error: ApplyError) -> ApiError {
    match error {
        ApplyError::Conflicts(conflicts) => {
            let mut status = ApiError::new(409, "Conflict", conflicts.to_string());
            status.details().causes = conflicts
                .causes()
                .into_iter()
                .map(|cause| StatusCause {
                    reason: "FieldManagerConflict".into(),
                    message: cause.message,
                    field: cause.field,
                })
                .collect();
            status
        }
        other => ApiError::bad_request(other.to_string()),
    }
}
