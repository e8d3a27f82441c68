//! POST of a new object.

use super::conversions::Conversions;
use super::prepare::{
    Writing, fill_system_fields, resource_version, settle_namespace, single_owners, wipe_system_fields,
};
use crate::context::RequestContext;
use crate::error;
use crate::options::WriteOptions;
use crate::pipeline::{Registry, Route};
use crate::response::Body;
use admission::Operation;
use bytes::Bytes;
use http::Response;
use kind::ApiError;
use schema::Value;

/// How many names are tried where the client lets the server choose one.
const MAX_NAMES: usize = 8;

impl Registry {
    pub(crate) async fn create(
        &self,
        context: &RequestContext,
        route: &Route,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        if let Some(why) = route.entry.kind.refuses_create() {
            let mut error = ApiError::method_not_supported(route.entry.names(), "create");
            error.0.message = why.to_owned();
            return Err(error);
        }
        let accepted = self.accepted(context, route, false)?;
        let options = WriteOptions::parse(&context.query, "CreateOptions", false)?;
        let value = self.decode(context, route, &body, options.field_validation)?;
        let mut object = route.to_hub(value)?;
        route.entry.kind.default(&mut object);
        wipe_system_fields(&mut object);
        settle_namespace(&mut object, &route.namespace)?;
        single_owners(context, &mut object);
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
        object = self.tracked(&writing, object).await?;
        self.admit(&writing, Operation::Create, &mut object, &Value::Null).await?;
        single_owners(context, &mut object);
        let created = self.store_new_named(&writing, object).await?;
        self.respond(context, route, accepted, 201, created)
    }

    async fn tracked(&self, writing: &Writing<'_>, mut object: Value) -> Result<Value, ApiError> {
        if writing.route.entry.converter.is_none() {
            self.track(writing, &Value::Null, &mut object)?;
            return Ok(object);
        }
        let track = || {
            let mut tracked = object.clone();
            self.track(writing, &Value::Null, &mut tracked)?;
            Ok(tracked)
        };
        self.with_conversions(writing, track).await
    }

    /// Tries other names where the client lets the server choose.
    async fn store_new_named(&self, writing: &Writing<'_>, object: Value) -> Result<Value, ApiError> {
        let generates =
            object.str_at(&["metadata", "name"]).is_empty() && !object.str_at(&["metadata", "generateName"]).is_empty();
        for _ in 1..if generates { MAX_NAMES } else { 1 } {
            match self.store_new(writing, object.clone()).await {
                Err(error) if error.is_already_exists() => {}
                done => return done,
            }
        }
        self.store_new(writing, object).await
    }

    /// Names, prepares, validates and stores an object that admission let pass.
    pub(super) async fn store_new(&self, writing: &Writing<'_>, mut object: Value) -> Result<Value, ApiError> {
        fill_system_fields(&mut object, writing.context.now, &*self.config.rng);
        let reservation = self.reserve(writing, &mut object, None).await?;
        self.prepare_create(writing, &mut object)?;
        self.check_admission(writing, Operation::Create, &mut object, &Value::Null).await?;
        let route = writing.route;
        let storage = route.storage()?;
        let name = object.str_at(&["metadata", "name"]).to_owned();
        let raw = self.encode(route, &object).await?;
        if writing.dry_run {
            return match storage.read(&route.namespace, &name).await? {
                Some(existing) => Err(exists(route, &name, &existing.value)),
                None => self.as_stored(route, object, &raw).await,
            };
        }
        if resource_version(&object)? != 0 {
            return Err(error::bare("resourceVersion should not be set on objects to be created"));
        }
        let Some(revision) = storage.put(&route.namespace, &name, raw.clone(), 0).await? else {
            let existing = storage.read(&route.namespace, &name).await?;
            return Err(exists(route, &name, &existing.map(|stored| stored.value).unwrap_or_default()));
        };
        if let Some(reservation) = reservation {
            reservation.commit();
        }
        object.set(&["metadata", "resourceVersion"], revision.to_string());
        self.as_stored(route, object, &raw).await
    }
}

fn exists(route: &Route, name: &str, existing: &Value) -> ApiError {
    let mut error = ApiError::already_exists(route.entry.names(), name);
    if !existing.at(&["metadata", "deletionTimestamp"]).is_null() {
        error.0.message = format!("object is being deleted: {}", error.0.message);
    }
    error
}
