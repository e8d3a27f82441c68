use super::*;
use crate::testing::{NOW, world};
use expect_test::expect;

fn set(spec: &str, status: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: a, uid: s, generation: 1}}
spec: {{serviceName: db, selector: {{matchLabels: {{app: db}}}}, template: {{metadata: {{labels: {{app: db}}}}, spec: {{containers: [{{name: c, image: new}}]}}}}, {spec}}}
status: {{{status}}}
"
    )
}

fn revision(name: &str, number: u32, image: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {{name: {name}, namespace: a, uid: {name}, labels: {{controller.kubernetes.io/hash: {name}}}, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: s, controller: true}}]}}
revision: {number}
data: {{spec: {{template: {{$patch: replace, metadata: {{labels: {{app: db}}}}, spec: {{containers: [{{name: c, image: {image}}}]}}}}}}}}
"
    )
}

fn pod(ordinal: u32, revision: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata:
  name: db-{ordinal}
  namespace: a
  uid: u{ordinal}
  labels: {{app: db, controller-revision-hash: {revision}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: s, controller: true}}]
{more}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True', lastTransitionTime: 2026-01-01T11:30:00Z}}]}}
"
    )
}

const GOING: &str = "  deletionTimestamp: 2026-01-01T11:59:00Z";

fn plan(objects: &str) -> String {
    StatefulSetController.reconcile(&Key::new("a", "db"), &world(objects), NOW).to_string()
}

fn pods_of(objects: &str) -> Vec<String> {
    let plan = plan(objects);
    let lines = plan.lines().filter(|line| line.contains(" pods "));
    lines.map(|line| line.split(" {").next().unwrap().to_owned()).collect()
}

#[test]
fn the_first_pod_is_made_with_its_claim() {
    let claims = "replicas: 2, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]";
    let text = plan(&format!("{}{}", set(claims, ""), revision("db-r1", 1, "new")));
    expect![[r#"
        create persistentvolumeclaims a/data-db-0 {"metadata":{"labels":{"app":"db"}},"spec":{"accessModes":["ReadWriteOnce"]}}
          then event Normal SuccessfulCreate on StatefulSet a/db: create Claim data-db-0 Pod db-0 in StatefulSet db success
        create pods a/db-0 {"metadata":{"labels":{"app":"db","apps.kubernetes.io/pod-index":"0","controller-revision-hash":"db-r1","statefulset.kubernetes.io/pod-name":"db-0"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"StatefulSet","name":"db","uid":"s"}]},"spec":{"containers":[{"image":"new","name":"c"}],"hostname":"db-0","subdomain":"db","volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data-db-0"}}]}}
          then event Normal SuccessfulCreate on StatefulSet a/db: create Pod db-0 in StatefulSet db successful
        update statefulsets.apps/status a/db
          status: + {"collisionCount":0,"currentRevision":"db-r1","observedGeneration":1,"updateRevision":"db-r1"}
    "#]]
    .assert_eq(&text);
}

#[test]
fn the_next_pod_waits_for_the_one_before() {
    let base = format!("{}{}", set("replicas: 2", ""), revision("db-r1", 1, "new"));
    assert_eq!(pods_of(&format!("{base}{}", pod(0, "db-r1", ""))), ["create pods a/db-1"]);
    let pending = pod(0, "db-r1", "").replace("Running", "Pending");
    assert!(pods_of(&format!("{base}{pending}")).is_empty());
    let parallel = base.replace("replicas: 2", "replicas: 3, podManagementPolicy: Parallel");
    assert_eq!(pods_of(&format!("{parallel}{pending}")), ["create pods a/db-1", "create pods a/db-2"]);
    let fresh = base.replace("replicas: 2", "replicas: 2, minReadySeconds: 3600");
    assert!(plan(&format!("{fresh}{}", pod(0, "db-r1", ""))).ends_with("requeue after 1800s\n"));
}

