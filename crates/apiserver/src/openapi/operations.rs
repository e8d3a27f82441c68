//! What a path does with each method: parameters, bodies, answers.

use super::definitions::{Dialect, group_version_kind, reference};
use super::parameters;
use kind::{Names, Version};
use schema::{Map, Value, value};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const OBJECTS: &[&str] = &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const EVENTS: &[&str] = &["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
/// The forms of custom resources.
const CUSTOM_OBJECTS: &[&str] = &["application/json", "application/yaml"];
const CUSTOM_PATCHES: &[&str] =
    &["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
const PATCHES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];
/// The kinds whose deletion answers the object, where all others answer a Status.
const ANSWERED_WHEN_DELETED: &[&str] = &[
    "CSIDriver",
    "CSINode",
    "DeviceClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceQuota",
    "ResourceSlice",
    "Service",
    "ServiceAccount",
    "StorageClass",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// A path.
pub struct Site<'a> {
    /// Of a custom resource, which has fewer forms.
    pub custom: bool,
    pub names: &'a Names,
    pub version: &'a Version,
    pub dialect: Dialect,
    pub path: String,
    /// The kind of the objects that it takes and gives, and their type; without a type, text.
    pub kind: &'a str,
    pub api_version: &'a str,
    pub type_name: Option<&'a str>,
    /// The type of the lists of its objects.
    pub list_type: &'a str,
}

impl Site<'_> {
    /// Adds the path with these methods and what each does.
    pub fn add(&self, paths: &mut Map, operations: &[(&str, &str)]) {
        let Some((_, first)) = operations.first() else { return };
        // As upstream, what all methods take stands beside them.
        let mut common = self.parameters(first);
        common.retain(|known| operations.iter().all(|(_, action)| self.parameters(action).contains(known)));
        let mut made = Value::map();
        for (method, action) in operations {
            made.set(&[method], self.operation(method, action, &common));
        }
        common.extend(["name"].into_iter().filter(|_| self.path.contains("{name}")));
        common.extend([parameters::NAMESPACE].into_iter().filter(|_| self.namespaced()));
        common.extend([parameters::REST].into_iter().filter(|_| self.path.ends_with("{path}")));
        common.extend([parameters::PRETTY].into_iter().filter(|_| *first != "connect"));
        common.sort_by_key(|parameter| (parameters::name(parameter), !parameter.starts_with(parameters::REST)));
        let common: Vec<Value> = common.iter().map(|of| parameters::written(of, self.dialect)).collect();
        made.set(&["parameters"], common);
        paths.insert(self.path.as_str(), made);
    }

    fn namespaced(&self) -> bool {
        self.path.contains("{namespace}")
    }

    /// The last words of the path, where it leads below an object: `log`, `proxy/{path}`.
    fn below(&self) -> &str {
        self.path.rsplit_once("{name}/").map(|(_, below)| below).unwrap_or_default()
    }

    /// Without the body, and what every method of the path has.
    fn parameters(&self, action: &str) -> Vec<&'static str> {
        match action {
            "list" | "watch" | "watchlist" => parameters::LIST.to_vec(),
            "post" | "put" => parameters::WRITE.to_vec(),
            "patch" => parameters::PATCH.to_vec(),
            "delete" => parameters::DELETE.to_vec(),
            "deletecollection" => {
                let of_list = parameters::LIST.iter().filter(|of| !parameters::NOT_OF_DELETE.contains(of));
                of_list.chain(parameters::DELETE).copied().collect()
            }
            "connect" => parameters::of_stream(self.kind).to_vec(),
            _ if self.below() == "log" => parameters::of_stream(self.kind).to_vec(),
            _ => Vec::new(),
        }
    }

    fn operation(&self, method: &str, action: &str, common: &[&str]) -> Value {
        let mut operation = value!({
            "operationId": (self.operation_id(method, action)),
            "tags": [(tag(self.names.group, self.version.name))],
            "responses": (self.responses(action)),
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": (group_version_kind(self.api_version, self.kind))
        });
        let mut own = self.parameters(action);
        own.retain(|parameter| !common.contains(parameter));
        own.sort_by_key(|parameter| parameters::name(parameter));
        let mut own: Vec<Value> = own.into_iter().map(|of| parameters::written(of, self.dialect)).collect();
        match self.dialect {
            Dialect::V2 => {
                // `body` sorts before all other names of operations that have one.
                own.splice(0..0, self.body_parameter(action));
                let texts = |texts: &[&str]| texts.iter().map(|&text| Value::from(text)).collect::<Vec<_>>();
                operation.set(&["consumes"], texts(self.consumes(action)));
                operation.set(&["produces"], texts(&self.produces(action)));
                operation.set(&["schemes"], texts(&["https"]));
            }
            Dialect::V3 => {
                if let Some(body) = self.request_body(action) {
                    operation.set(&["requestBody"], body);
                }
            }
        }
        if !own.is_empty() {
            operation.set(&["parameters"], own);
        }
        operation
    }

    fn consumes(&self, action: &str) -> &'static [&'static str] {
        match (action, self.custom) {
            ("patch", true) => CUSTOM_PATCHES,
            ("patch", false) => PATCHES,
            (_, true) => CUSTOM_OBJECTS,
            (_, false) => &["*/*"],
        }
    }

    fn produces(&self, action: &str) -> Vec<&'static str> {
        match action {
            _ if self.custom => CUSTOM_OBJECTS.to_vec(),
            "connect" => vec!["*/*"],
            "list" | "watch" | "watchlist" => [OBJECTS, EVENTS].concat(),
            _ if self.type_name.is_none() => [&["text/plain"], OBJECTS].concat(),
            _ => OBJECTS.to_vec(),
        }
    }

    fn object(&self) -> Value {
        self.type_name.map_or_else(|| value!({ "type": "string" }), |name| reference(name, self.dialect))
    }

    fn responses(&self, action: &str) -> Value {
        let meta = |name: &str| reference(&format!("{META}.{name}"), self.dialect);
        let answer = match action {
            "list" => reference(self.list_type, self.dialect),
            "watch" | "watchlist" => meta("WatchEvent"),
            "deletecollection" => meta("Status"),
            "delete" if self.custom || !ANSWERED_WHEN_DELETED.contains(&self.kind) => meta("Status"),
            _ => self.object(),
        };
        let codes: &[(&str, &str)] = match action {
            "post" => &[("200", "OK"), ("201", "Created"), ("202", "Accepted")],
            "put" | "patch" => &[("200", "OK"), ("201", "Created")],
            "delete" => &[("200", "OK"), ("202", "Accepted")],
            _ => &[("200", "OK")],
        };
        let mut responses = value!({ "401": { "description": "Unauthorized" } });
        for (code, word) in codes {
            let mut response = value!({ "description": (*word) });
            match self.dialect {
                Dialect::V2 => response.set(&["schema"], answer.clone()),
                Dialect::V3 => response.set(&["content"], content(&self.produces(action), &answer)),
            }
            responses.set(&[code], response);
        }
        responses
    }

    fn body_parameter(&self, action: &str) -> Option<Value> {
        match action {
            "post" | "put" => Some(parameters::body(self.object())),
            "patch" => Some(parameters::written(parameters::PATCH_BODY, Dialect::V2)),
            "delete" | "deletecollection" => Some(parameters::written(parameters::DELETE_BODY, Dialect::V2)),
            _ => None,
        }
    }

    fn request_body(&self, action: &str) -> Option<Value> {
        let meta = |name: &str| reference(&format!("{META}.{name}"), self.dialect);
        let taken = self.consumes(action);
        match action {
            "post" | "put" => Some(value!({ "content": (content(taken, &self.object())), "required": true })),
            "patch" => Some(value!({ "content": (content(taken, &meta("Patch"))), "required": true })),
            "delete" | "deletecollection" => Some(value!({ "content": (content(taken, &meta("DeleteOptions"))) })),
            _ => None,
        }
    }

    /// `readCoreV1NamespacedPod`
    fn operation_id(&self, method: &str, action: &str) -> String {
        let (word, infix) = match action {
            "get" => ("read", String::new()),
            "post" => ("create", String::new()),
            "put" => ("replace", String::new()),
            "deletecollection" => ("delete", "Collection".into()),
            "watchlist" => ("watch", String::new()),
            "connect" => ("connect", capitalized(method)),
            other => (other, String::new()),
        };
        let group: String = tag(self.names.group, self.version.name).split('_').map(capitalized).collect();
        let namespaced = if self.namespaced() { "Namespaced" } else { "" };
        let below = match self.below() {
            "proxy/{path}" => "ProxyWithPath".to_owned(),
            below => below.split('/').map(capitalized).collect(),
        };
        let list = if action == "watchlist" { "List" } else { "" };
        let across = self.names.namespaced() && !self.namespaced();
        let end = if across { "ForAllNamespaces" } else { "" };
        format!("{word}{group}{infix}{namespaced}{}{below}{list}{end}", self.names.kind)
    }
}

/// `core_v1`, `rbacAuthorization_v1`
pub fn tag(group: &str, version: &str) -> String {
    format!("{}_{version}", group_word(group))
}

/// `core`, `rbacAuthorization`
pub fn group_word(group: &str) -> String {
    let mut words = group.trim_end_matches(".k8s.io").split('.');
    match words.next() {
        None | Some("") => "core".into(),
        Some(first) => first.to_owned() + &words.map(capitalized).collect::<String>(),
    }
}

/// The schema under each of the media types.
pub fn content(types: &[&str], schema: &Value) -> Value {
    let mut content = Map::new();
    for media in types {
        content.insert(*media, value!({ "schema": (schema.clone()) }));
    }
    Value::Map(content)
}

pub fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
