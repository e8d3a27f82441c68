//! Pods that the Pod Security Standards let pass or refuse, as upstream's own tests have them.

use admission::shapes::NoShapes;
use admission::{Attributes, Lookup, Operation, Plugin, plugins::PodSecurity};
use authn::UserInfo;
use schema::json::Limits;
use schema::{Value, value, yaml};
use std::path::Path;
use std::sync::Arc;

const FIXTURES: &str = "../../../shared/reference/podsecurity";

/// One namespace, which enforces a level of a version.
struct Namespace(Arc<Value>);

impl Lookup for Namespace {
    fn get(&self, _group: &str, _resource: &str, _namespace: &str, _name: &str) -> Option<Arc<Value>> {
        Some(self.0.clone())
    }

    fn list(&self, _group: &str, _resource: &str, _namespace: &str) -> Vec<Arc<Value>> {
        Vec::new()
    }
}

fn enforcing(level: &str, version: &str) -> Namespace {
    let mut namespace = value!({ "metadata": { "name": "ns" } });
    namespace.set(&["metadata", "labels", "pod-security.kubernetes.io/enforce"], level);
    namespace.set(&["metadata", "labels", "pod-security.kubernetes.io/enforce-version"], version);
    Namespace(Arc::new(namespace))
}

/// The refusal, or nothing.
fn create(lookup: &Namespace, pod: Value) -> Option<String> {
    let mut attributes = Attributes {
        operation: Operation::Create,
        group: "",
        version: "v1",
        kind: "Pod",
        kind_group: "",
        kind_version: "v1",
        resource: "pods",
        subresource: "",
        namespace: "ns",
        name: "x",
        object: pod,
        old: &Value::Null,
        options: &Value::Null,
        dry_run: false,
        user: &UserInfo::default(),
        shapes: &NoShapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Default::default(),
    };
    PodSecurity::default().validate(&mut attributes, lookup).err().map(|error| error.0.message)
}

/// A volume that does not say what it is, is an empty directory.
fn defaulted(mut pod: Value) -> Value {
    let volumes = pod.get_mut("spec").and_then(|spec| spec.get_mut("volumes")).and_then(Value::as_list_mut);
    for volume in volumes.into_iter().flatten() {
        if volume.as_map().is_some_and(|map| map.len() == 1) {
            volume.set(&["emptyDir"], Value::map());
        }
    }
    pod
}

#[test]
fn pods_pass_or_are_refused_as_upstreams_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURES);
    if !root.is_dir() {
        return;
    }
    let (mut seen, mut wrong) = (0, Vec::new());
    let entries = |path: &Path| {
        let mut paths: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    for level in entries(&root) {
        for version in entries(&level) {
            let namespace = enforcing(&name(&level), &name(&version));
            for expected in ["pass", "fail"] {
                for file in entries(&version.join(expected)) {
                    let text = std::fs::read(&file).unwrap();
                    let pod = defaulted(yaml::parse(&text, Limits::default()).unwrap().value);
                    let refusal = create(&namespace, pod);
                    seen += 1;
                    if refusal.is_some() != (expected == "fail") {
                        wrong.push(format!("{}: {refusal:?}", file.display()));
                    }
                }
            }
        }
    }
    assert!(seen > 200, "only {seen} pods were found");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}
