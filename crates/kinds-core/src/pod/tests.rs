use super::*;
use kind::{DynKind, TypedKind};
use schema::{Object, Time, Typed, Value, value};

const NOW: i64 = 1_700_000_000;

/// A pod with one container, after `change`, with its defaults.
fn pod(change: impl FnOnce(&mut Value)) -> Value {
    let mut value = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "p", "namespace": "n", "uid": "u", "resourceVersion": "1" },
        "spec": { "serviceAccountName": "default", "containers": [{ "name": "c", "image": "i:1" }] }
    });
    change(&mut value);
    TypedKind(Pod).default(&mut value);
    value
}

fn context(subresource: &str) -> Context<'_> {
    Context {
        now: Time::from_unix(NOW),
        user: "u",
        groups: &[],
        uid: "",
        extra: &kind::NO_EXTRA,
        api_version: "v1",
        subresource,
    }
}

/// A write of `new` over `old` to a subresource; what is wrong, and the result.
fn write(mut new: Value, old: &Value, subresource: &str) -> (Vec<String>, v1::Pod) {
    let kind = TypedKind(Pod);
    kind.prepare_update(&mut new, old, &context(subresource));
    let mut errors = FieldErrors::new();
    kind.validate_update(&new, old, &context(subresource), &mut errors);
    (errors.iter().map(ToString::to_string).collect(), v1::Pod::from_value(&new))
}

fn with_resources(requests: Value, limits: Value) -> Value {
    pod(|pod| {
        let container =
            value!({ "name": "c", "image": "i:1", "resources": { "requests": requests, "limits": limits } });
        pod.set(&["spec", "containers"], vec![container]);
        pod.set(&["status", "qosClass"], "Burstable");
    })
}

#[test]
fn a_resize_changes_cpu_and_memory_alone() {
    let old = with_resources(value!({ "cpu": "1" }), value!({}));
    let mut new = with_resources(value!({ "cpu": "2", "memory": "1Gi" }), value!({}));
    new.set(&["spec", "schedulerName"], "other");
    let (errors, resized) = write(new, &old, "resize");
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(resized.spec.scheduler_name, "default-scheduler");
    assert_eq!(resized.spec.containers[0].resources.requests["cpu"].to_string(), "2");

    let removed = with_resources(value!({ "memory": "1Gi" }), value!({}));
    let expected = ["spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"];
    assert_eq!(write(removed, &old, "resize").0, expected);
    let renamed = pod(|pod| pod.set(&["spec", "containers"], vec![value!({ "name": "d", "image": "i:1" })]));
    let (errors, _) = write(renamed, &old, "resize");
    let expected =
        "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize".to_owned();
    assert!(errors.contains(&expected), "{errors:?}");
    let burst = with_resources(value!({ "cpu": "1", "memory": "1Gi" }), value!({ "cpu": "1", "memory": "1Gi" }));
    let expected = ["spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing"];
    assert_eq!(write(burst, &old, "resize").0, expected);
}

