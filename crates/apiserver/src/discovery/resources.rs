//! One kind in the lists of resources, in their plain and their aggregated form.

use kind::{DynKind, Names, Subresource, Verb};
use registry::Entry;
use schema::{Value, value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The members of an `APIResourceList` for one version.
pub fn plain(entries: &[Arc<Entry>], version: &str) -> Value {
    let mut resources = Vec::new();
    for entry in entries {
        resources.push(resource(entry));
        for subresource in served_subresources(entry, version) {
            resources.push(subresource_entry(entry.names(), subresource));
        }
    }
    resources.into()
}

/// The same in the aggregated document.
pub fn aggregated(entries: &[Arc<Entry>], version: &str) -> Value {
    let resources: Vec<Value> = entries.iter().map(|entry| aggregated_resource(entry, version)).collect();
    resources.into()
}

fn served_subresources<'a>(entry: &'a Entry, version: &'a str) -> impl Iterator<Item = &'a Subresource> {
    let mut all: Vec<&Subresource> = entry.names().subresources.iter().collect();
    // Upstream does not sort those of custom resources: status, then scale.
    if !entry.is_custom() {
        all.sort_by_key(|subresource| subresource.name);
    }
    all.into_iter().filter(move |s| s.only_version.is_empty() || s.only_version == version)
}

fn resource(entry: &Entry) -> Value {
    let names = entry.names();
    let mut made = value!({
        "name": (names.plural), "singularName": (names.singular), "namespaced": (names.namespaced()),
        "kind": (names.kind), "verbs": (verbs(names.verbs))
    });
    add_names(&mut made, names);
    // Only what is stored has a storage version.
    if names.verbs.contains(&Verb::Get) && names.verbs.contains(&Verb::Create) {
        made.set(&["storageVersionHash"], storage_version_hash(&*entry.kind, entry.is_custom()));
    }
    made
}

fn subresource_entry(names: &Names, subresource: &Subresource) -> Value {
    let name = format!("{}/{}", names.plural, subresource.name);
    let mut entry = value!({
        "name": name, "namespaced": (names.namespaced()), "kind": (subresource.kind), "verbs": (verbs(subresource.verbs))
    });
    for (field, text) in [("group", subresource.group), ("version", subresource.version)] {
        if !text.is_empty() {
            entry.set(&[field], text);
        }
    }
    entry
}

fn aggregated_resource(entry: &Entry, version: &str) -> Value {
    let names = entry.names();
    let scope = if names.namespaced() { "Namespaced" } else { "Cluster" };
    let mut made = value!({
        "resource": (names.plural), "responseKind": { "kind": (names.kind) }, "scope": scope,
        "singularResource": (names.singular), "verbs": (verbs(names.verbs))
    });
    add_names(&mut made, names);
    let subresources: Vec<Value> = served_subresources(entry, version).map(aggregated_subresource).collect();
    if !subresources.is_empty() {
        made.set(&["subresources"], subresources);
    }
    made
}

fn aggregated_subresource(subresource: &Subresource) -> Value {
    value!({
        "subresource": (subresource.name),
        "responseKind": { "group": (subresource.group), "version": (subresource.version), "kind": (subresource.kind) },
        "verbs": (verbs(subresource.verbs))
    })
}

fn add_names(entry: &mut Value, names: &Names) {
    let texts = |texts: &[&str]| texts.iter().map(|&text| Value::from(text)).collect::<Vec<_>>();
    if !names.short_names.is_empty() {
        entry.set(&["shortNames"], texts(names.short_names));
    }
    if !names.categories.is_empty() {
        entry.set(&["categories"], texts(names.categories));
    }
}

fn verbs(verbs: &[Verb]) -> Vec<Value> {
    verbs.iter().map(|verb| Value::from(verb.as_str())).collect()
}

/// Kinds that upstream stores in another version than the first that it serves, or in another group.
const STORED_OTHERWISE: &[(&str, &str)] = &[
    ("mutatingadmissionpolicies", "admissionregistration.k8s.io/v1beta1"),
    ("mutatingadmissionpolicybindings", "admissionregistration.k8s.io/v1beta1"),
    ("customresourcedefinitions", "apiextensions.k8s.io/v1beta1"),
    ("events", "/v1"),
];

/// The first eight bytes of the digest of `group/version/Kind`, base64.
fn storage_version_hash(kind: &dyn DynKind, custom: bool) -> String {
    use base64::Engine;
    let names = kind.names();
    let stored = match STORED_OTHERWISE.iter().find(|(plural, _)| !custom && *plural == names.plural) {
        Some((_, stored)) => (*stored).to_owned(),
        None => {
            let first = names.versions.first().map_or("", |version| version.name);
            format!("{}/{}", names.group, kind.storage_version().unwrap_or(first))
        }
    };
    let digest = Sha256::digest(format!("{stored}/{}", names.kind));
    base64::engine::general_purpose::STANDARD.encode(&digest[..8])
}
