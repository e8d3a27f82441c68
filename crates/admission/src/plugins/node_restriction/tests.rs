use super::*;
use crate::shapes::NoShapes;
use authn::UserInfo;
use schema::value;

/// Node `n` with a pod of its own, and a pod of another node.
struct Cluster;

impl Lookup for Cluster {
    fn get(&self, _group: &str, resource: &str, _namespace: &str, name: &str) -> Option<Arc<Value>> {
        let found = match (resource, name) {
            ("nodes", "n") => value!({ "metadata": { "name": "n", "uid": "u-n" } }),
            ("pods", "own") => value!({
                "metadata": { "name": "own", "uid": "u-own" },
                "spec": { "nodeName": "n", "volumes": [
                    { "projected": { "sources": [{ "serviceAccountToken": { "audience": "vault" } }] } },
                    { "csi": { "driver": "d" } }
                ] }
            }),
            ("pods", "other") => {
                value!({ "metadata": { "name": "other", "uid": "u-other" }, "spec": { "nodeName": "m" } })
            }
            ("csidrivers", "d") => value!({ "spec": { "tokenRequests": [{ "audience": "disks" }] } }),
            _ => return None,
        };
        Some(Arc::new(found))
    }

    fn list(&self, _group: &str, _resource: &str, _namespace: &str) -> Vec<Arc<Value>> {
        Vec::new()
    }
}

/// What node `n` is told about a write of `resource` (`pods/status`): empty if it may.
fn told(operation: Operation, resource: &str, name: &str, object: Value, old: Value) -> String {
    let user = UserInfo::new("system:node:n", &[NODES]);
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let mut attributes = Attributes {
        operation,
        group: "",
        version: "v1",
        kind: "",
        kind_group: "",
        kind_version: "v1",
        resource,
        subresource,
        namespace: "a",
        name,
        object,
        old: &old,
        options: &Value::Null,
        dry_run: false,
        user: &user,
        shapes: &NoShapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Default::default(),
    };
    let result = NodeRestriction.admit(&mut attributes, &Cluster);
    result.err().map(|error| error.0.message).unwrap_or_default()
}

fn mirror() -> Value {
    value!({
        "metadata": { "name": "x", "annotations": { "kubernetes.io/config.mirror": "h" }, "ownerReferences": [
            { "apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u-n", "controller": true }
        ] },
        "spec": { "nodeName": "n", "containers": [{ "name": "c" }] }
    })
}

fn created(change: impl Fn(&mut Value)) -> String {
    let mut pod = mirror();
    change(&mut pod);
    told(Operation::Create, "pods", "x", pod, Value::Null)
}

#[test]
fn a_mirror_pod_is_of_its_node_and_refers_to_nothing() {
    assert_eq!(created(|_| ()), "");
    let env = value!({ "name": "c", "env": [{ "valueFrom": { "secretKeyRef": { "name": "s" } } }] });
    assert!(created(|pod| pod.set(&["spec", "containers"], vec![env.clone()])).ends_with("that reference secrets"));
    let claim = value!({ "persistentVolumeClaim": { "claimName": "c" } });
    assert!(created(|pod| pod.set(&["spec", "volumes"], vec![claim.clone()])).ends_with("persistentvolumeclaims"));
    let none = created(|pod| drop(pod.remove(&["metadata", "ownerReferences"])));
    assert!(none.ends_with("can only create pods with an owner reference set to itself"), "{none}");
}

/// A node gave itself access to a resource claim by a mirror pod that named it.
#[test]
fn cve_2025_4563_mirror_pods_name_no_resource_claims() {
    let claims = vec![value!({ "name": "gpu", "resourceClaimName": "others-gpu" })];
    let said = created(|pod| pod.set(&["spec", "resourceClaims"], claims.clone()));
    assert_eq!(said, "pods \"x\" is forbidden: node \"n\" can not create pods that reference resourceclaims");
    let own = value!({ "spec": { "nodeName": "n" } });
    let mut claimed = own.clone();
    claimed.set(&["status", "resourceClaimStatuses"], vec![value!({ "name": "gpu", "resourceClaimName": "x" })]);
    let said = told(Operation::Update, "pods/status", "own", claimed, own);
    assert!(said.ends_with("cannot update resource claim statues"), "{said}");
}

/// A node made itself depend on an object that it then deleted, and so was deleted and could come back without its taints.
#[test]
fn cve_2025_5187_nodes_get_no_owner_by_themselves() {
    let old = value!({ "metadata": { "name": "n" } });
    let mut new = old.clone();
    new.set(&["metadata", "ownerReferences"], vec![value!({ "apiVersion": "v1", "kind": "Pod", "name": "p" })]);
    for resource in ["nodes", "nodes/status"] {
        let said = told(Operation::Update, resource, "n", new.clone(), old.clone());
        assert!(said.ends_with("node \"n\" is not allowed to modify ownerReferences"), "{said}");
    }
}

#[test]
fn tokens_are_for_pods_of_the_node_and_audiences_that_they_name() {
    let ask = |name: &str, uid: &str, audiences: Vec<Value>| {
        let request = value!({ "spec": {
            "audiences": audiences, "boundObjectRef": { "apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid }
        } });
        told(Operation::Create, "serviceaccounts/token", "sa", request, Value::Null)
    };
    let for_audience = |audience: &str| ask("own", "u-own", vec![Value::str(audience)]);
    assert_eq!(ask("own", "u-own", vec![]), "");
    assert_eq!([for_audience("vault"), for_audience("disks")], ["", ""]);
    assert!(for_audience("bank").contains("audience \"bank\" not found in pod spec volume"));
    assert!(ask("other", "u-other", vec![]).ends_with("bound to a pod scheduled on a different node"));
    assert!(ask("own", "u-old", vec![]).contains("does not match the UID in record"));
    let unbound = told(Operation::Create, "serviceaccounts/token", "sa", value!({ "spec": {} }), Value::Null);
    assert!(unbound.ends_with("node requested token not bound to a pod"), "{unbound}");
}

#[test]
fn evictions_and_claims_are_limited() {
    let evict = |name: &str| told(Operation::Create, "pods/eviction", name, value!({}), Value::Null);
    assert_eq!(evict("own"), "");
    assert!(evict("other").ends_with("can only evict pods with spec.nodeName set to itself"));
    let claim = value!({ "metadata": { "name": "c" }, "status": { "phase": "Bound" } });
    let mut grown = claim.clone();
    grown.set(&["status", "capacity", "storage"], "2Gi");
    assert_eq!(told(Operation::Update, "persistentvolumeclaims/status", "c", grown, claim.clone()), "");
    let mut lost = claim.clone();
    lost.set(&["status", "phase"], "Lost");
    assert!(told(Operation::Update, "persistentvolumeclaims/status", "c", lost, claim).contains("other than status"));
}

#[test]
fn a_kubelet_sets_its_own_labels_only() {
    let new = value!({
        "mine": "x", "example.com/a": "b", "kubernetes.io/hostname": "n", "foo.kubelet.kubernetes.io/a": "b",
        "node-restriction.kubernetes.io/a": "b", "example.k8s.io/a": "b", "old.k8s.io/same": "b"
    });
    let old = value!({ "old.k8s.io/same": "b", "gone.kubernetes.io/a": "b" });
    assert_eq!(
        labels::forbidden(labels::modified(&new, &old)),
        ["example.k8s.io/a", "gone.kubernetes.io/a", "node-restriction.kubernetes.io/a"]
    );
}
