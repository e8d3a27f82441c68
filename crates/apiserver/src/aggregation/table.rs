//! Which groups and versions other servers have, and what is known of them.

use super::priorities::Priority;
use crate::served::GroupVersion;
use api_misc::apiregistration::v1::APIService;
use bytes::Bytes;
use schema::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Upstream's default for a reference without one.
const DEFAULT_PORT: u16 = 443;

/// The groups and versions of other servers.
#[derive(Default)]
pub struct Table {
    pub remotes: BTreeMap<GroupVersion, Arc<Remote>>,
}

/// A group and version that another server has.
#[derive(Clone)]
pub struct Remote {
    pub spec: Arc<Spec>,
    pub priority: Priority,
    /// The condition says so.
    pub available: bool,
    pub documents: Arc<Documents>,
}

/// Where a group and version is, and how to speak to who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Of the APIService.
    pub name: String,
    pub group: String,
    pub version: String,
    pub service: Service,
    /// PEM; empty: the machine's own authorities.
    pub ca_bundle: Vec<u8>,
    pub insecure_skip_tls_verify: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    pub port: u16,
}

/// What a server says of its group and version.
#[derive(Default)]
pub struct Documents {
    /// The resources of the aggregated discovery.
    pub resources: Option<Value>,
    pub openapi_v2: Option<Arc<OpenApi2>>,
    pub openapi_v3: Option<Bytes>,
}

/// The part of a document of version 2 that tells of one group and version.
#[derive(Default)]
pub struct OpenApi2 {
    pub paths: Value,
    pub definitions: Value,
}

impl Spec {
    /// None: this server has it.
    pub fn of(object: &APIService) -> Option<Spec> {
        let service = object.spec.service.as_ref()?;
        let port = service.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(DEFAULT_PORT);
        Some(Spec {
            name: object.metadata.name.clone(),
            group: object.spec.group.clone(),
            version: object.spec.version.clone(),
            service: Service { namespace: service.namespace.clone(), name: service.name.clone(), port },
            ca_bundle: object.spec.ca_bundle.0.clone(),
            insecure_skip_tls_verify: object.spec.insecure_skip_tls_verify,
        })
    }

    /// `/apis/example.com/v1`
    pub fn path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        }
    }

    pub fn group_version(&self) -> GroupVersion {
        (self.group.clone(), self.version.clone())
    }
}

impl Table {
    /// What these objects say; `builtin`: those that no object takes away from this server. What was known of a server
    /// stays known for as long as it is the same.
    pub fn of<'a>(
        objects: impl IntoIterator<Item = &'a APIService>,
        builtin: impl Fn(&GroupVersion) -> bool,
        before: &Table,
    ) -> Table {
        let mut remotes = BTreeMap::new();
        for object in objects {
            let Some(spec) = Spec::of(object) else { continue };
            let of = spec.group_version();
            if builtin(&of) {
                continue;
            }
            let known = before.remotes.get(&of).filter(|before| *before.spec == spec);
            let (spec, documents) = match known {
                Some(before) => (before.spec.clone(), before.documents.clone()),
                None => (Arc::new(spec), Arc::default()),
            };
            let priority = Priority {
                group: object.spec.group_priority_minimum.into(),
                version: object.spec.version_priority.into(),
            };
            remotes.insert(of, Arc::new(Remote { spec, priority, available: is_available(object), documents }));
        }
        Table { remotes }
    }

    /// The same, with what the server of `spec` says now; none: it is not asked any more.
    pub fn with(&self, spec: &Spec, documents: Arc<Documents>) -> Option<Table> {
        let of = spec.group_version();
        let remote = self.remotes.get(&of).filter(|remote| *remote.spec == *spec)?;
        let mut remotes = self.remotes.clone();
        remotes.insert(of, Arc::new(Remote { documents, ..(**remote).clone() }));
        Some(Table { remotes })
    }

    /// Who has what lies at this path: `/apis/GROUP/VERSION` and everything below.
    pub fn at(&self, path: &str) -> Option<&Arc<Remote>> {
        if self.remotes.is_empty() {
            return None;
        }
        let mut words = path.strip_prefix('/')?.split('/');
        let of = match (words.next()?, words.next()?) {
            ("api", version) => (String::new(), version.to_owned()),
            ("apis", group) => (group.to_owned(), words.next()?.to_owned()),
            _ => return None,
        };
        self.remotes.get(&of)
    }
}

fn is_available(object: &APIService) -> bool {
    object.status.conditions.iter().any(|condition| condition.type_ == "Available" && condition.status == "True")
}
