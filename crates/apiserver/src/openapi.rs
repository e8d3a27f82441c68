//! The OpenAPI documents, version 2 and 3, made from the schema and the kinds; without prose, which the schema has none of.
//!
//! Each document is made at the first request after what it tells of has changed, and kept.

mod custom;
mod definitions;
mod gnostic;
mod negotiate;
mod operations;
mod parameters;
mod paths;
mod version2;
mod version3;

use crate::fallback::OpenApi;
use crate::served::{Kept, Served, Source};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use kind::ApiError;
use negotiate::{Form, JSON};
use parking_lot::Mutex;
use registry::{Body, Entry};
use schema::{Schema, Value, json};
use std::sync::Arc;
use version2::{PROTOBUF, Part, Version2};
use version3::Version3;

/// How clients ask for the forms of version 2; the last is the spelling of clients before 1.25.
const V2_TYPES: &[&str] = &[JSON, PROTOBUF, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];
/// Types of the options and answers that every kind's operations share.
const SHARED: &[&str] = &[
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
    "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
];

const API_GROUP: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup";
const API_GROUPS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList";
const API_RESOURCES: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";
const API_VERSIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions";

/// Types that discovery answers.
const DISCOVERY: &[&str] = &[API_GROUP, API_GROUPS, API_RESOURCES, API_VERSIONS];

/// The documents of what is served.
pub struct Documents {
    source: Arc<dyn Source>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    v2: Option<(Served, Arc<Version2>)>,
    v3: Option<(Served, Arc<Version3>)>,
    parts: Kept<Part>,
    forms: Kept<Form>,
}

impl Documents {
    pub fn new(source: Arc<dyn Source>) -> Documents {
        Documents { source, state: Mutex::default() }
    }

    fn version2(&self) -> Result<Arc<Version2>, ApiError> {
        let served = self.source.now()?;
        let mut state = self.state.lock();
        let known = state.v2.as_ref().filter(|(before, _)| served.is(before));
        if let Some((_, made)) = known {
            return Ok(made.clone());
        }
        let made = Arc::new(version2::make(&served, &mut state.parts));
        state.v2 = Some((served, made.clone()));
        Ok(made)
    }

    fn version3(&self) -> Result<Arc<Version3>, ApiError> {
        let served = self.source.now()?;
        let mut state = self.state.lock();
        let known = state.v3.as_ref().filter(|(before, _)| served.is(before));
        if let Some((_, made)) = known {
            return Ok(made.clone());
        }
        let made = Arc::new(version3::make(&served, &mut state.forms));
        state.v3 = Some((served, made.clone()));
        Ok(made)
    }
}

impl OpenApi for Documents {
    fn answer(&self, path: &str, hash: Option<&str>, headers: &HeaderMap) -> Result<Option<Response<Body>>, ApiError> {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(path) = path.strip_prefix("/openapi/") else { return Ok(None) };
        if path == "v2" {
            let version2 = self.version2()?;
            return Ok(Some(match negotiate::choose(accept, V2_TYPES) {
                Some(0) => version2.json.respond(headers),
                Some(_) => version2.protobuf.respond(headers),
                None => negotiate::empty(StatusCode::NOT_ACCEPTABLE),
            }));
        }
        if path != "v3" && !path.starts_with("v3/") {
            return Ok(None);
        }
        let version3 = self.version3()?;
        Ok(Some(match path.strip_prefix("v3/").unwrap_or_default() {
            "" => version3.index.respond(headers),
            path => of_version3(&version3, path, hash, accept, headers),
        }))
    }
}

fn of_version3(
    version3: &Version3,
    path: &str,
    hash: Option<&str>,
    accept: &str,
    headers: &HeaderMap,
) -> Response<Body> {
    let Some(document) = version3.documents.get(path) else { return negotiate::empty(StatusCode::NOT_FOUND) };
    if negotiate::choose(accept, &[JSON]).is_none() {
        return negotiate::empty(StatusCode::NOT_ACCEPTABLE);
    }
    match hash {
        Some(hash) if hash != document.digest => {
            negotiate::moved(&format!("/openapi/v3/{path}?hash={}", document.digest))
        }
        _ => document.respond(headers),
    }
}

fn text(document: &Value) -> Bytes {
    let mut out = Vec::new();
    json::write(document, &mut out);
    out.into()
}

/// Those of the types that the schema has.
fn builtin(names: &[&str]) -> Vec<&'static str> {
    names.iter().filter_map(|name| Schema::builtin().by_name(name)).map(|ty| ty.name()).collect()
}

/// The types of the program that the documents start from: kinds, their lists, the bodies of subresources, and what all
/// share. `version`: of one version alone.
fn roots(entries: &[Arc<Entry>], version: Option<&str>) -> Vec<&'static str> {
    let builtin = Schema::builtin();
    let mut roots = self::builtin(SHARED);
    roots.push(definitions::PATCH);
    if version.is_none() {
        roots.push(definitions::VERSION);
    }
    if entries.iter().any(|entry| entry.is_custom()) {
        roots.extend(self::builtin(custom::SHARED));
    }
    if entries.iter().any(|entry| !entry.is_custom()) {
        roots.extend(self::builtin(if version.is_some() { &[API_RESOURCES] } else { DISCOVERY }));
    }
    for names in entries.iter().filter(|entry| !entry.is_custom()).map(|entry| entry.names()) {
        for version in names.versions.iter().filter(|served| version.is_none_or(|wanted| wanted == served.name)) {
            let api_version = names.api_version(version.name);
            let list = format!("{}List", names.kind);
            let subresources = names.subresources.iter().filter(|sub| !sub.version.is_empty());
            let bodies = subresources.map(|sub| {
                let group = if sub.group.is_empty() { String::new() } else { format!("{}/", sub.group) };
                (format!("{group}{}", sub.version), sub.kind.to_owned())
            });
            let own = [(api_version.clone(), names.kind.to_owned()), (api_version.clone(), list)];
            let found = own.into_iter().chain(bodies).filter_map(|(version, kind)| builtin.by_kind(&version, &kind));
            roots.extend(found.map(|ty| ty.name()));
        }
    }
    roots
}

#[cfg(test)]
mod tests;
