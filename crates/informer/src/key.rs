//! What names an object, and what names a collection of them.

use api_meta::v1::ObjectMeta;
use schema::{Object, ResourceInfo, Text};
use std::fmt;

/// Namespace (empty for cluster-wide objects) and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub namespace: Text,
    pub name: Text,
}

impl Key {
    pub fn new(namespace: impl Into<Text>, name: impl Into<Text>) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// Of an object without a namespace.
    pub fn cluster(name: impl Into<Text>) -> Key {
        Key::new("", name)
    }

    pub fn of(meta: &ObjectMeta) -> Key {
        Key::new(meta.namespace.as_str(), meta.name.as_str())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// A served resource, known at build time or only at run time (custom resources).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// Empty for the core group.
    pub group: Text,
    pub version: Text,
    /// Lower-case plural, as in paths.
    pub plural: Text,
    pub kind: Text,
    pub namespaced: bool,
}

impl Resource {
    pub fn of<T: Object>() -> Resource {
        T::RESOURCE.into()
    }

    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods`, `replicasets.apps`
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }
}

impl From<ResourceInfo> for Resource {
    fn from(info: ResourceInfo) -> Resource {
        Resource {
            group: Text::const_new(info.group),
            version: Text::const_new(info.version),
            plural: Text::const_new(info.plural),
            kind: Text::const_new(info.kind),
            namespaced: info.namespaced,
        }
    }
}

/// A resourceVersion as the number it is; 0 for anything else.
pub fn version(resource_version: &str) -> u64 {
    resource_version.parse().unwrap_or_default()
}
