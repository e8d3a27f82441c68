use super::*;
use crate::webhook::WebhookClient;
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

struct Nothing;

impl NamespaceStore for Nothing {
    fn ensure<'a>(&'a self, _name: &'a str) -> crate::BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async { Ok(()) })
    }
}

impl ImageReviewer for Nothing {
    fn review<'a>(&'a self, _kubeconfig: &'a str, body: Vec<u8>) -> crate::BoxFuture<'a, Result<Vec<u8>, String>> {
        let allowed = !String::from_utf8_lossy(&body).contains("evil");
        let answer = format!("{{\"status\":{{\"allowed\":{allowed},\"reason\":\"evil\"}}}}");
        Box::pin(async move { Ok(answer.into_bytes()) })
    }
}

fn parts() -> Parts {
    Parts {
        clock: Arc::new(stdx::ManualClock::at_seconds(1_800_000_000)),
        namespaces: Arc::new(Nothing),
        images: Arc::new(Nothing),
        tolerations: DefaultTolerationSeconds::default(),
        rng: Arc::new(SeededRng::new(7)),
        authorizer: Arc::new(Nobody),
        rbac: Arc::default(),
        quotas: Arc::new(NoQuotas),
        webhooks: Arc::new(NoWebhooks),
    }
}

/// Runs the default chain over a new object and gives it back as it would be stored.
fn create(cluster: &Cluster, resource: &str, namespace: &str, object: Value) -> Result<Value, ApiError> {
    create_with(&Selection::default(), cluster, ("", resource), namespace, object)
}

fn create_with(
    selection: &Selection,
    cluster: &Cluster,
    (group, resource): (&str, &str),
    namespace: &str,
    object: Value,
) -> Result<Value, ApiError> {
    let user = UserInfo::new("eve", &[]);
    let mut attributes = Attributes {
        operation: Operation::Create,
        group,
        version: "v1",
        kind: if resource == "events" { "Event" } else { "" },
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
    let chain = chain(&parts(), selection).unwrap();
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

fn choosing(plugin: &str, configuration: Value) -> Selection {
    let mut selection = Selection { enable: vec![plugin.into()], ..Selection::default() };
    selection.configuration.set(plugin, configuration);
    selection
}

fn create_pod(selection: &Selection, cluster: &Cluster, pod: Value) -> Result<Value, String> {
    create_with(selection, cluster, ("", "pods"), "ns", pod).map_err(|error| error.0.message)
}

#[test]
fn plugins_are_chosen_by_name() {
    let names = |selection: &Selection| -> Result<Vec<&'static str>, String> {
        chain(&parts(), selection).map(|chain| chain.names().collect()).map_err(|error| error.to_string())
    };
    let select = |enable: &[&str], disable: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection { enable: owned(enable), disable: owned(disable), ..Selection::default() }
    };
    let standard = names(&select(&[], &[])).unwrap();
    assert_eq!(standard.last(), Some(&"ResourceQuota"));
    assert!(!standard.contains(&"AlwaysPullImages"));
    let other = names(&select(&["AlwaysPullImages", "AlwaysDeny"], &["PodSecurity"])).unwrap();
    let place = |name: &str| other.iter().position(|other| *other == name);
    assert!(
        place("TaintNodesByCondition") < place("AlwaysPullImages") && place("AlwaysPullImages") < place("Priority")
    );
    assert_eq!((place("PodSecurity"), other.last()), (None, Some(&"AlwaysDeny")));
    assert_eq!(names(&select(&["X"], &[])).unwrap_err(), "enable-admission-plugins plugin \"X\" is unknown");
    assert_eq!(names(&select(&[], &["X"])).unwrap_err(), "disable-admission-plugins plugin \"X\" is unknown");
    assert_eq!(
        names(&select(&["Priority"], &["Priority"])).unwrap_err(),
        "[Priority] in enable-admission-plugins and disable-admission-plugins overlapped"
    );
}

#[test]
fn optional_plugins_change_pods() {
    let cluster = cluster();
    let made = create_pod(&choosing("AlwaysPullImages", Value::Null), &cluster, pod()).unwrap();
    assert_eq!(made.at(&["spec", "containers"]).items()[0].str_at(&["imagePullPolicy"]), "Always");
    let mut device = pod();
    let container = value!({ "name": "c", "resources": { "requests": { "example.com/gpu": "1", "cpu": "1" } } });
    device.set(&["spec", "containers"], vec![container]);
    let made = create_pod(&choosing("ExtendedResourceToleration", Value::Null), &cluster, device.clone()).unwrap();
    let keys: Vec<&str> = made.at(&["spec", "tolerations"]).items().iter().map(|t| t.str_at(&["key"])).collect();
    assert!(keys.contains(&"example.com/gpu") && !keys.contains(&"cpu"), "{keys:?}");
    let defaults = value!({ "default": [{ "key": "a", "operator": "Exists" }], "whitelist": [{ "key": "a" }] });
    let refused = create_pod(&choosing("PodTolerationRestriction", defaults), &cluster, pod()).unwrap_err();
    assert_eq!(
        refused,
        "pod tolerations (possibly merged with namespace default tolerations) conflict with its cluster whitelist"
    );
}

