use super::*;
use expect_test::{Expect, expect};

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&NodeLifecycleController, objects, Key::cluster("a"), expect);
}

fn node(name: &str, ready: &str, heartbeat: &str, spec: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Node
metadata: {{name: {name}, creationTimestamp: 2026-01-01T10:00:00Z}}
spec: {{{spec}}}
status:
  conditions:
  - {{type: Ready, status: '{ready}', lastHeartbeatTime: '2026-01-01T{heartbeat}Z', reason: KubeletReady, message: ok}}
"
    )
}

fn lease(at: &str) -> String {
    format!(
        "---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {{name: a, namespace: kube-node-lease}}
spec: {{renewTime: '2026-01-01T{at}.000000Z'}}
"
    )
}

#[test]
fn a_node_that_is_heard_of_is_looked_at_when_its_grace_would_end() {
    check(
        &node("a", "True", "11:59:45", ""),
        expect![[r#"
        requeue after 35s
    "#]],
    );
    check(
        &format!("{}{}", node("a", "True", "11:50:00", ""), lease("11:59:55")),
        expect![[r#"
        requeue after 45s
    "#]],
    );
}

#[test]
fn a_silent_node_is_unknown_and_so_are_its_pods() {
    let pod = "---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: x}
spec: {nodeName: a}
status: {conditions: [{type: Ready, status: 'True'}]}
";
    check(
        &format!("{}{}{pod}", node("a", "True", "11:59:00", ""), lease("11:59:05")),
        expect![[r#"
        update nodes/status a
          status.conditions[0].lastTransitionTime: + "2026-01-01T12:00:00Z"
          status.conditions[0].message: "ok" -> "Kubelet stopped posting node status."
          status.conditions[0].reason: "KubeletReady" -> "NodeStatusUnknown"
          status.conditions[0].status: "True" -> "Unknown"
          status.conditions[1]: + {"lastHeartbeatTime":"2026-01-01T10:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Kubelet never posted node status.","reason":"NodeStatusNeverUpdated","status":"Unknown","type":"MemoryPressure"}
          status.conditions[2]: + {"lastHeartbeatTime":"2026-01-01T10:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Kubelet never posted node status.","reason":"NodeStatusNeverUpdated","status":"Unknown","type":"DiskPressure"}
          status.conditions[3]: + {"lastHeartbeatTime":"2026-01-01T10:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Kubelet never posted node status.","reason":"NodeStatusNeverUpdated","status":"Unknown","type":"PIDPressure"}
        together:
        update pods/status x/p
          status.conditions[0].lastTransitionTime: + "2026-01-01T12:00:00Z"
          status.conditions[0].status: "True" -> "False"
          then event Warning NodeNotReady on Pod x/p: Node is not ready
        event Normal NodeNotReady on Node a: Node a status is now: NodeNotReady
    "#]],
    );
}

#[test]
fn a_node_that_never_reported_has_a_minute() {
    let node = |created: &str| {
        format!("{{apiVersion: v1, kind: Node, metadata: {{name: a, creationTimestamp: '2026-01-01T{created}Z'}}}}")
    };
    check(
        &node("11:59:30"),
        expect![[r#"
        requeue after 30s
    "#]],
    );
    let view = crate::testing::world(&node("11:58:00"));
    let plan = NodeLifecycleController.reconcile(&Key::cluster("a"), &view, crate::testing::NOW).to_string();
    assert_eq!(plan.matches("NodeStatusNeverUpdated").count(), 4, "{plan}");
}

#[test]
fn conditions_and_cordons_become_taints() {
    let other = node("b", "True", "11:59:50", "");
    check(
        &format!("{other}{}", node("a", "False", "11:59:50", "")),
        expect![[r#"
        update nodes a
          spec: + {"taints":[{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready","timeAdded":"2026-01-01T12:00:00Z"},{"effect":"NoExecute","key":"node.kubernetes.io/not-ready","timeAdded":"2026-01-01T12:00:00Z"}]}
        requeue after 40s
    "#]],
    );
    let pressed = node(
        "a",
        "True",
        "11:59:50",
        "unschedulable: true, taints: [{key: node.kubernetes.io/not-ready, effect: NoSchedule}, {key: mine, effect: NoExecute}]",
    ) + "  - {type: DiskPressure, status: 'True'}\n";
    check(
        &pressed,
        expect![[r#"
        update nodes a
          spec.taints[0].effect: "NoSchedule" -> "NoExecute"
          spec.taints[0].key: "node.kubernetes.io/not-ready" -> "mine"
          spec.taints[0].timeAdded: + "2026-01-01T12:00:00Z"
          spec.taints[1].effect: "NoExecute" -> "NoSchedule"
          spec.taints[1].key: "mine" -> "node.kubernetes.io/disk-pressure"
          spec.taints[1].timeAdded: + "2026-01-01T12:00:00Z"
          spec.taints[2]: + {"effect":"NoSchedule","key":"node.kubernetes.io/unschedulable","timeAdded":"2026-01-01T12:00:00Z"}
        requeue after 40s
    "#]],
    );
}

#[test]
fn no_pod_is_driven_away_while_no_node_is_ready() {
    check(
        &node("a", "False", "11:59:50", ""),
        expect![[r#"
        update nodes a
          spec: + {"taints":[{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready","timeAdded":"2026-01-01T12:00:00Z"}]}
        requeue after 40s
    "#]],
    );
}

#[test]
fn nodes_of_a_zone_are_tainted_one_after_another() {
    let good = node("g", "True", "11:59:50", "");
    let tainted = node(
        "b",
        "False",
        "11:59:50",
        "taints: [{key: node.kubernetes.io/not-ready, effect: NoExecute, timeAdded: 2026-01-01T11:59:56Z}]",
    );
    check(
        &format!("{good}{tainted}{}", node("a", "False", "11:59:50", "")),
        expect![[r#"
        update nodes a
          spec: + {"taints":[{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready","timeAdded":"2026-01-01T12:00:00Z"}]}
        requeue after 6s
    "#]],
    );
}

#[test]
fn most_of_a_small_zone_is_held_back() {
    let world: String = ["a", "b", "c", "d"]
        .iter()
        .map(|name| node(name, if *name == "d" { "True" } else { "False" }, "11:59:50", ""))
        .collect();
    check(
        &world,
        expect![[r#"
        update nodes a
          spec: + {"taints":[{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready","timeAdded":"2026-01-01T12:00:00Z"}]}
        requeue after 10s
    "#]],
    );
}
