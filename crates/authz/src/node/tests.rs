use super::references::{PodReferences, VolumeReferences};
use super::*;
use crate::{Operator, Requirement};
use schema::{Value, value};

fn pod(node: &str) -> Value {
    value!({
        "metadata": { "name": "p", "namespace": "a" },
        "spec": {
            "nodeName": node,
            "serviceAccountName": "sa",
            "imagePullSecrets": [{ "name": "reg" }],
            "volumes": [
                { "name": "v", "secret": { "secretName": "s1" } },
                { "name": "w", "projected": { "sources": [{ "configMap": { "name": "c1" } }] } },
                { "name": "e", "ephemeral": {} },
                { "name": "d", "persistentVolumeClaim": { "claimName": "data" } }
            ],
            "containers": [{ "env": [{ "valueFrom": { "secretKeyRef": { "name": "s2" } } }] }],
            "resourceClaims": [{ "name": "gpu", "resourceClaimName": "gpu-1" }]
        }
    })
}

fn volume() -> Value {
    value!({ "spec": {
        "claimRef": { "namespace": "a", "name": "data" },
        "csi": { "nodeStageSecretRef": { "namespace": "storage", "name": "key" } }
    } })
}

fn graph() -> Graph {
    let graph = Graph::default();
    graph.set_pod("a", "p", PodReferences::of(&pod("n")));
    graph.set_volume("pv", VolumeReferences::of(&volume()));
    graph.set_single(Kind::Attachment, "csi-1", "n");
    graph.set_single(Kind::Slice, "slice-1", "n");
    graph
}

/// Everything that leads to node `n` in [`graph`].
const ALL: &[(Kind, &str, &str)] = &[
    (Kind::Pod, "a", "p"),
    (Kind::Secret, "a", "s1"),
    (Kind::Secret, "a", "s2"),
    (Kind::Secret, "a", "reg"),
    (Kind::Secret, "storage", "key"),
    (Kind::ConfigMap, "a", "c1"),
    (Kind::Claim, "a", "data"),
    (Kind::Claim, "a", "p-e"),
    (Kind::Volume, "", "pv"),
    (Kind::ServiceAccount, "a", "sa"),
    (Kind::ResourceClaim, "a", "gpu-1"),
];

#[test]
fn everything_that_a_pod_needs_leads_to_its_node_alone() {
    let graph = graph();
    for (kind, namespace, name) in ALL {
        assert!(graph.leads(*kind, namespace, name, "n"), "{kind:?} {name}");
        assert!(!graph.leads(*kind, namespace, name, "m"), "{kind:?} {name}");
        if !namespace.is_empty() {
            assert!(!graph.leads(*kind, "b", name, "n"), "{kind:?} {name}");
        }
    }
    assert!(graph.leads(Kind::Attachment, "", "csi-1", "n") && graph.leads(Kind::Slice, "", "slice-1", "n"));
}

#[test]
fn what_is_gone_leads_nowhere_whatever_goes_first() {
    for volume_first in [true, false] {
        let graph = graph();
        if volume_first {
            graph.remove_volume("pv");
            assert!(graph.leads(Kind::Claim, "a", "data", "n") && !graph.leads(Kind::Secret, "storage", "key", "n"));
        }
        graph.remove_pod("a", "p");
        for (kind, namespace, name) in ALL {
            assert!(!graph.leads(*kind, namespace, name, "n"), "{kind:?} {name}");
        }
        graph.set_pod("a", "p", PodReferences::of(&pod("m")));
        assert_eq!(graph.leads(Kind::Secret, "storage", "key", "m"), !volume_first);
    }
}

#[test]
fn two_pods_keep_a_secret_until_both_are_gone() {
    let graph = graph();
    graph.set_pod("a", "q", PodReferences::of(&pod("n")));
    graph.remove_pod("a", "p");
    assert!(graph.leads(Kind::Secret, "a", "s1", "n") && graph.leads(Kind::Secret, "storage", "key", "n"));
    graph.remove_pod("a", "q");
    assert!(!graph.leads(Kind::Secret, "a", "s1", "n") && !graph.leads(Kind::Secret, "storage", "key", "n"));
}

