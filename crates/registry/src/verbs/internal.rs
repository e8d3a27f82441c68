//! Reads and writes for those who serve what is not stored: scales, bindings, evictions, tokens.
//!
//! They go through admission, preparation, validation and the store like any write of the object that they concern, on
//! behalf of the request's user; authorization has happened, for the request itself.

use super::conversions::Conversions;
use super::modify::Change;
use super::prepare::Writing;
use crate::context::RequestContext;
use crate::error;
use crate::options::{DeleteOptions, FieldValidation, WriteOptions};
use crate::patching::{self, PatchType};
use crate::pipeline::{Registry, Route, Target};
use http::header;
use kind::{ApiError, Verb};
use schema::decode::DecodeOptions;
use schema::{TypeRef, Value};

/// Which stored object is meant.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    pub group: &'p str,
    /// The plural.
    pub resource: &'p str,
    /// What admission and the kind are told; may be empty.
    pub subresource: &'p str,
    pub namespace: &'p str,
    pub name: &'p str,
}

struct Through<F>(F);

impl<F: Fn(&Value) -> Result<Value, ApiError> + Send + Sync> Change for Through<F> {
    fn apply(&self, current: &Value) -> Result<Value, ApiError> {
        (self.0)(current)
    }
}

impl Registry {
    /// The newest version of an object, of its kind's first version; 404 if there is none.
    pub async fn read(&self, place: Place<'_>) -> Result<Value, ApiError> {
        let route = self.place(place)?;
        let stored = route.storage()?.read(place.namespace, route.checked_name()?).await?;
        let stored = stored.ok_or_else(|| ApiError::not_found(route.entry.names(), place.name))?;
        self.to_hub(&route, stored.value).await
    }

    /// Changes an object: `change` makes the new one out of the current one, and is asked again when another write was
    /// faster. Who manages what is left to it, but for what it asks of [`Registry::track_update`].
    pub async fn change(
        &self,
        context: &RequestContext,
        place: Place<'_>,
        options: &WriteOptions,
        change: impl Fn(&Value) -> Result<Value, ApiError> + Send + Sync,
    ) -> Result<Value, ApiError> {
        let route = self.place(place)?;
        let manager = context.field_manager(&options.field_manager);
        let writing = Writing {
            context,
            route: &route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: &manager,
            admitted: false,
            conversions: Conversions::default(),
        };
        Ok(self.modify(&writing, &Through(change)).await?.value)
    }

    /// [`Registry::read`], of a custom resource in one of its versions.
    pub async fn read_as(&self, place: Place<'_>, version: &str) -> Result<Value, ApiError> {
        let route = self.place_as(place, version)?;
        let stored = route.storage()?.read(place.namespace, route.checked_name()?).await?;
        let stored = stored.ok_or_else(|| ApiError::not_found(route.entry.names(), place.name))?;
        self.to_hub(&route, stored.value).await
    }

    /// [`Registry::change`], of a custom resource in one of its versions.
    pub async fn change_as(
        &self,
        context: &RequestContext,
        place: Place<'_>,
        version: &str,
        options: &WriteOptions,
        change: impl Fn(&Value) -> Result<Value, ApiError> + Send + Sync,
    ) -> Result<Value, ApiError> {
        let route = self.place_as(place, version)?;
        let manager = context.field_manager(&options.field_manager);
        let writing = Writing {
            context,
            route: &route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: &manager,
            admitted: false,
            conversions: Conversions::default(),
        };
        Ok(self.modify(&writing, &Through(change)).await?.value)
    }

    fn place_as(&self, place: Place<'_>, version: &str) -> Result<Route, ApiError> {
        let mut route = self.place(place)?;
        route.view = route.entry.view(version).cloned().ok_or_else(error::not_found_path)?;
        Ok(route)
    }

    /// Sets the managedFields of `new` as an update at `place` by the request's manager does.
    pub fn track_update(
        &self,
        context: &RequestContext,
        place: Place<'_>,
        options: &WriteOptions,
        live: &Value,
        new: &mut Value,
    ) -> Result<(), ApiError> {
        let route = self.place(place)?;
        let manager = context.field_manager(&options.field_manager);
        let writing = Writing {
            context,
            route: &route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: &manager,
            admitted: false,
            conversions: Conversions::default(),
        };
        self.track(&writing, live, new)
    }

    /// Deletes an object, of which admission has been asked already by what the request is about. Gives what a DELETE
    /// answers: the object or a Status.
    pub async fn remove(
        &self,
        context: &RequestContext,
        place: Place<'_>,
        options: &DeleteOptions,
    ) -> Result<Value, ApiError> {
        let route = self.place(place)?;
        let (dry_run, value) = (options.dry_run, &options.value);
        let writing = Writing {
            context,
            route: &route,
            dry_run,
            options: value,
            manager: "",
            admitted: true,
            conversions: Conversions::default(),
        };
        self.delete_through(&writing, route.checked_name()?, options).await
    }

    pub(super) fn place(&self, place: Place<'_>) -> Result<Route, ApiError> {
        let routes = self.routes();
        let entry = routes.get(place.group, place.resource).cloned().ok_or_else(error::not_found_path)?;
        let view = entry.hub().cloned().ok_or_else(error::not_found_path)?;
        Ok(Route {
            entry,
            view,
            subresource: place.subresource.to_owned(),
            namespace: place.namespace.to_owned(),
            name: place.name.to_owned(),
            target: Target::Stored(Verb::Update),
        })
    }
}

/// Applies the patch in a request's body (JSON, merge or strategic) to a normal value of any type.
pub fn patch_value(
    context: &RequestContext,
    ty: TypeRef,
    current: &Value,
    body: &[u8],
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    let patch_type = PatchType::of(context.header(header::CONTENT_TYPE), false)?;
    let parsed = patching::parse(patch_type, body)?;
    let options = DecodeOptions { strict: validation != FieldValidation::Ignore, custom: false };
    let patched = patching::apply(patch_type, ty, current, &parsed.value, &options)?;
    match validation {
        FieldValidation::Strict if !patched.strict.is_empty() => {
            let why = format!("strict decoding error: {}", patched.strict.join(", "));
            return Err(patching::invalid(&patched.shown, &why));
        }
        FieldValidation::Warn => context.warn_all(patched.strict),
        _ => {}
    }
    Ok(patched.value)
}
