//! `scale` of a custom resource: the replicas stand where the definition says.

use api_apps::autoscaling::v1::Scale;
use bytes::Bytes;
use custom::CustomKind;
use custom::jsonpath::at_simple;
use custom::resource::{Scale as Paths, VersionInfo};
use http::{Method, header};
use kind::{ApiError, DynKind};
use patch::managed::scale::{ReplicasPath, from_scale, to_scale};
use patch::managed::{ApplyError, FieldManager};
use registry::options::{FieldValidation, WriteOptions};
use registry::{BoxFuture, Outcome, Place, Registry, RequestContext, Virtual, patch_value};
use schema::decode::{DecodeOptions, normalize};
use schema::typed::Part;
use schema::{Typed, Value, json, yaml};
use std::sync::{Arc, Weak};

pub struct CustomScale {
    pub registry: Weak<Registry>,
    pub kind: Arc<CustomKind>,
}

/// One request for a scale.
struct Request<'r> {
    context: &'r RequestContext,
    kind: &'r CustomKind,
    version: &'r VersionInfo,
    paths: &'r Paths,
    options: &'r WriteOptions,
}

impl Virtual for CustomScale {
    fn kind(&self) -> Option<&'static dyn DynKind> {
        Some(&kinds_apps::scale::CUSTOM_SCALE)
    }

    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let starting = || ApiError::service_unavailable("the server is starting or stopping");
            let registry = self.registry.upgrade().ok_or_else(starting)?;
            let info = &context.info;
            let missing = || ApiError::not_found(self.kind.names(), &info.name);
            let version = self.kind.version(&info.version).ok_or_else(missing)?;
            let paths = version.scale.as_ref().ok_or_else(missing)?;
            let place = Place {
                group: &info.group,
                resource: &info.resource,
                subresource: "",
                namespace: &info.namespace,
                name: &info.name,
            };
            if context.method == Method::GET {
                let object = registry.read_as(place, &info.version).await?;
                return Ok(Outcome::ok(scale_of(&object, paths)?));
            }
            let applies = context.header(header::CONTENT_TYPE).starts_with("application/apply-patch");
            let options = WriteOptions::parse(&context.query, "UpdateOptions", applies)?;
            let request = Request { context, kind: &self.kind, version, paths, options: &options };
            let change = |object: &Value| request.changed(object, &body, &raw);
            let object = registry.change_as(context, place, &info.version, &options, change).await?;
            Ok(Outcome::ok(scale_of(&object, paths)?))
        })
    }
}

/// The object's scale, without managedFields, as clients see it.
fn scale_of(object: &Value, paths: &Paths) -> Result<Value, ApiError> {
    let mut scale = Scale::default();
    let metadata = object.at(&["metadata"]);
    scale.metadata.name = metadata.str_at(&["name"]).to_owned();
    scale.metadata.namespace = metadata.str_at(&["namespace"]).to_owned();
    scale.metadata.uid = metadata.str_at(&["uid"]).to_owned();
    scale.metadata.resource_version = metadata.str_at(&["resourceVersion"]).to_owned();
    scale.metadata.creation_timestamp = Part::read(metadata.at(&["creationTimestamp"]));
    let replicas = at_simple(object, &paths.spec_replicas);
    if replicas.is_null() {
        let why = format!("the spec replicas field {:?} does not exist", paths.spec_replicas);
        return Err(ApiError::internal(why));
    }
    scale.spec.replicas = i32::read(replicas);
    scale.status.replicas = i32::read(at_simple(object, &paths.status_replicas));
    if !paths.label_selector.is_empty() {
        scale.status.selector = String::read(at_simple(object, &paths.label_selector));
    }
    Ok(scale.to_value())
}

impl Request<'_> {
    fn changed(&self, current: &Value, body: &Value, raw: &[u8]) -> Result<Value, ApiError> {
        if current.is_null() {
            return Err(ApiError::not_found(self.kind.names(), &self.context.info.name));
        }
        let mut object = current.clone();
        let paths: Vec<(String, Vec<String>)> = self.kind.versions().iter().filter_map(path_of).collect();
        let steps: Vec<Vec<&str>> = paths.iter().map(|(_, path)| path.iter().map(String::as_str).collect()).collect();
        let by_version: Vec<(&str, &[&str])> =
            paths.iter().zip(&steps).map(|((version, _), steps)| (version.as_str(), steps.as_slice())).collect();
        let places = ReplicasPath { versions: &by_version, api_version: &self.version.api_version };
        let mut live = scale_of(&object, self.paths)?;
        to_scale(&object, &mut live, places);
        let new = match self.context.method {
            Method::PUT => self.tracked(&live, body.clone()),
            _ => self.patched(&live, raw)?,
        };
        self.check(&live, &new)?;
        from_scale(&new, &mut object, places);
        let replicas = new.at(&["spec", "replicas"]).as_i64().unwrap_or_default();
        let at: Vec<&str> = self.paths.spec_replicas.trim_start_matches('.').split('.').collect();
        object.set(&at, replicas);
        let given = new.str_at(&["metadata", "resourceVersion"]);
        if !given.is_empty() {
            object.set(&["metadata", "resourceVersion"], given);
        }
        Ok(object)
    }

    fn manager(&self) -> FieldManager<'static> {
        FieldManager {
            ty: Scale::type_ref(),
            api_version: "autoscaling/v1",
            kind: "Scale",
            subresource: "scale",
            reset: &[],
            versions: None,
        }
    }

    fn tracked(&self, live: &Value, mut new: Value) -> Value {
        let manager = self.context.field_manager(&self.options.field_manager);
        self.manager().on_update(live, &mut new, &manager, self.context.now);
        new
    }

    fn patched(&self, live: &Value, raw: &[u8]) -> Result<Value, ApiError> {
        let bad = |error: &dyn std::fmt::Display| ApiError::bad_request(error.to_string());
        if !self.context.header(header::CONTENT_TYPE).starts_with("application/apply-patch") {
            let new = patch_value(self.context, Scale::type_ref(), live, raw, FieldValidation::Ignore)?;
            return Ok(self.tracked(live, new));
        }
        let applied = yaml::parse(raw, json::Limits::default()).map_err(|error| bad(&error))?.value;
        let (manager, force) = (&self.options.field_manager, self.options.force.unwrap_or(false));
        let merged = self.manager().on_apply(live, &applied, manager, force, self.context.now);
        let merged = merged.map_err(|error| match error {
            ApplyError::Conflicts(conflicts) => ApiError::new(409, "Conflict", conflicts.to_string()),
            other => bad(&other),
        })?;
        Ok(normalize(Scale::type_ref(), merged, &DecodeOptions::default()).map_err(|error| bad(&error))?.value)
    }

    fn check(&self, live: &Value, new: &Value) -> Result<(), ApiError> {
        let (name, own) = (self.context.info.name.as_str(), new.str_at(&["metadata", "name"]));
        if own != name {
            let message = format!("the name of the object ({own}) does not match the name on the URL ({name})");
            return Err(ApiError::bad_request(message));
        }
        let uid = new.str_at(&["metadata", "uid"]);
        let have = live.str_at(&["metadata", "uid"]);
        if !uid.is_empty() && uid != have {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {have}");
            return Err(ApiError::conflict(self.kind.names(), name, &why));
        }
        Ok(())
    }
}

/// A version and where its objects have their replicas.
fn path_of(version: &VersionInfo) -> Option<(String, Vec<String>)> {
    let scale = version.scale.as_ref()?;
    let steps = scale.spec_replicas.trim_start_matches('.').split('.').map(str::to_owned).collect();
    Some((version.api_version.clone(), steps))
}
