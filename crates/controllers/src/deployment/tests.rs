use super::*;
use crate::controller_reference;
use crate::testing::NOW;
use api_apps::apps::v1::{
    DeploymentSpec, DeploymentStrategy, ReplicaSetCondition, ReplicaSetSpec, RollingUpdateDeployment,
};
use api_core::v1::{Container, PodSpec, PodTemplateSpec};
use api_meta::v1::{LabelSelector, OwnerReference};
use expect_test::{Expect, expect};
use kind::ApiError;
use schema::IntOrString;
use std::collections::BTreeMap;

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), "web".to_owned())])
}

fn meta(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: name.into(),
        namespace: "default".into(),
        uid: format!("{name}-uid"),
        generation: 1,
        ..ObjectMeta::default()
    }
}

fn template(image: &str) -> PodTemplateSpec {
    PodTemplateSpec {
        metadata: ObjectMeta { labels: labels(), ..ObjectMeta::default() },
        spec: PodSpec {
            containers: vec![Container { name: "c".into(), image: image.into(), ..Container::default() }],
            ..PodSpec::default()
        },
    }
}

/// At revision `image`, rolling with 25 %, settled.
fn deployment(replicas: i32, image: &str) -> Deployment {
    let strategy = RollingUpdateDeployment { max_surge: Some("25%".into()), max_unavailable: Some("25%".into()) };
    let mut deployment = Deployment {
        metadata: meta("web"),
        spec: DeploymentSpec {
            replicas: Some(replicas),
            selector: Some(Box::new(LabelSelector { match_labels: labels(), ..LabelSelector::default() })),
            template: template(image),
            strategy: DeploymentStrategy { type_: "RollingUpdate".into(), rolling_update: Some(Box::new(strategy)) },
            progress_deadline_seconds: Some(600),
            revision_history_limit: Some(10),
            ..DeploymentSpec::default()
        },
        ..Deployment::default()
    };
    deployment.metadata.annotations.insert(revision::REVISION.into(), image.into());
    deployment.status.observed_generation = 1;
    deployment.status.terminating_replicas = Some(0);
    deployment.status.conditions = vec![
        condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", before()),
        condition("Progressing", "True", "NewReplicaSetAvailable", "m", before()),
    ];
    deployment
}

fn before() -> Time {
    NOW.plus_secs(-100)
}

/// With the counts of its status.
fn counting(mut deployment: Deployment, replicas: i32, updated: i32, available: i32) -> Deployment {
    let status = &mut deployment.status;
    (status.replicas, status.updated_replicas) = (replicas, updated);
    (status.ready_replicas, status.available_replicas) = (available, available);
    deployment
}

/// A replica set at revision `image`, the higher the younger, that knows of a deployment of 4 (5 with surge).
fn set(image: &str, size: i32, available: i32) -> ReplicaSet {
    let revision: i64 = image.parse().unwrap();
    let mut template = template(image);
    template.metadata.labels.insert("pod-template-hash".into(), image.into());
    let mut set = ReplicaSet {
        metadata: ObjectMeta {
            labels: template.metadata.labels.clone(),
            creation_timestamp: Some(NOW.plus_secs(revision * 10 - 1000)),
            owner_references: vec![controller_reference(&deployment(0, "1"))],
            ..meta(&format!("web-{image}"))
        },
        spec: ReplicaSetSpec {
            replicas: Some(size),
            selector: Some(Box::new(LabelSelector {
                match_labels: template.metadata.labels.clone(),
                ..LabelSelector::default()
            })),
            template,
            ..ReplicaSetSpec::default()
        },
        ..ReplicaSet::default()
    };
    let annotations = &mut set.metadata.annotations;
    annotations.insert(revision::REVISION.into(), image.into());
    annotations.insert(rollout::DESIRED_REPLICAS.into(), "4".into());
    annotations.insert(rollout::MAX_REPLICAS.into(), "5".into());
    set.status.replicas = size;
    set.status.ready_replicas = available;
    set.status.available_replicas = available;
    set.status.observed_generation = 1;
    set.status.terminating_replicas = Some(0);
    set
}

