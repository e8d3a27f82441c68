//! The one document of version 2: a part for all that is built in, and one for each version of custom resources.
//!
//! Parts are written once and joined: a new custom resource costs no more than itself and the copying of the rest.

use super::custom;
use super::definitions::{self, Dialect};
use super::gnostic;
use super::negotiate::{Form, JSON};
use super::{parameters, paths, roots};
use crate::aggregation::table::OpenApi2;
use crate::served::{GroupVersion, Kept, Served};
use registry::Entry;
use schema::{Map, Value, json, value};
use std::collections::BTreeSet;
use std::sync::Arc;

pub const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The document in its two forms.
pub struct Version2 {
    pub json: Form,
    pub protobuf: Form,
}

/// A part of the document, written.
pub struct Part {
    /// Members of the document's `paths` and `definitions`, without the braces around them.
    paths: String,
    definitions: String,
    /// A whole message: messages that follow each other are one with the members of all.
    protobuf: Vec<u8>,
}

/// Under which the part of all that is built in is kept.
const BUILTIN: GroupVersion = (String::new(), String::new());

pub fn make(served: &Served, kept: &mut Kept<Part>) -> Version2 {
    let versions = served.versions();
    kept.retain(|of| versions.contains_key(of) || *of == BUILTIN);
    let mut builtin: Vec<Arc<Entry>> = Vec::new();
    let mut custom = Vec::new();
    for (of, entries) in &versions {
        let (ours, others): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|entry| entry.is_custom());
        // A kind stands in each of its versions; it is taken where its first is.
        builtin.extend(others.into_iter().filter(|entry| entry.hub().is_some_and(|view| view.version == of.1)));
        custom.extend((!ours.is_empty()).then_some((of, ours)));
    }
    let mut parts = vec![kept.get(&BUILTIN, &builtin, || of_builtin(&builtin))];
    for (of, entries) in custom {
        parts.push(kept.get(of, &entries, || of_custom(&entries, &of.1)));
    }
    let mut seen = BTreeSet::new();
    let foreign = served.remote.remotes.values().filter_map(|remote| remote.documents.openapi_v2.as_ref());
    parts.extend(foreign.map(|document| Arc::new(of_remote(document, &mut seen))));
    let join = |member: fn(&Part) -> &str| {
        let members = parts.iter().map(|part| member(part)).filter(|text| !text.is_empty());
        members.collect::<Vec<_>>().join(",")
    };
    let (paths, definitions) = (join(|part| &part.paths), join(|part| &part.definitions));
    let head = members(&head());
    let json = format!("{{{head},\"paths\":{{{paths}}},\"definitions\":{{{definitions}}}}}");
    let protobuf: Vec<u8> = parts.iter().flat_map(|part| part.protobuf.iter().copied()).collect();
    Version2 { json: Form::new(JSON, json), protobuf: Form::new(PROTOBUF, protobuf) }
}

/// All but the paths and the definitions.
fn head() -> Value {
    value!({
        "swagger": "2.0",
        "info": { "title": "Kubernetes", "version": "1.36" },
        "securityDefinitions": { "BearerToken": {
            "description": "Bearer Token authentication", "type": "apiKey", "name": "authorization", "in": "header"
        } },
        "parameters": (parameters::shared()),
        "security": [{ "BearerToken": [] }]
    })
}

fn of_builtin(entries: &[Arc<Entry>]) -> Part {
    let groups: BTreeSet<String> = entries.iter().map(|entry| entry.names().group.to_owned()).collect();
    let groups: Vec<String> = groups.into_iter().collect();
    let mut paths = paths::of(entries, None, Dialect::V2);
    for (path, item) in paths::of_discovery(&groups, Dialect::V2).iter() {
        paths.make_map().insert(path, item.clone());
    }
    Part::new(head(), paths, definitions::of(&roots(entries, None), None, Dialect::V2))
}

fn of_custom(entries: &[Arc<Entry>], version: &str) -> Part {
    let mut definitions = Map::new();
    entries.iter().for_each(|entry| custom::insert(&mut definitions, &*entry.kind, version, Dialect::V2));
    Part::new(Value::map(), paths::of(entries, Some(version), Dialect::V2), definitions.into())
}

/// `seen`: definitions that stand in the document already; versions of one server share theirs.
fn of_remote(document: &OpenApi2, seen: &mut BTreeSet<String>) -> Part {
    let mut definitions = document.definitions.clone();
    definitions.make_map().retain(|name, _| seen.insert(name.to_owned()));
    Part::new(Value::map(), document.paths.clone(), definitions)
}

impl Part {
    /// `head`: what the protobuf form says besides; the JSON form has that once.
    fn new(head: Value, paths: Value, definitions: Value) -> Part {
        let (written_paths, written_definitions) = (members(&paths), members(&definitions));
        let mut document = head;
        document.set(&["paths"], paths);
        document.set(&["definitions"], definitions);
        Part { paths: written_paths, definitions: written_definitions, protobuf: gnostic::encode(&document) }
    }
}

/// A map in JSON without its braces.
fn members(map: &Value) -> String {
    let text = json::to_string(map);
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().to_owned()
}
