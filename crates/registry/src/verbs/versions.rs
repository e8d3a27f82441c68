//! Objects between the versions in which they are asked for, worked on and stored.
//!
//! A built-in kind's logic works on its first version, a custom resource's on the version of the request.

use crate::cache::{self, Object};
use crate::entry::View;
use crate::pipeline::{Registry, Route};
use bytes::Bytes;
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

impl Route {
    /// The version that the kind's logic works on.
    pub(super) fn hub(&self) -> Result<&Arc<View>, ApiError> {
        if self.view.custom {
            return Ok(&self.view);
        }
        self.entry.hub().ok_or_else(|| ApiError::internal("the kind has no versions"))
    }

    /// From the request's version to the one that the kind's logic works on.
    pub(super) fn to_hub(&self, value: Value) -> Result<Value, ApiError> {
        self.entry.kind.convert(value, &self.hub()?.api_version)
    }
}

impl Registry {
    /// From the stored version to the one that the kind's logic works on.
    pub(super) async fn to_hub(&self, route: &Route, value: Value) -> Result<Value, ApiError> {
        self.converted(route, value, &route.hub()?.api_version).await
    }

    pub(super) async fn converted(&self, route: &Route, value: Value, to_api_version: &str) -> Result<Value, ApiError> {
        if value.str_at(&["apiVersion"]) == to_api_version {
            return Ok(value);
        }
        match &route.entry.converter {
            None => route.entry.kind.convert(value, to_api_version),
            Some(converter) => {
                let converted = converter.convert(vec![value], to_api_version).await?;
                converted.into_iter().next().ok_or_else(|| ApiError::internal("a conversion gave nothing"))
            }
        }
    }

    /// The stored form of an object.
    pub(super) async fn encode(&self, route: &Route, object: &Value) -> Result<Bytes, ApiError> {
        let storage = route.storage()?;
        if object.str_at(&["apiVersion"]) == storage.view.api_version {
            return storage.encode(object);
        }
        storage.encode(&self.converted(route, object.clone(), &storage.view.api_version).await?)
    }

    /// What a client sees of an object that was written: of a custom resource, what another version leaves of it.
    pub(super) async fn as_stored(&self, route: &Route, object: Value, raw: &Bytes) -> Result<Value, ApiError> {
        let storage = route.storage()?;
        if !route.view.custom || object.str_at(&["apiVersion"]) == storage.view.api_version {
            return Ok(object);
        }
        let version = object.at(&["metadata", "resourceVersion"]).clone();
        let stored = storage.decode(&storage.prefix, raw, 0).map_err(ApiError::internal)?;
        let mut shown = self.to_hub(route, stored).await?;
        match version {
            Value::Null => drop(shown.remove(&["metadata", "resourceVersion"])),
            version => shown.set(&["metadata", "resourceVersion"], version),
        }
        Ok(shown)
    }

    /// Has objects converted that the answer shows in another version, if that takes someone else.
    pub(super) async fn convert_shown(&self, route: &Route, objects: &[Arc<Object>]) -> Result<(), ApiError> {
        match &route.entry.converter {
            None => Ok(()),
            Some(converter) => cache::convert_objects(&**converter, route.storage()?, &route.view, objects).await,
        }
    }
}