fn plan(view: &View) -> Plan {
    DeploymentController.reconcile(&Key::new("default", "web"), view, NOW)
}

fn check(view: View, expect: Expect) {
    expect.assert_eq(&plan(&view).to_string());
}

/// The sizes that replica sets are given: `web-1 4->3`.
fn resizes(view: &View) -> Vec<String> {
    let plan = plan(view);
    let resize = |write: &crate::Write| match &write.action {
        Action::Update { before, object, .. } if object.str_at(&["kind"]) == "ReplicaSet" => {
            let size = |value: &schema::Value| value.at(&["spec", "replicas"]).as_i64().unwrap_or_default();
            let name = object.str_at(&["metadata", "name"]);
            (size(before) != size(object)).then(|| format!("{name} {}->{}", size(before), size(object)))
        }
        _ => None,
    };
    plan.writes().filter_map(resize).collect()
}

fn recreate(mut deployment: Deployment) -> Deployment {
    deployment.spec.strategy = DeploymentStrategy { type_: "Recreate".into(), rolling_update: None };
    deployment
}

fn fences(mut deployment: Deployment, surge: IntOrString, unavailable: IntOrString) -> Deployment {
    let rolling = RollingUpdateDeployment { max_surge: Some(surge), max_unavailable: Some(unavailable) };
    deployment.spec.strategy.rolling_update = Some(Box::new(rolling));
    deployment
}

#[test]
fn makes_the_first_replica_set() {
    let mut fresh = deployment(3, "1");
    fresh.metadata.annotations = BTreeMap::from([("note".to_owned(), "kept".to_owned())]);
    fresh.status = Default::default();
    check(
        View::new().with(fresh),
        expect![[r#"
        create replicasets.apps default/web-5c5c4b6665 {"metadata":{"annotations":{"deployment.kubernetes.io/desired-replicas":"3","deployment.kubernetes.io/max-replicas":"4","deployment.kubernetes.io/revision":"1","note":"kept"},"labels":{"app":"web","pod-template-hash":"5c5c4b6665"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"Deployment","name":"web","uid":"web-uid"}]},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web","pod-template-hash":"5c5c4b6665"}},"template":{"metadata":{"labels":{"app":"web","pod-template-hash":"5c5c4b6665"}},"spec":{"containers":[{"image":"1","name":"c"}]}}}}
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-5c5c4b6665 from 0 to 3
        update deployments.apps/status default/web
          metadata.annotations.deployment.kubernetes.io/revision: + "1"
          status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","lastUpdateTime":"2026-01-01T12:00:00Z","message":"Created new replica set \"web-5c5c4b6665\"","reason":"NewReplicaSetCreated","status":"True","type":"Progressing"},{"lastTransitionTime":"2026-01-01T12:00:00Z","lastUpdateTime":"2026-01-01T12:00:00Z","message":"Deployment does not have minimum availability.","reason":"MinimumReplicasUnavailable","status":"False","type":"Available"}],"observedGeneration":1,"unavailableReplicas":3}
    "#]],
    );
}

#[test]
fn is_content_when_all_is_done() {
    check(View::new().with(counting(deployment(4, "1"), 4, 4, 4)).with(set("1", 4, 4)), expect![[""]]);
}

