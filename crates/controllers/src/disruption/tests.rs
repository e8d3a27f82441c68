use super::*;
use expect_test::{Expect, expect};

fn budget(spec: &str, status: &str) -> String {
    format!(
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b, namespace: a, generation: 2}}\nspec: {{selector: {{matchLabels: {{app: x}}}}, {spec}}}\nstatus: {{{status}}}\n"
    )
}

fn pod(name: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, uid: {name}, labels: {{app: x}}{more}}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
"
    )
}

const SET: &str = "---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: r, namespace: a, uid: r}
spec: {replicas: 4}
";
const OWNED: &str = ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: r, controller: true}]";

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&DisruptionController, objects, Key::new("a", "b"), expect);
}

#[test]
fn a_number_that_has_to_stay() {
    check(
        &format!("{}{}{}", budget("minAvailable: 1", ""), pod("p", ""), pod("q", "")),
        expect![[r#"
        update poddisruptionbudgets.policy/status a/b
          status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","observedGeneration":2,"reason":"SufficientPods","status":"True","type":"DisruptionAllowed"}],"currentHealthy":2,"desiredHealthy":1,"disruptionsAllowed":1,"expectedPods":2,"observedGeneration":2}
    "#]],
    );
}

#[test]
fn a_share_counts_from_what_the_controller_wants() {
    check(
        &format!("{}{SET}{}{}{}", budget("maxUnavailable: 25%", ""), pod("p", OWNED), pod("q", OWNED), pod("s", OWNED)),
        expect![[r#"
        update poddisruptionbudgets.policy/status a/b
          status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","observedGeneration":2,"reason":"InsufficientPods","status":"False","type":"DisruptionAllowed"}],"currentHealthy":3,"desiredHealthy":3,"expectedPods":4,"observedGeneration":2}
    "#]],
    );
}

#[test]
fn an_evicted_pod_does_not_count_until_it_is_surely_back() {
    let disrupted = |at: &str| budget("minAvailable: 1", &format!("disruptedPods: {{p: '2026-01-01T11:{at}Z'}}"));
    let plan = |objects: &str| {
        let view = crate::testing::world(objects);
        DisruptionController.reconcile(&Key::new("a", "b"), &view, crate::testing::NOW).to_string()
    };
    let fresh = plan(&format!("{}{}{}", disrupted("59:30"), pod("p", ""), pod("q", "")));
    assert!(fresh.contains("status.currentHealthy: + 1\n") && fresh.ends_with("requeue after 90s\n"), "{fresh}");
    let old = plan(&format!("{}{}{}", disrupted("50:00"), pod("p", ""), pod("q", "")));
    assert!(old.contains("status.currentHealthy: + 2\n") && old.contains("status.disruptedPods: - "), "{old}");
}

#[test]
fn without_pods_nothing_may_be_disrupted() {
    check(
        &budget("maxUnavailable: 1", ""),
        expect![[r#"
        update poddisruptionbudgets.policy/status a/b
          status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","observedGeneration":2,"reason":"InsufficientPods","status":"False","type":"DisruptionAllowed"}],"observedGeneration":2}
        event Normal NoPods on PodDisruptionBudget a/b: No matching pods found
    "#]],
    );
}
