//! The client, and its verbs over typed objects.

use crate::api::{Api, Patch};
use crate::codec::{self, PROTOBUF};
use crate::transport::{Body, Transport};
use crate::watch::TypedWatch;
use crate::{ClientError, MAX_RETRIES};
use api_meta::v1::{DeleteOptions, ListOptions, ObjectMeta, PatchOptions};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use informer::Resource;
use schema::{Object, Typed, Value};
use std::sync::Arc;
use std::time::Duration;

/// How long a request other than a watch may take, unless told otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a throttled request waits when the server does not say.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// How long a throttled request waits at most.
const MAX_RETRY_WAIT: Duration = Duration::from_secs(30);

/// A client of one server under one identity. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    user_agent: HeaderValue,
    timeout: Duration,
}

/// All objects of a list.
#[derive(Clone, Debug)]
pub struct TypedList<T> {
    pub items: Vec<T>,
    pub resource_version: String,
}

impl Client {
    /// `user_agent`: such as `kubelet/v1.36.2 (linux/amd64) kubernetes/...`.
    pub fn new(transport: Arc<dyn Transport>, user_agent: &str) -> Client {
        let user_agent = HeaderValue::from_str(user_agent).unwrap_or_else(|_| HeaderValue::from_static("tiphys"));
        Client { transport, user_agent, timeout: REQUEST_TIMEOUT }
    }

    /// The same server, another name to be seen by.
    pub fn with_user_agent(&self, user_agent: &str) -> Client {
        Client { timeout: self.timeout, ..Client::new(self.transport.clone(), user_agent) }
    }

    /// The same, with another limit for requests other than watches.
    pub fn with_timeout(&self, timeout: Duration) -> Client {
        Client { timeout, ..self.clone() }
    }

    /// The verbs over values.
    pub fn api<'c>(&'c self, resource: &'c Resource) -> Api<'c> {
        Api::new(self, resource)
    }

    pub async fn get<T: Object>(&self, namespace: &str, name: &str) -> Result<T, ClientError> {
        Ok(T::from_value(&self.api(&Resource::of::<T>()).get(namespace, name).await?))
    }

    /// All pages; an empty namespace means all of them.
    pub async fn list<T: Object>(&self, namespace: &str, options: &ListOptions) -> Result<TypedList<T>, ClientError> {
        let list = self.api(&Resource::of::<T>()).list(namespace, options).await?;
        Ok(TypedList { items: list.items.iter().map(T::from_value).collect(), resource_version: list.resource_version })
    }

    pub async fn watch<T: Object>(&self, namespace: &str, options: &ListOptions) -> Result<TypedWatch<T>, ClientError> {
        Ok(TypedWatch::new(self.api(&Resource::of::<T>()).watch(namespace, options).await?))
    }

    pub async fn create<T: Object<Meta = ObjectMeta>>(&self, object: &T) -> Result<T, ClientError> {
        let namespace = &object.meta().namespace;
        Ok(T::from_value(&self.api(&Resource::of::<T>()).create(namespace, &object.to_value()).await?))
    }

    pub async fn update<T: Object<Meta = ObjectMeta>>(&self, object: &T) -> Result<T, ClientError> {
        self.update_subresource(object, "").await
    }

    pub async fn update_status<T: Object<Meta = ObjectMeta>>(&self, object: &T) -> Result<T, ClientError> {
        self.update_subresource(object, "status").await
    }

    pub async fn update_subresource<T: Object<Meta = ObjectMeta>>(
        &self,
        object: &T,
        below: &str,
    ) -> Result<T, ClientError> {
        let (meta, resource) = (object.meta(), Resource::of::<T>());
        let value = self.api(&resource).update(&meta.namespace, &meta.name, below, &object.to_value()).await?;
        Ok(T::from_value(&value))
    }

    /// Patches the object, or with `below` a subresource of it.
    pub async fn patch<T: Object>(
        &self,
        namespace: &str,
        name: &str,
        below: &str,
        patch: &Patch,
    ) -> Result<T, ClientError> {
        let resource = Resource::of::<T>();
        let value = self.api(&resource).patch(namespace, name, below, patch, &PatchOptions::default()).await?;
        Ok(T::from_value(&value))
    }

