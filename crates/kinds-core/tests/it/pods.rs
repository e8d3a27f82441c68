//! Pods and pod templates.

use crate::recordings::Play;
use kind::TypedKind;
use kinds_core::pod::Pod;
use kinds_core::pod_template::PodTemplate;
use schema::{Value, value};

/// What the plugins ServiceAccount, Priority and DefaultTolerationSeconds add to a pod of an empty cluster.
fn admit(pod: &mut Value, old: Option<&Value>) {
    if old.is_none() && pod.str_at(&["spec", "serviceAccountName"]).is_empty() {
        pod.set(&["spec", "serviceAccountName"], "default");
        pod.set(&["spec", "serviceAccount"], "default");
    }
    let (priority, policy) = match pod.str_at(&["spec", "priorityClassName"]) {
        "system-node-critical" => (2_000_001_000_i64, "PreemptLowerPriority"),
        "system-cluster-critical" => (2_000_000_000, "PreemptLowerPriority"),
        _ => (0, "PreemptLowerPriority"),
    };
    for (field, value) in [("priority", Value::from(priority)), ("preemptionPolicy", Value::from(policy))] {
        match old {
            None => pod.set(&["spec", field], value),
            Some(old) if pod.at(&["spec", field]).is_null() => {
                pod.set(&["spec", field], old.at(&["spec", field]).clone());
            }
            Some(_) => {}
        }
    }
    let mut tolerations = pod.at(&["spec", "tolerations"]).items().to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = tolerations.iter().any(|toleration| {
            let any_key = toleration.str_at(&["key"]).is_empty() && toleration.str_at(&["operator"]) == "Exists";
            let effect = toleration.str_at(&["effect"]);
            (any_key || toleration.str_at(&["key"]) == key) && matches!(effect, "" | "NoExecute")
        });
        if !tolerated {
            tolerations
                .push(value!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }));
        }
    }
    pod.set(&["spec", "tolerations"], tolerations);
    if old.is_none() && pod.at(&["spec", "automountServiceAccountToken"]) != &Value::Bool(false) {
        mount_token(pod);
    }
}

fn mount_token(pod: &mut Value) {
    const NAME: &str = "kube-api-access-gen";
    let volume = value!({ "name": NAME, "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
        { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        { "downwardAPI": { "items": [
            { "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }
        ] } }
    ] } });
    pod.set(&["spec", "volumes"], vec![volume]);
    let mount =
        value!({ "name": NAME, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" });
    let containers = pod.get_mut("spec").and_then(|spec| spec.get_mut("containers"));
    for container in containers.and_then(Value::as_list_mut).into_iter().flatten() {
        container.set(&["volumeMounts"], vec![mount.clone()]);
    }
}

fn play(topic: &str, prefix: &str, at_least: usize) {
    let pods = Play { kind: &TypedKind(Pod), admit };
    if let Some(report) = pods.topic(topic, prefix) {
        report.assert_passed(at_least);
    }
}

#[test]
fn validation() {
    play("pod-validation", "", 264);
}

#[test]
fn updates() {
    play("pod-updates", "", 52);
}

#[test]
fn common_matrix() {
    play("kind-core", "pod-", 70);
}

#[test]
fn templates() {
    let templates = Play { kind: &TypedKind(PodTemplate), admit: |_, _| {} };
    if let Some(report) = templates.topic("kind-core", "podtemplate-") {
        report.assert_passed(78);
    }
}
