//! The OpenAPI documents, version 2 and 3, made from the schema and the kinds; without prose, which the schema has none of.
//!
//! Each document is made at the first request for it and kept.

mod definitions;
mod gnostic;
mod negotiate;
mod operations;
mod parameters;
mod paths;

use crate::fallback::OpenApi;
use bytes::Bytes;
use definitions::Dialect;
use http::{HeaderMap, Response, StatusCode, header};
use kind::DynKind;
use negotiate::{Form, JSON};
use registry::Body;
use schema::{Map, Schema, Value, json, value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The index of version 3 says so, as upstream's.
const TEXT: &str = "text/plain; charset=utf-8";
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
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

/// The documents of the built-in kinds.
pub struct Documents {
    kinds: &'static [&'static dyn DynKind],
    v2: OnceLock<Version2>,
    v3: OnceLock<Version3>,
}

struct Version2 {
    json: Form,
    protobuf: Form,
}

struct Version3 {
    index: Form,
    /// `apis/apps/v1` to its document.
    documents: BTreeMap<String, Form>,
}

impl Documents {
    pub fn new(kinds: &'static [&'static dyn DynKind]) -> Documents {
        Documents { kinds, v2: OnceLock::new(), v3: OnceLock::new() }
    }

    fn version2(&self) -> &Version2 {
        self.v2.get_or_init(|| {
            let document = self.document2();
            Version2 {
                json: Form::new(JSON, text(&document)),
                protobuf: Form::new(PROTOBUF, gnostic::encode(&document)),
            }
        })
    }

    fn document2(&self) -> Value {
        let kinds: Vec<&dyn DynKind> = self.kinds.to_vec();
        let mut paths = paths::of(&kinds, None, Dialect::V2);
        for (path, item) in paths::of_discovery(&self.groups(), Dialect::V2).iter() {
            paths.make_map().insert(path, item.clone());
        }
        value!({
            "swagger": "2.0",
            "info": { "title": "Kubernetes", "version": "1.36" },
            "paths": paths,
            "definitions": (definitions::of(&roots(&kinds, None), None, Dialect::V2)),
            "securityDefinitions": { "BearerToken": {
                "description": "Bearer Token authentication", "type": "apiKey", "name": "authorization", "in": "header"
            } },
            "parameters": (parameters::shared()),
            "security": [{ "BearerToken": [] }]
        })
    }

    fn groups(&self) -> Vec<&'static str> {
        let groups: BTreeSet<&str> = self.kinds.iter().map(|kind| kind.names().group).collect();
        groups.into_iter().collect()
    }

    fn version3(&self) -> Version3 {
        let mut documents = BTreeMap::new();
        for (path, item) in paths::of_discovery(&self.groups(), Dialect::V3).iter() {
            let mut paths = Map::new();
            paths.insert(path, item.clone());
            let answer = match path {
                "/api/" => API_VERSIONS,
                "/apis/" => API_GROUPS,
                "/version/" => definitions::VERSION,
                _ if !path.starts_with("/apis/") => "",
                _ => API_GROUP,
            };
            let document = document3(paths.into(), &[answer], None);
            documents.insert(path.trim_matches('/').to_owned(), Form::new(JSON, text(&document)));
        }
        for (group, version) in group_versions(self.kinds) {
            let of_version = Some((group.as_str(), version.as_str()));
            let paths = paths::of(self.kinds, of_version, Dialect::V3);
            let document = document3(paths, &roots(self.kinds, of_version), of_version);
            let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            documents.insert(path, Form::new(JSON, text(&document)));
        }
        let mut paths = Map::new();
        for (path, document) in &documents {
            let url = format!("/openapi/v3/{path}?hash={}", document.digest);
            paths.insert(path.as_str(), value!({ "serverRelativeURL": url }));
        }
        Version3 { index: Form::new(TEXT, text(&value!({ "paths": (Value::Map(paths)) }))), documents }
    }
}

impl OpenApi for Documents {
    fn answer(&self, path: &str, hash: Option<&str>, headers: &HeaderMap) -> Option<Response<Body>> {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = path.strip_prefix("/openapi/")?;
        if path == "v2" {
            let version2 = self.version2();
            return Some(match negotiate::choose(accept, V2_TYPES) {
                Some(0) => version2.json.respond(headers),
                Some(_) => version2.protobuf.respond(headers),
                None => negotiate::empty(StatusCode::NOT_ACCEPTABLE),
            });
        }
        let version3 = self.v3.get_or_init(|| self.version3());
        let path = match path {
            "v3" | "v3/" => return Some(version3.index.respond(headers)),
            other => other.strip_prefix("v3/")?,
        };
        let Some(document) = version3.documents.get(path) else { return Some(negotiate::empty(StatusCode::NOT_FOUND)) };
        if negotiate::choose(accept, &[JSON]).is_none() {
            return Some(negotiate::empty(StatusCode::NOT_ACCEPTABLE));
        }
        match hash {
            Some(hash) if hash != document.digest => {
                Some(negotiate::moved(&format!("/openapi/v3/{path}?hash={}", document.digest)))
            }
            _ => Some(document.respond(headers)),
        }
    }
}

/// A document of version 3.
fn document3(paths: Value, roots: &[&str], of: Option<(&str, &str)>) -> Value {
    value!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "1.36" },
        "paths": paths,
        "components": {
            "schemas": (definitions::of(roots, of, Dialect::V3)),
            "securitySchemes": { "BearerToken": {
                "type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header"
            } }
        }
    })
}

fn text(document: &Value) -> Bytes {
    let mut out = Vec::new();
    json::write(document, &mut out);
    out.into()
}

fn group_versions(kinds: &[&dyn DynKind]) -> BTreeSet<(String, String)> {
    let of_kind = |kind: &&dyn DynKind| {
        let names = kind.names();
        names.versions.iter().map(|v| (names.group.to_owned(), v.name.to_owned())).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// Those of the types that the schema has.
fn builtin(names: &[&str]) -> Vec<&'static str> {
    names.iter().filter_map(|name| Schema::builtin().by_name(name)).map(|ty| ty.name()).collect()
}

/// The types that the documents start from: kinds, their lists, the bodies of subresources, and what all share.
fn roots(kinds: &[&dyn DynKind], of: Option<(&str, &str)>) -> Vec<&'static str> {
    let builtin = Schema::builtin();
    let mut roots = self::builtin(SHARED);
    roots.push(definitions::PATCH);
    if of.is_none() {
        roots.push(definitions::VERSION);
    }
    roots.extend(self::builtin(if of.is_some() { &[API_RESOURCES] } else { DISCOVERY }));
    for names in kinds.iter().map(|kind| kind.names()) {
        for version in names.versions {
            if of.is_some_and(|(group, wanted)| group != names.group || wanted != version.name) {
                continue;
            }
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
