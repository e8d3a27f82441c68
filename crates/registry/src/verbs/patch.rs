//! PATCH, of all four kinds.

use super::conversions::Conversions;
use super::modify::{Change, Changed, check_name, uid_mismatch};
use super::prepare::{Writing, settle_namespace};
use crate::codec::MAX_BODY;
use crate::context::RequestContext;
use crate::error;
use crate::options::{FieldValidation, WriteOptions};
use crate::patching::{self, PatchType};
use crate::pipeline::{Registry, Route};
use crate::response::Body;
use bytes::Bytes;
use http::{Response, header};
use kind::ApiError;
use patch::managed::ApplyError;
use schema::Value;
use schema::decode::{DecodeOptions, normalize};

/// How often a patch whose result conflicts with what is there is tried again.
const MAX_CONFLICTS: usize = 5;

struct Patch<'p> {
    registry: &'p Registry,
    writing: &'p Writing<'p>,
    patch_type: PatchType,
    /// Parsed; for a JSON patch the list of operations.
    patch: &'p Value,
    /// Duplicate keys, in upstream's words.
    strict: &'p [String],
    validation: FieldValidation,
    force: bool,
}

impl Registry {
    pub(crate) async fn patch(
        &self,
        context: &RequestContext,
        route: &Route,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        let patch_type = PatchType::of(context.header(header::CONTENT_TYPE), route.view.custom)?;
        let accepted = self.accepted(context, route, false)?;
        if body.len() > MAX_BODY {
            return Err(error::too_large_body(MAX_BODY));
        }
        let options = WriteOptions::parse(&context.query, "PatchOptions", patch_type.is_apply())?;
        let manager = context.field_manager(&options.field_manager);
        let writing = Writing {
            context,
            route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: &manager,
            admitted: false,
            conversions: Conversions::default(),
        };
        let parsed = patching::parse(patch_type, &body)?;
        if let Some(record) = &context.record {
            record.patch(|| match patch_type.is_apply() {
                true => schema::json::to_string(&parsed.value).into(),
                false => body.clone(),
            });
        }
        let change = Patch {
            registry: self,
            writing: &writing,
            patch_type,
            patch: &parsed.value,
            strict: &parsed.duplicates,
            validation: options.field_validation,
            force: options.force.unwrap_or(false),
        };
        let changed = self.patch_with_retries(&writing, &change).await?;
        let status = if changed.created { 201 } else { 200 };
        self.respond(context, route, accepted, status, changed.value)
    }

    async fn patch_with_retries(&self, writing: &Writing<'_>, change: &Patch<'_>) -> Result<Changed, ApiError> {
        for _ in 0..MAX_CONFLICTS {
            match self.modify(writing, change).await {
                Err(error) if error.is_conflict() => {}
                done => return done,
            }
        }
        self.modify(writing, change).await
    }
}

impl Change for Patch<'_> {
    fn apply(&self, current: &Value) -> Result<Value, ApiError> {
        let route = self.writing.route;
        let name = route.name.as_str();
        let mut new = match self.patch_type.is_apply() {
            true => self.applied(current)?,
            false => self.patched(current)?,
        };
        let uid = new.str_at(&["metadata", "uid"]);
        if current.is_null() && !uid.is_empty() {
            return Err(uid_mismatch(route, name, uid));
        }
        settle_namespace(&mut new, &route.namespace)?;
        check_name(&new, name, &route.namespace)?;
        Ok(new)
    }

    fn creates(&self) -> bool {
        self.patch_type.is_apply()
    }
}

