//! LIST: from the cache as shared buffers, or from the store where a revision is asked for.

use crate::cache::{Encoded, Filter, Form, Object};
use crate::context::RequestContext;
use crate::frames::{self, ListHead};
use crate::negotiate::{Accepted, Media, Transform};
use crate::options::{ContinueToken, ListOptions, VersionMatch};
use crate::pipeline::{Registry, Route, respond_with};
use crate::response::Body;
use crate::table::{self, Include};
use crate::{error, keys};
use http::Response;
use kind::ApiError;
use schema::{Value, value};
use std::sync::Arc;
use store::{RangeOptions, StoreError, prefix_end};

/// Keys that one step of a selective page reads.
const PAGE_KEYS: usize = 1_000;

/// What a list found.
pub(super) struct Page {
    pub objects: Vec<Arc<Object>>,
    pub revision: u64,
    pub continue_token: String,
    pub remaining: Option<u64>,
}

impl Registry {
    pub(crate) async fn list(&self, context: &RequestContext, route: &Route) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, false)?;
        let options = ListOptions::parse(&context.query, false)?;
        let filter = self.filter(route, &options)?;
        let page = self.page(route, &options, &filter).await?;
        self.convert_shown(route, &page.objects).await?;
        self.respond_list(context, route, accepted, &page)
    }

    pub(super) async fn page(&self, route: &Route, options: &ListOptions, filter: &Filter) -> Result<Page, ApiError> {
        let storage = route.storage()?;
        let version =
            options.version().map_err(|why| ApiError::bad_request(format!("invalid resource version: {why}")))?;
        if !options.continue_token.is_empty() {
            if version.is_some_and(|version| version != 0) {
                let message = "specifying resource version is not allowed when using continue";
                return Err(ApiError::bad_request(message));
            }
            let token = ContinueToken::decode(&options.continue_token)?;
            return self.page_of_store(route, filter, options.limit, token.revision, Some(&token.start)).await;
        }
        // A limit without a rule for the version means that very version.
        let legacy_exact = options.version_match.is_none() && options.limit > 0;
        let exact = options.version_match == Some(VersionMatch::Exact) || legacy_exact;
        match version {
            Some(version) if version > 0 && exact => {
                self.page_of_store(route, filter, options.limit, Some(version), None).await
            }
            _ => {
                self.fresh_with_revision(storage, version).await?;
                let limit = if version == Some(0) { 0 } else { options.limit };
                let snapshot = storage.cache.list(&storage.prefix, filter, limit);
                let prefix = keys::namespace_prefix(&storage.prefix, &filter.namespace);
                let mut page = Page {
                    revision: snapshot.revision,
                    continue_token: String::new(),
                    remaining: None,
                    objects: snapshot.objects,
                };
                if let (Some(last), true) = (page.objects.last(), snapshot.remaining > 0) {
                    page.continue_token = next_page(page.revision, &prefix, &last.key);
                    let selective = !(filter.labels.is_empty() && filter.fields.is_empty());
                    page.remaining = (!selective).then_some(snapshot.remaining as u64);
                }
                Ok(page)
            }
        }
    }

    /// A page at a revision that the cache may not have.
    async fn page_of_store(
        &self,
        route: &Route,
        filter: &Filter,
        limit: usize,
        revision: Option<u64>,
        start: Option<&str>,
    ) -> Result<Page, ApiError> {
        let storage = route.storage()?;
        let prefix = keys::namespace_prefix(&storage.prefix, &filter.namespace);
        let end = prefix_end(&prefix);
        let mut from = format!("{prefix}{}", start.unwrap_or_default());
        let mut at = revision;
        let mut page = Page { objects: Vec::new(), revision: 0, continue_token: String::new(), remaining: None };
        loop {
            let wanted = if limit == 0 { PAGE_KEYS } else { limit.min(PAGE_KEYS) };
            let options = RangeOptions { revision: at, limit: wanted };
            let range = storage.store().range(&from, &end, options).await;
            let range = range.map_err(|error| list_error(route, &error, start))?;
            page.revision = range.revision;
            at = Some(range.revision);
            for (index, kv) in range.items.iter().enumerate() {
                let object = Object::new(storage, kv).map_err(ApiError::internal)?;
                if filter.matches(&object) {
                    page.objects.push(Arc::new(object));
                }
                if limit != 0 && page.objects.len() == limit {
                    let left = (range.items.len() - index - 1) as u64 + range.remaining;
                    if left > 0 {
                        page.continue_token = next_page(page.revision, &prefix, &kv.key);
                        let selective = !(filter.labels.is_empty() && filter.fields.is_empty());
                        page.remaining = (!selective).then_some(left);
                    }
                    return Ok(page);
                }
            }
            match range.items.last() {
                Some(last) if range.more => from = format!("{}\0", last.key),
                _ => return Ok(page),
            }
        }
    }

    pub(super) fn respond_list(
        &self,
        context: &RequestContext,
        route: &Route,
        accepted: Accepted,
        page: &Page,
    ) -> Result<Response<Body>, ApiError> {
        let storage = route.storage()?;
        let metadata = list_metadata(page);
        let content_type = accepted.media.content_type();
        let (form, api_version, kind) = match accepted.transform {
            Transform::None => (Form::Full, route.view.api_version.as_str(), route.view.list_kind()),
            Transform::PartialList(version) => {
                (Form::Partial(version), version.api_version(), "PartialObjectMetadataList".to_owned())
            }
            Transform::Partial(_) => {
                let message = "you requested PartialObjectMetadata, but the requested object is a list";
                let list = format!(
                    "{message} (*{}.{}List)",
                    super::internal_package(route.entry.names().group),
                    route.entry.names().kind
                );
                return Err(error::not_acceptable(list));
            }
            Transform::Table(version) => {
                let include = Include::parse(context.query.get("includeObject").unwrap_or_default())?;
                let values: Vec<Value> = page
                    .objects
                    .iter()
                    .map(|object| {
                        let value = object.shown(storage, &route.view).map_err(ApiError::internal)?;
                        Ok((*value).clone())
                    })
                    .collect::<Result<_, ApiError>>()?;
                let table = table::table(&route.view, version, metadata, &values, include, true, context.now)?;
                return Ok(respond_with(200, content_type, Body::Full(frames::text_chunk(table, accepted))));
            }
        };
        let media = if accepted.media == Media::Yaml { Media::Json } else { accepted.media };
        let items: Vec<Encoded> = page
            .objects
            .iter()
            .map(|object| object.encoded(storage, &route.view, form, media))
            .collect::<Result<_, _>>()
            .map_err(ApiError::internal)?;
        let head = ListHead {
            api_version,
            kind: &kind,
            metadata,
            null_if_empty: form != Form::Full,
            custom: route.view.custom && form == Form::Full,
        };
        let chunks = frames::list_chunks(&head, &items, accepted);
        Ok(respond_with(200, content_type, Body::Chunks(chunks)))
    }
}

/// The token of the page after the key `last`.
fn next_page(revision: u64, prefix: &str, last: &str) -> String {
    let start = format!("{}\0", last.strip_prefix(prefix).unwrap_or(last));
    ContinueToken { revision: Some(revision), start }.encode()
}

fn list_metadata(page: &Page) -> Value {
    let mut metadata = value!({ "resourceVersion": (page.revision.to_string()) });
    if !page.continue_token.is_empty() {
        metadata.set(&["continue"], page.continue_token.as_str());
    }
    if let Some(remaining) = page.remaining {
        metadata.set(&["remainingItemCount"], remaining as i64);
    }
    metadata
}

fn list_error(route: &Route, error: &StoreError, start: Option<&str>) -> ApiError {
    match (error, start) {
        (StoreError::Compacted { .. }, Some(start)) => {
            let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
            let mut expired = ApiError::expired(message);
            let token = ContinueToken { revision: None, start: start.to_owned() };
            expired.0.metadata.continue_ = token.encode();
            expired
        }
        (StoreError::Compacted { .. }, None) => {
            ApiError::expired("The resourceVersion for the provided list is too old.")
        }
        (other, _) => error::from_store(other, route.entry.names(), ""),
    }
}
