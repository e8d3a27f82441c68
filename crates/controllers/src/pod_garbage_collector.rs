//! Deletes pods that no kubelet will ever finish, and finished pods when there are too many.
//!
//! - a pod on a node that does not exist (the API server is asked before), once the pod has been there for a while;
//! - a pod that is being deleted and was never assigned to a node;
//! - a pod that is being deleted on a node that is not ready and declared out of service;
//! - of finished pods the oldest, evicted ones first, above a threshold.
//!
//! Deliberately absent: upstream's quarantine of nodes, which needs a memory. A node that comes back under its name within
//! seconds loses its pods here; upstream keeps them for 40 s.

use crate::{Action, Controller, DeleteOptions, Expect, Plan, Watch, Write, pods, taints};
use api_core::v1::{Node, Pod, PodCondition};
use informer::{Key, Resource, View};
use schema::Time;
use std::sync::Arc;
use std::time::Duration;

/// Upstream's default of `--terminated-pod-gc-threshold`.
const TERMINATED_PODS: usize = 12_500;
/// A pod's node may be newer than what the caches show.
const ORPHAN_SECONDS: i64 = 40;

pub struct PodGarbageCollector {
    /// Finished pods that are kept.
    terminated_pods: usize,
}

impl Default for PodGarbageCollector {
    fn default() -> PodGarbageCollector {
        PodGarbageCollector { terminated_pods: TERMINATED_PODS }
    }
}

impl Controller for PodGarbageCollector {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, view: &View| {
            let mut keys = Vec::new();
            if pod.metadata.deletion_timestamp.is_some() || is_orphan(pod, view) {
                keys.push(Key::of(&pod.metadata));
            }
            if is_finished(pod) {
                keys.push(all_finished());
            }
            keys
        };
        let nodes = |node: &Node, view: &View| {
            let name = node.metadata.name.as_str();
            let now = view.get::<Node>("", name);
            match now.is_none_or(|node| is_out_of_service(&node)) {
                true => view.on_node(name).iter().map(|pod| Key::of(&pod.metadata)).collect(),
                false => Vec::new(),
            }
        };
        vec![Watch::of::<Pod, _>(pods), Watch::of::<Node, _>(nodes)]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        if *key == all_finished() {
            return self.thin_out(view);
        }
        match view.get::<Pod>(&key.namespace, &key.name) {
            Some(pod) => collect(&pod, view, now),
            None => Plan::default(),
        }
    }
}

impl PodGarbageCollector {
    fn thin_out(&self, view: &View) -> Plan {
        let mut plan = Plan::default();
        let mut finished: Vec<Arc<Pod>> = view.list::<Pod>();
        finished.retain(|pod| is_finished(pod) && pod.metadata.deletion_timestamp.is_none());
        let surplus = finished.len().saturating_sub(self.terminated_pods);
        finished.sort_by_key(|pod| (pod.status.reason != "Evicted", pod.metadata.creation_timestamp));
        plan.together(finished[..surplus].iter().map(|pod| delete_at_once(pod)).collect());
        plan
    }
}

/// The key of all finished pods together. No pod has it: pods have a namespace.
fn all_finished() -> Key {
    Key::cluster("finished")
}

fn is_finished(pod: &Pod) -> bool {
    !matches!(pod.status.phase.as_str(), "" | "Pending" | "Running" | "Unknown")
}

fn is_orphan(pod: &Pod, view: &View) -> bool {
    !pod.spec.node_name.is_empty() && view.get::<Node>("", &pod.spec.node_name).is_none()
}

fn is_out_of_service(node: &Node) -> bool {
    !taints::is_ready(node) && node.spec.taints.iter().any(|taint| taint.key == taints::OUT_OF_SERVICE)
}

fn collect(pod: &Pod, view: &View, now: Time) -> Plan {
    let terminating = pod.metadata.deletion_timestamp.is_some();
    let mut plan = Plan::default();
    if is_orphan(pod, view) {
        let since = pods::condition(pod, "PodScheduled").and_then(|condition| condition.last_transition_time);
        let since = since.or(pod.metadata.creation_timestamp).unwrap_or(now);
        let left = ORPHAN_SECONDS - now.secs_since(since);
        if left > 0 {
            return Plan::after(Duration::from_secs(left.unsigned_abs()));
        }
        let (resource, key) = (Resource::of::<Node>(), Key::cluster(pod.spec.node_name.as_str()));
        plan.push(Write::new(Action::Check { resource, key, uid: String::new(), expect: Expect::Gone }));
        fail(&mut plan, pod, Some("PodGC: node no longer exists"), now);
    } else if terminating {
        let node = view.get::<Node>("", &pod.spec.node_name);
        // Without a node, or on one that is gone for good, no kubelet ends the pod.
        if node.is_none_or(|node| is_out_of_service(&node)) {
            fail(&mut plan, pod, None, now);
        }
    }
    plan
}

