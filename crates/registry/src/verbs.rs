//! The verbs over stored kinds, and what they share.

mod admit;
mod conversions;
mod create;
mod delete;
mod get;
mod internal;
mod list;
mod modify;
mod patch;
mod prepare;
mod update;
mod versions;
mod watch;

pub(crate) use admit::connect_options;
pub use internal::{Place, patch_value};

use crate::codec::{self, Expected};
use crate::context::RequestContext;
use crate::frames;
use crate::negotiate::{Accepted, Transform};
use crate::options::{FieldValidation, ListOptions};
use crate::pipeline::{Registry, Route, respond_with};
use crate::response::Body;
use crate::storage::Storage;
use crate::table::{self, Include};
use crate::{cache, error};
use futures_util::future::{Either, select};
use http::Response;
use kind::validate::path_segment_name;
use kind::{ApiError, Subresource};
use schema::{Schema, Value, value};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a read waits for the cache to catch up.
const FRESHNESS_WAIT: Duration = Duration::from_millis(100);
/// How often it waits that long before the client is told to try again.
const FRESHNESS_TRIES: usize = 30;

impl Route {
    pub(crate) fn storage(&self) -> Result<&Arc<Storage>, ApiError> {
        self.entry.storage.as_ref().ok_or_else(error::method_not_allowed)
    }

    /// Those of the kind whose objects are stored, which messages about an object's content name.
    fn stored_names(&self) -> &kind::Names {
        self.entry.storage.as_ref().map_or(self.entry.names(), |storage| storage.names())
    }

    /// The name from the path; only what can stand in a key.
    fn checked_name(&self) -> Result<&str, ApiError> {
        let problems = path_segment_name(&self.name);
        if problems.is_empty() {
            return Ok(&self.name);
        }
        let quoted = kind::field::quoted(&self.name);
        Err(ApiError::bad_request(format!("Name parameter invalid: {quoted}: {}", problems.join(";"))))
    }
}

impl Registry {
    /// Decodes a body of the route's kind (or its subresource's) into a value of the version that it names.
    fn decode(
        &self,
        context: &RequestContext,
        route: &Route,
        body: &[u8],
        validation: FieldValidation,
    ) -> Result<Value, ApiError> {
        let entry = &route.entry;
        let no_type = || ApiError::internal("the kind has no type");
        let ty = route.view.ty().ok_or_else(no_type)?;
        // Any served version of the group is taken, as upstream's codecs do.
        let accepts = [route.view.api_version.clone()];
        let expected = Expected {
            ty,
            api_version: &route.view.api_version,
            kind: entry.names().kind,
            custom: route.view.custom,
            accepts: &accepts,
        };
        codec::decode_body(context, body, &expected, validation)
    }

    pub(crate) fn decode_for_virtual(
        &self,
        context: &RequestContext,
        route: &Route,
        body: &[u8],
    ) -> Result<Value, ApiError> {
        let subresource = route.entry.subresource(&route.subresource, &route.view.version);
        let (api_version, ty) = route
            .entry
            .body_type(&route.view, subresource)
            .ok_or_else(|| ApiError::internal("the subresource has no type"))?;
        let kind = subresource.map_or(route.entry.names().kind, |sub| sub.kind);
        let mut accepts = vec![api_version.clone()];
        let older = subresource.map_or(&[][..], Subresource::older_versions);
        accepts.extend(older.iter().map(|&version| version.to_owned()));
        let expected = Expected { ty, api_version: &api_version, kind, custom: false, accepts: &accepts };
        let validation = crate::options::WriteOptions::parse(&context.query, "CreateOptions", false)?.field_validation;
        codec::decode_body(context, body, &expected, validation)
    }

    /// Waits until the cache has every write that was answered here, and the version that is asked for: none is the
    /// newest, 0 is any.
    pub(crate) async fn fresh(&self, storage: &Storage, version: Option<u64>) -> Result<(), ApiError> {
        let fail = |error: store::StoreError| error::from_store(&error, storage.names(), "");
        let mut wanted = storage.last_written();
        let at_least = version.unwrap_or(0);
        if (storage.must_ask_store() && version.is_none()) || at_least > storage.cache.revision() {
            let current = storage.request_progress().await.map_err(fail)?;
            if at_least > current {
                return Err(error::too_large_version(at_least, current));
            }
            wanted = wanted.max(if version.is_none() { current } else { at_least });
        }
        for _ in 0..FRESHNESS_TRIES {
            if storage.cache.is_ready() && storage.cache.revision() >= wanted {
                return Ok(());
            }
            if let Some(error) = storage.cache.unreadable() {
                return Err(ApiError::internal(error));
            }
            let reached = pin!(storage.cache.reached(wanted));
            if let Either::Left(_) = select(reached, self.config.timer.sleep(FRESHNESS_WAIT)).await {
                return Ok(());
            }
            // The store may have missed to tell.
            storage.request_progress().await.map_err(fail)?;
        }
        Err(error::too_large_version(wanted, storage.cache.revision()))
    }

