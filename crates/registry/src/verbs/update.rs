//! PUT.

use super::conversions::Conversions;
use super::modify::{Change, check_name};
use super::prepare::{Writing, settle_namespace, single_owners};
use crate::context::RequestContext;
use crate::options::WriteOptions;
use crate::pipeline::{Registry, Route};
use crate::response::Body;
use bytes::Bytes;
use http::Response;
use kind::ApiError;
use schema::Value;

struct Replacement<'p> {
    registry: &'p Registry,
    writing: &'p Writing<'p>,
    /// Of the kind's first version, with defaults.
    object: &'p Value,
}

impl Change for Replacement<'_> {
    fn apply(&self, current: &Value) -> Result<Value, ApiError> {
        let mut new = self.object.clone();
        self.registry.track(self.writing, current, &mut new)?;
        Ok(new)
    }

    fn uid(&self) -> &str {
        self.object.str_at(&["metadata", "uid"])
    }
}

impl Registry {
    pub(crate) async fn update(
        &self,
        context: &RequestContext,
        route: &Route,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, false)?;
        let options = WriteOptions::parse(&context.query, "UpdateOptions", false)?;
        let value = self.decode(context, route, &body, options.field_validation)?;
        let mut object = route.to_hub(value)?;
        route.entry.kind.default(&mut object);
        settle_namespace(&mut object, &route.namespace)?;
        check_name(&object, &route.name, &route.namespace)?;
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
        let change = Replacement { registry: self, writing: &writing, object: &object };
        let changed = self.modify(&writing, &change).await?;
        let status = if changed.created { 201 } else { 200 };
        self.respond(context, route, accepted, status, changed.value)
    }
}