impl Patch<'_> {
    /// In the version of the request, then defaulted in the kind's first.
    fn patched(&self, current: &Value) -> Result<Value, ApiError> {
        let route = self.writing.route;
        if current.is_null() {
            return Err(ApiError::not_found(route.entry.names(), &route.name));
        }
        let ty = route.view.ty().ok_or_else(|| ApiError::internal("the kind has no type"))?;
        let mut shown = route.view.show(current.clone())?;
        // Upstream patches the written form, in which nothing keeps the bytes that it came as.
        shown.make_plain();
        let options = DecodeOptions { strict: self.validation != FieldValidation::Ignore, custom: route.view.custom };
        let result = patching::apply(self.patch_type, ty, &shown, self.patch, &options)?;
        let mut strict: Vec<String> = self.strict.to_vec();
        strict.extend(result.strict);
        if !strict.is_empty() {
            match self.validation {
                FieldValidation::Ignore => {}
                FieldValidation::Warn => self.writing.context.warn_all(strict),
                FieldValidation::Strict => {
                    let why = format!("strict decoding error: {}", strict.join(", "));
                    return Err(patching::invalid(&result.shown, &why));
                }
            }
        }
        let mut new = self.to_hub(result.value)?;
        self.registry.track(self.writing, current, &mut new)?;
        Ok(new)
    }

    fn to_hub(&self, mut value: Value) -> Result<Value, ApiError> {
        let route = self.writing.route;
        value.make_plain();
        if value.str_at(&["apiVersion"]).is_empty() {
            value.set(&["apiVersion"], route.view.api_version.as_str());
        }
        value.set(&["kind"], route.entry.names().kind);
        let mut new = route.to_hub(value)?;
        route.entry.kind.default(&mut new);
        Ok(new)
    }

    /// An apply that changes no field leaves the object with the bytes that it has; it may have one more manager.
    fn only_managers(&self, mut kept: Value, mut applied: Value) -> Result<Value, ApiError> {
        match applied.remove(&["metadata", "managedFields"]) {
            Some(managers) => kept.set(&["metadata", "managedFields"], managers),
            None => drop(kept.remove(&["metadata", "managedFields"])),
        }
        self.writing.route.to_hub(kept)
    }

    fn applied(&self, current: &Value) -> Result<Value, ApiError> {
        let route = self.writing.route;
        let shown = match current {
            Value::Null => Value::Null,
            current => route.view.show(current.clone())?,
        };
        let now = self.writing.context.now;
        let mut live = shown;
        let kept = (!live.is_plain()).then(|| live.clone());
        live.make_plain();
        let result = self.registry.with_manager(self.writing, |manager| {
            manager.on_apply(&live, self.patch, self.writing.manager, self.force, now)
        })?;
        let applied = result.map_err(apply_error)?;
        if let Some(kept) = kept
            && unmanaged(&applied) == unmanaged(&live)
        {
            return self.only_managers(kept, applied);
        }
        if !self.strict.is_empty() {
            match self.validation {
                FieldValidation::Ignore => {}
                FieldValidation::Warn => self.writing.context.warn_all(self.strict.to_vec()),
                FieldValidation::Strict => {
                    let why = self.strict.join("; ");
                    return Err(ApiError::bad_request(format!("error strict decoding YAML: {why}")));
                }
            }
        }
        let ty = route.view.ty().ok_or_else(|| ApiError::internal("the kind has no type"))?;
        let options = DecodeOptions { strict: false, custom: route.view.custom };
        let decoded = normalize(ty, applied, &options).map_err(|error| error::bare(error.to_string()))?;
        self.to_hub(decoded.value)
    }
}

/// An object without who manages it.
fn unmanaged(object: &Value) -> Value {
    let mut bare = object.clone();
    bare.remove(&["metadata", "managedFields"]);
    bare.make_plain();
    bare
}

fn apply_error(failed: ApplyError) -> ApiError {
    match failed {
        ApplyError::BadRequest(why) => ApiError::bad_request(why),
        ApplyError::Internal(why) => error::bare(why),
        ApplyError::Conflicts(conflicts) => {
            let mut error = ApiError::new(409, "Conflict", conflicts.to_string());
            let cause = |cause: patch::managed::Cause| api_meta::v1::StatusCause {
                reason: "FieldManagerConflict".into(),
                message: cause.message,
                field: cause.field,
            };
            error.details().causes = conflicts.causes().into_iter().map(cause).collect();
            error
        }
    }
}
