//! The names of a kind, from which discovery, paths, RBAC verbs and the schema's types follow.

/// Static facts about a kind.
#[derive(Debug)]
pub struct Names {
    /// Empty for the core group.
    pub group: &'static str,
    pub kind: &'static str,
    /// Lower-case plural, as in paths and RBAC.
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub scope: Scope,
    /// Served versions, the preferred one first; the first is also the one stored.
    pub versions: &'static [Version],
    pub verbs: &'static [Verb],
    pub subresources: &'static [Subresource],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
}

#[derive(Debug)]
pub struct Version {
    /// `v1`
    pub name: &'static str,
    /// Name of the type in the schema, such as `io.k8s.api.core.v1.Pod`.
    pub type_name: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    Update,
    Watch,
}

/// A path below an object.
#[derive(Debug)]
pub struct Subresource {
    /// `status`, `scale`, `log`
    pub name: &'static str,
    /// Group, version and kind of its body where they are not the object's own: `("autoscaling", "v1", "Scale")`.
    /// As in discovery: group and version are empty where discovery leaves them out.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub verbs: &'static [Verb],
    /// Served only under this version; empty: under each.
    pub only_version: &'static str,
}

impl Names {
    pub fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// `v1` or `apps/v1`
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.into() } else { format!("{}/{version}", self.group) }
    }

    /// `pods` or `deployments.apps`, as upstream's messages name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.into() } else { format!("{}.{}", self.plural, self.group) }
    }
}

impl Verb {
    /// All that a stored object has.
    pub const ALL: &'static [Verb] = &[
        Verb::Create,
        Verb::Delete,
        Verb::DeleteCollection,
        Verb::Get,
        Verb::List,
        Verb::Patch,
        Verb::Update,
        Verb::Watch,
    ];
    pub const STATUS: &'static [Verb] = &[Verb::Get, Verb::Patch, Verb::Update];
    pub const CREATE: &'static [Verb] = &[Verb::Create];

    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Patch => "patch",
            Verb::Update => "update",
            Verb::Watch => "watch",
        }
    }
}

impl Subresource {
    /// API versions besides its own in which a body may come, of the same form.
    pub fn older_versions(&self) -> &'static [&'static str] {
        match self.kind {
            "Eviction" => &["policy/v1beta1"],
            _ => &[],
        }
    }

    /// `/status`, which most kinds with a status have. `kind` is the object's own kind.
    pub const fn status(kind: &'static str) -> Subresource {
        Subresource { name: "status", group: "", version: "", kind, verbs: Verb::STATUS, only_version: "" }
    }

    /// `/scale`
    pub const fn scale() -> Subresource {
        Subresource {
            name: "scale",
            group: "autoscaling",
            version: "v1",
            kind: "Scale",
            verbs: Verb::STATUS,
            only_version: "",
        }
    }
}
