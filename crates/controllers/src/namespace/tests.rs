use super::*;
use crate::testing::{NOW, world};
use expect_test::{Expect, expect};

const TERMINATING: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: a, uid: u, resourceVersion: '5', deletionTimestamp: 2026-01-01T11:59:00Z}
spec: {finalizers: [kubernetes]}
status: {phase: Terminating}
---
";

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&NamespaceController, objects, Key::cluster("a"), expect);
}

#[test]
fn a_living_namespace_is_left_alone() {
    check(
        "
apiVersion: v1
kind: Namespace
metadata: {name: a}
spec: {finalizers: [kubernetes]}
",
        expect![""],
    );
}

#[test]
fn pods_go_before_everything_else() {
    check(
        &format!(
            "{TERMINATING}
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: c, namespace: a}}
"
        ),
        expect![[r#"
            together:
            delete all pods in a
            update namespaces/status a
              status.conditions: + [{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"All resources successfully discovered","reason":"ResourcesDiscovered","status":"False","type":"NamespaceDeletionDiscoveryFailure"},{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"All legacy kube types successfully parsed","reason":"ParsedGroupVersions","status":"False","type":"NamespaceDeletionGroupVersionParsingFailure"},{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"All content successfully deleted, may be waiting on finalization","reason":"ContentDeleted","status":"False","type":"NamespaceDeletionContentFailure"},{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"Some resources are remaining: pods. has 1 resource instances","reason":"SomeResourcesRemain","status":"True","type":"NamespaceContentRemaining"},{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"All content-preserving finalizers finished","reason":"ContentHasNoFinalizers","status":"False","type":"NamespaceFinalizersRemaining"}]
        "#]],
    );
}

#[test]
fn what_has_finalizers_is_waited_for_and_told_of() {
    let namespace = with_conditions();
    check(
        &format!(
            "{namespace}---
apiVersion: example.com/v1
kind: Thing
metadata: {{name: t, namespace: a, finalizers: [example.com/slow], deletionTimestamp: 2026-01-01T11:59:30Z}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: c, namespace: a}}
"
        ),
        expect![[r#"
            together:
            delete all configmaps in a
            update namespaces/status a
              status.conditions[3].lastTransitionTime: + "2026-01-01T12:00:00Z"
              status.conditions[3].message: "All content successfully removed" -> "Some resources are remaining: things.example.com has 1 resource instances"
              status.conditions[3].reason: "ContentRemoved" -> "SomeResourcesRemain"
              status.conditions[3].status: "False" -> "True"
              status.conditions[4].lastTransitionTime: + "2026-01-01T12:00:00Z"
              status.conditions[4].message: "All content-preserving finalizers finished" -> "Some content in the namespace has finalizers remaining: example.com/slow in 1 resource instances"
              status.conditions[4].reason: "ContentHasNoFinalizers" -> "SomeFinalizersRemain"
              status.conditions[4].status: "False" -> "True"
        "#]],
    );
}

#[test]
fn an_empty_namespace_is_checked_and_let_go() {
    check(
        &format!(
            "{TERMINATING}
apiVersion: v1
kind: ConfigMap
metadata: {{name: c, namespace: other}}
"
        ),
        expect![[r#"
            delete all events in a
            together:
            check configmaps in a are none
            put namespaces/finalize a {"metadata":{"uid":"u"}}
        "#]],
    );
}

#[test]
fn other_finalizers_stay() {
    let objects = TERMINATING.replace("[kubernetes]", "[kubernetes, mine]");
    let view = world(&objects);
    let plan = NamespaceController.reconcile(&Key::cluster("a"), &view, NOW).to_string();
    assert!(
        plan.ends_with(
            "put namespaces/finalize a {\"metadata\":{\"uid\":\"u\"},\"spec\":{\"finalizers\":[\"mine\"]}}\n"
        )
    );
}

#[test]
fn a_failed_deletion_is_told_of() {
    let view = world(TERMINATING);
    let write = delete_all(&Resource::of::<Pod>(), &view.get::<Namespace>("", "a").unwrap());
    let failure = Failure { write, error: kind::ApiError::new(500, "InternalError", "no disk") };
    let plan = NamespaceController.failed(&Key::cluster("a"), &view, NOW, &failure).to_string();
    assert!(plan.contains("Failed to delete all resource types, 1 remaining: no disk"), "{plan}");
}

#[test]
fn objects_bring_back_only_namespaces_that_are_being_deleted() {
    let view = world(&format!(
        "{TERMINATING}
apiVersion: v1
kind: Namespace
metadata: {{name: b}}
"
    ));
    let watch = &NamespaceController.watches()[1];
    let store = view.store::<Pod>();
    for (namespace, keys) in [("a", vec![Key::cluster("a")]), ("b", vec![])] {
        let mut pod = Pod::default();
        pod.metadata.namespace = namespace.into();
        let shared: informer::Shared = Arc::new(pod);
        assert_eq!(watch.keys(store.as_ref(), &shared, &view), keys);
    }
}

/// The namespace as it is after the first look, with everything well.
fn with_conditions() -> String {
    let good = |type_: &str, reason: &str, message: &str| {
        format!("  - {{type: {type_}, reason: {reason}, message: '{message}', status: 'False'}}\n")
    };
    let view = world(TERMINATING);
    let namespace = view.get::<Namespace>("", "a").unwrap();
    let after = conditions::with_content(&namespace, std::iter::empty(), NOW);
    let conditions: String = after.status.conditions.iter().map(|c| good(&c.type_, &c.reason, &c.message)).collect();
    TERMINATING.trim_end_matches("---\n").replace(
        "status: {phase: Terminating}\n",
        &format!("status:\n  phase: Terminating\n  conditions:\n{conditions}"),
    )
}
