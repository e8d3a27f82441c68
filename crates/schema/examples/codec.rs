//! Prints how long each codec takes for one pod: `cargo run --release -p schema --example codec`.

use schema::decode::DecodeOptions;
use schema::{Schema, Value, json, protobuf, yaml};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A pod as controllers make them: one container, a token volume, a status.
const POD: &str = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-5d4f8c7b6d-x2x7q","generateName":"web-5d4f8c7b6d-","namespace":"default","uid":"0b0c0d0e-1111-2222-3333-444455556666","resourceVersion":"123456","creationTimestamp":"2024-01-02T03:04:05Z","labels":{"app":"web","pod-template-hash":"5d4f8c7b6d"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d4f8c7b6d","uid":"1b0c0d0e-1111-2222-3333-444455556666","controller":true,"blockOwnerDeletion":true}]},"spec":{"volumes":[{"name":"kube-api-access-abcde","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"defaultMode":420}}],"containers":[{"name":"web","image":"registry.example/web:1.2.3","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"A","value":"1"},{"name":"B","value":"two"}],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},"volumeMounts":[{"name":"kube-api-access-abcde","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"node-17","securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-01-02T03:04:09Z"},{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-01-02T03:04:05Z"}],"hostIP":"10.0.0.17","podIP":"10.1.17.4","podIPs":[{"ip":"10.1.17.4"}],"startTime":"2024-01-02T03:04:05Z","qosClass":"Burstable"}}"#;

/// Work for about half a second; prints nanoseconds a round.
fn time<T>(what: &str, mut work: impl FnMut() -> T) {
    for _ in 0..200 {
        black_box(work());
    }
    let (mut rounds, start) = (0u32, Instant::now());
    while start.elapsed() < Duration::from_millis(500) {
        for _ in 0..100 {
            black_box(work());
        }
        rounds += 100;
    }
    println!("{what:<20} {:>8} ns", start.elapsed().as_nanos() / u128::from(rounds));
}

fn main() {
    let ty = Schema::builtin().by_kind("v1", "Pod").expect("the table has pods");
    let options = DecodeOptions { strict: true, custom: false };
    let decode = || json::decode(ty, POD.as_bytes(), &options).expect("the pod above is well formed").value;
    let value: Value = decode();
    let (mut text, mut bytes, mut document) = (Vec::new(), Vec::new(), Vec::new());
    json::encode(ty, &value, &mut text);
    protobuf::encode(ty, &value, &mut bytes);
    yaml::encode(ty, &value, &mut document);
    println!("{} bytes of JSON, {} of protobuf, {} of YAML", text.len(), bytes.len(), document.len());

    time("json decode", decode);
    time("json parse", || json::parse(POD.as_bytes(), json::Limits::default()));
    time("normalize", || schema::decode::normalize(ty, value.clone(), &options));
    let mut out = Vec::with_capacity(text.len() * 2);
    time("json encode", || {
        out.clear();
        json::encode(ty, &value, &mut out);
    });
    time("protobuf decode", || protobuf::decode(ty, &bytes));
    time("protobuf encode", || {
        out.clear();
        protobuf::encode(ty, &value, &mut out);
    });
    time("set resourceVersion", || protobuf::set_resource_version(&bytes, "1234567"));
    time("clone", || value.clone());
    time("yaml parse", || yaml::parse(&document, json::Limits::default()));
    time("yaml write", || yaml::write(&value));
}