#[test]
fn failed_pods_are_made_anew() {
    let base = format!("{}{}", set("replicas: 1", ""), revision("db-r1", 1, "new"));
    let text = plan(&format!("{base}{}", pod(0, "db-r1", "").replace("Running", "Failed")));
    assert!(text.contains("delete pods a/db-0"), "{text}");
    assert!(
        text.contains(
            "Warning RecreatingFailedPod on StatefulSet a/db: StatefulSet a/db is recreating failed Pod a/db-0"
        ),
        "{text}"
    );
}

#[test]
fn surplus_pods_go_from_the_highest() {
    let base = format!("{}{}", set("replicas: 1", ""), revision("db-r1", 1, "new"));
    let three = [0, 1, 2].map(|n| pod(n, "db-r1", "")).concat();
    assert_eq!(pods_of(&format!("{base}{three}")), ["delete pods a/db-2"]);
    let going = pod(0, "db-r1", "") + &pod(1, "db-r1", "") + &pod(2, "db-r1", GOING);
    assert!(pods_of(&format!("{base}{going}")).is_empty());
    let parallel = base.replace("replicas: 1", "replicas: 1, podManagementPolicy: Parallel");
    assert_eq!(pods_of(&format!("{parallel}{three}")), ["delete pods a/db-2", "delete pods a/db-1"]);
}

#[test]
fn a_rollout_goes_down_from_the_highest() {
    let revisions = revision("db-r1", 1, "old") + &revision("db-r2", 2, "new");
    let base = format!(
        "{}{revisions}",
        set("replicas: 2, updateStrategy: {type: RollingUpdate}", "currentRevision: db-r1, currentReplicas: 2")
    );
    assert_eq!(pods_of(&format!("{base}{}{}", pod(0, "db-r1", ""), pod(1, "db-r1", ""))), ["delete pods a/db-1"]);
    assert!(pods_of(&format!("{base}{}{}", pod(0, "db-r1", ""), pod(1, "db-r1", GOING))).is_empty());
    let text = plan(&format!("{base}{}", pod(0, "db-r1", "")).replace("currentReplicas: 2", "currentReplicas: 1"));
    assert!(text.contains(r#"create pods a/db-1 {"metadata":{"labels":{"app":"db","apps.kubernetes.io/pod-index":"1","controller-revision-hash":"db-r2""#), "{text}");
    assert_eq!(pods_of(&format!("{base}{}{}", pod(0, "db-r1", ""), pod(1, "db-r2", ""))), ["delete pods a/db-0"]);
    let done = plan(&format!("{base}{}{}", pod(0, "db-r2", ""), pod(1, "db-r2", "")));
    assert!(done.contains(r#"status.currentRevision: "db-r1" -> "db-r2""#), "{done}");
}

#[test]
fn below_the_partition_nothing_changes() {
    let revisions = revision("db-r1", 1, "old") + &revision("db-r2", 2, "new");
    let base = format!(
        "{}{revisions}",
        set(
            "replicas: 2, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}",
            "currentRevision: db-r1"
        )
    );
    assert!(pods_of(&format!("{base}{}{}", pod(0, "db-r1", ""), pod(1, "db-r2", ""))).is_empty());
    let text = plan(&format!("{base}{}", pod(1, "db-r2", "")));
    assert!(text.contains(r#""image":"old""#), "{text}");
    let on_delete = base.replace("type: RollingUpdate, rollingUpdate: {partition: 1}", "type: OnDelete");
    assert!(pods_of(&format!("{on_delete}{}{}", pod(0, "db-r1", ""), pod(1, "db-r1", ""))).is_empty());
}

#[test]
fn numbers_may_begin_elsewhere() {
    let base = format!("{}{}", set("replicas: 1, ordinals: {start: 5}", ""), revision("db-r1", 1, "new"));
    assert_eq!(pods_of(&base), ["create pods a/db-5"]);
}
