use super::*;
use crate::{Selector, View};
use api_core::v1::{ConfigMap, Pod};
use api_meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use schema::value;
use std::collections::BTreeMap;

fn pod(namespace: &str, name: &str, version: &str, owner: &str, node: &str) -> Value {
    let owners = match owner {
        "" => Value::Null,
        owner => value!([{ "uid": owner, "controller": true, "kind": "ReplicaSet", "name": owner }]),
    };
    value!({
        "metadata": {
            "namespace": namespace, "name": name, "uid": (format!("{namespace}-{name}")),
            "resourceVersion": version, "ownerReferences": owners, "managedFields": [{ "manager": "m" }]
        },
        "spec": { "nodeName": node }
    })
}

fn store() -> Store<Pod> {
    Store::new(Resource::of::<Pod>())
}

fn names<'c>(objects: impl Iterator<Item = &'c Arc<Pod>>) -> Vec<String> {
    objects.map(|pod| Key::of(&pod.metadata).to_string()).collect()
}

#[test]
fn objects_are_found_by_all_indexes() {
    let store = store();
    store.insert(&pod("b", "1", "5", "rs", "n1"));
    store.insert(&pod("a", "2", "6", "", "n1"));
    store.insert(&pod("a", "1", "7", "rs", ""));
    store.insert(&pod("aa", "1", "4", "", ""));
    let cache = store.read();
    assert_eq!(names(cache.list()), ["a/1", "a/2", "aa/1", "b/1"]);
    assert_eq!(names(cache.list_in("a")), ["a/1", "a/2"]);
    assert_eq!(names(cache.owned_by("rs")), ["a/1", "b/1"]);
    assert_eq!(names(cache.on_node("n1")), ["a/2", "b/1"]);
    assert_eq!(names(cache.orphans_in("a")), ["a/2"]);
    assert_eq!(cache.by_uid("b-1").unwrap().metadata.name, "1");
    assert_eq!(cache.version(), 7);
    assert!(cache.list().all(|pod| pod.metadata.managed_fields.is_empty()));
}

#[test]
fn indexes_follow_changes() {
    let store = store();
    store.insert(&pod("a", "1", "1", "rs", "n1"));
    let change = store.insert(&pod("a", "1", "2", "other", "n2"));
    assert_eq!(change.old.unwrap().downcast_ref::<Pod>().unwrap().spec.node_name, "n1");
    assert!(names(store.read().on_node("n1")).is_empty());
    assert!(names(store.read().owned_by("rs")).is_empty());
    assert_eq!(names(store.read().owned_by("other")), ["a/1"]);
    store.remove(&pod("a", "1", "3", "other", "n2"));
    assert!(store.read().is_empty());
    assert!(names(store.read().on_node("n2")).is_empty());
    assert!(store.read().by_uid("a-1").is_none());
    assert_eq!(store.version(), 3);
}

#[test]
fn an_owner_that_does_not_manage_is_an_owner() {
    let store = store();
    let mut owned = pod("a", "1", "1", "rs", "");
    owned.set(&["metadata", "ownerReferences"], value!([{ "uid": "rs" }]));
    store.insert(&owned);
    assert_eq!(names(store.read().with_owner("rs")), ["a/1"]);
    assert!(names(store.read().owned_by("rs")).is_empty());
    assert_eq!(names(store.read().orphans_in("a")), ["a/1"]);
}

#[test]
fn a_list_gives_only_what_is_otherwise() {
    let store = store();
    assert!(!store.is_synced());
    assert_eq!(store.replace(&[pod("a", "1", "1", "", ""), pod("a", "2", "2", "", "")], 2).len(), 2);
    assert!(store.is_synced());
    let mut reborn = pod("a", "2", "2", "", "");
    reborn.set(&["metadata", "uid"], "new");
    let changes = store.replace(&[reborn, pod("a", "3", "4", "", "")], 9);
    let told: Vec<_> = changes.iter().map(|change| (change.old.is_some(), change.new.is_some())).collect();
    assert_eq!(told, [(true, true), (false, true), (true, false)]);
    assert_eq!(store.version(), 9);
    assert!(!store.is_alive(&Key::new("a", "2"), "a-2"));
    assert!(store.is_alive(&Key::new("a", "2"), "new"));
}

#[test]
fn metadata_is_known_whatever_the_store() {
    let view = View::new().with(ConfigMap {
        metadata: ObjectMeta { name: "c".into(), namespace: "ns".into(), uid: "c".into(), ..ObjectMeta::default() },
        ..ConfigMap::default()
    });
    let tabs = Resource {
        group: "example.com".into(),
        version: "v1".into(),
        plural: "crontabs".into(),
        kind: "CronTab".into(),
        namespaced: true,
    };
    let owners = vec![api_meta::v1::OwnerReference { uid: "c".into(), ..Default::default() }];
    let tab = ObjectMeta { name: "t".into(), namespace: "ns".into(), owner_references: owners, ..Default::default() };
    let view = view.with_meta(&tabs, tab);
    assert_eq!(view.metas_in("ns").len(), 2);
    let (resource, meta) = view.meta_by_uid("c").unwrap();
    assert_eq!((resource.plural.as_str(), meta.kind.as_str()), ("configmaps", "ConfigMap"));
    let (resource, meta) = view.metas_with_owner("c").remove(0);
    assert_eq!((resource, meta.api_version.as_str()), (tabs.clone(), "example.com/v1"));
    assert!(view.store_of_kind("example.com/v1", "CronTab").is_some());
    view.forget(&tabs);
    assert_eq!(view.resources().len(), 1);
    assert!(view.get::<Pod>("ns", "none").is_none());
    assert!(view.list::<Pod>().is_empty());
}

#[test]
fn selectors_match_as_upstreams_do() {
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let with = |operator: &str, values: &[&str]| {
        Selector::new(Some(&LabelSelector {
            match_expressions: vec![LabelSelectorRequirement {
                key: "k".into(),
                operator: operator.into(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            }],
            ..LabelSelector::default()
        }))
    };
    let cases = [
        (Selector::new(None), [false, false, false]),
        (Selector::new(Some(&LabelSelector::default())), [true, true, true]),
        (Selector::of_labels(&labels(&[("k", "a")])), [true, false, false]),
        (with("In", &["a", "b"]), [true, true, false]),
        (with("NotIn", &["a"]), [false, true, true]),
        (with("Exists", &[]), [true, true, false]),
        (with("DoesNotExist", &[]), [false, false, true]),
        (with("Near", &["a"]), [false, false, false]),
    ];
    for (selector, expected) in cases {
        let found = [&[("k", "a")][..], &[("k", "b")], &[]].map(|pairs| selector.matches(&labels(pairs)));
        assert_eq!(found, expected, "{selector:?}");
    }
}
