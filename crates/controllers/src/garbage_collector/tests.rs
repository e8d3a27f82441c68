use super::*;
use crate::testing::world;
use expect_test::{Expect, expect};

fn check(objects: &str, uid: &str, expect: Expect) {
    crate::testing::check(&GarbageCollector, objects, Key::cluster(uid), expect);
}

/// A pod `a/p` with uid p and version 7 whose owners are given.
fn pod(owners: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata:
  namespace: a
  name: p
  uid: p
  resourceVersion: '7'
  ownerReferences: [{owners}]
{more}
"
    )
}

const SET: &str = "---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {namespace: a, name: s, uid: s, resourceVersion: '3'}
";
const OWNED: &str =
    "{apiVersion: apps/v1, kind: ReplicaSet, name: s, uid: s, controller: true, blockOwnerDeletion: true}";
const LOST: &str = "{apiVersion: apps/v1, kind: ReplicaSet, name: lost, uid: lost}";

fn set(more: &str) -> String {
    SET.replace("resourceVersion: '3'}", &format!("resourceVersion: '3', {more}}}"))
}

#[test]
fn an_owner_that_is_there_keeps_its_dependent() {
    check(&format!("{SET}{}", pod(OWNED, "")), "p", expect![""]);
}

#[test]
fn a_dependent_of_lost_owners_is_deleted_once_they_are_surely_gone() {
    check(
        &format!("{SET}{}", pod(LOST, "")),
        "p",
        expect![[r#"
            together:
            check replicasets.apps a/lost uid lost is Gone
            delete pods a/p at 7 Background
        "#]],
    );
}

#[test]
fn one_owner_of_two_keeps_and_the_lost_one_is_taken_out() {
    check(
        &format!("{SET}{}", pod(&format!("{OWNED}, {LOST}"), "")),
        "p",
        expect![[r#"
            together:
            check replicasets.apps a/lost uid lost is Gone
            patch pods a/p {"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"s","uid":"s"}],"resourceVersion":"7"}}
        "#]],
    );
}

#[test]
fn what_is_being_deleted_is_waited_for() {
    let deleted = pod(LOST, "  deletionTimestamp: 2026-01-01T11:00:00Z");
    check(&format!("{SET}{deleted}"), "p", expect![""]);
}

#[test]
fn finalizers_say_how_a_dependent_is_deleted() {
    for (finalizer, policy) in [("orphan", "Orphan"), ("foregroundDeletion", "Foreground"), ("x/y", "Background")] {
        let view = world(&format!("{SET}{}", pod(LOST, &format!("  finalizers: [{finalizer}]"))));
        let plan = GarbageCollector.reconcile(&Key::cluster("p"), &view, crate::testing::NOW).to_string();
        assert!(plan.ends_with(&format!("delete pods a/p at 7 {policy}\n")), "{plan}");
    }
}

#[test]
fn foreground_deletes_the_dependents_first() {
    let owner = set("deletionTimestamp: 2026-01-01T11:00:00Z, finalizers: [foregroundDeletion]");
    let both = format!("{owner}{}", pod(OWNED, ""));
    check(&both, "s", expect![""]);
    check(
        &both,
        "p",
        expect![[r#"
        delete pods a/p at 7 Background
    "#]],
    );
    check(
        &owner,
        "s",
        expect![[r#"
        patch replicasets.apps a/s {"metadata":{"finalizers":null,"resourceVersion":"3"}}
    "#]],
    );
    let unblocking = pod(&OWNED.replace(", blockOwnerDeletion: true", ""), "");
    check(
        &format!("{owner}{unblocking}"),
        "s",
        expect![[r#"
        patch replicasets.apps a/s {"metadata":{"finalizers":null,"resourceVersion":"3"}}
    "#]],
    );
}

#[test]
fn foreground_goes_down_the_tree() {
    let deployment = "---
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: a, name: d, uid: d, deletionTimestamp: 2026-01-01T11:00:00Z, finalizers: [foregroundDeletion]}
";
    let owned =
        set("ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: d, uid: d, blockOwnerDeletion: true}]");
    check(
        &format!("{deployment}{owned}{}", pod(OWNED, "")),
        "s",
        expect![[r#"
        delete replicasets.apps a/s at 3 Foreground
    "#]],
    );
}

#[test]
fn a_circle_of_waiting_owners_is_cut() {
    let waiting = "deletionTimestamp: 2026-01-01T11:00:00Z, finalizers: [foregroundDeletion]";
    let owner = set(&format!("{waiting}, ownerReferences: [{{apiVersion: v1, kind: Pod, name: p, uid: p}}]"));
    check(
        &format!("{owner}{}", pod(OWNED, "")),
        "p",
        expect![[r#"
        patch pods a/p {"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":false,"controller":true,"kind":"ReplicaSet","name":"s","uid":"s"}],"resourceVersion":"7"}}
        delete pods a/p Foreground
    "#]],
    );
}

#[test]
fn orphans_lose_their_owner_and_then_the_owner_goes() {
    let owner = set("deletionTimestamp: 2026-01-01T11:00:00Z, finalizers: [orphan, x/y]");
    check(
        &format!("{owner}{}", pod(OWNED, "")),
        "s",
        expect![[r#"
        together:
        patch pods a/p {"metadata":{"ownerReferences":null,"resourceVersion":"7"}}
        patch replicasets.apps a/s {"metadata":{"finalizers":["x/y"],"resourceVersion":"3"}}
    "#]],
    );
}

#[test]
fn an_owner_in_another_namespace_is_no_owner() {
    let elsewhere = SET.replace("namespace: a", "namespace: b");
    check(
        &format!("{elsewhere}{}", pod(OWNED, "")),
        "p",
        expect![[r#"
        together:
        check replicasets.apps a/s uid s is Gone
        delete pods a/p at 7 Background
        event Warning OwnerRefInvalidNamespace on Pod a/p: ownerRef [apps/v1/ReplicaSet, namespace: a, name: s, uid: s] does not exist in namespace "a"
    "#]],
    );
}

#[test]
fn a_cluster_wide_object_of_a_namespaced_owner_is_kept() {
    let node = "---
apiVersion: v1
kind: Node
metadata: {name: node, uid: node, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: s, uid: s}]}
";
    check(
        &format!("{SET}{node}"),
        "node",
        expect![[r#"
        event Warning OwnerRefInvalidNamespace on Node node: ownerRef [apps/v1/ReplicaSet, namespace: , name: s, uid: s] does not exist in namespace ""
    "#]],
    );
}

#[test]
fn owners_of_unknown_kinds_keep_and_other_versions_are_found() {
    check(&pod("{apiVersion: x.io/v1, kind: Thing, name: t, uid: t}", ""), "p", expect![""]);
    let old = OWNED.replace("apps/v1", "apps/v1beta1");
    check(&format!("{SET}{}", pod(&old, "")), "p", expect![""]);
}

#[test]
fn changes_concern_dependents_and_waiting_owners() {
    let keys =
        |view: &View, meta: &Meta| concerned(meta, view).iter().map(|key| key.name.to_string()).collect::<Vec<_>>();
    let view = world(&format!("{SET}{}", pod(OWNED, "")));
    let (_, owner) = view.meta_by_uid("s").unwrap();
    let (_, dependent) = view.meta_by_uid("p").unwrap();
    assert_eq!(keys(&view, &owner), Vec::<String>::new(), "an owner at rest");
    assert_eq!(keys(&view, &dependent), ["p"], "a dependent has come");
    let view = world(&pod(OWNED, ""));
    assert_eq!(keys(&view, &owner), ["p"], "the owner has gone");
    let view = world(&set("deletionTimestamp: 2026-01-01T11:00:00Z, finalizers: [foregroundDeletion]"));
    assert_eq!(keys(&view, &dependent), ["p", "s"], "the last dependent of a waiting owner has gone");
}
