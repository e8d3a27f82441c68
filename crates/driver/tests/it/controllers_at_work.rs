//! Controllers driven to the end of their work.

use crate::fake::Fake;
use crate::{driver, stop};
use api_apps::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, ReplicaSetSpec};
use api_core::v1::{Container, Pod, PodCondition, PodSpec, PodTemplateSpec};
use api_meta::v1::{LabelSelector, ObjectMeta};
use controllers::deployment::DeploymentController;
use controllers::replicaset::ReplicaSetController;
use controllers::{Controller, Plan, Watch};
use informer::{Key, Meta, Resource, View};
use kind::ApiError;
use parking_lot::Mutex;
use schema::{Time, value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), "web".to_owned())])
}

fn meta(name: &str) -> ObjectMeta {
    ObjectMeta { name: name.into(), namespace: "default".into(), labels: labels(), ..ObjectMeta::default() }
}

fn selector() -> Option<Box<LabelSelector>> {
    Some(Box::new(LabelSelector { match_labels: labels(), ..LabelSelector::default() }))
}

fn template(image: &str) -> PodTemplateSpec {
    let container = Container { name: "c".into(), image: image.into(), ..Container::default() };
    PodTemplateSpec {
        metadata: ObjectMeta { labels: labels(), ..ObjectMeta::default() },
        spec: PodSpec { containers: vec![container], ..PodSpec::default() },
    }
}

fn replica_set(replicas: i32) -> ReplicaSet {
    ReplicaSet {
        metadata: meta("web"),
        spec: ReplicaSetSpec {
            replicas: Some(replicas),
            selector: selector(),
            template: template("1"),
            ..ReplicaSetSpec::default()
        },
        ..ReplicaSet::default()
    }
}

fn deployment(replicas: i32, image: &str) -> Deployment {
    Deployment {
        metadata: meta("web"),
        spec: DeploymentSpec {
            replicas: Some(replicas),
            selector: selector(),
            template: template(image),
            progress_deadline_seconds: Some(600),
            ..DeploymentSpec::default()
        },
        ..Deployment::default()
    }
}

/// Makes each pod ready, as nodes would.
struct Nodes;

impl Controller for Nodes {
    fn name(&self) -> &'static str {
        "nodes"
    }
    fn watches(&self) -> Vec<Watch> {
        vec![Watch::own::<Pod>()]
    }
    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        let Some(pod) = view.get::<Pod>(&key.namespace, &key.name) else { return plan };
        if pod.status.phase.is_empty() {
            let mut ready = pod.as_ref().clone();
            ready.status.phase = "Running".into();
            ready.status.conditions = vec![PodCondition {
                type_: "Ready".into(),
                status: "True".into(),
                last_transition_time: Some(now),
                ..PodCondition::default()
            }];
            plan.update_status(pod.as_ref(), &ready);
        }
        plan
    }
}