    /// The same for lists and watches, which tell the client the revision: it shall be the store's newest if possible.
    pub(crate) async fn fresh_with_revision(&self, storage: &Storage, version: Option<u64>) -> Result<(), ApiError> {
        let fail = |error: store::StoreError| error::from_store(&error, storage.names(), "");
        self.fresh(storage, version).await?;
        storage.advance().await.map_err(fail)?;
        if storage.cache.revision() == 0 {
            let current = storage.request_progress().await.map_err(fail)?;
            self.fresh(storage, Some(current)).await?;
        }
        Ok(())
    }

    /// What a list or watch wants, checked against what the kind can select by.
    fn filter(&self, route: &Route, options: &ListOptions) -> Result<cache::Filter, ApiError> {
        let kind = &route.entry.kind;
        let known = kind.selectable_names(&route.view.version);
        for field in options.fields.fields() {
            // A cluster's kind with fields of its own knows no namespace.
            let lax = known.is_empty() && !route.view.custom;
            let has_namespace = lax || route.entry.names().namespaced();
            let is_known = field == "metadata.name"
                || (field == "metadata.namespace" && has_namespace)
                || known.iter().any(|name| name == field);
            if !is_known {
                return Err(ApiError::bad_request(kind.unknown_field_selector(field)));
            }
        }
        let mut fields = options.fields.clone();
        fields.rename(|field| kind.stored_field(field));
        if !route.name.is_empty() {
            fields = crate::selector::FieldSelector::name(&route.name);
        }
        Ok(cache::Filter { namespace: route.namespace.clone(), labels: options.labels.clone(), fields })
    }

    /// Answers with one object: of the route's kind (of any of its versions), or of a type that it names.
    pub(crate) fn respond(
        &self,
        context: &RequestContext,
        route: &Route,
        accepted: Accepted,
        status: u16,
        value: Value,
    ) -> Result<Response<Body>, ApiError> {
        let kind = value.str_at(&["kind"]);
        let respond = |chunk| respond_with(status, accepted.media.content_type(), Body::Full(chunk));
        if kind != route.entry.names().kind {
            let ty = Schema::builtin().by_kind(value.str_at(&["apiVersion"]), kind);
            let ty =
                ty.or_else(|| frames::meta_type(kind)).ok_or_else(|| ApiError::internal(format!("no type {kind}")))?;
            return Ok(respond(frames::value_chunk(ty, &value, accepted)));
        }
        let value = route.view.show(value)?;
        match accepted.transform {
            Transform::None => {
                let ty = route.view.ty().ok_or_else(|| ApiError::internal("no type"))?;
                Ok(respond(frames::value_chunk(ty, &value, accepted)))
            }
            Transform::Partial(version) => {
                let ty = frames::meta_type("PartialObjectMetadata").ok_or_else(|| ApiError::internal("no type"))?;
                Ok(respond(frames::value_chunk(ty, &frames::partial(&*route.view.kind, &value, version), accepted)))
            }
            Transform::PartialList(_) => Err(error::not_acceptable(format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list (*{}.{})",
                internal_package(route.entry.names().group),
                route.entry.names().kind
            ))),
            Transform::Table(version) => {
                let include = Include::parse(context.query.get("includeObject").unwrap_or_default())?;
                let resource_version = value.str_at(&["metadata", "resourceVersion"]);
                let metadata = match resource_version {
                    "" => Value::map(),
                    text => value!({ "resourceVersion": text }),
                };
                let table = table::table(&route.view, version, metadata, &[value], include, true, context.now)?;
                Ok(respond(frames::text_chunk(table, accepted)))
            }
        }
    }
}

/// Go's package of the internal types of a group, which a message shows.
fn internal_package(group: &str) -> &str {
    if group.is_empty() { "core" } else { group.split('.').next().unwrap_or_default() }
}
