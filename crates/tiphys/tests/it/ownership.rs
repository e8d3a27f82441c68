//! What goes when something is deleted, and what keeps it.

use crate::Case;
use crate::kubectl::Kubectl;

pub const CASES: &[Case] =
    &[Case::Shared("cascades", cascades), Case::Shared("namespace_finalizers", namespace_finalizers)];

fn cascades(kubectl: &Kubectl) {
    for cascade in ["background", "foreground", "orphan"] {
        let selector = format!("pods,replicasets -l app={cascade}");
        kubectl.ok(&["create", "deployment", cascade, "--image=tiphys.test/nginx:1"]);
        kubectl.rollout(&format!("deployment/{cascade}"));
        kubectl.ok(&["delete", "deployment", cascade, &format!("--cascade={cascade}"), "--timeout=30s"]);
        if cascade != "orphan" {
            kubectl.until_gone(&selector);
            continue;
        }
        kubectl.until("replicasets -l app=orphan", "{.items[*].metadata.ownerReferences}", "");
        kubectl.until("replicasets -l app=orphan", "{.items[*].status.readyReplicas}", "1");
        kubectl.ok(&["delete", "replicasets", "-l", "app=orphan"]);
        kubectl.until_gone(&selector);
    }
}

fn namespace_finalizers(kubectl: &Kubectl) {
    let kubectl = kubectl.in_namespace("held");
    kubectl.ok(&["create", "namespace", "held"]);
    kubectl.ok(&["create", "configmap", "holds"]);
    kubectl.ok(&["patch", "configmap", "holds", "-p", "{\"metadata\":{\"finalizers\":[\"tiphys.test/hold\"]}}"]);
    kubectl.ok(&["delete", "namespace", "held", "--wait=false"]);
    kubectl.until("namespace held", "{.status.conditions[?(@.type==\"NamespaceFinalizersRemaining\")].status}", "True");
    assert_eq!(kubectl.get("namespace held", "{.status.phase}"), "Terminating");
    let said = kubectl.fails(&["create", "configmap", "late"], None);
    assert!(said.contains("because it is being terminated"), "{said}");
    kubectl.ok(&["patch", "configmap", "holds", "-p", "{\"metadata\":{\"finalizers\":null}}"]);
    kubectl.until_gone("namespace held");
}
