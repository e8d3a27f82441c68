use super::*;
use crate::testing::NOW;
use api_apps::apps::v1::{ReplicaSetCondition, ReplicaSetSpec};
use api_core::v1::{Container, ContainerStatus, PodCondition, PodSpec, ReplicationControllerSpec};
use api_meta::v1::{LabelSelector, OwnerReference};
use expect_test::{Expect, expect};
use kind::ApiError;
use std::collections::BTreeMap;

fn labels(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), app.to_owned())])
}

fn meta(name: &str) -> ObjectMeta {
    ObjectMeta { name: name.into(), namespace: "default".into(), uid: format!("{name}-uid"), ..ObjectMeta::default() }
}

fn template() -> PodTemplateSpec {
    PodTemplateSpec {
        metadata: ObjectMeta { labels: labels("web"), ..ObjectMeta::default() },
        spec: PodSpec {
            containers: vec![Container { name: "c".into(), image: "i".into(), ..Container::default() }],
            ..PodSpec::default()
        },
    }
}

fn replica_set(replicas: i32) -> ReplicaSet {
    ReplicaSet {
        metadata: ObjectMeta { generation: 1, ..meta("web") },
        spec: ReplicaSetSpec {
            replicas: Some(replicas),
            selector: Some(Box::new(LabelSelector { match_labels: labels("web"), ..LabelSelector::default() })),
            template: template(),
            ..ReplicaSetSpec::default()
        },
        ..ReplicaSet::default()
    }
}

/// Says already what is so, for tests of other things.
fn settled(mut replica_set: ReplicaSet, pods: i32) -> ReplicaSet {
    let status = &mut replica_set.status;
    (status.replicas, status.fully_labeled_replicas, status.ready_replicas) = (pods, pods, pods);
    (status.available_replicas, status.terminating_replicas, status.observed_generation) = (pods, Some(0), 1);
    replica_set
}

fn orphan(name: &str) -> Pod {
    let mut pod = Pod { metadata: ObjectMeta { labels: labels("web"), ..meta(name) }, ..Pod::default() };
    pod.metadata.creation_timestamp = Some(NOW.plus_secs(-100));
    pod.spec.node_name = "node".into();
    pod.status.phase = "Running".into();
    let ready = PodCondition {
        type_: "Ready".into(),
        status: "True".into(),
        last_transition_time: Some(NOW.plus_secs(-60)),
        ..PodCondition::default()
    };
    pod.status.conditions = vec![ready];
    pod
}

/// A pod of the replica set `web`, running and ready for a minute.
fn pod(name: &str) -> Pod {
    let mut pod = orphan(name);
    pod.metadata.owner_references = vec![controller_reference(&replica_set(0))];
    pod
}

fn going(mut pod: Pod) -> Pod {
    pod.metadata.deletion_timestamp = Some(NOW);
    pod
}

fn unready(mut pod: Pod) -> Pod {
    pod.status.conditions.clear();
    pod
}

fn plan(view: &View) -> Plan {
    ReplicaSetController::default().reconcile(&Key::new("default", "web"), view, NOW)
}

fn check(view: View, expect: Expect) {
    expect.assert_eq(&plan(&view).to_string());
}

/// The pods that are deleted, in order.
fn victims(view: &View) -> Vec<String> {
    let plan = plan(view);
    let deleted = plan.writes().filter(|write| matches!(write.action, Action::Delete { .. }));
    deleted.map(|write| write.action.key().name.to_string()).collect()
}

