//! The OpenAPI documents, version 2 and 3, made from the schema and the kinds; without prose, which the schema has none of.
//!
//! Each document is made at the first request for it and kept.

mod definitions;
mod paths;

use crate::fallback::{OpenApi, respond};
use bytes::Bytes;
use definitions::Dialect;
use http::{HeaderValue, Response, StatusCode, header};
use kind::DynKind;
use registry::Body;
use schema::{Map, Schema, Value, json, value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::OnceLock;

const JSON: &str = "application/json";
/// Types of the options and answers that every kind's operations share.
const SHARED: &[&str] = &[
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
    "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
];

/// The documents of the built-in kinds.
pub struct Documents {
    kinds: &'static [&'static dyn DynKind],
    v2: OnceLock<Bytes>,
    v3: OnceLock<Version3>,
}

struct Version3 {
    index: Bytes,
    /// `apis/apps/v1` to its document.
    documents: BTreeMap<String, Bytes>,
}

impl Documents {
    pub fn new(kinds: &'static [&'static dyn DynKind]) -> Documents {
        Documents { kinds, v2: OnceLock::new(), v3: OnceLock::new() }
    }

    fn version2(&self) -> Bytes {
        let kinds: Vec<&dyn DynKind> = self.kinds.to_vec();
        let document = value!({
            "swagger": "2.0",
            "info": { "title": "Kubernetes", "version": "v1.36.2" },
            "paths": (paths::of(&kinds, None, Dialect::V2)),
            "definitions": (definitions::of(&roots(&kinds, None), Dialect::V2)),
            "securityDefinitions": { "BearerToken": {
                "description": "Bearer Token authentication", "type": "apiKey", "name": "authorization", "in": "header"
            } },
            "security": [{ "BearerToken": [] }]
        });
        text(&document)
    }

    fn version3(&self) -> Version3 {
        let mut documents = BTreeMap::new();
        for (group, version) in group_versions(self.kinds) {
            let of_version = Some((group.as_str(), version.as_str()));
            let document = value!({
                "openapi": "3.0.0",
                "info": { "title": "Kubernetes", "version": "v1.36.2" },
                "paths": (paths::of(self.kinds, of_version, Dialect::V3)),
                "components": {
                    "schemas": (definitions::of(&roots(self.kinds, of_version), Dialect::V3)),
                    "securitySchemes": { "BearerToken": {
                        "type": "apiKey", "description": "Bearer Token authentication", "name": "authorization",
                        "in": "header"
                    } }
                }
            });
            let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            documents.insert(path, text(&document));
        }
        let mut paths = Map::new();
        for (path, document) in &documents {
            let url = format!("/openapi/v3/{path}?hash={}", digest(document));
            paths.insert(path.as_str(), value!({ "serverRelativeURL": url }));
        }
        Version3 { index: text(&value!({ "paths": (Value::Map(paths)) })), documents }
    }
}

impl OpenApi for Documents {
    fn answer(&self, path: &str, _accept: &str) -> Option<Response<Body>> {
        let body = match path.strip_prefix("/openapi/")? {
            "v2" => self.v2.get_or_init(|| self.version2()).clone(),
            "v3" | "v3/" => self.v3.get_or_init(|| self.version3()).index.clone(),
            other => {
                let documents = &self.v3.get_or_init(|| self.version3()).documents;
                documents.get(other.strip_prefix("v3/")?)?.clone()
            }
        };
        let etag = HeaderValue::from_str(&format!("\"{}\"", digest(&body))).ok()?;
        let mut response = respond(StatusCode::OK, JSON, body);
        response.headers_mut().insert(header::ETAG, etag);
        Some(response)
    }
}

fn text(document: &Value) -> Bytes {
    let mut out = Vec::new();
    json::write(document, &mut out);
    out.into()
}

/// Upper-case hexadecimal, as upstream's hashes look.
fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02X}").expect("writing to a string cannot fail");
    }
    text
}

fn group_versions(kinds: &[&dyn DynKind]) -> BTreeSet<(String, String)> {
    let of_kind = |kind: &&dyn DynKind| {
        let names = kind.names();
        names.versions.iter().map(|v| (names.group.to_owned(), v.name.to_owned())).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(of_kind).collect()
}

/// The types that the documents start from: kinds, their lists, the bodies of subresources, and what all share.
fn roots(kinds: &[&dyn DynKind], of: Option<(&str, &str)>) -> Vec<&'static str> {
    let builtin = Schema::builtin();
    let mut roots: Vec<&'static str> =
        SHARED.iter().filter_map(|name| builtin.by_name(name)).map(|ty| ty.name()).collect();
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
