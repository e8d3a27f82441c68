//! What becomes of containers that fail, wait, are probed or are told to end.

use crate::Case;
use crate::kubectl::{Kubectl, READY, pod};
use crate::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;

pub const CASES: &[Case] = &[
    Case::Shared("killed_container", killed_container),
    Case::Shared("crash_loop", crash_loop),
    Case::Shared("missing_image", missing_image),
    Case::Shared("init_and_sidecar", init_and_sidecar),
    Case::Shared("readiness", readiness),
    Case::Shared("liveness", liveness),
    Case::Shared("pre_stop", pre_stop),
];

const RESTARTS: &str = "{.status.containerStatuses[0].restartCount}";
const WAITING: &str = "{.status.containerStatuses[0].state.waiting.reason}";

fn killed_container(kubectl: &Kubectl) {
    kubectl.busybox("victim", "exec tail -f /dev/null");
    let uid = kubectl.get("pod victim", "{.metadata.uid}");
    kill(Pid::from_raw(main_process(&uid)), Signal::SIGKILL).unwrap();
    kubectl.until("pod victim", RESTARTS, "1");
    kubectl.until_ready("victim");
    kubectl.until("pod victim", "{.status.containerStatuses[0].lastState.terminated.exitCode}", "137");
}

/// The process `tail` in the cgroup of a pod.
fn main_process(uid: &str) -> i32 {
    let names = [uid.to_owned(), uid.replace('-', "_")];
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let read = |id: i32, file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
    let mut found = ids.filter(|id| {
        let cgroup = read(*id, "cgroup");
        names.iter().any(|name| cgroup.contains(name)) && read(*id, "cmdline").starts_with("tail")
    });
    found.next().expect("the pod is Ready, so its process runs")
}

fn crash_loop(kubectl: &Kubectl) {
    kubectl.apply(&pod("crashes", "exit 3"));
    kubectl.until("pod crashes", WAITING, "CrashLoopBackOff");
    kubectl.until("pod crashes", "{.status.containerStatuses[0].lastState.terminated.exitCode}", "3");
    let line = kubectl.ok(&["get", "pod", "crashes", "--no-headers"]);
    assert!(line.contains("CrashLoopBackOff") || line.contains("Error"), "{line}");
}

fn missing_image(kubectl: &Kubectl) {
    kubectl.ok(&["run", "never", "--image=tiphys.test/absent:1", "--image-pull-policy=Never"]);
    kubectl.until("pod never", WAITING, "ErrImageNeverPull");
    kubectl.ok(&["run", "pulls", "--image=tiphys.test/absent:1"]);
    wait::until("the image cannot be pulled", || match kubectl.get("pod pulls", WAITING).as_str() {
        "ErrImagePull" | "ImagePullBackOff" => Ok(()),
        other => Err(other.to_owned()),
    });
}

const INIT_AND_SIDECAR: &str = "
apiVersion: v1
kind: Pod
metadata: {name: staged}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  volumes: [{name: shared, emptyDir: {}}]
  initContainers:
  - name: first
    image: tiphys.test/busybox:1
    command: [sh, -c, 'echo one > /shared/order']
    volumeMounts: [{name: shared, mountPath: /shared}]
  - name: sidecar
    image: tiphys.test/busybox:1
    restartPolicy: Always
    command: [sh, -c, 'echo two >> /shared/order; exec tail -f /dev/null']
    volumeMounts: [{name: shared, mountPath: /shared}]
    startupProbe: {exec: {command: [grep, two, /shared/order]}, periodSeconds: 1}
  containers:
  - name: main
    image: tiphys.test/busybox:1
    command: [cat, /shared/order]
    volumeMounts: [{name: shared, mountPath: /shared}]
";

fn init_and_sidecar(kubectl: &Kubectl) {
    kubectl.apply(INIT_AND_SIDECAR);
    kubectl.until("pod staged", "{.status.phase}", "Succeeded");
    assert_eq!(kubectl.ok(&["logs", "staged", "-c", "main"]), "one\ntwo\n");
}

fn with_container_field(name: &str, script: &str, field: &str) -> String {
    pod(name, script).replace("  - name: main\n", &format!("  - name: main\n    {field}\n"))
}

fn readiness(kubectl: &Kubectl) {
    let probe = "readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}";
    kubectl.apply(&with_container_field("waits", "exec tail -f /dev/null", probe));
    kubectl.until("pod waits", "{.status.phase}", "Running");
    wait::until("the failure is an event", || {
        let reasons = kubectl.get("events", "{.items[*].reason}");
        if reasons.contains("Unhealthy") { Ok(()) } else { Err(reasons) }
    });
    assert_eq!(kubectl.get("pod waits", READY), "False");
    kubectl.ok(&["exec", "waits", "--", "touch", "/tmp/ready"]);
    kubectl.until_ready("waits");
}

fn liveness(kubectl: &Kubectl) {
    let probe = "livenessProbe: {exec: {command: [test, -e, /tmp/alive]}, periodSeconds: 1, failureThreshold: 1}";
    kubectl.apply(&with_container_field("dies", "touch /tmp/alive; exec tail -f /dev/null", probe));
    kubectl.until_ready("dies");
    kubectl.ok(&["exec", "dies", "--", "rm", "/tmp/alive"]);
    kubectl.until("pod dies", RESTARTS, "1");
}

const PRE_STOP: &str = "
apiVersion: v1
kind: Pod
metadata: {name: polite}
spec:
  terminationGracePeriodSeconds: 20
  volumes: [{name: words, emptyDir: {}}]
  containers:
  - name: main
    image: tiphys.test/busybox:1
    command: [sh, -c, 'trap \"echo told; exit 0\" TERM; while :; do sleep 0.1; done']
    lifecycle: {preStop: {exec: {command: [sh, -c, 'echo hook > /proc/1/fd/1']}}}
";

fn pre_stop(kubectl: &Kubectl) {
    kubectl.apply(PRE_STOP);
    kubectl.until_ready("polite");
    let mut follower = kubectl.command(&["logs", "-f", "polite"]);
    let follower = follower.stdout(std::process::Stdio::piped()).spawn().unwrap();
    kubectl.ok(&["delete", "pod", "polite", "--timeout=15s"]);
    let said = crate::kubectl::text(&follower.wait_with_output().unwrap().stdout);
    assert_eq!(said, "hook\ntold\n");
}