#[test]
fn makes_missing_pods() {
    check(
        View::new().with(replica_set(2)),
        expect![[r#"
        slowly:
        create pods default/web-* {"metadata":{"generateName":"web-","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"web","uid":"web-uid"}]},"spec":{"containers":[{"image":"i","name":"c"}]}}
          then event Normal SuccessfulCreate on ReplicaSet default/web: Created pod: {name}
        create pods default/web-* {"metadata":{"generateName":"web-","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"web","uid":"web-uid"}]},"spec":{"containers":[{"image":"i","name":"c"}]}}
          then event Normal SuccessfulCreate on ReplicaSet default/web: Created pod: {name}
        update replicasets.apps/status default/web
          status: + {"observedGeneration":1,"terminatingReplicas":0}
    "#]],
    );
}

#[test]
fn is_content_with_enough() {
    check(View::new().with(settled(replica_set(1), 1)).with(pod("a")), expect![[""]]);
}

#[test]
fn has_a_limit_for_one_plan() {
    let plan = plan(&View::new().with(replica_set(2000)));
    assert_eq!(plan.writes().filter(|write| matches!(write.action, Action::Create { .. })).count(), MAX_BURST);
}

#[test]
fn does_nothing_for_what_is_gone() {
    check(View::new(), expect![[""]]);
}

#[test]
fn counts_pods() {
    let mut other_labels = pod("b");
    other_labels.metadata.labels.insert("extra".into(), "x".into());
    let mut owner = replica_set(4);
    owner.spec.template.metadata.labels.insert("extra".into(), "x".into());
    let view = View::new().with(owner).with(pod("a")).with(other_labels);
    let view = view.with(unready(pod("c"))).with(unready(pod("d"))).with(going(pod("e")));
    check(
        view,
        expect![[r#"
        update replicasets.apps/status default/web
          status: + {"availableReplicas":2,"fullyLabeledReplicas":1,"observedGeneration":1,"readyReplicas":2,"replicas":4,"terminatingReplicas":1}
    "#]],
    );
}

#[test]
fn replaces_finished_pods_and_pods_being_deleted() {
    let mut failed = pod("a");
    failed.status.phase = "Failed".into();
    let view = View::new().with(settled(replica_set(2), 2)).with(failed).with(going(pod("b")));
    let creates = plan(&view).writes().filter(|write| matches!(write.action, Action::Create { .. })).count();
    assert_eq!(creates, 2);
}

#[test]
fn waits_for_min_ready_seconds() {
    let mut owner = settled(replica_set(2), 2);
    owner.spec.min_ready_seconds = 90;
    check(
        View::new().with(owner).with(pod("a")).with(pod("b")),
        expect![[r#"
        update replicasets.apps/status default/web
          status.availableReplicas: - 2
        requeue after 30s
    "#]],
    );
}

#[test]
fn adopts_orphans_after_asking_whether_it_lives() {
    check(
        View::new().with(settled(replica_set(1), 1)).with(orphan("a")),
        expect![[r#"
        check replicasets.apps default/web uid web-uid is Alive
        together:
        patch pods default/a {"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"web","uid":"web-uid"}],"uid":"a-uid"}}
    "#]],
    );
}

#[test]
fn leaves_orphans_alone_that_are_not_selected_or_go() {
    let mut other = orphan("b");
    other.metadata.labels = labels("other");
    let view = View::new().with(settled(replica_set(0), 0)).with(going(orphan("a"))).with(other);
    check(view, expect![[""]]);
}

#[test]
fn releases_pods_it_no_longer_selects() {
    let mut strange = pod("a");
    strange.metadata.labels = labels("debug");
    check(
        View::new().with(settled(replica_set(0), 0)).with(strange),
        expect![[r#"
        together:
        patch pods default/a {"metadata":{"ownerReferences":[{"$patch":"delete","uid":"web-uid"}],"uid":"a-uid"}}
    "#]],
    );
}

#[test]
fn leaves_pods_of_others_alone() {
    let mut others = orphan("a");
    others.metadata.owner_references = vec![OwnerReference {
        uid: "other".into(),
        kind: "ReplicaSet".into(),
        controller: Some(true),
        ..OwnerReference::default()
    }];
    check(View::new().with(settled(replica_set(0), 0)).with(others), expect![[""]]);
}

#[test]
fn does_not_make_pods_while_it_goes() {
    let mut owner = settled(replica_set(3), 0);
    owner.metadata.deletion_timestamp = Some(NOW);
    check(View::new().with(owner).with(orphan("a")), expect![[""]]);
}

#[test]
fn deletes_surplus_pods_with_an_event_each() {
    check(
        View::new().with(settled(replica_set(1), 2)).with(pod("a")).with(unready(pod("b"))),
        expect![[r#"
        together:
        delete pods default/b
          then event Normal SuccessfulDelete on ReplicaSet default/web: Deleted pod: {name}
        update replicasets.apps/status default/web
          status.availableReplicas: 2 -> 1
          status.readyReplicas: 2 -> 1
    "#]],
    );
}

#[test]
fn deletes_in_upstreams_order() {
    let mut unassigned = unready(pod("e-unassigned"));
    unassigned.spec.node_name.clear();
    let mut pending = unready(pod("d-pending"));
    pending.status.phase = "Pending".into();
    let cheap = |name: &str, cost: &str| {
        let mut pod = pod(name);
        pod.metadata.annotations.insert("controller.kubernetes.io/pod-deletion-cost".into(), cost.into());
        pod
    };
    let mut restarted = pod("a-restarted");
    restarted.status.container_statuses = vec![ContainerStatus { restart_count: 3, ..ContainerStatus::default() }];
    let pods = [
        cheap("b-cheap", "-10"),
        cheap("z-dear", "10"),
        pod("y-plain"),
        restarted,
        unready(pod("c-unready")),
        pending,
        unassigned,
    ];
    let view = View::new().with(replica_set(1)).with_all(pods);
    assert_eq!(victims(&view), ["e-unassigned", "d-pending", "c-unready", "b-cheap", "a-restarted", "y-plain"]);
}

#[test]
fn prefers_crowded_nodes() {
    let deployment = OwnerReference { uid: "d".into(), controller: Some(true), ..OwnerReference::default() };
    let mut owner = replica_set(1);
    owner.metadata.owner_references = vec![deployment.clone()];
    let mut sibling = replica_set(1);
    sibling.metadata = ObjectMeta { owner_references: vec![deployment], ..meta("web-2") };
    let mut company = orphan("company");
    company.metadata.owner_references = vec![controller_reference(&sibling)];
    company.spec.node_name = "crowded".into();
    let mut crowded = pod("a");
    crowded.spec.node_name = "crowded".into();
    let view = View::new().with(owner).with(sibling).with(company).with(crowded).with(pod("b"));
    assert_eq!(victims(&view), ["a"]);
}

#[test]
fn tells_ages_apart_only_roughly() {
    let ready_for = |name: &str, uid: &str, seconds: i64| {
        let mut pod = pod(name);
        pod.metadata.uid = uid.into();
        pod.status.conditions[0].last_transition_time = Some(NOW.plus_secs(-seconds));
        pod
    };
    // 70 s and 100 s are of the same power of two in nanoseconds, so the uid decides; 1000 s are not.
    let pods = [ready_for("young", "2", 70), ready_for("middle", "1", 100), ready_for("old", "0", 1000)];
    assert_eq!(victims(&View::new().with(replica_set(1)).with_all(pods)), ["middle", "young"]);
}

#[test]
fn tells_of_pods_that_cannot_be_made() {
    let view = View::new().with(replica_set(2));
    let write = plan(&view).writes().next().unwrap().clone();
    let error = ApiError::forbidden("", "pods", "web-", "exceeded quota: q");
    let failure = Failure { write, error };
    let plan = ReplicaSetController::default().failed(&Key::new("default", "web"), &view, NOW, &failure);
    expect![[r#"
        update replicasets.apps/status default/web
          status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"pods \"web-\" is forbidden: exceeded quota: q","reason":"FailedCreate","status":"True","type":"ReplicaFailure"}],"observedGeneration":1,"terminatingReplicas":0}
    "#]].assert_eq(&plan.to_string());
}

#[test]
fn forgets_a_failure_that_is_over() {
    let mut owner = settled(replica_set(0), 0);
    owner.status.conditions = vec![ReplicaSetCondition {
        type_: "ReplicaFailure".into(),
        status: "True".into(),
        reason: "FailedCreate".into(),
        ..ReplicaSetCondition::default()
    }];
    check(
        View::new().with(owner),
        expect![[r#"
        update replicasets.apps/status default/web
          status.conditions: - [{"reason":"FailedCreate","status":"True","type":"ReplicaFailure"}]
    "#]],
    );
}

#[test]
fn serves_replication_controllers_too() {
    let owner = ReplicationController {
        metadata: meta("old"),
        spec: ReplicationControllerSpec {
            replicas: Some(1),
            selector: labels("web"),
            template: Some(Box::new(template())),
            ..ReplicationControllerSpec::default()
        },
        ..ReplicationController::default()
    };
    let view = View::new().with(owner);
    let plan = ReplicationControllerController::default().reconcile(&Key::new("default", "old"), &view, NOW);
    expect![[r#"
        slowly:
        create pods default/old-* {"metadata":{"generateName":"old-","labels":{"app":"web"},"ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicationController","name":"old","uid":"old-uid"}]},"spec":{"containers":[{"image":"i","name":"c"}]}}
          then event Normal SuccessfulCreate on ReplicationController default/old: Created pod: {name}
    "#]].assert_eq(&plan.to_string());
}

#[test]
fn pods_concern_their_owner_and_orphans_those_who_select_them() {
    let view = View::new().with(replica_set(1));
    let web = Key::new("default", "web");
    assert_eq!(concerned::<ReplicaSet>(&pod("a").metadata, &view), vec![web.clone()]);
    assert_eq!(concerned::<ReplicaSet>(&orphan("a").metadata, &view), [web]);
    let mut other = orphan("b");
    other.metadata.labels = labels("other");
    assert_eq!(concerned::<ReplicaSet>(&other.metadata, &view), []);
}
