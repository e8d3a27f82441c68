//! What another server says of its group and version, read from its documents.

use super::table::OpenApi2;
use crate::served::GroupVersion;
use schema::{Map, Schema, Value, value};
use std::collections::BTreeSet;

/// References within references of a foreign document.
const MAX_DEPTH: usize = 256;

/// The resources of the version in an `APIGroupDiscoveryList`.
pub fn resources_of_aggregated(document: &Value, (group, version): &GroupVersion) -> Option<Value> {
    let groups = document.at(&["items"]).items().iter();
    let of_group = groups.filter(|item| item.str_at(&["metadata", "name"]) == group);
    let mut versions = of_group.flat_map(|item| item.at(&["versions"]).items());
    versions.find(|item| item.str_at(&["version"]) == version).map(|item| item.at(&["resources"]).clone())
}

/// The same from an `APIResourceList`, where subresources stand beside their resources.
pub fn resources_of_plain(document: &Value) -> Value {
    let listed = document.at(&["resources"]).items();
    let (subresources, resources): (Vec<&Value>, Vec<&Value>) =
        listed.iter().partition(|item| item.str_at(&["name"]).contains('/'));
    let made: Vec<Value> = resources.into_iter().map(|item| resource(item, &subresources)).collect();
    made.into()
}

fn resource(item: &Value, subresources: &[&Value]) -> Value {
    let name = item.str_at(&["name"]);
    let scope = if item.at(&["namespaced"]).as_bool() == Some(true) { "Namespaced" } else { "Cluster" };
    let mut made = value!({
        "resource": name, "responseKind": (response_kind(item)), "scope": scope,
        "singularResource": (item.str_at(&["singularName"])), "verbs": (item.at(&["verbs"]).clone())
    });
    for field in ["shortNames", "categories"] {
        if !item.at(&[field]).is_zero() {
            made.set(&[field], item.at(&[field]).clone());
        }
    }
    let below: Vec<Value> = subresources
        .iter()
        .filter_map(|sub| Some((sub.str_at(&["name"]).strip_prefix(name)?.strip_prefix('/')?, sub)))
        .map(|(below, sub)| {
            value!({
                "subresource": below, "responseKind": (response_kind(sub)), "verbs": (sub.at(&["verbs"]).clone())
            })
        })
        .collect();
    if !below.is_empty() {
        made.set(&["subresources"], below);
    }
    made
}

fn response_kind(item: &Value) -> Value {
    let text = |field: &str| item.str_at(&[field]).to_owned();
    value!({ "group": (text("group")), "version": (text("version")), "kind": (text("kind")) })
}

/// What of a document of version 2 lies below `/apis/GROUP/VERSION`. Types that this server has too are its own.
pub fn openapi2(document: &Value, path: &str) -> OpenApi2 {
    let below =
        |candidate: &str| candidate.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut paths = document.at(&["paths"]).clone();
    paths.make_map().retain(|candidate, _| below(candidate));
    let all = document.at(&["definitions"]);
    let mut open = BTreeSet::new();
    references(&paths, &mut open, MAX_DEPTH);
    let (mut definitions, mut seen) = (Map::new(), BTreeSet::new());
    while let Some(name) = open.pop_first() {
        if !seen.insert(name.clone()) || Schema::builtin().by_name(&name).is_some() {
            continue;
        }
        if let Some(definition) = all.get(&name) {
            references(definition, &mut open, MAX_DEPTH);
            definitions.insert(name, definition.clone());
        }
    }
    OpenApi2 { paths, definitions: definitions.into() }
}

/// Where the index of version 3 says that the document of this path lies.
pub fn openapi3_url<'v>(index: &'v Value, path: &str) -> Option<&'v str> {
    let url = index.at(&["paths", path.trim_start_matches('/')]).str_at(&["serverRelativeURL"]);
    url.starts_with('/').then_some(url)
}

fn references(value: &Value, found: &mut BTreeSet<String>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let target = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix("#/definitions/"));
    found.extend(target.map(str::to_owned));
    value.items().iter().for_each(|item| references(item, found, depth));
    value.as_map().into_iter().flat_map(Map::iter).for_each(|(_, member)| references(member, found, depth));
}
