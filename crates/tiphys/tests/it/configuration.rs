//! What pods are given to read: volumes, configuration, tokens.

use crate::Case;
use crate::kubectl::Kubectl;
use crate::wait;

pub const CASES: &[Case] = &[
    Case::Shared("shared_directory", shared_directory),
    Case::Shared("config_map_update", config_map_update),
    Case::Shared("token", token),
];

const SHARED: &str = "
apiVersion: v1
kind: Pod
metadata: {name: pair}
spec:
  terminationGracePeriodSeconds: 1
  volumes: [{name: shared, emptyDir: {medium: Memory}}]
  containers:
  - name: writer
    image: tiphys.test/busybox:1
    command: [sh, -c, 'echo written > /out/file; exec tail -f /dev/null']
    volumeMounts: [{name: shared, mountPath: /out}]
  - name: reader
    image: tiphys.test/busybox:1
    command: [tail, -f, /dev/null]
    volumeMounts: [{name: shared, mountPath: /in, readOnly: true}]
";

fn shared_directory(kubectl: &Kubectl) {
    kubectl.apply(SHARED);
    kubectl.until_ready("pair");
    wait::until("the reader sees the file", || {
        let read = kubectl.run(&["exec", "pair", "-c", "reader", "--", "cat", "/in/file"], None);
        if read.stdout == b"written\n" { Ok(()) } else { Err(crate::kubectl::text(&read.stderr)) }
    });
    kubectl.fails(&["exec", "pair", "-c", "reader", "--", "touch", "/in/other"], None);
}

const CONFIGURED: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
---
apiVersion: v1
kind: Pod
metadata: {name: configured}
spec:
  terminationGracePeriodSeconds: 1
  volumes: [{name: settings, configMap: {name: settings}}]
  containers:
  - name: main
    image: tiphys.test/busybox:1
    command: [tail, -f, /dev/null]
    volumeMounts: [{name: settings, mountPath: /settings}]
";

fn config_map_update(kubectl: &Kubectl) {
    kubectl.apply(CONFIGURED);
    kubectl.until_ready("configured");
    let read = || kubectl.ok(&["exec", "configured", "--", "cat", "/settings/colour"]);
    assert_eq!(read(), "blue");
    kubectl.ok(&["patch", "configmap", "settings", "-p", "{\"data\":{\"colour\":\"red\"}}"]);
    wait::until("the pod sees the change", || match read() {
        colour if colour == "red" => Ok(()),
        colour => Err(colour),
    });
}

fn token(kubectl: &Kubectl) {
    kubectl.busybox("caller", "exec tail -f /dev/null");
    let mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
    let token = kubectl.ok(&["exec", "caller", "--", "cat", &format!("{mounted}/token")]);
    let account = format!("system:serviceaccount:{}:default", kubectl.namespace);
    let who = crate::kubectl::text(&kubectl.with_token(&token, &["auth", "whoami"]).stdout);
    assert!(who.contains(&account), "{who}");
    let namespace = kubectl.ok(&["exec", "caller", "--", "cat", &format!("{mounted}/namespace")]);
    assert_eq!(namespace, kubectl.namespace);
    let authority = kubectl.ok(&["exec", "caller", "--", "cat", &format!("{mounted}/ca.crt")]);
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"), "{authority}");
}
