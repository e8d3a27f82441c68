//! Which labels a kubelet may give its node.

use schema::Value;
use std::collections::BTreeSet;

/// Only an administrator sets these.
const RESTRICTED: &str = "node-restriction.kubernetes.io";
/// Kubernetes' own labels that a kubelet sets; beside them, those of these two domains.
const WELL_KNOWN: &[&str] = &[
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
];
const DOMAINS: &[&str] = &["kubelet.kubernetes.io", "node.kubernetes.io"];

/// The labels that differ.
pub fn modified<'a>(new: &'a Value, old: &'a Value) -> BTreeSet<&'a str> {
    let keys = |labels: &'a Value| labels.as_map().into_iter().flat_map(|map| map.keys());
    keys(new).chain(keys(old)).filter(|key| new.get(key) != old.get(key)).collect()
}

/// Those of them that a kubelet may not touch.
pub fn forbidden(keys: BTreeSet<&str>) -> Vec<String> {
    keys.into_iter().filter(|key| is_forbidden(key)).map(str::to_owned).collect()
}

fn is_forbidden(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    let is_or_is_in = |parent: &str| domain == parent || domain.ends_with(&format!(".{parent}"));
    if is_or_is_in(RESTRICTED) {
        return true;
    }
    let of_kubernetes = is_or_is_in("kubernetes.io") || is_or_is_in("k8s.io");
    let of_kubelet = WELL_KNOWN.contains(&key) || DOMAINS.iter().any(|parent| is_or_is_in(parent));
    of_kubernetes && !of_kubelet
}
