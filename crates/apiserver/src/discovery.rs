//! Discovery documents, made from the kinds: which groups, versions, resources and verbs there are.
//!
//! Each document is encoded once per change of the kinds, in each form it is asked for.

use kind::{DynKind, Names, Subresource, Verb};
use schema::{Schema, Value, value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Groups in the order in which upstream lists them; those not named here follow by name.
const GROUP_ORDER: &[&str] = &[
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
];

/// The documents by path, as values of the types that upstream gives them.
pub struct Documents {
    /// `/api`, `/apis`, `/apis/apps`, `/api/v1`, `/apis/apps/v1`
    pub plain: HashMap<String, Document>,
    /// `/api` and `/apis` in the aggregated form.
    pub aggregated: HashMap<String, Document>,
}

/// One document in both encodings.
pub struct Document {
    pub json: bytes::Bytes,
    /// With the envelope.
    pub protobuf: bytes::Bytes,
    pub value: Value,
    /// Of the JSON, whichever form is answered.
    pub digest: String,
}

/// One group with its kinds, by name.
struct Group<'a> {
    name: &'a str,
    /// Preferred first.
    versions: Vec<&'a str>,
    kinds: Vec<&'a Names>,
}

/// `server_address`: host and port under which clients reach the server.
pub fn documents(kinds: &[&dyn DynKind], server_address: &str) -> Documents {
    let groups = groups(kinds);
    let mut plain = HashMap::new();
    let mut put = |path: String, kind: &str, value: Value| {
        // The documents of the core group are older than the rule that objects carry their apiVersion.
        let versioned = path.starts_with("/apis");
        plain.insert(path, Document::new("v1", kind, versioned, value));
    };
    let (core, named): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| group.name.is_empty());
    put("/api".into(), "APIVersions", api_versions(&core, server_address));
    let all: Vec<Value> = named.iter().map(|group| group.document()).collect();
    put("/apis".into(), "APIGroupList", value!({ "groups": all }));
    for group in &groups {
        if !group.name.is_empty() {
            put(format!("/apis/{}", group.name), "APIGroup", group.document());
        }
        for version in &group.versions {
            put(group.path(version), "APIResourceList", group.resources(version));
        }
    }
    let aggregate = |groups: &[&Group]| {
        let items: Vec<Value> = groups.iter().map(|group| group.aggregated()).collect();
        Document::new("apidiscovery.k8s.io/v2", "APIGroupDiscoveryList", true, value!({ "items": items }))
    };
    let aggregated = HashMap::from([("/api".into(), aggregate(&core)), ("/apis".into(), aggregate(&named))]);
    Documents { plain, aggregated }
}

impl Document {
    fn new(api_version: &str, kind: &str, versioned: bool, mut value: Value) -> Document {
        value.set(&["kind"], kind);
        if versioned {
            value.set(&["apiVersion"], api_version);
        }
        let (mut json, mut body) = (Vec::new(), Vec::new());
        if let Some(ty) = Schema::builtin().by_kind(api_version, kind) {
            schema::json::encode(ty, &value, &mut json);
            schema::protobuf::encode(ty, &value, &mut body);
        }
        json.push(b'\n');
        let protobuf = schema::protobuf::envelope(if versioned { api_version } else { "" }, kind, &body);
        Document { digest: crate::etag::digest(&json), json: json.into(), protobuf: protobuf.into(), value }
    }
}

fn groups<'a>(kinds: &[&'a dyn DynKind]) -> Vec<Group<'a>> {
    let mut by_name: BTreeMap<(usize, &str), Group> = BTreeMap::new();
    for names in kinds.iter().map(|kind| kind.names()) {
        let rank = GROUP_ORDER.iter().position(|&group| group == names.group).unwrap_or(GROUP_ORDER.len());
        let group = by_name.entry((rank, names.group)).or_insert_with(|| Group {
            name: names.group,
            versions: Vec::new(),
            kinds: Vec::new(),
        });
        group.kinds.push(names);
        for version in names.versions.iter().map(|v| v.name) {
            if !group.versions.contains(&version) {
                group.versions.push(version);
            }
        }
    }
    for group in by_name.values_mut() {
        group.kinds.sort_by_key(|names| names.plural);
        group.versions.sort_by(|a, b| stdx::version::compare_kube(b, a));
    }
    by_name.into_values().collect()
}

