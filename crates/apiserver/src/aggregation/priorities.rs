//! In which order groups and their versions are listed.
//!
//! The groups of the program have their places in the APIService objects that every server begins with; all groups of
//! custom resources have one place, below those.

use crate::bootstrap;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The group of the APIService objects, which have none for themselves: always the first.
const OWN_GROUP: &str = "apiregistration.k8s.io";

/// Higher comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    pub group: i64,
    pub version: i64,
}

/// What upstream gives the groups of custom resources.
pub const CUSTOM: Priority = Priority { group: 1000, version: 100 };
const FIRST: Priority = Priority { group: 20_000, version: 100 };

static BUILTIN: LazyLock<HashMap<String, Priority>> = LazyLock::new(|| {
    let services = bootstrap::objects().filter(|object| object.str_at(&["kind"]) == "APIService");
    let priority = |spec: &schema::Value| Priority {
        group: spec.at(&["groupPriorityMinimum"]).as_i64().unwrap_or_default(),
        version: spec.at(&["versionPriority"]).as_i64().unwrap_or_default(),
    };
    services.map(|object| (object.str_at(&["metadata", "name"]).to_owned(), priority(object.at(&["spec"])))).collect()
});

/// The place of a group and version of this server.
pub fn local(group: &str, version: &str) -> Priority {
    if group == OWN_GROUP {
        return FIRST;
    }
    BUILTIN.get(&format!("{version}.{group}")).copied().unwrap_or(CUSTOM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_the_program_have_their_places_and_custom_ones_come_after() {
        assert_eq!(local("", "v1").group, 18_000);
        assert!(local("apiregistration.k8s.io", "v1").group > local("apps", "v1").group);
        assert!(local("autoscaling", "v2").version > local("autoscaling", "v1").version);
        assert!(local("flowcontrol.apiserver.k8s.io", "v1").group > local("example.com", "v1").group);
    }
}
