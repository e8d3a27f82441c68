use super::*;
use crate::testing::{NOW, world};
use expect_test::expect;

fn set(more: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: d, namespace: a, uid: d, generation: 1}}
spec: {{selector: {{matchLabels: {{app: d}}}}, template: {{metadata: {{labels: {{app: d}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}, updateStrategy: {{type: RollingUpdate}}{more}}}
"
    )
}

fn node(name: &str, spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

fn pod(name: &str, node: &str, hash: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: a
  uid: {name}
  creationTimestamp: 2026-01-01T11:00:00Z
  labels: {{app: d, controller-revision-hash: {hash}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: DaemonSet, name: d, uid: d, controller: true}}]
{more}
spec: {{nodeName: {node}}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True', lastTransitionTime: 2026-01-01T11:30:00Z}}]}}
"
    )
}

/// The lines that concern pods.
fn pods_of(objects: &str) -> Vec<String> {
    let plan = plan(objects);
    let lines = plan.lines().filter(|line| line.contains(" pods "));
    lines.map(|line| line.split(" {").next().unwrap().to_owned()).collect()
}

fn plan(objects: &str) -> String {
    DaemonSetController.reconcile(&Key::new("a", "d"), &world(objects), NOW).to_string()
}

/// The hash of the present template.
fn hash() -> String {
    let view = world(&set(""));
    let set = view.get::<DaemonSet>("a", "d").unwrap();
    crate::deployment::hash::template_hash(&set.spec.template, None)
}

fn revision() -> String {
    let data = "{spec: {template: {$patch: replace, metadata: {labels: {app: d}}, spec: {containers: [{name: c, image: i}]}}}}";
    format!(
        "---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {{name: d-x, namespace: a, uid: r, labels: {{controller-revision-hash: {}}}, ownerReferences: [{{apiVersion: apps/v1, kind: DaemonSet, name: d, uid: d, controller: true}}]}}
revision: 1
data: {data}
",
        hash()
    )
}

#[test]
fn each_node_gets_a_pod() {
    let text = plan(&format!("{}{}", set(""), node("n1", ""))).replace(&hash(), "HASH");
    expect![[r#"
        create controllerrevisions.apps a/d-HASH {"data":{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"image":"i","name":"c"}]}}}},"metadata":{"labels":{"app":"d","controller-revision-hash":"HASH"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"DaemonSet","name":"d","uid":"d"}]},"revision":1}
        slowly:
        create pods a/d-* {"metadata":{"generateName":"d-","labels":{"app":"d","controller-revision-hash":"HASH"},"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"DaemonSet","name":"d","uid":"d"}]},"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}},"containers":[{"image":"i","name":"c"}],"tolerations":[{"effect":"NoExecute","key":"node.kubernetes.io/not-ready","operator":"Exists"},{"effect":"NoExecute","key":"node.kubernetes.io/unreachable","operator":"Exists"},{"effect":"NoSchedule","key":"node.kubernetes.io/disk-pressure","operator":"Exists"},{"effect":"NoSchedule","key":"node.kubernetes.io/memory-pressure","operator":"Exists"},{"effect":"NoSchedule","key":"node.kubernetes.io/pid-pressure","operator":"Exists"},{"effect":"NoSchedule","key":"node.kubernetes.io/unschedulable","operator":"Exists"}]}}
          then event Normal SuccessfulCreate on DaemonSet a/d: Created pod: {name}
        update daemonsets.apps/status a/d
          status: + {"desiredNumberScheduled":1,"numberUnavailable":1,"observedGeneration":1}
    "#]]
    .assert_eq(&text);
}

#[test]
fn taints_and_selectors_keep_pods_away() {
    let tainted = node("n1", "taints: [{key: k, effect: NoSchedule}]");
    assert!(pods_of(&format!("{}{tainted}", set(""))).is_empty());
    let there = pod("p", "n1", &hash(), "");
    assert!(pods_of(&format!("{}{}{tainted}{there}", set(""), revision())).is_empty(), "what is there stays");
    let driven = node("n1", "taints: [{key: k, effect: NoExecute}]");
    assert_eq!(pods_of(&format!("{}{driven}{there}", set(""))), ["delete pods a/p"]);
    let cordoned =
        node("n1", "unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]");
    assert_eq!(pods_of(&format!("{}{cordoned}", set(""))), ["create pods a/d-*"]);
    let choosy = set("").replace("spec: {containers", "spec: {nodeSelector: {disk: ssd}, containers");
    assert!(pods_of(&format!("{choosy}{}", node("n1", ""))).is_empty());
}

#[test]
fn at_rest_nothing_is_done() {
    let status = "status: {currentNumberScheduled: 1, desiredNumberScheduled: 1, numberAvailable: 1, numberReady: 1, observedGeneration: 1, updatedNumberScheduled: 1}\n";
    assert_eq!(
        plan(&format!("{}{status}{}{}{}", set(""), revision(), node("n1", ""), pod("p", "n1", &hash(), ""))),
        ""
    );
}

#[test]
fn old_pods_are_replaced_one_by_one() {
    let nodes = node("n1", "") + &node("n2", "");
    let world = format!("{}{}{nodes}{}{}", set(""), revision(), pod("p", "n1", "old", ""), pod("q", "n2", "old", ""));
    assert_eq!(pods_of(&world), ["delete pods a/p"]);
    let world = format!("{}{}{nodes}{}", set(""), revision(), pod("q", "n2", "old", ""));
    assert_eq!(pods_of(&world), ["create pods a/d-*"], "the next waits for the one before");
    assert!(pods_of(&world.replace("RollingUpdate", "OnDelete").replace(&node("n1", ""), "")).is_empty());
}

#[test]
fn a_surge_adds_before_it_removes() {
    let set =
        set("").replace("type: RollingUpdate", "type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}");
    let old = pod("p", "n1", "old", "");
    assert_eq!(pods_of(&format!("{set}{}{}{old}", revision(), node("n1", ""))), ["create pods a/d-*"]);
    let new = pod("q", "n1", &hash(), "");
    assert_eq!(pods_of(&format!("{set}{}{}{old}{new}", revision(), node("n1", ""))), ["delete pods a/p"]);
}

#[test]
fn failed_and_surplus_pods_are_deleted() {
    let world = |pods: &str| format!("{}{}{}{pods}", set(""), revision(), node("n1", ""));
    let failed = pod("p", "n1", &hash(), "").replace("Running", "Failed");
    assert_eq!(pods_of(&world(&failed)), ["delete pods a/p"]);
    assert!(plan(&world(&failed.replace("11:00:00", "11:59:58"))).contains("requeue after 3s"));
    let two = pod("p", "n1", &hash(), "") + &pod("q", "n1", &hash(), "");
    assert_eq!(pods_of(&world(&two)), ["delete pods a/q"]);
    let going = pod("p", "n1", &hash(), "  deletionTimestamp: 2026-01-01T11:59:00Z");
    assert!(pods_of(&world(&going)).is_empty(), "its successor waits");
}
