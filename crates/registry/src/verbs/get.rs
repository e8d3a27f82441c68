//! GET of one object.

use crate::cache::{Form, Object};
use crate::context::RequestContext;
use crate::error;
use crate::frames;
use crate::negotiate::{Accepted, Media, Transform};
use crate::pipeline::{Registry, Route, respond_with};
use crate::response::Body;
use http::Response;
use kind::ApiError;
use std::sync::Arc;

impl Registry {
    pub(crate) async fn get(&self, context: &RequestContext, route: &Route) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, false)?;
        let storage = route.storage()?;
        let name = route.checked_name()?;
        let at_least = match context.query.get("resourceVersion") {
            None | Some("") => 0,
            Some(text) => {
                error::parse_uint(text).map_err(|why| error::bare(crate::options::invalid_version(text, &why)))?
            }
        };
        self.fresh(storage, at_least).await?;
        let found = storage.cache.get(&storage.key(&route.namespace, name));
        let object = found.ok_or_else(|| ApiError::not_found(route.entry.names(), name))?;
        self.respond_object(context, route, accepted, &object)
    }

    /// Answers with an object of the cache, whose bytes are shared where the form allows it.
    fn respond_object(
        &self,
        context: &RequestContext,
        route: &Route,
        accepted: Accepted,
        object: &Arc<Object>,
    ) -> Result<Response<Body>, ApiError> {
        let storage = route.storage()?;
        let form = match accepted.transform {
            Transform::None => Form::Full,
            Transform::Partial(version) => Form::Partial(version),
            _ => {
                let value = object.value(storage).map_err(ApiError::internal)?;
                return self.respond(context, route, accepted, 200, (*value).clone());
            }
        };
        // YAML is made from the JSON.
        let media = if accepted.media == Media::Yaml { Media::Json } else { accepted.media };
        let encoded = object.encoded(storage, &route.view, form, media).map_err(ApiError::internal)?;
        let chunks = frames::object_chunks(&route.view, &encoded, form, accepted);
        Ok(respond_with(200, accepted.media.content_type(), Body::Chunks(chunks)))
    }
}
