//! Where the store keeps a kind: upstream's layout, so that a cluster's etcd can be taken over in either direction.

/// Before every key of the API.
pub const ROOT: &str = "/registry/";

/// Where upstream's place is not the plural, or not the plural alone: group, plural, place.
const PLACES: &[(&str, &str, &str)] = &[
    ("", "endpoints", "services/endpoints"),
    ("", "nodes", "minions"),
    ("", "replicationcontrollers", "controllers"),
    ("", "services", "services/specs"),
    ("networking.k8s.io", "ingresses", "ingress"),
];

/// Groups whose kinds lie under the group's name.
const BY_GROUP: &[&str] = &["apiextensions.k8s.io", "apiregistration.k8s.io"];

/// Kinds whose stored version is not the first served one, because the server of the release before, which may still
/// read the store, does not know that: group, plural, version. The versions have the same form.
const OLDER_VERSIONS: &[(&str, &str, &str)] = &[
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies", "v1beta1"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings", "v1beta1"),
];

/// The place of a built-in kind below a root (such as [`ROOT`]), with a slash at its end: `/registry/pods/`.
pub fn prefix(root: &str, group: &str, plural: &str) -> String {
    let place = PLACES.iter().find(|(g, p, _)| (*g, *p) == (group, plural)).map(|(_, _, place)| *place);
    match place {
        Some(place) => format!("{root}{place}/"),
        None if BY_GROUP.contains(&group) => format!("{root}{group}/{plural}/"),
        None => format!("{root}{plural}/"),
    }
}

/// The place of a custom kind.
pub fn custom_prefix(root: &str, group: &str, plural: &str) -> String {
    format!("{root}{group}/{plural}/")
}

/// The version in which a built-in kind is stored, where it is not the first served one.
pub fn stored_version(group: &str, plural: &str) -> Option<&'static str> {
    OLDER_VERSIONS.iter().find(|(g, p, _)| (*g, *p) == (group, plural)).map(|(_, _, version)| *version)
}

/// Whether the kinds of a group are stored as JSON: upstream's servers of these groups know no other form.
pub fn stored_as_json(group: &str) -> bool {
    BY_GROUP.contains(&group)
}

/// The key of an object; `namespace` is empty for what has none.
pub fn key(prefix: &str, namespace: &str, name: &str) -> String {
    if namespace.is_empty() { format!("{prefix}{name}") } else { format!("{prefix}{namespace}/{name}") }
}

/// The beginning of the keys of a namespace; of all, if it is empty.
pub fn namespace_prefix(prefix: &str, namespace: &str) -> String {
    if namespace.is_empty() { prefix.to_owned() } else { format!("{prefix}{namespace}/") }
}

/// Namespace (empty for what has none) and name.
pub fn split<'a>(prefix: &str, key: &'a str) -> (&'a str, &'a str) {
    let rest = key.strip_prefix(prefix).unwrap_or(key);
    rest.split_once('/').unwrap_or(("", rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_places_are_upstreams() {
        let cases = [
            ("", "pods", "/registry/pods/"),
            ("", "services", "/registry/services/specs/"),
            ("", "endpoints", "/registry/services/endpoints/"),
            ("", "nodes", "/registry/minions/"),
            ("apps", "deployments", "/registry/deployments/"),
            ("networking.k8s.io", "ingresses", "/registry/ingress/"),
            (
                "apiextensions.k8s.io",
                "customresourcedefinitions",
                "/registry/apiextensions.k8s.io/customresourcedefinitions/",
            ),
            ("coordination.k8s.io", "leases", "/registry/leases/"),
            ("apiregistration.k8s.io", "apiservices", "/registry/apiregistration.k8s.io/apiservices/"),
            ("networking.k8s.io", "ipaddresses", "/registry/ipaddresses/"),
            ("networking.k8s.io", "servicecidrs", "/registry/servicecidrs/"),
            ("", "events", "/registry/events/"),
            ("node.k8s.io", "runtimeclasses", "/registry/runtimeclasses/"),
        ];
        for (group, plural, wanted) in cases {
            assert_eq!(prefix(ROOT, group, plural), wanted);
        }
        assert_eq!(split("/registry/pods/", "/registry/pods/a/b"), ("a", "b"));
        assert_eq!(split("/registry/minions/", "/registry/minions/n"), ("", "n"));
    }
}
