//! The operations of each resource, as far as clients look them up: which exist, and of which kind their objects are.

use super::definitions::{Dialect, group_version_kind, reference};
use kind::{DynKind, Names, Verb, Version};
use schema::{Map, Value, value};

/// The paths of all kinds, or of those of one group and version.
pub fn of(kinds: &[&dyn DynKind], of: Option<(&str, &str)>, dialect: Dialect) -> Value {
    let mut paths = Map::new();
    for names in kinds.iter().map(|kind| kind.names()) {
        for version in names.versions {
            if of.is_none_or(|(group, wanted)| group == names.group && wanted == version.name) {
                add(&mut paths, names, version, dialect);
            }
        }
    }
    Value::Map(paths)
}

/// Of every operation that writes.
const WRITE_PARAMETERS: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];

/// What a path does with each method.
struct Site<'a> {
    names: &'a Names,
    version: &'a Version,
    dialect: Dialect,
    path: String,
    namespaced: bool,
}

fn add(paths: &mut Map, names: &Names, version: &Version, dialect: Dialect) {
    let api_version = names.api_version(version.name);
    let root = if names.group.is_empty() { format!("/api/{api_version}") } else { format!("/apis/{api_version}") };
    let scoped = if names.namespaced() { format!("{root}/namespaces/{{namespace}}") } else { root.clone() };
    let site = |path: String| Site { names, version, dialect, namespaced: path.contains("{namespace}"), path };
    let collection = [
        (Verb::List, "get", "list"),
        (Verb::Create, "post", "post"),
        (Verb::DeleteCollection, "delete", "deletecollection"),
    ];
    let item = [
        (Verb::Get, "get", "get"),
        (Verb::Update, "put", "put"),
        (Verb::Patch, "patch", "patch"),
        (Verb::Delete, "delete", "delete"),
    ];
    site(format!("{scoped}/{}", names.plural)).add(paths, names.verbs, &collection, names.kind, &api_version);
    if names.namespaced() {
        site(format!("{root}/{}", names.plural)).add(paths, names.verbs, &collection[..1], names.kind, &api_version);
    }
    site(format!("{scoped}/{}/{{name}}", names.plural)).add(paths, names.verbs, &item, names.kind, &api_version);
    for sub in names.subresources.iter().filter(|s| s.only_version.is_empty() || s.only_version == version.name) {
        let of_sub = match (sub.group, sub.version) {
            (_, "") => api_version.clone(),
            ("", version) => version.to_owned(),
            (group, version) => format!("{group}/{version}"),
        };
        let with_create = [&item[..], &[(Verb::Create, "post", "post")]].concat();
        let path = format!("{scoped}/{}/{{name}}/{}", names.plural, sub.name);
        site(path).add(paths, sub.verbs, &with_create, sub.kind, &of_sub);
    }
}

impl Site<'_> {
    fn add(&self, paths: &mut Map, verbs: &[Verb], methods: &[(Verb, &str, &str)], kind: &str, api_version: &str) {
        let mut operations = Value::map();
        for (_, method, action) in methods.iter().filter(|(verb, _, _)| verbs.contains(verb)) {
            operations.set(&[method], self.operation(action, kind, api_version));
        }
        if operations.is_zero() {
            return;
        }
        operations.set(&["parameters"], self.parameters());
        paths.insert(self.path.as_str(), operations);
    }

    fn operation(&self, action: &str, kind: &str, api_version: &str) -> Value {
        let name = self.version.type_name;
        let list = format!("{name}List");
        let answer = reference(if action == "list" { &list } else { name }, self.dialect);
        let ok = match self.dialect {
            Dialect::V2 => value!({ "description": "OK", "schema": answer }),
            Dialect::V3 => {
                value!({ "description": "OK", "content": { "application/json": { "schema": answer } } })
            }
        };
        let mut operation = value!({
            "operationId": (self.operation_id(action, kind)),
            "tags": [(self.tag())],
            "responses": { "200": ok, "401": { "description": "Unauthorized" } },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": (group_version_kind(api_version, kind))
        });
        if matches!(action, "post" | "put" | "patch") {
            self.set_body(&mut operation);
            let mut parameters = operation.at(&["parameters"]).items().to_vec();
            parameters.extend(WRITE_PARAMETERS.iter().map(|name| self.query_parameter(name, "string")));
            if action == "patch" {
                parameters.push(self.query_parameter("force", "boolean"));
            }
            operation.set(&["parameters"], parameters);
        }
        operation
    }

    /// Clients look these up to know whether the server checks fields, and can run a write dry.
    fn query_parameter(&self, name: &str, kind: &str) -> Value {
        match self.dialect {
            Dialect::V2 => value!({ "name": name, "in": "query", "type": kind, "uniqueItems": true }),
            Dialect::V3 => {
                let schema = value!({ "type": kind, "uniqueItems": true });
                value!({ "name": name, "in": "query", "schema": schema })
            }
        }
    }

    fn set_body(&self, operation: &mut Value) {
        let body = reference(self.version.type_name, self.dialect);
        match self.dialect {
            Dialect::V2 => {
                let body = value!({ "name": "body", "in": "body", "required": true, "schema": body });
                operation.set(&["parameters"], vec![body]);
            }
            Dialect::V3 => {
                let content = value!({ "content": { "*/*": { "schema": body } }, "required": true });
                operation.set(&["requestBody"], content);
            }
        }
    }

    fn parameters(&self) -> Vec<Value> {
        let names = ["name", "namespace"].into_iter().filter(|name| self.path.contains(&format!("{{{name}}}")));
        let parameter = |name: &str| match self.dialect {
            Dialect::V2 => {
                value!({ "name": name, "in": "path", "required": true, "type": "string", "uniqueItems": true })
            }
            Dialect::V3 => {
                let schema = value!({ "type": "string", "uniqueItems": true });
                value!({ "name": name, "in": "path", "required": true, "schema": schema })
            }
        };
        names.map(parameter).collect()
    }

    /// `core_v1`, `apps_v1`
    fn tag(&self) -> String {
        let group = self.names.group.split('.').next().unwrap_or_default();
        format!("{}_{}", if group.is_empty() { "core" } else { group }, self.version.name)
    }

    /// `readCoreV1NamespacedPod`
    fn operation_id(&self, action: &str, kind: &str) -> String {
        let word = match action {
            "get" => "read",
            "post" => "create",
            "put" => "replace",
            "deletecollection" => "deleteCollection",
            other => other,
        };
        let group: String = self.tag().split('_').map(capitalized).collect();
        let scope = if self.namespaced { "Namespaced" } else { "" };
        let below = self.path.rsplit_once("{name}/").map(|(_, below)| capitalized(below)).unwrap_or_default();
        let own = self.names.kind;
        let across = self.names.namespaced() && !self.namespaced;
        let end = if across { "ForAllNamespaces" } else { "" };
        let shown = if below.is_empty() { kind } else { own };
        format!("{word}{group}{scope}{shown}{below}{end}")
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
