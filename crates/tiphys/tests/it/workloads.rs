//! Deployments, jobs and their like, from `create` to `delete`.

use crate::Case;
use crate::kubectl::{Kubectl, pod};
use crate::wait;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub const CASES: &[Case] = &[
    Case::Shared("deployment", deployment),
    Case::Shared("rollout_and_undo", rollout_and_undo),
    Case::Shared("documents", documents),
    Case::Shared("job_and_cronjob", job_and_cronjob),
    Case::Shared("daemonset", daemonset),
    Case::Shared("statefulset", statefulset),
    Case::Shared("reading", reading),
];

const READY_REPLICAS: &str = "{.status.readyReplicas}";

fn deployment(kubectl: &Kubectl) {
    kubectl.ok(&["create", "deployment", "web", "--image=tiphys.test/nginx:1", "--replicas=3"]);
    kubectl.rollout("deployment/web");
    let addresses = kubectl.get("pods -l app=web", "{.items[*].status.podIP}");
    assert_eq!(addresses.split(' ').count(), 3, "{addresses}");
    for address in addresses.split(' ') {
        wait::until("nginx answers", || page(address));
    }
    kubectl.ok(&["scale", "deployment/web", "--replicas=1"]);
    kubectl.until("pods", "{.items[*].status.phase}", "Running");
    let first = kubectl.get("pods", "{.items[*].metadata.name}");
    kubectl.ok(&["delete", "pod", &first]);
    kubectl.until_gone(&format!("pod {first}"));
    kubectl.until("deployment web", READY_REPLICAS, "1");
    assert_ne!(kubectl.get("pods", "{.items[*].metadata.name}"), first);
}

fn page(address: &str) -> Result<(), String> {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&format!("{address}:80").parse().unwrap(), Duration::from_secs(2))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = ask().map_err(|error| error.to_string())?;
    if text.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(text) }
}

fn rollout_and_undo(kubectl: &Kubectl) {
    const IMAGES: &str = "{.items[*].spec.containers[*].image}";
    kubectl.ok(&["create", "deployment", "web", "--image=tiphys.test/nginx:1"]);
    kubectl.rollout("deployment/web");
    kubectl.ok(&["set", "image", "deployment/web", "nginx=tiphys.test/nginx:2"]);
    kubectl.rollout("deployment/web");
    kubectl.until("pods", IMAGES, "tiphys.test/nginx:2");
    let history = kubectl.ok(&["rollout", "history", "deployment/web"]);
    assert_eq!(history.lines().filter(|line| line.ends_with("<none>")).count(), 2, "{history}");
    kubectl.ok(&["rollout", "undo", "deployment/web"]);
    kubectl.rollout("deployment/web");
    kubectl.until("pods", IMAGES, "tiphys.test/nginx:1");
    kubectl.ok(&["rollout", "restart", "deployment/web"]);
    kubectl.rollout("deployment/web");
}

const DOCUMENTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: documents-2}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: documents-2}
data: {colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: documents-2}
data: {word: aGlkZGVu}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: documents-2}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: tiphys.test/nginx:1
        envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: password}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: documents-2}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn documents(kubectl: &Kubectl) {
    let kubectl = kubectl.in_namespace("documents-2");
    let first = kubectl.apply(DOCUMENTS);
    assert_eq!(first.lines().filter(|line| line.ends_with(" created")).count(), 5, "{first}");
    kubectl.rollout("deployment/web");
    let second = kubectl.apply(DOCUMENTS);
    assert_eq!(second.lines().filter(|line| line.ends_with(" unchanged")).count(), 5, "{second}");
    let said = kubectl.ok(&["exec", "deploy/web", "--", "sh", "-c", "echo $colour $word"]);
    assert_eq!(said, "blue hidden\n");
    let address = kubectl.get("pods", "{.items[0].status.podIP}");
    kubectl.until(
        "endpointslices -l kubernetes.io/service-name=web",
        "{.items[*].endpoints[*].addresses[*]}",
        &address,
    );
    let output = kubectl.run(&["delete", "-f", "-"], Some(DOCUMENTS));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    kubectl.until_gone("namespace documents-2");
}

fn job_and_cronjob(kubectl: &Kubectl) {
    kubectl.ok(&["create", "job", "once", "--image=tiphys.test/busybox:1", "--", "echo", "done"]);
    kubectl.ok(&["wait", "--for=condition=complete", "job/once", "--timeout=60s"]);
    assert_eq!(kubectl.ok(&["logs", "job/once"]), "done\n");
    let schedule = "--schedule=0 0 1 1 *";
    kubectl.ok(&["create", "cronjob", "yearly", "--image=tiphys.test/busybox:1", schedule, "--", "true"]);
    kubectl.ok(&["create", "job", "now", "--from=cronjob/yearly"]);
    kubectl.ok(&["wait", "--for=condition=complete", "job/now", "--timeout=60s"]);
    kubectl.ok(&["create", "job", "fails", "--image=tiphys.test/busybox:1", "--", "false"]);
    kubectl.until("job fails", "{.status.failed}", "1");
}

fn daemonset(kubectl: &Kubectl) {
    kubectl.apply(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: agent}}\n  \
         template:\n    metadata: {labels: {app: agent}}\n    spec:\n      containers:\n      \
         - {name: nginx, image: \"tiphys.test/nginx:1\"}\n",
    );
    kubectl.rollout("daemonset/agent");
    kubectl.until("daemonset agent", "{.status.numberReady}", "1");
}

fn statefulset(kubectl: &Kubectl) {
    kubectl.apply(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  replicas: 2\n  \
         selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      \
         containers:\n      - {name: nginx, image: \"tiphys.test/nginx:1\"}\n",
    );
    kubectl.rollout("statefulset/db");
    assert_eq!(kubectl.get("pods", "{.items[*].metadata.name}"), "db-0 db-1");
    assert_eq!(kubectl.ok(&["exec", "db-1", "--", "hostname"]), "db-1\n");
    kubectl.ok(&["scale", "statefulset/db", "--replicas=1"]);
    kubectl.until_gone("pod db-1");
}

fn reading(kubectl: &Kubectl) {
    kubectl.apply(&pod("idle", "exec tail -f /dev/null"));
    kubectl.until_ready("idle");
    let wide = kubectl.ok(&["get", "pods", "-o", "wide"]);
    let mut lines = wide.lines();
    let columns: Vec<&str> = lines.next().unwrap().split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    let wanted = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"];
    assert_eq!(columns, wanted);
    let words: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(words[..4], ["idle", "1/1", "Running", "0"]);
    assert!(kubectl.ok(&["get", "pod", "idle", "-o", "yaml"]).contains("\nkind: Pod\n"));
    assert!(kubectl.ok(&["get", "pod", "idle", "-o", "json"]).contains("\"kind\": \"Pod\""));
    let described = kubectl.ok(&["describe", "pod", "idle"]);
    for part in ["QoS Class:", "tiphys.test/busybox:1", "Scheduled", "Started"] {
        assert!(described.contains(part), "{part} is missing: {described}");
    }
    let explained = kubectl.ok(&["explain", "pod.spec.containers"]);
    for part in ["KIND:       Pod", "FIELD: containers", "livenessProbe"] {
        assert!(explained.contains(part), "{part} is missing: {explained}");
    }
    assert!(kubectl.ok(&["get", "all", "-A"]).contains("pod/idle"));
    let resources = kubectl.ok(&["api-resources"]);
    for kind in ["Pod", "Deployment", "CronJob", "ClusterRole", "Lease"] {
        assert!(resources.lines().any(|line| line.ends_with(kind)), "{kind} is missing: {resources}");
    }
}