/// Marks the pod as failed, so that its owner sees how it ended, and deletes it.
fn fail(plan: &mut Plan, pod: &Pod, disruption: Option<&str>, now: Time) {
    if !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") {
        let mut after = pod.clone();
        after.status.phase = "Failed".into();
        after.status.observed_generation = pod.metadata.generation;
        if let Some(message) = disruption {
            pods::set_condition(
                &mut after,
                PodCondition {
                    type_: "DisruptionTarget".into(),
                    status: "True".into(),
                    reason: "DeletionByPodGC".into(),
                    message: message.into(),
                    observed_generation: pod.metadata.generation,
                    ..PodCondition::default()
                },
                now,
            );
        }
        plan.update_status(pod, &after);
    }
    plan.push(delete_at_once(pod));
}

fn delete_at_once(pod: &Pod) -> Write {
    let options = DeleteOptions {
        uid: Some(pod.metadata.uid.clone()),
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    Write::delete_with::<Pod>(Key::of(&pod.metadata), options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, world};
    use expect_test::{Expect, expect};

    const NODE: &str = "---
apiVersion: v1
kind: Node
metadata: {name: node}
spec: {taints: [{key: node.kubernetes.io/out-of-service, effect: NoExecute}]}
status: {conditions: [{type: Ready, status: Unknown}]}
";

    fn pod(node: &str, more: &str) -> String {
        format!(
            "---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a, uid: u, creationTimestamp: 2026-01-01T11:00:00Z{more}}}
spec: {{nodeName: '{node}'}}
status: {{phase: Running}}
"
        )
    }

    fn check(objects: &str, expect: Expect) {
        crate::testing::check(&PodGarbageCollector::default(), objects, Key::new("a", "p"), expect);
    }

    const GOING: &str = ", deletionTimestamp: 2026-01-01T11:59:00Z";

    #[test]
    fn pods_of_a_gone_node_fail_and_go() {
        check(
            &pod("gone", ""),
            expect![[r#"
            check nodes gone uid  is Gone
            update pods/status a/p
              status.conditions: + [{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"PodGC: node no longer exists","reason":"DeletionByPodGC","status":"True","type":"DisruptionTarget"}]
              status.phase: "Running" -> "Failed"
            delete pods a/p grace 0s
        "#]],
        );
        check(
            &pod("gone", "").replace("11:00:00", "11:59:40"),
            expect![[r#"
            requeue after 20s
        "#]],
        );
    }

    #[test]
    fn a_pod_that_goes_without_ever_having_had_a_node() {
        check(
            &pod("", GOING),
            expect![[r#"
            update pods/status a/p
              status.phase: "Running" -> "Failed"
            delete pods a/p grace 0s
        "#]],
        );
        check(&pod("", ""), expect![""]);
    }

    #[test]
    fn a_node_out_of_service_loses_the_pods_that_are_to_go() {
        check(
            &format!("{NODE}{}", pod("node", GOING)),
            expect![[r#"
            update pods/status a/p
              status.phase: "Running" -> "Failed"
            delete pods a/p grace 0s
        "#]],
        );
        check(&format!("{NODE}{}", pod("node", "")), expect![""]);
        check(&format!("{}{}", NODE.replace("Unknown", "'True'"), pod("node", GOING)), expect![""]);
    }

    #[test]
    fn of_too_many_finished_pods_the_evicted_and_the_oldest_go() {
        let finished = |name: &str, minute: u32, reason: &str| {
            format!(
                "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, creationTimestamp: '2026-01-01T11:{minute}:00Z'}}
status: {{phase: Failed, reason: '{reason}'}}
"
            )
        };
        let world = world(&[finished("b", 10, ""), finished("c", 20, ""), finished("d", 30, "Evicted")].concat());
        let plan = PodGarbageCollector { terminated_pods: 1 }.reconcile(&all_finished(), &world, NOW);
        expect![[r#"
            together:
            delete pods a/d grace 0s
            delete pods a/b grace 0s
        "#]]
        .assert_eq(&plan.to_string());
    }
}