fn api_versions(core: &[&Group], server_address: &str) -> Value {
    let versions: Vec<Value> = core.iter().flat_map(|group| &group.versions).map(|&v| Value::from(v)).collect();
    let by_client = value!([{ "clientCIDR": "0.0.0.0/0", "serverAddress": server_address }]);
    value!({ "versions": versions, "serverAddressByClientCIDRs": by_client })
}

impl Group<'_> {
    fn api_version(&self, version: &str) -> String {
        if self.name.is_empty() { version.to_owned() } else { format!("{}/{version}", self.name) }
    }

    fn path(&self, version: &str) -> String {
        if self.name.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", self.name) }
    }

    fn document(&self) -> Value {
        let version = |version: &&str| {
            let group_version = self.api_version(version);
            value!({ "groupVersion": group_version, "version": (*version) })
        };
        let versions: Vec<Value> = self.versions.iter().map(version).collect();
        let preferred = versions.first().cloned().unwrap_or_default();
        value!({ "name": (self.name), "versions": versions, "preferredVersion": preferred })
    }

    fn resources(&self, version: &str) -> Value {
        let mut resources = Vec::new();
        for names in self.served(version) {
            resources.push(resource(names));
            for subresource in served_subresources(names, version) {
                resources.push(subresource_entry(names, subresource));
            }
        }
        value!({ "groupVersion": (self.api_version(version)), "resources": resources })
    }

    fn aggregated(&self) -> Value {
        let version = |version: &&str| {
            let resources: Vec<Value> = self.served(version).map(|names| aggregated_resource(names, version)).collect();
            value!({ "version": (*version), "resources": resources, "freshness": "Current" })
        };
        let versions: Vec<Value> = self.versions.iter().map(version).collect();
        if self.name.is_empty() {
            return value!({ "versions": versions });
        }
        value!({ "metadata": { "name": (self.name) }, "versions": versions })
    }

    fn served<'a>(&'a self, version: &'a str) -> impl Iterator<Item = &'a Names> {
        let served = move |names: &&&Names| names.versions.iter().any(|v| v.name == version);
        self.kinds.iter().filter(served).copied()
    }
}

fn served_subresources<'a>(names: &'a Names, version: &'a str) -> impl Iterator<Item = &'a Subresource> {
    let mut all: Vec<&Subresource> = names.subresources.iter().collect();
    all.sort_by_key(|subresource| subresource.name);
    all.into_iter().filter(move |s| s.only_version.is_empty() || s.only_version == version)
}

fn resource(names: &Names) -> Value {
    let mut entry = value!({
        "name": (names.plural), "singularName": (names.singular), "namespaced": (names.namespaced()),
        "kind": (names.kind), "verbs": (verbs(names.verbs))
    });
    add_names(&mut entry, names);
    // Only what is stored has a storage version.
    if names.verbs.contains(&Verb::Get) && names.verbs.contains(&Verb::Create) {
        entry.set(&["storageVersionHash"], storage_version_hash(names));
    }
    entry
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

fn aggregated_resource(names: &Names, version: &str) -> Value {
    let scope = if names.namespaced() { "Namespaced" } else { "Cluster" };
    let mut entry = value!({
        "resource": (names.plural), "responseKind": { "kind": (names.kind) }, "scope": scope,
        "singularResource": (names.singular), "verbs": (verbs(names.verbs))
    });
    add_names(&mut entry, names);
    let subresources: Vec<Value> = served_subresources(names, version).map(aggregated_subresource).collect();
    if !subresources.is_empty() {
        entry.set(&["subresources"], subresources);
    }
    entry
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
fn storage_version_hash(names: &Names) -> String {
    use base64::Engine;
    let stored = match STORED_OTHERWISE.iter().find(|(plural, _)| *plural == names.plural) {
        Some((_, stored)) => (*stored).to_owned(),
        None => format!("{}/{}", names.group, names.versions.first().map_or("", |version| version.name)),
    };
    let digest = Sha256::digest(format!("{stored}/{}", names.kind));
    base64::engine::general_purpose::STANDARD.encode(&digest[..8])
}
