//! The paths of each resource, and those of discovery.

use super::custom;
use super::definitions::{Dialect, VERSION, reference};
use super::operations::{Site, capitalized, content, group_word, tag};
use kind::{Names, Verb, Version};
use registry::Entry;
use schema::{Map, Schema, Value, value};
use std::sync::Arc;

const COLLECTION: &[(Verb, &str, &str)] = &[
    (Verb::List, "get", "list"),
    (Verb::Create, "post", "post"),
    (Verb::DeleteCollection, "delete", "deletecollection"),
];
const ITEM: &[(Verb, &str, &str)] = &[
    (Verb::Get, "get", "get"),
    (Verb::Update, "put", "put"),
    (Verb::Patch, "patch", "patch"),
    (Verb::Delete, "delete", "delete"),
    (Verb::Create, "post", "post"),
];
/// What a proxy passes on.
const PROXIED: &[(&str, &str)] = &[
    ("get", "connect"),
    ("put", "connect"),
    ("post", "connect"),
    ("delete", "connect"),
    ("options", "connect"),
    ("head", "connect"),
    ("patch", "connect"),
];
const STREAMED: &[(&str, &str)] = &[("get", "connect"), ("post", "connect")];
const JSON: &[&str] = &["application/json"];
const DOCUMENTS: &[&str] = &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// The paths of these kinds in all their versions, or in one.
pub fn of(entries: &[Arc<Entry>], of: Option<&str>, dialect: Dialect) -> Value {
    let mut paths = Map::new();
    for entry in entries {
        let names = entry.names();
        for version in names.versions.iter().filter(|version| of.is_none_or(|wanted| wanted == version.name)) {
            if entry.is_custom() {
                let types = custom::TypeNames::of(names, version.name);
                let own = Own { custom: true, object: &types.object, list: &types.list };
                add(&mut paths, names, version, &own, dialect);
                continue;
            }
            let list = format!("{}List", version.type_name);
            let own = Own { custom: false, object: version.type_name, list: &list };
            add(&mut paths, names, version, &own, dialect);
            let list = discovery(&tag(names.group, version.name), "APIResources", "APIResourceList", dialect);
            paths.insert(format!("{}/", root(names, version)), list);
        }
    }
    Value::Map(paths)
}

/// The types of a kind's objects and lists.
struct Own<'a> {
    custom: bool,
    object: &'a str,
    list: &'a str,
}

/// The paths that tell which groups and versions there are.
pub fn of_discovery(groups: &[String], dialect: Dialect) -> Map {
    let mut paths = Map::new();
    let version = reference(VERSION, dialect);
    paths.insert("/version/", document("version", "getCodeVersion", true, JSON, version, dialect));
    let text = || value!({ "type": "string" });
    let id = "getServiceAccountIssuerOpenIDConfiguration";
    paths.insert("/.well-known/openid-configuration/", document("WellKnown", id, false, JSON, text(), dialect));
    let (id, keys) = ("getServiceAccountIssuerOpenIDKeyset", &["application/jwk-set+json"]);
    paths.insert("/openid/v1/jwks/", document("openid", id, false, keys, text(), dialect));
    paths.insert("/apis/", discovery("apis", "APIVersions", "APIGroupList", dialect));
    for group in groups {
        let word = group_word(group);
        if group.is_empty() {
            paths.insert("/api/", discovery(&word, "APIVersions", "APIVersions", dialect));
        } else {
            paths.insert(format!("/apis/{group}/"), discovery(&word, "APIGroup", "APIGroup", dialect));
        }
    }
    paths
}

fn discovery(tag: &str, what: &str, answer: &str, dialect: Dialect) -> Value {
    let group: String = tag.split('_').filter(|word| *word != "apis").map(capitalized).collect();
    let answer = reference(&format!("{META}.{answer}"), dialect);
    document(tag, &format!("get{group}{what}"), true, DOCUMENTS, answer, dialect)
}

