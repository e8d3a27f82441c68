use super::*;
use crate::{Lookup, Operation};
use authn::UserInfo;
use schema::{Value, value};
use std::collections::HashMap;
use stdx::SeededRng;

/// A cluster of few objects, by group, resource, namespace and name.
#[derive(Default)]
struct Cluster(HashMap<(String, String, String, String), Arc<Value>>);

impl Cluster {
    fn with(mut self, group: &str, resource: &str, namespace: &str, object: Value) -> Cluster {
        let name = object.str_at(&["metadata", "name"]).to_owned();
        self.0.insert((group.into(), resource.into(), namespace.into(), name), Arc::new(object));
        self
    }
}

impl Lookup for Cluster {
    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.0.get(&(group.into(), resource.into(), namespace.into(), name.into())).cloned()
    }

    fn list(&self, group: &str, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        let matches = |key: &(String, String, String, String)| {
            key.0 == group && key.1 == resource && (namespace.is_empty() || key.2 == namespace)
        };
        self.0.iter().filter(|(key, _)| matches(key)).map(|(_, object)| object.clone()).collect()
    }
}

fn cluster() -> Cluster {
    let account = value!({ "metadata": { "name": "default" }, "imagePullSecrets": [{ "name": "reg" }] });
    Cluster::default()
        .with("", "namespaces", "", value!({ "metadata": { "name": "ns" }, "status": { "phase": "Active" } }))
        .with("", "namespaces", "", value!({ "metadata": { "name": "going" }, "status": { "phase": "Terminating" } }))
        .with("", "serviceaccounts", "ns", account)
}

struct Nobody;

impl Authorizer for Nobody {
    fn authorize<'a>(&'a self, _attributes: &'a authz::Attributes<'a>) -> authz::Answer<'a> {
        authz::Answer::now(authz::Decision::no_opinion(""))
    }
}

struct NoQuotas;

impl QuotaStore for NoQuotas {
    fn change<'a>(
        &'a self,
        _namespace: &'a str,
        _name: &'a str,
        _change: &'a (dyn Fn(&mut Value) -> Result<(), ApiError> + Send + Sync),
    ) -> crate::BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async { Ok(()) })
    }
}

struct NoWebhooks;

impl WebhookClient for NoWebhooks {
    fn post<'a>(
        &'a self,
        _target: &'a crate::webhook::Target,
        _body: Vec<u8>,
        _timeout: std::time::Duration,
    ) -> crate::BoxFuture<'a, Result<Vec<u8>, String>> {
        Box::pin(async { Err("there are no webhooks".into()) })
    }
}

fn parts() -> Parts {
    Parts {
        rng: Arc::new(SeededRng::new(7)),
        authorizer: Arc::new(Nobody),
        rbac: Arc::default(),
        quotas: Arc::new(NoQuotas),
        webhooks: Arc::new(NoWebhooks),
    }
}

/// Runs the default chain over a new object and gives it back as it would be stored.
fn create(cluster: &Cluster, resource: &str, namespace: &str, object: Value) -> Result<Value, ApiError> {
    let user = UserInfo::new("eve", &[]);
    let mut attributes = Attributes {
        operation: Operation::Create,
        group: "",
        version: "v1",
        kind: "",
        kind_group: "",
        kind_version: "v1",
        resource,
        subresource: "",
        namespace,
        name: "x",
        object,
        old: &Value::Null,
        options: &Value::Null,
        dry_run: false,
        user: &user,
        shapes: &crate::shapes::NoShapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Default::default(),
    };
    let chain = default_chain(parts());
    futures_util::future::FutureExt::now_or_never(chain.admit(&mut attributes, cluster)).unwrap()?;
    futures_util::future::FutureExt::now_or_never(chain.validate(&mut attributes, cluster)).unwrap()?;
    Ok(attributes.object)
}

fn pod() -> Value {
    value!({ "metadata": { "name": "x" }, "spec": { "containers": [{ "name": "c", "image": "i" }] } })
}

#[test]
fn a_plain_pod_gets_account_token_tolerations_and_priority() {
    let pod = create(&cluster(), "pods", "ns", pod()).unwrap();
    assert_eq!(pod.str_at(&["spec", "serviceAccountName"]), "default");
    assert_eq!(pod.at(&["spec", "tolerations"]).items().len(), 2);
    assert_eq!(pod.at(&["spec", "priority"]).as_i64(), Some(0));
    assert_eq!(pod.at(&["spec", "imagePullSecrets"]).items()[0].str_at(&["name"]), "reg");
    let volume = pod.at(&["spec", "volumes"]).items()[0].str_at(&["name"]).to_owned();
    let mount = &pod.at(&["spec", "containers"]).items()[0].at(&["volumeMounts"]).items()[0];
    assert!(volume.starts_with("kube-api-access-") && volume.len() == 21, "{volume}");
    assert_eq!(mount.str_at(&["name"]), volume);
}

#[test]
fn a_pod_that_wants_no_token_gets_none() {
    let mut pod = pod();
    pod.set(&["spec", "automountServiceAccountToken"], false);
    let pod = create(&cluster(), "pods", "ns", pod).unwrap();
    assert!(pod.at(&["spec", "volumes"]).is_null());
}

#[test]
fn refusals_are_in_upstreams_words() {
    let cluster = cluster();
    let with = |path: &[&str], value: &str| {
        let mut pod = pod();
        pod.set(path, value);
        pod
    };
    for (resource, namespace, object, message) in [
        ("pods", "none", pod(), "namespaces \"none\" not found"),
        (
            "pods",
            "going",
            pod(),
            "pods \"x\" is forbidden: unable to create new content in namespace going because it is being terminated",
        ),
        (
            "pods",
            "ns",
            with(&["spec", "serviceAccountName"], "gone"),
            "pods \"x\" is forbidden: error looking up service account ns/gone: serviceaccount \"gone\" not found",
        ),
        (
            "pods",
            "ns",
            with(&["spec", "priorityClassName"], "none"),
            "pods \"x\" is forbidden: no PriorityClass with name none was found",
        ),
        (
            "pods",
            "ns",
            with(&["spec", "runtimeClassName"], "none"),
            "pods \"x\" is forbidden: pod rejected: RuntimeClass \"none\" not found",
        ),
    ] {
        assert_eq!(create(&cluster, resource, namespace, object).unwrap_err().0.message, message);
    }
}

#[test]
fn a_new_node_is_tainted_until_it_is_ready() {
    let node = create(&cluster(), "nodes", "", value!({ "metadata": { "name": "n" } })).unwrap();
    assert_eq!(node.at(&["spec", "taints"]).items()[0].str_at(&["key"]), "node.kubernetes.io/not-ready");
}

#[test]
fn claims_are_protected() {
    let claim = create(&cluster(), "persistentvolumeclaims", "ns", value!({ "metadata": { "name": "x" } })).unwrap();
    assert_eq!(claim.at(&["metadata", "finalizers"]).items()[0].as_str(), Some("kubernetes.io/pvc-protection"));
}
