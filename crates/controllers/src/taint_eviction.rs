//! Deletes pods from nodes whose `NoExecute` taints they do not tolerate, or no longer.
//!
//! When a pod has to go follows from the objects alone: from when the taint was added (the node lifecycle controller sees
//! to it that each says so) and for how many seconds the pod tolerates it. A taint that goes in time is a plan that never
//! comes. Deliberately absent: a queue of evictions.

use crate::{Controller, EventRecord, Plan, Watch, Write, pods, taints};
use api_core::v1::{Node, Pod, PodCondition, Taint};
use informer::{Key, View};
use schema::Time;
use std::time::Duration;

pub struct TaintEvictionController;

impl Controller for TaintEvictionController {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| {
            let node = view.get::<Node>("", &pod.spec.node_name);
            let tainted = node.is_some_and(|node| taints::no_execute(&node).next().is_some());
            if tainted { vec![Key::of(&pod.metadata)] } else { Vec::new() }
        };
        let nodes = |node: &Node, view: &View| match taints::no_execute(node).next() {
            Some(_) => view.on_node(&node.metadata.name).iter().map(|pod| Key::of(&pod.metadata)).collect(),
            None => Vec::new(),
        };
        vec![Watch::of::<Pod, _>(pods), Watch::of::<Node, _>(nodes)]
    }

    fn workers(&self) -> usize {
        8
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let Some(pod) = view.get::<Pod>(&key.namespace, &key.name) else { return Plan::default() };
        let Some(node) = view.get::<Node>("", &pod.spec.node_name) else { return Plan::default() };
        if pod.metadata.deletion_timestamp.is_some() {
            return Plan::default();
        }
        match leave_at(&pod, taints::no_execute(&node), now) {
            None => Plan::default(),
            Some(time) if time > now => Plan::after(Duration::from_secs(time.secs_since(now).unsigned_abs())),
            Some(_) => evict(&pod, now),
        }
    }
}

/// When the pod has to go; `None`: it may stay.
fn leave_at<'t>(pod: &Pod, taints: impl Iterator<Item = &'t Taint>, now: Time) -> Option<Time> {
    let scheduled = pods::condition(pod, "PodScheduled").and_then(|condition| condition.last_transition_time);
    let here_since = scheduled.or(pod.metadata.creation_timestamp);
    let mut seconds: Option<i64> = None;
    let mut since: Option<Time> = None;
    for taint in taints {
        let holds: Vec<_> =
            pod.spec.tolerations.iter().filter(|toleration| taints::tolerates(toleration, taint)).collect();
        if holds.is_empty() {
            return Some(now);
        }
        let shortest = holds.iter().filter_map(|toleration| toleration.toleration_seconds).min();
        if let Some(shortest) = shortest {
            seconds = Some(seconds.map_or(shortest, |seconds| seconds.min(shortest)));
            let tainted_since = taint.time_added.unwrap_or(now);
            since = Some(since.map_or(tainted_since, |since| since.min(tainted_since)));
        }
    }
    let since = since?.max(here_since.unwrap_or(now));
    seconds.map(|seconds| since.plus_secs(seconds.max(0)))
}

fn evict(pod: &Pod, now: Time) -> Plan {
    let mut plan = Plan::default();
    let mut after = pod.clone();
    pods::set_condition(
        &mut after,
        PodCondition {
            type_: "DisruptionTarget".into(),
            status: "True".into(),
            reason: "DeletionByTaintManager".into(),
            message: "Taint manager: deleting due to NoExecute taint".into(),
            observed_generation: pod.metadata.generation,
            ..PodCondition::default()
        },
        now,
    );
    plan.update_status(pod, &after);
    let message = format!("Marking for deletion Pod {}/{}", pod.metadata.namespace, pod.metadata.name);
    plan.push(Write::delete(pod).with_event(EventRecord::normal(pod, "TaintManagerEviction", message)));
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(tolerations: &str, taints: &str, expect: Expect) {
        let objects = format!(
            "---
apiVersion: v1
kind: Node
metadata: {{name: node}}
spec: {{taints: [{taints}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a, uid: u, creationTimestamp: 2026-01-01T11:00:00Z}}
spec: {{nodeName: node, tolerations: [{tolerations}]}}
"
        );
        crate::testing::check(&TaintEvictionController, &objects, Key::new("a", "p"), expect);
    }

    const TAINT: &str = "{key: k, value: v, effect: NoExecute, timeAdded: 2026-01-01T11:59:00Z}";

    #[test]
    fn a_pod_without_toleration_goes_at_once() {
        check(
            "",
            TAINT,
            expect![[r#"
            update pods/status a/p
              status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"Taint manager: deleting due to NoExecute taint","reason":"DeletionByTaintManager","status":"True","type":"DisruptionTarget"}]}
            delete pods a/p
              then event Normal TaintManagerEviction on Pod a/p: Marking for deletion Pod a/p
        "#]],
        );
    }

    #[test]
    fn a_toleration_for_a_time_counts_from_the_taint() {
        check(
            "{key: k, operator: Exists, tolerationSeconds: 90}",
            TAINT,
            expect![[r#"
            requeue after 30s
        "#]],
        );
        check(
            "{key: k, value: v, tolerationSeconds: 60}",
            TAINT,
            expect![[r#"
            update pods/status a/p
              status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"Taint manager: deleting due to NoExecute taint","reason":"DeletionByTaintManager","status":"True","type":"DisruptionTarget"}]}
            delete pods a/p
              then event Normal TaintManagerEviction on Pod a/p: Marking for deletion Pod a/p
        "#]],
        );
        check(
            "{operator: Exists, tolerationSeconds: 60}",
            "{key: k, effect: NoExecute}",
            expect![[r#"
            requeue after 60s
        "#]],
        );
    }

    #[test]
    fn who_tolerates_for_ever_stays_and_other_effects_do_not_matter() {
        check("{operator: Exists}", TAINT, expect![""]);
        check("", "{key: k, effect: NoSchedule}", expect![""]);
        check("", "", expect![""]);
    }
}