/// The reading of one document; `consumes`: the operation says that it takes these types too.
fn document(tag: &str, id: &str, consumes: bool, types: &[&str], answer: Value, dialect: Dialect) -> Value {
    let mut get = value!({
        "operationId": id,
        "tags": [tag],
        "responses": { "200": { "description": "OK" }, "401": { "description": "Unauthorized" } }
    });
    match dialect {
        Dialect::V2 => {
            let texts: Vec<Value> = types.iter().map(|&media| Value::from(media)).collect();
            if consumes {
                get.set(&["consumes"], texts.clone());
            }
            get.set(&["produces"], texts);
            get.set(&["schemes"], vec![Value::from("https")]);
            get.set(&["responses", "200", "schema"], answer);
        }
        Dialect::V3 => get.set(&["responses", "200", "content"], content(types, &answer)),
    }
    value!({ "get": get })
}

fn root(names: &Names, version: &Version) -> String {
    let api_version = names.api_version(version.name);
    if names.group.is_empty() { format!("/api/{api_version}") } else { format!("/apis/{api_version}") }
}

fn add(paths: &mut Map, names: &Names, version: &Version, own: &Own, dialect: Dialect) {
    let api_version = names.api_version(version.name);
    let root = root(names, version);
    let below_namespace = if names.namespaced() { "/namespaces/{namespace}" } else { "" };
    let site = |path: String| Site {
        custom: own.custom,
        list_type: own.list,
        names,
        version,
        dialect,
        path,
        kind: names.kind,
        api_version: &api_version,
        type_name: Some(own.object),
    };
    let scoped = format!("{root}{below_namespace}/{}", names.plural);
    site(scoped.clone()).add(paths, &served(names.verbs, COLLECTION));
    site(format!("{scoped}/{{name}}")).add(paths, &served(names.verbs, &ITEM[..4]));
    if names.namespaced() {
        site(format!("{root}/{}", names.plural)).add(paths, &served(names.verbs, &COLLECTION[..1]));
    }
    if names.verbs.contains(&Verb::Watch) && !own.custom {
        let watched = format!("{root}/watch{below_namespace}/{}", names.plural);
        site(format!("{watched}/{{name}}")).add(paths, &[("get", "watch")]);
        site(watched).add(paths, &[("get", "watchlist")]);
        if names.namespaced() {
            site(format!("{root}/watch/{}", names.plural)).add(paths, &[("get", "watchlist")]);
        }
    }
    for sub in names.subresources.iter().filter(|s| s.only_version.is_empty() || s.only_version == version.name) {
        let of_sub = match (sub.group, sub.version) {
            (_, "") => api_version.clone(),
            ("", version) => version.to_owned(),
            (group, version) => format!("{group}/{version}"),
        };
        let streams = sub.kind.ends_with("Options");
        let own_kind = own.custom && sub.kind == names.kind;
        let builtin = || Schema::builtin().by_kind(&of_sub, sub.kind).map(|ty| ty.name());
        let body = if own_kind { Some(own.object) } else { builtin() };
        let site = |path: String| Site {
            path,
            kind: sub.kind,
            api_version: &of_sub,
            type_name: body.filter(|_| !streams && sub.name != "log"),
            ..site(String::new())
        };
        let path = format!("{scoped}/{{name}}/{}", sub.name);
        match sub.name {
            "proxy" => {
                site(format!("{path}/{{path}}")).add(paths, PROXIED);
                site(path).add(paths, PROXIED);
            }
            _ if streams => site(path).add(paths, STREAMED),
            _ => site(path).add(paths, &served(sub.verbs, ITEM)),
        }
    }
}

/// Methods and actions of the verbs that there are.
fn served<'a>(verbs: &[Verb], methods: &[(Verb, &'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    methods.iter().filter(|(verb, _, _)| verbs.contains(verb)).map(|(_, method, action)| (*method, *action)).collect()
}
