//! The verbs, over values.

use crate::codec::{self, Wanted};
use crate::path::{path, push_query};
use crate::watch::WatchStream;
use crate::{Client, ClientError};
use api_meta::v1::{DeleteOptions, ListOptions, PatchOptions};
use bytes::Bytes;
use http::{Method, Request};
use informer::Resource;
use schema::{Schema, Typed, Value};

/// Objects that one page of a list has at most, as upstream's clients ask for.
const PAGE: i64 = 500;

/// One resource as a client sees it.
#[derive(Clone, Copy)]
pub struct Api<'c> {
    client: &'c Client,
    resource: &'c Resource,
    /// Ask for metadata alone.
    metadata: bool,
}

/// A list, all pages of it.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub items: Vec<Value>,
    /// The version that a watch may start from.
    pub resource_version: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    Json(Value),
    Merge(Value),
    StrategicMerge(Value),
    /// Server-side apply; the options have to name the field manager.
    Apply(Value),
}

impl<'c> Api<'c> {
    pub(crate) fn new(client: &'c Client, resource: &'c Resource) -> Api<'c> {
        Api { client, resource, metadata: false }
    }

    /// The same, but what comes back is only the metadata (PartialObjectMetadata).
    pub fn metadata(self) -> Api<'c> {
        Api { metadata: true, ..self }
    }

    pub async fn get(&self, namespace: &str, name: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path(self.resource, namespace, name, ""), None).await
    }

    pub async fn get_subresource(&self, namespace: &str, name: &str, below: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path(self.resource, namespace, name, below), None).await
    }

    /// All objects, page by page; an empty namespace means all of them.
    pub async fn list(&self, namespace: &str, options: &ListOptions) -> Result<List, ClientError> {
        let mut options = options.clone();
        if options.limit == 0 {
            options.limit = PAGE;
        }
        let mut list = List::default();
        loop {
            let mut page = self.page(namespace, &options).await?;
            if list.resource_version.is_empty() {
                list.resource_version = page.str_at(&["metadata", "resourceVersion"]).to_owned();
            }
            options.continue_ = page.str_at(&["metadata", "continue"]).to_owned();
            if let Some(Value::List(items)) = page.remove(&["items"]) {
                list.items.extend(items);
            }
            if options.continue_.is_empty() {
                return Ok(list);
            }
            // A page continues the list that its token names.
            options.resource_version.clear();
            options.resource_version_match.clear();
        }
    }

    /// One page of a list, as the server gives it.
    pub async fn page(&self, namespace: &str, options: &ListOptions) -> Result<Value, ClientError> {
        let mut path = path(self.resource, namespace, "", "");
        push_query(&mut path, options);
        let wanted = if self.metadata { Wanted::MetadataList } else { Wanted::Whole };
        self.call_for(Method::GET, path, None, wanted).await
    }

    /// `options.resource_version`: what was seen last. The server closes a watch after some minutes.
    pub async fn watch(&self, namespace: &str, options: &ListOptions) -> Result<WatchStream, ClientError> {
        let mut path = path(self.resource, namespace, "", "");
        push_query(&mut path, &ListOptions { watch: true, ..options.clone() });
        let request = self.client.request(Method::GET, &path, None, self.accept(self.wanted()));
        WatchStream::open(self.client.stream(request).await?)
    }

    pub async fn create(&self, namespace: &str, object: &Value) -> Result<Value, ClientError> {
        self.call(Method::POST, path(self.resource, namespace, "", ""), Some(codec::encode(object))).await
    }

    pub async fn create_subresource(
        &self,
        namespace: &str,
        name: &str,
        below: &str,
        object: &Value,
    ) -> Result<Value, ClientError> {
        self.call(Method::POST, path(self.resource, namespace, name, below), Some(codec::encode(object))).await
    }

    /// Replaces the object, or with `below` a subresource of it; its resourceVersion, if it has one, must be the present one.
    pub async fn update(&self, namespace: &str, name: &str, below: &str, object: &Value) -> Result<Value, ClientError> {
        self.call(Method::PUT, path(self.resource, namespace, name, below), Some(codec::encode(object))).await
    }

    pub async fn patch(
        &self,
        namespace: &str,
        name: &str,
        below: &str,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Value, ClientError> {
        let mut path = path(self.resource, namespace, name, below);
        push_query(&mut path, options);
        let (body, media_type) = match patch {
            Patch::Json(body) => (body, "application/json-patch+json"),
            Patch::Merge(body) => (body, "application/merge-patch+json"),
            Patch::StrategicMerge(body) => (body, "application/strategic-merge-patch+json"),
            Patch::Apply(body) => (body, "application/apply-patch+yaml"),
        };
        self.call(Method::PATCH, path, Some((codec::to_json(body), media_type))).await
    }

    /// The object as it is now, if it goes slowly, or a Status (its details have the uid), if it is gone.
    pub async fn delete(&self, namespace: &str, name: &str, options: &DeleteOptions) -> Result<Value, ClientError> {
        let body = codec::encode(&options.to_value());
        self.call(Method::DELETE, path(self.resource, namespace, name, ""), Some(body)).await
    }

    pub async fn delete_collection(
        &self,
        namespace: &str,
        list: &ListOptions,
        options: &DeleteOptions,
    ) -> Result<(), ClientError> {
        let mut path = path(self.resource, namespace, "", "");
        push_query(&mut path, list);
        self.call(Method::DELETE, path, Some(codec::encode(&options.to_value()))).await.map(drop)
    }

    fn wanted(&self) -> Wanted {
        if self.metadata { Wanted::Metadata } else { Wanted::Whole }
    }

    fn accept(&self, wanted: Wanted) -> http::HeaderValue {
        let builtin = Schema::builtin().by_kind(&self.resource.api_version(), &self.resource.kind).is_some();
        codec::accept(builtin, wanted)
    }

    async fn call(
        &self,
        method: Method,
        path: String,
        body: Option<(Bytes, &'static str)>,
    ) -> Result<Value, ClientError> {
        self.call_for(method, path, body, self.wanted()).await
    }

    async fn call_for(
        &self,
        method: Method,
        path: String,
        body: Option<(Bytes, &'static str)>,
        wanted: Wanted,
    ) -> Result<Value, ClientError> {
        let request: Request<Bytes> = self.client.request(method, &path, body, self.accept(wanted));
        codec::decode(&self.client.send(request).await?)
    }
}