#[test]
fn becomes_complete() {
    let mut rolling = counting(deployment(4, "1"), 4, 4, 3);
    rolling.status.conditions[1] = condition("Progressing", "True", "ReplicaSetUpdated", "m", before());
    check(
        View::new().with(rolling).with(set("1", 4, 4)),
        expect![[r#"
        update deployments.apps/status default/web
          status.availableReplicas: 3 -> 4
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "ReplicaSet \"web-1\" has successfully progressed."
          status.conditions[1].reason: "ReplicaSetUpdated" -> "NewReplicaSetAvailable"
          status.readyReplicas: 3 -> 4
    "#]],
    );
}

#[test]
fn begins_to_roll_by_the_surge() {
    let view = View::new().with(counting(deployment(4, "2"), 4, 0, 4)).with(set("1", 4, 4));
    check(
        view,
        expect![[r#"
        create replicasets.apps default/web-85788c85c6 {"metadata":{"annotations":{"deployment.kubernetes.io/desired-replicas":"4","deployment.kubernetes.io/max-replicas":"5","deployment.kubernetes.io/revision":"2"},"labels":{"app":"web","pod-template-hash":"85788c85c6"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"Deployment","name":"web","uid":"web-uid"}]},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web","pod-template-hash":"85788c85c6"}},"template":{"metadata":{"labels":{"app":"web","pod-template-hash":"85788c85c6"}},"spec":{"containers":[{"image":"2","name":"c"}]}}}}
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-85788c85c6 from 0 to 1
        update replicasets.apps default/web-1
          spec.replicas: 4 -> 3
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled down replica set web-1 from 4 to 3
        update deployments.apps/status default/web
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "Created new replica set \"web-85788c85c6\""
          status.conditions[1].reason: "NewReplicaSetAvailable" -> "NewReplicaSetCreated"
          status.terminatingReplicas: - 0
          status.unavailableReplicas: + 1
    "#]],
    );
}

#[test]
fn scales_the_old_down_by_what_may_be_unavailable() {
    let view = View::new().with(counting(deployment(4, "2"), 5, 1, 4)).with(set("1", 4, 4)).with(set("2", 1, 0));
    assert_eq!(resizes(&view), ["web-1 4->3"]);
}

#[test]
fn waits_while_nothing_may_be_taken_away() {
    let view = View::new().with(counting(deployment(4, "2"), 5, 2, 3)).with(set("1", 3, 3)).with(set("2", 2, 0));
    assert_eq!(resizes(&view), [] as [&str; 0]);
}

#[test]
fn goes_on_as_new_pods_become_available() {
    let view = View::new().with(counting(deployment(4, "2"), 5, 2, 5)).with(set("1", 3, 3)).with(set("2", 2, 2));
    assert_eq!(resizes(&view), ["web-1 3->1"]);
    let view = View::new().with(counting(deployment(4, "2"), 3, 2, 3)).with(set("1", 1, 1)).with(set("2", 2, 2));
    assert_eq!(resizes(&view), ["web-2 2->4"]);
}

#[test]
fn takes_away_unhealthy_old_pods_first() {
    let view = View::new().with(counting(deployment(4, "3"), 5, 0, 3));
    let view = view.with(set("1", 2, 0)).with(set("2", 3, 3)).with(set("3", 0, 0));
    assert_eq!(resizes(&view), ["web-1 2->0"]);
}

#[test]
fn moves_even_if_nothing_may_surge_or_be_missing() {
    let still = fences(counting(deployment(4, "2"), 4, 0, 4), 0.into(), 0.into());
    let view = View::new().with(still).with(set("1", 4, 4)).with(set("2", 0, 0));
    assert_eq!(resizes(&view), ["web-1 4->3"]);
}

#[test]
fn rounds_the_surge_up_and_the_rest_down() {
    let size = |deployment: &Deployment| (scale::max_surge(deployment), scale::max_unavailable(deployment));
    assert_eq!(size(&deployment(10, "1")), (3, 2));
    assert_eq!(size(&deployment(1, "1")), (1, 0));
    assert_eq!(size(&deployment(0, "1")), (0, 0));
    assert_eq!(size(&fences(deployment(3, "1"), "0%".into(), "100%".into())), (0, 3));
    assert_eq!(size(&fences(deployment(3, "1"), 1.into(), 5.into())), (1, 3));
    assert_eq!(size(&recreate(deployment(3, "1"))), (0, 0));
}

#[test]
fn rolls_back_to_an_old_replica_set() {
    let mut again = set("1", 0, 0);
    again.metadata.annotations.insert("deployment.kubernetes.io/revision-history".into(), "7".into());
    let mut back = counting(deployment(4, "1"), 4, 0, 4);
    back.metadata.annotations.insert(revision::REVISION.into(), "2".into());
    check(
        View::new().with(back).with(again).with(set("2", 4, 4)),
        expect![[r#"
        update replicasets.apps default/web-1
          metadata.annotations.deployment.kubernetes.io/revision: "1" -> "3"
          metadata.annotations.deployment.kubernetes.io/revision-history: "7" -> "7,1"
          spec.replicas: 0 -> 1
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-1 from 0 to 1
        update deployments.apps/status default/web
          metadata.annotations.deployment.kubernetes.io/revision: "2" -> "3"
        requeue after 501s
    "#]],
    );
}

#[test]
fn recreates_only_after_the_old_is_gone() {
    let old = View::new().with(recreate(counting(deployment(4, "2"), 4, 0, 4))).with(set("1", 4, 4));
    assert_eq!(resizes(&old), ["web-1 4->0"]);

    let mut pod = Pod { metadata: meta("web-1-x"), ..Pod::default() };
    pod.metadata.labels = labels();
    pod.metadata.owner_references = vec![controller_reference(&set("1", 0, 0))];
    pod.metadata.deletion_timestamp = Some(NOW);
    pod.status.phase = "Running".into();
    let world = || View::new().with(recreate(counting(deployment(4, "2"), 0, 0, 0))).with(set("1", 0, 0));
    let creates = |view: &View| plan(view).writes().any(|write| matches!(write.action, Action::Create { .. }));
    assert!(!creates(&world().with(pod.clone())));
    assert_eq!(recreated_by(&pod.metadata, &world()), Some(Key::new("default", "web")));
    pod.status.phase = "Succeeded".into();
    assert!(creates(&world().with(pod)));
}

#[test]
fn scales_the_only_replica_set() {
    let view = View::new().with(counting(deployment(6, "1"), 4, 4, 4)).with(set("1", 4, 4));
    check(
        view,
        expect![[r#"
        update replicasets.apps default/web-1
          metadata.annotations.deployment.kubernetes.io/desired-replicas: "4" -> "6"
          metadata.annotations.deployment.kubernetes.io/max-replicas: "5" -> "8"
          spec.replicas: 4 -> 6
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-1 from 4 to 6
        update deployments.apps/status default/web
          status.conditions[0].message: "Deployment has minimum availability." -> "m"
          status.conditions[0].reason: "MinimumReplicasAvailable" -> "NewReplicaSetAvailable"
          status.conditions[0].type: "Available" -> "Progressing"
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "Deployment does not have minimum availability."
          status.conditions[1].reason: "NewReplicaSetAvailable" -> "MinimumReplicasUnavailable"
          status.conditions[1].status: "True" -> "False"
          status.conditions[1].type: "Progressing" -> "Available"
    "#]],
    );
}

#[test]
fn shares_a_change_of_size_out() {
    // In the middle of a rollout from 4 to 8: 8 + 2 pods may be, 5 are; the sets have 3 and 2.
    let up = View::new().with(counting(deployment(8, "2"), 5, 2, 3)).with(set("1", 3, 3)).with(set("2", 2, 0));
    assert_eq!(resizes(&up), ["web-2 2->4", "web-1 3->6"]);
    let down = View::new().with(counting(deployment(2, "2"), 5, 2, 3)).with(set("1", 3, 3)).with(set("2", 2, 0));
    assert_eq!(resizes(&down), ["web-2 2->1", "web-1 3->2"]);
    let away = View::new().with(counting(deployment(0, "2"), 5, 2, 3)).with(set("1", 3, 3)).with(set("2", 2, 0));
    assert_eq!(resizes(&away), ["web-2 2->0", "web-1 3->0"]);
}

#[test]
fn a_pause_stops_the_rollout_but_not_a_change_of_size() {
    let mut paused = counting(deployment(6, "2"), 4, 0, 4);
    paused.spec.paused = true;
    check(
        View::new().with(paused).with(set("1", 4, 4)),
        expect![[r#"
        update replicasets.apps default/web-1
          metadata.annotations.deployment.kubernetes.io/desired-replicas: "4" -> "6"
          metadata.annotations.deployment.kubernetes.io/max-replicas: "5" -> "8"
          spec.replicas: 4 -> 6
          then event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-1 from 4 to 6
        update deployments.apps/status default/web
          status.conditions[0].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[0].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[0].message: "Deployment has minimum availability." -> "Deployment is paused"
          status.conditions[0].reason: "MinimumReplicasAvailable" -> "DeploymentPaused"
          status.conditions[0].status: "True" -> "Unknown"
          status.conditions[0].type: "Available" -> "Progressing"
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "Deployment does not have minimum availability."
          status.conditions[1].reason: "NewReplicaSetAvailable" -> "MinimumReplicasUnavailable"
          status.conditions[1].status: "True" -> "False"
          status.conditions[1].type: "Progressing" -> "Available"
    "#]],
    );
}

#[test]
fn a_resumed_rollout_starts_its_clock_anew() {
    let mut resumed = counting(deployment(4, "1"), 4, 4, 4);
    resumed.status.conditions[1] = condition("Progressing", "Unknown", "DeploymentPaused", "m", before());
    check(
        View::new().with(resumed).with(set("1", 4, 4)),
        expect![[r#"
        update deployments.apps/status default/web
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "ReplicaSet \"web-1\" has successfully progressed."
          status.conditions[1].reason: "DeploymentPaused" -> "NewReplicaSetAvailable"
          status.conditions[1].status: "Unknown" -> "True"
    "#]],
    );
}

#[test]
fn looks_again_when_the_deadline_is_over() {
    let mut stuck = counting(deployment(4, "1"), 4, 4, 3);
    stuck.status.unavailable_replicas = 1;
    stuck.status.conditions[1] = condition("Progressing", "True", "ReplicaSetUpdated", "m", before());
    check(
        View::new().with(stuck.clone()).with(set("1", 4, 3)),
        expect![[r#"
        requeue after 501s
    "#]],
    );
    stuck.status.conditions[1].last_update_time = Some(NOW.plus_secs(-601));
    check(
        View::new().with(stuck).with(set("1", 4, 3)),
        expect![[r#"
        update deployments.apps/status default/web
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:49:59Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "ReplicaSet \"web-1\" has timed out progressing."
          status.conditions[1].reason: "ReplicaSetUpdated" -> "ProgressDeadlineExceeded"
          status.conditions[1].status: "True" -> "False"
    "#]],
    );
}

#[test]
fn without_a_deadline_it_says_nothing_of_progress() {
    let mut patient = counting(deployment(4, "1"), 4, 4, 4);
    patient.spec.progress_deadline_seconds = Some(i32::MAX);
    check(
        View::new().with(patient).with(set("1", 4, 4)),
        expect![[r#"
        update deployments.apps/status default/web
          status.conditions[1]: - {"lastTransitionTime":"2026-01-01T11:58:20Z","lastUpdateTime":"2026-01-01T11:58:20Z","message":"m","reason":"NewReplicaSetAvailable","status":"True","type":"Progressing"}
    "#]],
    );
}

#[test]
fn cleans_up_the_oldest_revisions() {
    let mut tidy = counting(deployment(4, "5"), 4, 4, 4);
    tidy.spec.revision_history_limit = Some(1);
    let mut busy = set("2", 0, 0);
    busy.status.replicas = 1;
    let view = View::new().with(counting(tidy, 4, 4, 4)).with(set("1", 0, 0)).with(busy);
    let view = view.with(set("3", 0, 0)).with(set("4", 0, 0)).with(set("5", 4, 4));
    let deleted: Vec<_> = plan(&view)
        .writes()
        .filter(|write| matches!(write.action, Action::Delete { .. }))
        .map(|write| write.action.key().to_string())
        .collect();
    assert_eq!(deleted, ["default/web-1", "default/web-3"]);
}

#[test]
fn shows_the_failures_of_its_replica_sets() {
    let mut failing = set("1", 4, 3);
    failing.status.conditions = vec![ReplicaSetCondition {
        type_: "ReplicaFailure".into(),
        status: "True".into(),
        reason: "FailedCreate".into(),
        message: "quota".into(),
        last_transition_time: Some(before()),
    }];
    let mut waiting = counting(deployment(4, "1"), 4, 4, 3);
    waiting.status.unavailable_replicas = 1;
    check(
        View::new().with(waiting).with(failing),
        expect![[r#"
        update deployments.apps/status default/web
          status.conditions[2]: + {"lastTransitionTime":"2026-01-01T11:58:20Z","lastUpdateTime":"2026-01-01T11:58:20Z","message":"quota","reason":"FailedCreate","status":"True","type":"ReplicaFailure"}
    "#]],
    );
}

#[test]
fn a_name_that_is_taken_gives_another_hash() {
    let world = View::new().with(counting(deployment(1, "2"), 0, 0, 0));
    let write = plan(&world).writes().next().unwrap().clone();
    let key = Key::new("default", "web");
    let name = write.action.key().name;
    let mut error = ApiError::new(409, "AlreadyExists", "taken");
    let failure = Failure { write: write.clone(), error: error.clone() };
    let planned = DeploymentController.failed(&key, &world, NOW, &failure);
    expect![[r#"
        update deployments.apps/status default/web
          status.collisionCount: + 1
    "#]]
    .assert_eq(&planned.to_string());

    let mut other = deployment(1, "2");
    other.status.collision_count = Some(1);
    let other = plan(&View::new().with(other)).writes().next().unwrap().action.key().name;
    assert_ne!(name, other);

    // Its own, which the cache did not know: not a collision.
    let Action::Create { object, .. } = &write.action else { panic!("no creation") };
    let world = world.with(ReplicaSet::from_value(object));
    assert!(DeploymentController.failed(&key, &world, NOW, &failure).is_empty());

    error = ApiError::forbidden("apps", "replicasets", "web-x", "no");
    let planned = DeploymentController.failed(&key, &world, NOW, &Failure { write, error });
    expect![[r#"
        update deployments.apps/status default/web
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "Failed to create new replica set \"web-85788c85c6\": replicasets.apps \"web-x\" is forbidden: no"
          status.conditions[1].reason: "NewReplicaSetAvailable" -> "ReplicaSetCreateError"
          status.conditions[1].status: "True" -> "False"
        event Warning ReplicaSetCreateError on Deployment default/web: Failed to create new replica set "web-85788c85c6": replicasets.apps "web-x" is forbidden: no
    "#]].assert_eq(&planned.to_string());
}

#[test]
fn refuses_to_select_everything() {
    let mut greedy = deployment(1, "1");
    greedy.spec.selector = Some(Box::default());
    greedy.status.observed_generation = 0;
    check(
        View::new().with(greedy),
        expect![[r#"
        update deployments.apps/status default/web
          status.observedGeneration: + 1
        event Warning SelectingAll on Deployment default/web: This deployment is selecting all pods. A non-empty selector is required.
    "#]],
    );
}

#[test]
fn adopts_replica_sets_and_releases_them() {
    let mut orphan = set("1", 4, 4);
    orphan.metadata.owner_references.clear();
    let mut strange = set("2", 0, 0);
    strange.metadata.labels.clear();
    let view = View::new().with(counting(deployment(4, "1"), 4, 4, 4)).with(orphan).with(strange);
    check(
        view,
        expect![[r#"
        check deployments.apps default/web uid web-uid is Alive
        together:
        patch replicasets.apps default/web-1 {"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"Deployment","name":"web","uid":"web-uid"}],"uid":"web-1-uid"}}
        together:
        patch replicasets.apps default/web-2 {"metadata":{"ownerReferences":[{"$patch":"delete","uid":"web-uid"}],"uid":"web-2-uid"}}
    "#]],
    );
}

#[test]
fn only_reports_while_it_goes() {
    let mut going = deployment(6, "2");
    going.metadata.deletion_timestamp = Some(NOW);
    check(
        View::new().with(going).with(set("1", 4, 4)),
        expect![[r#"
        update deployments.apps/status default/web
          status.availableReplicas: + 4
          status.conditions[0].message: "Deployment has minimum availability." -> "m"
          status.conditions[0].reason: "MinimumReplicasAvailable" -> "NewReplicaSetAvailable"
          status.conditions[0].type: "Available" -> "Progressing"
          status.conditions[1].lastTransitionTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].lastUpdateTime: "2026-01-01T11:58:20Z" -> "2026-01-01T12:00:00Z"
          status.conditions[1].message: "m" -> "Deployment does not have minimum availability."
          status.conditions[1].reason: "NewReplicaSetAvailable" -> "MinimumReplicasUnavailable"
          status.conditions[1].status: "True" -> "False"
          status.conditions[1].type: "Progressing" -> "Available"
          status.readyReplicas: + 4
          status.replicas: + 4
    "#]],
    );
}

#[test]
fn rolls_to_the_end_whatever_the_fences() {
    let fenced: [(IntOrString, IntOrString); 4] =
        [("25%".into(), "25%".into()), (1.into(), 0.into()), (0.into(), 1.into()), ("100%".into(), "100%".into())];
    for (surge, unavailable) in fenced {
        let mut deployment = fences(counting(deployment(4, "2"), 4, 0, 4), surge, unavailable);
        let (most, least) = (4 + scale::max_surge(&deployment), 4 - scale::max_unavailable(&deployment));
        let mut sets = vec![set("1", 4, 4)];
        for _ in 0..40 {
            let view = View::new().with(deployment.clone()).with_all(sets.clone());
            let plan = plan(&view);
            for write in plan.writes() {
                apply(&write.action, &mut deployment, &mut sets);
            }
            // Pods come and go at once, but a step later than their replica set is told to.
            let total: i32 = sets.iter().map(|set| set.spec.replicas.unwrap()).sum();
            assert!(total <= most, "{total} pods of at most {most}");
            for set in &mut sets {
                set.status.replicas = set.spec.replicas.unwrap();
                set.status.ready_replicas = set.status.replicas;
                set.status.available_replicas = set.status.replicas;
                set.status.observed_generation = set.metadata.generation;
            }
            let available: i32 = sets.iter().map(|set| set.status.available_replicas).sum();
            assert!(available >= least, "{available} available pods of at least {least}");
        }
        let done = conditions::get(&deployment.status.conditions, PROGRESSING).unwrap();
        assert_eq!(done.reason, "NewReplicaSetAvailable");
        assert_eq!(sets[0].spec.replicas, Some(0));
        assert_eq!(sets[1].spec.replicas, Some(4));
    }
}

fn apply(action: &Action, deployment: &mut Deployment, sets: &mut Vec<ReplicaSet>) {
    match action {
        Action::Create { object, .. } => {
            let mut set = ReplicaSet::from_value(object);
            set.metadata.uid = "new-uid".into();
            set.metadata.creation_timestamp = Some(NOW);
            set.status.terminating_replicas = Some(0);
            sets.push(set);
        }
        Action::Update { object, .. } if object.str_at(&["kind"]) == "ReplicaSet" => {
            let set = ReplicaSet::from_value(object);
            let at = sets.iter().position(|old| old.metadata.name == set.metadata.name).unwrap();
            sets[at] = set;
        }
        Action::Update { object, .. } => *deployment = Deployment::from_value(object),
        _ => {}
    }
}

#[test]
fn replica_sets_concern_their_deployment() {
    let view = View::new().with(deployment(1, "1"));
    let web = Key::new("default", "web");
    assert_eq!(concerned(&set("1", 0, 0).metadata, &view), vec![web.clone()]);
    let mut orphan = set("1", 0, 0).metadata;
    orphan.owner_references.clear();
    assert_eq!(concerned(&orphan, &view), [web]);
    orphan.owner_references = vec![OwnerReference { controller: Some(true), ..OwnerReference::default() }];
    assert_eq!(concerned(&orphan, &view), []);
}