    /// Server-side apply.
    pub async fn apply<T: Object<Meta = ObjectMeta>>(
        &self,
        object: &T,
        field_manager: &str,
        force: bool,
    ) -> Result<T, ClientError> {
        let options = PatchOptions { field_manager: field_manager.into(), force: Some(force), ..Default::default() };
        let (meta, patch) = (object.meta(), Patch::Apply(object.to_value()));
        let resource = Resource::of::<T>();
        let value = self.api(&resource).patch(&meta.namespace, &meta.name, "", &patch, &options).await?;
        Ok(T::from_value(&value))
    }

    /// The object as it is now, if it goes slowly; `None` if it is gone.
    pub async fn delete<T: Object>(
        &self,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Option<T>, ClientError> {
        let value = self.api(&Resource::of::<T>()).delete(namespace, name, options).await?;
        Ok((value.str_at(&["kind"]) != "Status").then(|| T::from_value(&value)))
    }

    pub async fn delete_collection<T: Object>(
        &self,
        namespace: &str,
        list: &ListOptions,
        options: &DeleteOptions,
    ) -> Result<(), ClientError> {
        self.api(&Resource::of::<T>()).delete_collection(namespace, list, options).await
    }

    /// POST to what is below an object: pods/binding, pods/eviction, serviceaccounts/token. The answer is of another kind
    /// than `T`: a Status, or the object posted with its status.
    pub async fn create_subresource<T: Object, B: Typed>(
        &self,
        namespace: &str,
        name: &str,
        below: &str,
        body: &B,
    ) -> Result<Value, ClientError> {
        self.api(&Resource::of::<T>()).create_subresource(namespace, name, below, &body.to_value()).await
    }

    /// Any path as it is: discovery, health, metrics. Returns the body of a success.
    pub async fn get_raw(&self, path: &str) -> Result<Bytes, ClientError> {
        self.send(self.request(Method::GET, path, None, HeaderValue::from_static("application/json, */*"))).await
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<(Bytes, &'static str)>,
        accept: HeaderValue,
    ) -> Request<Bytes> {
        let (body, media_type) = body.unwrap_or_default();
        let mut request = Request::new(body);
        *request.method_mut() = method;
        // What is not a URI (a path from outside with a space in it) becomes one that no server has.
        *request.uri_mut() = path.parse().unwrap_or_else(|_| http::Uri::from_static("/invalid-path"));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, accept);
        headers.insert(USER_AGENT, self.user_agent.clone());
        if !media_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        request
    }

    /// The whole body of a success, within the client's timeout.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Bytes, ClientError> {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let answer = async { self.stream(request).await?.into_body().collect().await };
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Timeout { method, path, seconds: self.timeout.as_secs() }),
        }
    }

    /// A success with its body as it comes. Waits as a busy server asks.
    pub(crate) async fn stream(&self, request: Request<Bytes>) -> Result<Response<Body>, ClientError> {
        for _ in 0..MAX_RETRIES {
            let response = self.transport.send(request.clone()).await?;
            match retry_after(&response) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return success(response).await,
            }
        }
        success(self.transport.send(request).await?).await
    }
}

async fn success(response: Response<Body>) -> Result<Response<Body>, ClientError> {
    let code = response.status();
    if code.is_success() {
        return Ok(response);
    }
    let body = response.into_body().collect().await?;
    Err(ClientError::Api(codec::failure(code, &body)))
}

/// How long to wait before trying again, if the server asks for that. A 429 without Retry-After is an answer (an eviction
/// that a disruption budget forbids), not a throttle.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let busy = response.status() == StatusCode::TOO_MANY_REQUESTS || response.status().is_server_error();
    let header = response.headers().get(RETRY_AFTER).filter(|_| busy)?;
    let seconds = header.to_str().ok().and_then(|text| text.parse().ok());
    Some(seconds.map_or(RETRY_WAIT, Duration::from_secs).min(MAX_RETRY_WAIT))
}

/// Whether an answer is protobuf.
pub(crate) fn is_protobuf(response: &Response<Body>) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.starts_with(PROTOBUF)
}