#[test]
fn optional_plugins_refuse_in_upstreams_words() {
    let cluster = cluster();
    let mut apart = pod();
    let term = value!([{ "topologyKey": "zone" }]);
    apart.set(&["spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"], term);
    let mut evil = pod();
    evil.set(&["spec", "containers"], vec![value!({ "name": "c", "image": "evil" })]);
    let mut selecting = pod();
    selecting.set(&["spec", "nodeSelector"], value!({ "env": "test" }));
    let nodes = value!({ "podNodeSelectorPluginConfig": { "clusterDefaultNodeSelector": "env=production" } });
    let images = value!({ "imagePolicy": { "kubeConfigFile": "/none" } });
    for (plugin, configuration, pod, message) in [
        ("AlwaysDeny", Value::Null, pod(), "pods \"x\" is forbidden: admission control is denying all modifications"),
        (
            "LimitPodHardAntiAffinityTopology",
            Value::Null,
            apart,
            "pods \"x\" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed",
        ),
        (
            "PodNodeSelector",
            nodes,
            selecting,
            "pods \"x\" is forbidden: pod node label selector conflicts with its namespace node label selector",
        ),
        (
            "ImagePolicyWebhook",
            images,
            evil,
            "pods \"x\" is forbidden: image policy webhook backend denied one or more images: evil",
        ),
    ] {
        assert_eq!(create_pod(&choosing(plugin, configuration), &cluster, pod).unwrap_err(), message);
    }
    let service = value!({ "metadata": { "name": "x" }, "spec": { "externalIPs": ["1.2.3.4"] } });
    let refused =
        create_with(&choosing("DenyServiceExternalIPs", Value::Null), &cluster, ("", "services"), "ns", service);
    assert_eq!(
        refused.unwrap_err().0.message,
        "services \"x\" is forbidden: Use of external IPs is denied by admission control."
    );
}

#[test]
fn events_come_only_so_fast() {
    let selection = choosing("EventRateLimit", value!({ "limits": [{ "type": "Namespace", "qps": 1, "burst": 2 }] }));
    let chain = chain(&parts(), &selection).unwrap();
    let (cluster, user) = (cluster(), UserInfo::new("eve", &[]));
    let create = |namespace: &str| {
        let mut attributes = Attributes {
            operation: Operation::Create,
            group: "",
            version: "v1",
            kind: "Event",
            kind_group: "",
            kind_version: "v1",
            resource: "events",
            subresource: "",
            namespace,
            name: "x",
            object: value!({ "metadata": { "name": "x" } }),
            old: &Value::Null,
            options: &Value::Null,
            dry_run: false,
            user: &user,
            shapes: &crate::shapes::NoShapes,
            warnings: Vec::new(),
            annotations: Vec::new(),
            reinvocation: Default::default(),
        };
        let checked = futures_util::future::FutureExt::now_or_never(chain.validate(&mut attributes, &cluster)).unwrap();
        checked.map_err(|error| (error.code(), error.0.message))
    };
    assert_eq!((create("ns"), create("ns")), (Ok(()), Ok(())));
    let refusal = "Too many requests: limit reached on type Namespace for key ns".to_owned();
    assert_eq!(create("ns"), Err((429, refusal)));
    assert_eq!(create("default"), Ok(()));
}

#[test]
fn an_ingress_gets_the_newest_default_class() {
    let class = |name: &str, time: &str| {
        let mut class = value!({ "metadata": { "name": name, "creationTimestamp": time } });
        class.set(&["metadata", "annotations", "ingressclass.kubernetes.io/is-default-class"], "true");
        class
    };
    let cluster = cluster().with("networking.k8s.io", "ingressclasses", "", class("old", "2026-01-01T00:00:00Z")).with(
        "networking.k8s.io",
        "ingressclasses",
        "",
        class("new", "2026-01-02T00:00:00Z"),
    );
    let ingress = value!({ "metadata": { "name": "x" }, "spec": {} });
    let made = create_with(&Selection::default(), &cluster, ("networking.k8s.io", "ingresses"), "ns", ingress).unwrap();
    assert_eq!(made.str_at(&["spec", "ingressClassName"]), "new");
}

#[test]
fn a_pod_with_a_node_gets_the_labels_of_its_place() {
    let mut node = value!({ "metadata": { "name": "n" } });
    node.set(&["metadata", "labels", "topology.kubernetes.io/zone"], "z");
    let cluster = cluster().with("", "nodes", "", node);
    let mut pod = pod();
    pod.set(&["spec", "nodeName"], "n");
    let made = create(&cluster, "pods", "ns", pod).unwrap();
    assert_eq!(made.str_at(&["metadata", "labels", "topology.kubernetes.io/zone"]), "z");
}

#[test]
fn pod_security_has_defaults_and_exemptions() {
    let configuration =
        |exempt: &str| value!({ "defaults": { "enforce": "baseline" }, "exemptions": { "namespaces": [exempt] } });
    let with = |exempt: &str| {
        let mut selection = Selection::default();
        selection.configuration.set("PodSecurity", configuration(exempt));
        selection
    };
    let mut host = pod();
    host.set(&["spec", "hostNetwork"], true);
    let refused = create_pod(&with("other"), &cluster(), host.clone()).unwrap_err();
    assert_eq!(
        refused,
        "pods \"x\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)"
    );
    assert!(create_pod(&with("ns"), &cluster(), host).is_ok());
}

#[test]
fn limited_resources_need_a_quota() {
    let mut selection = Selection::default();
    let limited = value!({ "limitedResources": [{ "resource": "pods", "matchContains": ["pods"] }] });
    selection.configuration.set("ResourceQuota", limited);
    let refused = create_pod(&selection, &cluster(), pod()).unwrap_err();
    assert_eq!(refused, "pods \"x\" is forbidden: insufficient quota to consume: count/pods,pods");
}
