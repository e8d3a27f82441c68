//! The paths that are no resources: discovery, health, version, OpenAPI, the index, the keys of tokens.

use crate::aggregation::Aggregation;
use crate::discovery::{Discovery, Document, Documents};
use crate::etag;
use crate::health::{Asked, Health};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use kind::ApiError;
use registry::request_info::RequestInfo;
use registry::{Body, BoxFuture, Fallback, RequestContext, Virtual};
use std::sync::Arc;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const AGGREGATED_PROTOBUF: &str =
    "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const TEXT: &str = "text/plain; charset=utf-8";

/// A document served under one path, made by whoever knows it.
pub struct Page {
    pub path: String,
    pub content_type: &'static str,
    pub make: Box<dyn Fn() -> Bytes + Send + Sync>,
}

/// All of them.
pub struct Paths {
    pub aggregation: Arc<Aggregation>,
    pub discovery: Discovery,
    pub health: Health,
    pub pages: Vec<Page>,
    pub openapi: Arc<dyn OpenApi>,
    pub flow: Option<Arc<flowcontrol::Controller>>,
}

/// The OpenAPI documents.
pub trait OpenApi: Send + Sync {
    /// Answers `/openapi/v2`, `/openapi/v3` and what lies below; none: there is no such path.
    fn answer(&self, path: &str, hash: Option<&str>, headers: &HeaderMap) -> Result<Option<Response<Body>>, ApiError>;
}

impl Fallback for Paths {
    fn elsewhere(&self, info: &RequestInfo) -> Option<Arc<dyn Virtual>> {
        self.aggregation.elsewhere(&info.path)
    }

    fn call<'a>(&'a self, context: &'a RequestContext, _body: Bytes) -> BoxFuture<'a, Option<Response<Body>>> {
        Box::pin(async move {
            if let Some(response) = self.health(context).await {
                return Some(response);
            }
            self.answer(context)
        })
    }
}

impl Paths {
    fn answer(&self, context: &RequestContext) -> Option<Response<Body>> {
        let path = context.info.path.as_str();
        let flow = self.flow.as_ref().and_then(|flow| crate::flow::pages::answer(flow, context));
        if let Some(response) = flow {
            return Some(response);
        }
        if let Some(page) = self.pages.iter().find(|page| page.path == path) {
            if path == "/version" && context.header(header::ACCEPT) == YAML {
                let message = "only the following media types are accepted: application/json";
                return Some(registry::failure(context, &ApiError::new(406, "NotAcceptable", message)));
            }
            return Some(
                get_only(context).unwrap_or_else(|| respond(StatusCode::OK, page.content_type, (page.make)())),
            );
        }
        if path.starts_with("/openapi/") {
            if let Some(refused) = get_only(context) {
                return Some(refused);
            }
            let answer = self.openapi.answer(path, context.query.get("hash"), &context.headers);
            return answer.unwrap_or_else(|error| Some(registry::failure(context, &error)));
        }
        let documents = match self.discovery.documents() {
            Ok(documents) => documents,
            Err(error) => return Some(registry::failure(context, &error)),
        };
        let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        if let Some(document) = documents.plain.get(trimmed) {
            // Upstream's handler of the list of groups does not look at the method.
            let refused = if trimmed == "/apis" { None } else { get_only(context) };
            return Some(
                refused.unwrap_or_else(|| discovery(document, documents.aggregated.get(trimmed), &context.headers)),
            );
        }
        match path {
            "/" => Some(get_only(context).unwrap_or_else(|| respond(StatusCode::OK, JSON, self.index(&documents)))),
            _ => in_group(path, &documents).then(|| status(&not_found())),
        }
    }

    async fn health(&self, context: &RequestContext) -> Option<Response<Body>> {
        let exclude: Vec<&str> = context.query.all("exclude").collect();
        let asked = Asked { verbose: context.query.get("verbose").is_some(), exclude };
        let (status, text) = self.health.answer(&context.info.path, &asked).await?;
        let mut response = respond(status, TEXT, text.into());
        response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        Some(response)
    }

    /// The sorted list of paths at `/`.
    fn index(&self, documents: &Documents) -> Bytes {
        let mut paths: Vec<String> = documents.plain.keys().cloned().collect();
        paths.extend(self.pages.iter().map(|page| page.path.clone()));
        for endpoint in ["/healthz", "/livez", "/readyz"] {
            paths.push(endpoint.into());
            paths.extend(self.health.names(&endpoint[1..]).map(|name| format!("{endpoint}/{name}")));
        }
        paths.extend(["/apis/", "/openapi/v2", "/openapi/v3"].map(str::to_owned));
        paths.sort();
        paths.dedup();
        let mut json = serde_json::json!({ "paths": paths }).to_string();
        json.push('\n');
        json.into()
    }
}

/// Whether a path lies below a group that is served, in which a version or what is in it is missing.
fn in_group(path: &str, documents: &Documents) -> bool {
    match path.strip_prefix("/apis/") {
        Some(rest) => {
            rest.split_once('/').is_some_and(|(group, _)| documents.plain.contains_key(&format!("/apis/{group}")))
        }
        None => path.starts_with("/api/"),
    }
}

fn not_found() -> ApiError {
    let mut error = ApiError::new(404, "NotFound", "the server could not find the requested resource");
    error.details();
    error
}

/// The refusal of anything but GET.
fn get_only(context: &RequestContext) -> Option<Response<Body>> {
    if context.method == Method::GET {
        return None;
    }
    let message = "the server does not allow this method on the requested resource";
    let mut error = ApiError::new(405, "MethodNotAllowed", message);
    error.details();
    Some(status(&error))
}

fn discovery(plain: &Document, aggregated: Option<&Document>, headers: &HeaderMap) -> Response<Body> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for wanted in accept.split(',').map(str::trim) {
        let mut words = wanted.split(';').map(str::trim);
        let media = words.next().unwrap_or_default();
        let parameters: Vec<&str> = words.collect();
        let protobuf = media == PROTOBUF;
        let known = protobuf || matches!(media, "" | JSON | "application/*" | "*/*" | YAML);
        if !known {
            continue;
        }
        let profile = parameters.iter().any(|parameter| parameter.starts_with("as="));
        if !profile {
            return match media {
                YAML => yaml(plain),
                _ => document(plain, if protobuf { PROTOBUF } else { JSON }, protobuf),
            };
        }
        let v2 = parameters.contains(&"as=APIGroupDiscoveryList")
            && parameters.contains(&"v=v2")
            && parameters.contains(&"g=apidiscovery.k8s.io");
        if let (true, Some(aggregated)) = (v2, aggregated) {
            let media = if protobuf { AGGREGATED_PROTOBUF } else { AGGREGATED };
            return etag::tagged(document(aggregated, media, protobuf), &aggregated.digest, headers);
        }
    }
    let message = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    status(&ApiError::new(406, "NotAcceptable", message))
}

fn document(document: &Document, content_type: &'static str, protobuf: bool) -> Response<Body> {
    let body = if protobuf { document.protobuf.clone() } else { document.json.clone() };
    let mut response = respond(StatusCode::OK, content_type, body);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn yaml(document: &Document) -> Response<Body> {
    let mut response = respond(StatusCode::OK, YAML, schema::yaml::write(&document.value).into());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn status(error: &ApiError) -> Response<Body> {
    let (head, _) = crate::gateway::status(error).into_parts();
    let json = crate::gateway::status_json(error);
    Response::from_parts(head, Body::Full(json))
}

pub fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::Full(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
