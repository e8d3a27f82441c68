//! kube-rs, a client written by others: a derived custom resource, server-side apply, reflectors.

use crate::Case;
use crate::cluster::Instance;
use crate::wait::PATIENCE;
use futures_util::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Config, CustomResource, CustomResourceExt, Resource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub const CASES: &[Case] =
    &[Case::Alone("kube_rs_reflects", reflects), Case::Alone("kube_rs_derives_resources", derives_resources)];

const MANAGER: &str = "kube-rs";
/// The bits of a large ConfigMap, so that a reflector's first list has pages.
const MANY: usize = 30;

#[derive(CustomResource, Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(group = "rs.test", version = "v1", kind = "Boat", namespaced, status = "BoatStatus", shortname = "bt")]
#[kube(printcolumn(name = "Oars", type_ = "integer", json_path = ".spec.oars"))]
#[kube(scale(spec_replicas_path = ".spec.oars", status_replicas_path = ".status.manned"))]
struct BoatSpec {
    #[schemars(range(min = 1))]
    oars: i32,
    #[serde(default = "argo")]
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
struct BoatStatus {
    manned: i32,
}

fn argo() -> String {
    "Argo".into()
}

/// Runs `act` as the administrator of an API server of its own.
fn with_client<F: Future<Output = ()>>(act: impl FnOnce(Client) -> F) {
    let instance = Instance::control_plane();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kubeconfig = Kubeconfig::read_from(instance.directory.join("admin.conf")).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let client = Client::try_from(config).unwrap();
        tokio::time::timeout(PATIENCE, act(client)).await.expect("the client waited too long");
    });
}

fn config_map(name: &str, value: &str) -> ConfigMap {
    let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    ConfigMap { metadata, data: Some([("k".into(), value.into())].into()), ..ConfigMap::default() }
}

/// Follows `api` into a store until the value at `name` is what `done` wants.
async fn follow<K>(api: Api<K>, config: watcher::Config, name: &str, done: impl Fn(Option<&K>) -> bool) -> Store<K>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + for<'de> Deserialize<'de> + Send + Sync + 'static,
{
    let (reader, writer) = reflector::store();
    let mut events = std::pin::pin!(reflector::reflector(writer, watcher(api, config)).default_backoff());
    let key = ObjectRef::new(name).within("default");
    while !done(reader.get(&key).as_deref()) {
        events.next().await.expect("a watcher does not end").expect("the server gives no error");
    }
    reader
}

/// By a list in pages and a watch after it, and by a watch that streams the list.
fn reflects() {
    with_client(|client| async move {
        let maps: Api<ConfigMap> = Api::namespaced(client, "default");
        for number in 0..MANY {
            maps.create(&PostParams::default(), &config_map(&format!("map-{number:02}"), "old")).await.unwrap();
        }
        for config in [watcher::Config::default().page_size(7), watcher::Config::default().streaming_lists()] {
            let name = format!("map-{:02}", MANY - 1);
            let store = follow(maps.clone(), config, &name, |map| map.is_some()).await;
            let reflected = store.state().iter().filter(|map| map.name_any().starts_with("map-")).count();
            assert_eq!(reflected, MANY);
        }
        let patch = Patch::Merge(json!({ "data": { "k": "new" } }));
        let follower = follow(maps.clone(), watcher::Config::default(), "map-00", |map| {
            map.and_then(|map| map.data.as_ref()).is_some_and(|data| data["k"] == "new")
        });
        let (_, patched) = futures_util::join!(follower, async {
            maps.patch("map-00", &PatchParams::default(), &patch).await.unwrap()
        });
        assert_eq!(patched.data.unwrap()["k"], "new");
        let refused = maps.create(&PostParams::default(), &config_map("map-00", "x")).await.unwrap_err();
        assert!(matches!(refused, kube::Error::Api(status) if status.reason == "AlreadyExists"));
    });
}

fn derives_resources() {
    with_client(|client| async move {
        let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
        let apply = PatchParams::apply(MANAGER);
        let name = Boat::crd_name();
        definitions.patch(name, &apply, &Patch::Apply(Boat::crd())).await.unwrap();
        await_condition(definitions.clone(), name, conditions::is_crd_established()).await.unwrap();

        let boats: Api<Boat> = Api::default_namespaced(client);
        let boat = json!({
            "apiVersion": "rs.test/v1", "kind": "Boat", "metadata": { "name": "argo" }, "spec": { "oars": 50 }
        });
        let made = boats.patch("argo", &apply, &Patch::Apply(&boat)).await.unwrap();
        assert_eq!(made.spec, BoatSpec { oars: 50, name: argo() });
        assert_eq!(made.metadata.generation, Some(1));
        let other = json!({
            "apiVersion": "rs.test/v1", "kind": "Boat", "metadata": { "name": "argo" }, "spec": { "oars": 2 }
        });
        let refused = boats.patch("argo", &PatchParams::apply("other"), &Patch::Apply(&other)).await.unwrap_err();
        assert!(matches!(refused, kube::Error::Api(status) if status.reason == "Conflict"));

        let status = Patch::Merge(json!({ "status": { "manned": 49 }, "spec": { "oars": 1 } }));
        let patched = boats.patch_status("argo", &PatchParams::default(), &status).await.unwrap();
        assert_eq!((patched.spec.oars, patched.status.map(|status| status.manned)), (50, Some(49)));
        let scale = boats.get_scale("argo").await.unwrap();
        assert_eq!(scale.status.map(|status| status.replicas), Some(49));

        let none = Boat::new("raft", BoatSpec::default());
        let refused = boats.create(&PostParams::default(), &none).await.unwrap_err();
        assert!(matches!(refused, kube::Error::Api(status) if status.reason == "Invalid"));
        follow(boats.clone(), watcher::Config::default(), "argo", |boat| boat.is_some()).await;

        definitions.delete(name, &DeleteParams::default()).await.unwrap();
        await_condition(definitions, name, |found: Option<&CustomResourceDefinition>| found.is_none()).await.unwrap();
        let gone = boats.list(&ListParams::default()).await.unwrap_err();
        assert!(matches!(gone, kube::Error::Api(status) if status.code == 404));
    });
}
