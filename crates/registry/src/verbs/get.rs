//! GET of one object.

use crate::cache::{Form, Object};
use crate::context::RequestContext;
use crate::error;
use crate::frames;
use crate::negotiate::{Accepted, Media, Transform};
use crate::pipeline::{Registry, Route, respond_with};
use crate::response::Body;
use crate::storage::Storage;
use http::Response;
use kind::ApiError;
use std::sync::Arc;

impl Registry {
    pub(crate) async fn get(&self, context: &RequestContext, route: &Route) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, false)?;
        let storage = route.storage()?;
        let name = route.checked_name()?;
        let version = match context.query.get("resourceVersion") {
            None | Some("") => None,
            Some(text) => {
                let version = error::parse_uint(text);
                Some(version.map_err(|why| error::bare(crate::options::invalid_version(text, &why)))?)
            }
        };
        let key = storage.key(&route.namespace, name);
        let found = match version {
            None if storage.must_ask_store() => self.newest(storage, &key).await?,
            version => {
                self.fresh(storage, version).await?;
                storage.cache.get(&key)
            }
        };
        let object = found.ok_or_else(|| ApiError::not_found(route.entry.names(), name))?;
        self.convert_shown(route, std::slice::from_ref(&object)).await?;
        self.respond_object(context, route, accepted, &object)
    }

    /// What the store has now; its bytes are the cache's, where that has the same.
    async fn newest(&self, storage: &Storage, key: &str) -> Result<Option<Arc<Object>>, ApiError> {
        let (found, _) =
            storage.store().get(key, None).await.map_err(|error| error::from_store(&error, storage.names(), ""))?;
        let Some(kv) = found else { return Ok(None) };
        if let Some(object) = storage.cache.get(key).filter(|object| object.revision == kv.mod_revision) {
            return Ok(Some(object));
        }
        Object::new(storage, &kv).map(|object| Some(Arc::new(object))).map_err(ApiError::internal)
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
                let value = object.shown(storage, &route.view).map_err(ApiError::internal)?;
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