#[test]
fn a_mirror_pod_gives_its_node_nothing() {
    let mut mirror = pod("n");
    mirror.set(&["metadata", "annotations", "kubernetes.io/config.mirror"], "x");
    assert!(PodReferences::of(&mirror).objects.is_empty());
}

fn authorizer() -> NodeAuthorizer {
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let services = PolicyRule {
        api_groups: all(&[""]),
        resources: all(&["services"]),
        verbs: all(&["get", "list", "watch"]),
        ..PolicyRule::default()
    };
    NodeAuthorizer { rules: vec![services], graph: Arc::new(graph()) }
}

#[test]
fn a_node_sees_what_its_pods_need() {
    let user = UserInfo::new("system:node:n", &[GROUP]);
    let authorizer = authorizer();
    for (verb, group, resource, namespace, name, expected) in [
        ("get", "", "secrets", "a", "s1", true),
        ("list", "", "secrets", "a", "s1", true),
        ("get", "", "secrets", "a", "other", false),
        ("list", "", "secrets", "a", "", false),
        ("delete", "", "secrets", "a", "s1", false),
        ("create", "", "serviceaccounts/token", "a", "sa", true),
        ("create", "", "serviceaccounts/token", "a", "other", false),
        ("get", "", "serviceaccounts", "a", "sa", true),
        ("patch", "", "persistentvolumeclaims/status", "a", "data", true),
        ("patch", "", "persistentvolumeclaims", "a", "data", false),
        ("get", "", "nodes", "", "n", true),
        ("get", "", "nodes", "", "m", false),
        ("list", "", "nodes", "", "", false),
        ("patch", "", "nodes/status", "", "n", true),
        ("get", "", "pods", "a", "p", true),
        ("get", "", "pods", "a", "q", false),
        ("list", "", "pods", "", "", false),
        ("list", "", "services", "", "", true),
        ("update", "coordination.k8s.io", "leases", LEASE_NAMESPACE, "n", true),
        ("update", "coordination.k8s.io", "leases", LEASE_NAMESPACE, "m", false),
        ("update", "coordination.k8s.io", "leases", "a", "n", false),
        ("get", "storage.k8s.io", "csinodes", "", "n", true),
        ("get", "storage.k8s.io", "csinodes", "", "m", false),
        ("get", "storage.k8s.io", "volumeattachments", "", "csi-1", true),
        ("delete", "resource.k8s.io", "resourceslices", "", "slice-1", true),
        ("delete", "resource.k8s.io", "resourceslices", "", "slice-2", false),
        ("delete", "", "namespaces", "", "a", false),
    ] {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = Attributes {
            resource_request: true,
            api_group: group,
            resource,
            subresource,
            namespace,
            name,
            ..Attributes::of(&user, verb)
        };
        let allowed = authorizer.authorize(&attributes).into_now().is_ok_and(|decision| decision.allowed());
        assert_eq!(allowed, expected, "{verb} {resource} {namespace}/{name}");
    }
}

#[test]
fn lists_are_for_what_is_selected() {
    let user = UserInfo::new("system:node:n", &[GROUP]);
    let authorizer = authorizer();
    for (node, operator, expected) in
        [("n", Operator::In, true), ("m", Operator::In, false), ("n", Operator::NotIn, false)]
    {
        for (group, resource) in [("", "pods"), ("resource.k8s.io", "resourceslices")] {
            let selector = [Requirement { key: "spec.nodeName".into(), operator, values: vec![node.into()] }];
            let attributes = Attributes {
                resource_request: true,
                api_group: group,
                resource,
                field_selector: &selector,
                ..Attributes::of(&user, "watch")
            };
            let allowed = authorizer.authorize(&attributes).into_now().is_ok_and(|decision| decision.allowed());
            assert_eq!(allowed, expected, "{resource} {node} {operator:?}");
        }
    }
}
