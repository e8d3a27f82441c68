use super::*;
use expect_test::{Expect, expect};

fn quota(hard: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: a}}\nspec: {{hard: {{{hard}}}{more}}}\n"
    )
}

const PODS: &str = "---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec:
  initContainers: [{name: i, resources: {requests: {cpu: 500m}}}]
  containers: [{name: c, resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}}, {name: d, resources: {requests: {cpu: 200m, memory: 64Mi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: a}
spec: {containers: [{name: c, resources: {requests: {cpu: 100m}}}]}
status: {phase: Succeeded}
---
apiVersion: v1
kind: Pod
metadata: {name: small, namespace: a}
spec: {activeDeadlineSeconds: 5, containers: [{name: c}]}
";

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&ResourceQuotaController, objects, Key::new("a", "q"), expect);
}

#[test]
fn pods_use_what_they_ask_for() {
    check(
        &format!("{}{PODS}", quota("pods: 5, cpu: 1, requests.memory: 1Gi, limits.memory: 1Gi, limits.cpu: 1", "")),
        expect![[r#"
        update resourcequotas/status a/q
          status: + {"hard":{"cpu":"1","limits.cpu":"1","limits.memory":"1Gi","pods":"5","requests.memory":"1Gi"},"used":{"cpu":"500m","limits.cpu":"0","limits.memory":"128Mi","pods":"2","requests.memory":"128Mi"}}
    "#]],
    );
}

#[test]
fn scopes_choose_pods() {
    for (scopes, pods) in
        [("[Terminating]", 1), ("[NotTerminating, NotBestEffort]", 1), ("[BestEffort, NotTerminating]", 0)]
    {
        let view = crate::testing::world(&format!("{}{PODS}", quota("pods: 5", &format!(", scopes: {scopes}"))));
        let plan = ResourceQuotaController.reconcile(&Key::new("a", "q"), &view, crate::testing::NOW).to_string();
        assert!(plan.contains(&format!(r#""used":{{"pods":"{pods}"}}"#)), "{scopes}: {plan}");
    }
}

#[test]
fn objects_are_counted() {
    let objects = "---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: a}
spec: {type: NodePort, ports: [{port: 1}, {port: 2}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: a}
spec: {storageClassName: gold, resources: {requests: {storage: 5Gi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: a}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: r, namespace: a}
";
    let hard = "services: 9, services.nodeports: 9, configmaps: 9, count/replicasets.apps: 9, requests.storage: 9Gi, gold.storageclass.storage.k8s.io/requests.storage: 9Gi, count/secrets: 9";
    check(
        &format!("{}{objects}", quota(hard, "")),
        expect![[r#"
        update resourcequotas/status a/q
          status: + {"hard":{"configmaps":"9","count/replicasets.apps":"9","count/secrets":"9","gold.storageclass.storage.k8s.io/requests.storage":"9Gi","requests.storage":"9Gi","services":"9","services.nodeports":"9"},"used":{"configmaps":"1","count/replicasets.apps":"1","count/secrets":"0","gold.storageclass.storage.k8s.io/requests.storage":"5Gi","requests.storage":"5Gi","services":"1","services.nodeports":"2"}}
    "#]],
    );
}