#[test]
fn ephemeral_containers_are_added_and_stay() {
    let with = |containers: Vec<Value>| pod(|pod| pod.set(&["spec", "ephemeralContainers"], containers));
    let (old, debugger) = (pod(|_| ()), value!({ "name": "e", "image": "debug:1", "targetContainerName": "c" }));
    let (errors, changed) = write(with(vec![debugger.clone()]), &old, "ephemeralcontainers");
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(changed.spec.ephemeral_containers[0].image_pull_policy, "IfNotPresent");

    let stored = with(vec![debugger]);
    let expected = ["spec.ephemeralContainers: Forbidden: existing ephemeral containers \"e\" may not be removed\n"];
    assert_eq!(write(old, &stored, "ephemeralcontainers").0, expected);
    let other = value!({ "name": "e", "image": "other:1", "targetContainerName": "c" });
    let (errors, _) = write(with(vec![other]), &stored, "ephemeralcontainers");
    assert!(errors[0].contains("\"e\" may not be changed\n@@ -1,6 +1,6 @@\n {\n  \"Name\": \"e\",\n- \"Image\": \"debug:1\",\n+ \"Image\": \"other:1\",\n"), "{errors:?}");
    let forbidden =
        value!({ "name": "e", "image": "d:1", "ports": [{ "containerPort": 1 }], "targetContainerName": "x" });
    let (errors, _) = write(with(vec![forbidden]), &pod(|_| ()), "ephemeralcontainers");
    let expected = [
        "spec.ephemeralContainers[0].targetContainerName: Not found: \"x\"",
        "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn a_status_write_leaves_the_spec() {
    let mut new = pod(|pod| pod.set(&["status"], value!({ "phase": "Running" })));
    new.set(&["spec", "nodeName"], "other");
    let old = pod(|pod| pod.set(&["status"], value!({ "phase": "Pending", "qosClass": "BestEffort" })));
    let (errors, written) = write(new, &old, "status");
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!((written.spec.node_name.as_str(), written.status.phase.as_str()), ("", "Running"));
    assert_eq!(written.status.qos_class, "BestEffort");
}

#[test]
fn grace_periods() {
    let period = |node: &str, phase: &str, asked| {
        let value = pod(|pod| {
            pod.set(&["spec", "nodeName"], node);
            pod.set(&["status", "phase"], phase);
        });
        Pod.grace_period_seconds(&v1::Pod::from_value(&value), asked)
    };
    assert_eq!(period("n", "Running", None), Some(30));
    assert_eq!(period("n", "Running", Some(5)), Some(5));
    assert_eq!(period("n", "Running", Some(-1)), Some(1));
    assert_eq!(period("", "Pending", Some(5)), Some(0));
    assert_eq!(period("n", "Failed", None), Some(0));
}

/// Ready, status and restarts of a pod with the given init containers and status.
fn row(init_containers: Value, status: Value) -> String {
    let value = pod(|pod| {
        pod.set(&["spec", "initContainers"], init_containers);
        pod.set(&["status"], status);
    });
    let cells = TypedKind(Pod).cells(&value, Time::from_unix(NOW));
    cells[1..4].iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
}

#[test]
fn rows() {
    let init = || value!([{ "name": "i", "image": "i" }, { "name": "s", "image": "i", "restartPolicy": "Always" }]);
    let ended = Time::from_unix(NOW - 300).to_text();
    let crashing = value!({ "phase": "Running", "containerStatuses": [{
        "name": "c", "restartCount": 2, "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "finishedAt": ended } }
    }] });
    assert_eq!(row(value!([]), crashing), "0/1 | CrashLoopBackOff | 2 (5m ago)");
    let waiting =
        value!({ "phase": "Pending", "initContainerStatuses": [{ "name": "i", "state": { "running": {} } }] });
    assert_eq!(row(init(), waiting), "0/2 | Init:0/2 | 0");
    let failed = value!({ "phase": "Pending", "initContainerStatuses": [
        { "name": "i", "restartCount": 1, "state": { "terminated": { "exitCode": 3 } } }
    ] });
    assert_eq!(row(init(), failed), "0/2 | Init:ExitCode:3 | 1");
    let running = value!({ "phase": "Running", "initContainerStatuses": [
        { "name": "i", "restartCount": 4, "state": { "terminated": { "exitCode": 0 } } },
        { "name": "s", "ready": true, "started": true, "restartCount": 1, "state": { "running": {} } }
    ], "containerStatuses": [{ "name": "c", "ready": true, "state": { "running": {} } }] });
    assert_eq!(row(init(), running), "2/2 | Running | 1");
    let gated = value!({ "phase": "Pending", "conditions": [
        { "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }
    ] });
    assert_eq!(row(value!([]), gated), "0/1 | SchedulingGated | 0");
}

#[test]
fn sidecars_count_beside_the_containers() {
    let mut pod = v1::Pod::default();
    let container = |name: &str, cpu: &str, sidecar: bool| {
        let mut container = v1::Container { name: name.into(), ..v1::Container::default() };
        container.resources.requests.insert("cpu".into(), cpu.parse().unwrap());
        container.restart_policy = sidecar.then(|| "Always".into());
        container
    };
    pod.spec.containers = vec![container("c", "1", false)];
    pod.spec.init_containers = vec![container("s", "500m", true), container("i", "2", false)];
    pod.spec.overhead.insert("cpu".into(), "100m".parse().unwrap());
    // The second init container runs beside the sidecar: 2.5, which is more than what runs later.
    assert_eq!(effective_requests(&pod.spec)["cpu"].to_string(), "2600m");
    assert_eq!(v1::Pod::RESOURCE.plural, "pods");
}
