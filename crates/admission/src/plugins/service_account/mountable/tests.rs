use super::*;
use crate::shapes::NoShapes;
use crate::{Lookup, Operation, Plugin};
use authn::UserInfo;
use schema::value;
use std::sync::Arc;
use stdx::SeededRng;

/// One account, which lets its pods use one secret.
struct Cluster;

impl Lookup for Cluster {
    fn get(&self, _group: &str, resource: &str, _namespace: &str, _name: &str) -> Option<Arc<Value>> {
        (resource == "serviceaccounts").then(|| {
            Arc::new(value!({
                "metadata": { "name": "sa", "annotations": { "kubernetes.io/enforce-mountable-secrets": "true" } },
                "secrets": [{ "name": "mine" }]
            }))
        })
    }

    fn list(&self, _group: &str, _resource: &str, _namespace: &str) -> Vec<Arc<Value>> {
        Vec::new()
    }
}

fn told(operation: Operation, subresource: &str, list: &str, container: Value) -> String {
    let user = UserInfo::new("eve", &[]);
    let mut object = value!({ "metadata": { "name": "p" }, "spec": { "serviceAccountName": "sa" } });
    object.set(&["spec", list], vec![container]);
    let old = object.clone();
    let mut attributes = Attributes {
        operation,
        group: "",
        version: "v1",
        kind: "Pod",
        kind_group: "",
        kind_version: "v1",
        resource: "pods",
        subresource,
        namespace: "a",
        name: "p",
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
    let plugin = super::super::ServiceAccount::new(Arc::new(SeededRng::new(1)));
    plugin.validate(&mut attributes, &Cluster).err().map(|error| error.0.message).unwrap_or_default()
}

fn uses(secret: &str) -> [Value; 2] {
    [
        value!({ "name": "c", "env": [{ "name": "E", "valueFrom": { "secretKeyRef": { "name": secret } } }] }),
        value!({ "name": "c", "envFrom": [{ "secretRef": { "name": secret } }] }),
    ]
}

#[test]
fn pods_use_only_the_secrets_of_their_account() {
    for list in ["containers", "initContainers"] {
        for container in uses("mine") {
            assert_eq!(told(Operation::Create, "", list, container), "");
        }
        for container in uses("others") {
            let said = told(Operation::Create, "", list, container);
            assert!(said.ends_with("because service account sa does not reference that secret"), "{said}");
        }
    }
}

/// Ephemeral containers used secrets that other containers of the pod could not.
#[test]
fn cve_2023_2728_ephemeral_containers_use_no_other_secrets() {
    for container in uses("mine") {
        assert_eq!(told(Operation::Update, "ephemeralcontainers", "ephemeralContainers", container), "");
    }
    for container in uses("others") {
        let said = told(Operation::Update, "ephemeralcontainers", "ephemeralContainers", container);
        assert!(said.contains("ephemeral container c with env"), "{said}");
    }
}
