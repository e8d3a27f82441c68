//! Discovery documents: which groups, versions, resources and verbs there are.
//!
//! They follow what is served: at the first request after a change those of the groups that changed are made anew. Each
//! is encoded once, in each form it is asked for.

mod resources;

use crate::aggregation::Remote;
use crate::aggregation::priorities::{self, Priority};
use crate::served::{GroupVersion, Kept, Served, Source};
use kind::ApiError;
use parking_lot::Mutex;
use registry::Entry;
use schema::{Schema, Value, value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The documents of today, whenever today is.
pub struct Discovery {
    source: Arc<dyn Source>,
    /// Host and port under which clients reach the server.
    server_address: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    made: Option<(Served, Arc<Documents>)>,
    versions: Kept<Version>,
}

/// The documents by path, as values of the types that upstream gives them.
#[derive(Default)]
pub struct Documents {
    /// `/api`, `/apis`, `/apis/apps`, `/api/v1`, `/apis/apps/v1`
    pub plain: HashMap<String, Arc<Document>>,
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

/// One version of a group.
struct Version {
    name: String,
    priority: Priority,
    /// None: the server that has the version tells.
    resources: Option<Arc<Document>>,
    aggregated: Value,
}

/// One group with its versions, the preferred one first.
struct Group {
    name: String,
    versions: Vec<Arc<Version>>,
}

impl Discovery {
    pub fn new(source: Arc<dyn Source>, server_address: String) -> Discovery {
        Discovery { source, server_address, state: Mutex::default() }
    }

    pub fn documents(&self) -> Result<Arc<Documents>, ApiError> {
        let served = self.source.now()?;
        let mut state = self.state.lock();
        if let Some((before, documents)) = &state.made
            && served.is(before)
        {
            return Ok(documents.clone());
        }
        let groups = groups(&served, &mut state.versions);
        let documents = Arc::new(documents(&groups, &self.server_address));
        state.made = Some((served, documents.clone()));
        Ok(documents)
    }
}

fn groups(served: &Served, kept: &mut Kept<Version>) -> Vec<Group> {
    let versions = served.versions();
    kept.retain(|of| versions.contains_key(of));
    let mut by_name: BTreeMap<String, Vec<Arc<Version>>> = BTreeMap::new();
    for (of, entries) in versions {
        let version = kept.get(&of, &entries, || Version::of(&of, &entries));
        by_name.entry(of.0).or_default().push(version);
    }
    for ((group, _), remote) in &served.remote.remotes {
        by_name.entry(group.clone()).or_default().push(Arc::new(Version::elsewhere(remote)));
    }
    let mut groups: Vec<Group> = by_name.into_iter().map(|(name, versions)| Group { name, versions }).collect();
    for group in &mut groups {
        group.versions.sort_by(|a, b| {
            let by_priority = b.priority.version.cmp(&a.priority.version);
            by_priority.then_with(|| stdx::version::compare_kube(&b.name, &a.name))
        });
    }
    // Groups of equal rank stay in the order of their names.
    groups.sort_by_key(|group| Reverse(group.versions.iter().map(|version| version.priority.group).max()));
    groups
}

fn documents(groups: &[Group], server_address: &str) -> Documents {
    let mut plain = HashMap::new();
    let mut put = |path: String, kind: &str, value: Value| {
        // The documents of the core group are older than the rule that objects carry their apiVersion.
        let versioned = path.starts_with("/apis");
        plain.insert(path, Arc::new(Document::new("v1", kind, versioned, value)));
    };
    let (core, named): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| group.name.is_empty());
    put("/api".into(), "APIVersions", api_versions(&core, server_address));
    let all: Vec<Value> = named.iter().map(|group| group.document()).collect();
    put("/apis".into(), "APIGroupList", value!({ "groups": all }));
    for group in &named {
        put(format!("/apis/{}", group.name), "APIGroup", group.document());
    }
    for (group, version) in groups.iter().flat_map(|group| group.versions.iter().map(move |version| (group, version))) {
        let resources = version.resources.clone().map(|resources| (path(&group.name, &version.name), resources));
        plain.extend(resources);
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

fn api_versions(core: &[&Group], server_address: &str) -> Value {
    let versions: Vec<Value> =
        core.iter().flat_map(|group| &group.versions).map(|version| Value::from(version.name.as_str())).collect();
    let by_client = value!([{ "clientCIDR": "0.0.0.0/0", "serverAddress": server_address }]);
    value!({ "versions": versions, "serverAddressByClientCIDRs": by_client })
}

impl Version {
    fn of(of: &GroupVersion, entries: &[Arc<Entry>]) -> Version {
        let (group, version) = of;
        let list = value!({
            "groupVersion": (api_version(group, version)), "resources": (resources::plain(entries, version))
        });
        Version {
            name: version.clone(),
            priority: priorities::local(group, version),
            resources: Some(Arc::new(Document::new("v1", "APIResourceList", !group.is_empty(), list))),
            aggregated: value!({
                "version": (version.as_str()),
                "resources": (resources::aggregated(entries, version)),
                "freshness": "Current"
            }),
        }
    }

    /// Another server's, as far as it is known.
    fn elsewhere(remote: &Remote) -> Version {
        let known = remote.documents.resources.as_ref();
        let freshness = if remote.available && known.is_some() { "Current" } else { "Stale" };
        let mut aggregated = value!({ "version": (remote.spec.version.as_str()), "freshness": freshness });
        if let Some(resources) = known {
            aggregated.set(&["resources"], resources.clone());
        }
        Version { name: remote.spec.version.clone(), priority: remote.priority, resources: None, aggregated }
    }
}

impl Group {
    fn document(&self) -> Value {
        let version = |version: &Arc<Version>| {
            let group_version = api_version(&self.name, &version.name);
            value!({ "groupVersion": group_version, "version": (version.name.as_str()) })
        };
        let versions: Vec<Value> = self.versions.iter().map(version).collect();
        let preferred = versions.first().cloned().unwrap_or_default();
        value!({ "name": (self.name.as_str()), "versions": versions, "preferredVersion": preferred })
    }

    fn aggregated(&self) -> Value {
        let versions: Vec<Value> = self.versions.iter().map(|version| version.aggregated.clone()).collect();
        if self.name.is_empty() {
            return value!({ "versions": versions });
        }
        value!({ "metadata": { "name": (self.name.as_str()) }, "versions": versions })
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn path(group: &str, version: &str) -> String {
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

#[cfg(test)]
mod tests;
