//! Clients in other languages, and kubectl of other times; `cargo xtask clients` brings them.

use crate::Case;
use crate::kubectl::{Kubectl, text};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const CASES: &[Case] = &[
    Case::Shared("python_client", python),
    Case::Shared("javascript_client", javascript),
    Case::Shared("kubectl_of_debian", old_kubectl),
];

/// What a program prints last when everything was right.
const VERDICT: &str = "all is as it should be";

fn installed(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients").join(name);
    assert!(path.exists(), "these tests need {name} in target/clients: cargo xtask clients");
    path
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

#[track_caller]
fn approves(mut program: Command) {
    let output = program.output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success() && said.trim_end().ends_with(VERDICT), "{said}{}", text(&output.stderr));
}

fn python(kubectl: &Kubectl) {
    let mut program = Command::new(installed("python/bin/python"));
    program.arg(source("python/check.py")).arg(kubectl.kubeconfig()).arg(&kubectl.namespace);
    approves(program);
}

/// Beside its modules, where Node looks for them.
fn javascript(kubectl: &Kubectl) {
    let directory = installed("javascript");
    let program_file = directory.join("check.mjs");
    std::fs::copy(source("javascript/check.mjs"), &program_file).unwrap();
    let mut program = Command::new("node");
    program.arg(program_file).arg(kubectl.kubeconfig()).arg(&kubectl.namespace);
    approves(program);
}

/// Debian's, of 2020: what it can do with kinds that still have the versions that it knows.
fn old_kubectl(kubectl: &Kubectl) {
    let kubectl = kubectl.of_program(&installed("kubectl-debian"));
    assert!(kubectl.ok(&["version", "--client"]).contains("v1.20"));
    kubectl.ok(&["create", "deployment", "web", "--image=tiphys.test/nginx:1", "--replicas=2"]);
    kubectl.rollout("deployment/web");
    kubectl.ok(&["expose", "deployment", "web", "--port=80"]);
    assert!(kubectl.ok(&["get", "all"]).contains("service/web"));
    assert!(kubectl.ok(&["describe", "deployment", "web"]).contains("2 available"));
    kubectl.ok(&["set", "image", "deployment/web", "nginx=tiphys.test/nginx:2"]);
    kubectl.rollout("deployment/web");
    assert!(kubectl.ok(&["rollout", "history", "deployment/web"]).contains("2 "));
    kubectl.ok(&["scale", "deployment", "web", "--replicas=1"]);
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata: {a: '1'}\n";
    assert_eq!(kubectl.apply(manifest), "configmap/old created\n");
    assert_eq!(kubectl.apply(manifest), "configmap/old unchanged\n");
    let manifest = manifest.replace("'1'", "'2'");
    assert_eq!(kubectl.apply(&manifest), "configmap/old configured\n");
    let pod = kubectl.get("pods -l app=web", "{.items[0].metadata.name}");
    assert!(kubectl.ok(&["exec", &pod, "--", "sh", "-c", "echo in the pod"]).contains("in the pod"));
    assert!(kubectl.ok(&["explain", "pod.spec.containers"]).contains("imagePullPolicy"));
    assert_eq!(kubectl.ok(&["auth", "can-i", "create", "pods"]), "yes\n");
    kubectl.ok(&["delete", "deployment,service", "web"]);
    kubectl.until_gone("deployment web");
}
