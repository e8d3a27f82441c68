//! The documents of version 3, one for each group and version, and their index.

use super::custom;
use super::definitions::{self, Dialect};
use super::negotiate::{Form, JSON};
use super::{API_GROUP, API_GROUPS, API_VERSIONS, paths, roots, text};
use crate::served::{GroupVersion, Kept, Served};
use registry::Entry;
use schema::{Map, Value, value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The index says so, as upstream's.
const TEXT: &str = "text/plain; charset=utf-8";

pub struct Version3 {
    pub index: Form,
    /// `apis/apps/v1` to its document.
    pub documents: BTreeMap<String, Arc<Form>>,
}

pub fn make(served: &Served, kept: &mut Kept<Form>) -> Version3 {
    let versions = served.versions();
    // Those of groups are kept under no version.
    kept.retain(|of| versions.contains_key(of) || of.1.is_empty());
    let mut documents = BTreeMap::new();
    let builtin = versions.iter().filter(|(_, entries)| entries.iter().any(|entry| !entry.is_custom()));
    let groups: BTreeSet<String> = builtin.map(|((group, _), _)| group.clone()).collect();
    let groups: Vec<String> = groups.into_iter().collect();
    for (path, item) in paths::of_discovery(&groups, Dialect::V3).iter() {
        let form = kept.get(&(path.to_owned(), String::new()), &[], || of_path(path, item));
        documents.insert(path.trim_matches('/').to_owned(), form);
    }
    for (of, entries) in &versions {
        let form = kept.get(of, entries, || of_version(of, entries));
        let (group, version) = of;
        let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        documents.insert(path, form);
    }
    for remote in served.remote.remotes.values() {
        if let Some(document) = &remote.documents.openapi_v3 {
            let path = remote.spec.path().trim_start_matches('/').to_owned();
            documents.insert(path, Arc::new(Form::new(JSON, document.clone())));
        }
    }
    let mut paths = Map::new();
    for (path, document) in &documents {
        let url = format!("/openapi/v3/{path}?hash={}", document.digest);
        paths.insert(path.as_str(), value!({ "serverRelativeURL": url }));
    }
    Version3 { index: Form::new(TEXT, text(&value!({ "paths": (Value::Map(paths)) }))), documents }
}

fn of_path(path: &str, item: &Value) -> Form {
    let mut paths = Map::new();
    paths.insert(path, item.clone());
    let answer = match path {
        "/api/" => API_VERSIONS,
        "/apis/" => API_GROUPS,
        "/version/" => definitions::VERSION,
        _ if !path.starts_with("/apis/") => "",
        _ => API_GROUP,
    };
    Form::new(JSON, text(&document(paths.into(), definitions::of(&[answer], None, Dialect::V3))))
}

fn of_version(of: &GroupVersion, entries: &[Arc<Entry>]) -> Form {
    let (group, version) = (of.0.as_str(), of.1.as_str());
    let mut schemas = definitions::of(&roots(entries, Some(version)), Some((group, version)), Dialect::V3);
    for entry in entries.iter().filter(|entry| entry.is_custom()) {
        custom::insert(schemas.make_map(), &*entry.kind, version, Dialect::V3);
    }
    Form::new(JSON, text(&document(paths::of(entries, Some(version), Dialect::V3), schemas)))
}

fn document(paths: Value, schemas: Value) -> Value {
    value!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "1.36" },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "BearerToken": {
                "type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header"
            } }
        }
    })
}