fn available(fake: &Fake, plural: &str) -> i64 {
    let object = fake.get(plural, "default", "web").unwrap_or_default();
    object.at(&["status", "availableReplicas"]).as_i64().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_deployment_rolls_out_and_over() {
    let fake = Arc::new(Fake::default());
    let client = fake.client();
    client.create(&deployment(3, "1")).await.unwrap();
    let (end, stop) = stop();
    let all: Vec<Arc<dyn Controller>> =
        vec![Arc::new(DeploymentController), Arc::new(ReplicaSetController::default()), Arc::new(Nodes)];
    let running = tokio::spawn(driver(&fake).run(all, stop));
    fake.until(|fake| (available(fake, "deployments") == 3).then_some(())).await;
    assert_eq!(fake.objects("pods").len(), 3);

    let mut next: Deployment = client.get("default", "web").await.unwrap();
    next.spec.template = template("2");
    // Its status may be written meanwhile.
    while client.update(&next).await.is_err() {
        next.metadata = client.get::<Deployment>("default", "web").await.unwrap().metadata;
    }
    fake.until(|fake| {
        let conditions = fake.get("deployments", "default", "web")?.at(&["status", "conditions"]).clone();
        let pods = fake.objects("pods");
        let new =
            pods.iter().filter(|pod| pod.at(&["spec", "containers"]).items()[0].str_at(&["image"]) == "2").count();
        let done = conditions.items().iter().any(|condition| {
            condition.str_at(&["reason"]) == "NewReplicaSetAvailable" && condition.str_at(&["type"]) == "Progressing"
        });
        (done && new == 3 && pods.len() == 3).then_some(())
    })
    .await;
    let sizes: Vec<_> = fake
        .objects("replicasets")
        .iter()
        .map(|set| set.at(&["spec", "replicas"]).as_i64().unwrap_or_default())
        .collect();
    assert_eq!(sizes.iter().sum::<i64>(), 3);
    fake.until(|fake| {
        let events = fake.objects("events");
        events.iter().any(|event| event.str_at(&["reason"]) == "ScalingReplicaSet").then_some(())
    })
    .await;
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_is_withheld_until_its_writes_are_seen() {
    let fake = Arc::new(Fake::default());
    let client = fake.client();
    client.create(&replica_set(3)).await.unwrap();
    fake.hold("pods");
    let (end, stop) = stop();
    let running = tokio::spawn(driver(&fake).run(vec![Arc::new(ReplicaSetController::default())], stop));
    fake.until(|fake| (fake.count("POST pods") == 3).then_some(())).await;

    // The key is wanted again, while the cache of pods is still empty.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut changed: ReplicaSet = client.get("default", "web").await.unwrap();
    changed.metadata.annotations.insert("touched".into(), "yes".into());
    client.update(&changed).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.count("POST pods"), 3, "pods that the cache had not seen were made again");

    fake.let_go("pods");
    fake.until(|fake| {
        let object = fake.get("replicasets", "default", "web")?;
        (object.at(&["status", "replicas"]).as_i64() == Some(3)).then_some(())
    })
    .await;
    assert_eq!(fake.count("POST pods"), 3);
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_tried_again() {
    let fake = Arc::new(Fake::default());
    fake.client().create(&replica_set(0)).await.unwrap();
    for _ in 0..3 {
        fake.fail("PUT replicasets/status", ApiError::new(409, "Conflict", "modified"));
    }
    let (end, stop) = stop();
    let running = tokio::spawn(driver(&fake).run(vec![Arc::new(ReplicaSetController::default())], stop));
    fake.until(|fake| {
        let object = fake.get("replicasets", "default", "web")?;
        (object.at(&["status", "observedGeneration"]).as_i64() == Some(1)).then_some(())
    })
    .await;
    assert_eq!(fake.count("PUT replicasets/status"), 4);
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_and_tried_again() {
    let fake = Arc::new(Fake::default());
    fake.client().create(&replica_set(4)).await.unwrap();
    for _ in 0..5 {
        fake.fail("POST pods", ApiError::forbidden("", "pods", "web-", "exceeded quota"));
    }
    let (end, stop) = stop();
    let running = tokio::spawn(driver(&fake).run(vec![Arc::new(ReplicaSetController::default())], stop));
    fake.until(|fake| {
        let conditions = fake.get("replicasets", "default", "web")?.at(&["status", "conditions"]).clone();
        (conditions.items().first()?.str_at(&["reason"]) == "FailedCreate").then_some(())
    })
    .await;
    // One at a time: a slow start does not begin a second batch after a failure.
    fake.until(|fake| (fake.objects("pods").len() == 4).then_some(())).await;
    assert_eq!(fake.count("POST pods"), 9);
    fake.until(|fake| {
        let object = fake.get("replicasets", "default", "web")?;
        object.at(&["status", "conditions"]).items().is_empty().then_some(())
    })
    .await;
    let event = fake
        .until(|fake| {
            let events = fake.objects("events");
            let failed = |event: &schema::Value| event.str_at(&["reason"]) == "FailedCreate";
            events.into_iter().find(|event| failed(event) && event["count"].as_i64() == Some(5))
        })
        .await;
    assert_eq!(event.str_at(&["message"]), "Error creating: pods \"web-\" is forbidden: exceeded quota");
    assert_eq!(event.str_at(&["source", "component"]), "replicaset-controller");
    end.send_replace(true);
    running.await.unwrap();
}

/// Remembers the metadata that it was asked about.
#[derive(Default)]
struct Everything(Arc<Mutex<Vec<String>>>);

impl Controller for Everything {
    fn name(&self) -> &'static str {
        "everything"
    }
    fn watches(&self) -> Vec<Watch> {
        vec![Watch::all_metadata(|resource: &Resource, meta: &Meta, _: &View| {
            vec![Key::new(resource.qualified(), meta.metadata.name.as_str())]
        })]
    }
    fn reconcile(&self, key: &Key, _: &View, _: Time) -> Plan {
        self.0.lock().push(key.to_string());
        Plan::default()
    }
}

async fn until_asked(asked: &Mutex<Vec<String>>, wanted: &str) {
    let search = async {
        while !asked.lock().iter().any(|key| key == wanted) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(600), search).await;
    assert!(found.is_ok(), "{wanted} is not among {:?}", asked.lock());
}

#[tokio::test(start_paused = true)]
async fn metadata_of_all_that_is_served_is_watched() {
    let fake = Arc::new(Fake::default());
    let verbs = value!({ "verbs": ["list", "watch", "delete"] });
    let served = |plural: &str, kind: &str| value!({ "name": plural, "kind": kind, "namespaced": true, "verbs": (verbs["verbs"].clone()) });
    let crds = served("customresourcedefinitions", "CustomResourceDefinition");
    fake.document("/api/v1", value!({ "resources": [(served("pods", "Pod")), (served("events", "Event"))] }));
    let groups = |names: &[&str]| {
        let groups: Vec<_> =
            names.iter().map(|name| value!({ "name": (*name), "preferredVersion": { "version": "v1" } })).collect();
        value!({ "groups": groups })
    };
    fake.document("/apis", groups(&["apiextensions.k8s.io"]));
    fake.document("/apis/apiextensions.k8s.io/v1", value!({ "resources": [(crds.clone())] }));
    let client = fake.client();
    client.create(&Pod { metadata: meta("p"), ..Pod::default() }).await.unwrap();

    let everything = Everything::default();
    let asked = everything.0.clone();
    let (end, stop) = stop();
    let running = tokio::spawn(driver(&fake).run(vec![Arc::new(everything)], stop));
    until_asked(&asked, "pods/p").await;

    // A custom resource comes to be served.
    fake.document("/apis", groups(&["apiextensions.k8s.io", "example.com"]));
    fake.document("/apis/example.com/v1", value!({ "resources": [(served("crontabs", "CronTab"))] }));
    let resource = Resource {
        group: "example.com".into(),
        version: "v1".into(),
        plural: "crontabs".into(),
        kind: "CronTab".into(),
        namespaced: true,
    };
    let tab = value!({ "apiVersion": "example.com/v1", "kind": "CronTab", "metadata": { "name": "tab" } });
    client.api(&resource).create("default", &tab).await.unwrap();
    let definitions = Resource {
        group: "apiextensions.k8s.io".into(),
        plural: "customresourcedefinitions".into(),
        namespaced: false,
        ..resource
    };
    client.api(&definitions).create("", &value!({ "metadata": { "name": "crontabs.example.com" } })).await.unwrap();
    until_asked(&asked, "crontabs.example.com/tab").await;
    assert!(!asked.lock().iter().any(|key| key.starts_with("events")));
    end.send_replace(true);
    running.await.unwrap();
}
