//! The other kinds of the core group.

use crate::recordings::Play;
use kind::{DynKind, Kind, TypedKind};
use kinds_core::{
    config_map, endpoints, event, limit_range, namespace, node, persistent_volume, persistent_volume_claim,
    replication_controller, resource_quota, secret, service_account,
};
use schema::{Value, value};

type Admit = fn(&mut Value, Option<&Value>);

fn play<K: Kind>(kind: K, prefix: &str, admit: Admit, at_least: usize) {
    let play = Play { kind: &TypedKind(kind), admit };
    if let Some(report) = play.topic("kind-core", prefix) {
        report.assert_passed(at_least);
    }
}

fn nothing(_: &mut Value, _: Option<&Value>) {}

#[test]
fn config_maps() {
    play(config_map::ConfigMap, "configmap-", nothing, 55);
}

#[test]
fn endpoints() {
    play(endpoints::Endpoints, "endpoints-", nothing, 60);
}

#[test]
fn events() {
    play(event::Event, "event-", nothing, 44);
}

#[test]
fn limit_ranges() {
    let identify = |object: &mut Value, _: Option<&Value>| {
        if object.at(&["metadata", "uid"]).is_null() {
            object.set(&["metadata", "uid"], "01234567-0123-4567-89ab-0123456789ab");
        }
    };
    play(limit_range::LimitRange, "limitrange-", identify, 58);
}

#[test]
fn namespaces() {
    play(namespace::Namespace, "namespace-", nothing, 36);
}

/// As the plugin TaintNodesByCondition, and the registry, which takes a namespace away from what has none.
fn taint(node: &mut Value, old: Option<&Value>) {
    node.remove(&["metadata", "namespace"]);
    if old.is_none() {
        let mut taints = node.at(&["spec", "taints"]).items().to_vec();
        taints.push(value!({ "key": "node.kubernetes.io/not-ready", "effect": "NoSchedule" }));
        node.set(&["spec", "taints"], taints);
    }
}

#[test]
fn nodes() {
    play(node::Node, "node-", taint, 80);
}

/// As the plugin StorageObjectInUseProtection.
fn protect(object: &mut Value, old: Option<&Value>) {
    if old.is_none() {
        let finalizer = match object.str_at(&["kind"]) {
            "PersistentVolume" => {
                object.remove(&["metadata", "namespace"]);
                "kubernetes.io/pv-protection"
            }
            _ => "kubernetes.io/pvc-protection",
        };
        let mut finalizers = object.at(&["metadata", "finalizers"]).items().to_vec();
        finalizers.push(Value::from(finalizer));
        object.set(&["metadata", "finalizers"], finalizers);
    }
}

#[test]
fn persistent_volumes() {
    play(persistent_volume::PersistentVolume, "persistentvolume-", protect, 62);
}

#[test]
fn persistent_volume_claims() {
    play(persistent_volume_claim::PersistentVolumeClaim, "persistentvolumeclaim-", protect, 80);
}

#[test]
fn replication_controllers() {
    play(replication_controller::ReplicationController, "replicationcontroller-", nothing, 75);
}

#[test]
fn resource_quotas() {
    play(resource_quota::ResourceQuota, "resourcequota-", nothing, 70);
}

#[test]
fn secrets() {
    play(secret::Secret, "secret-", nothing, 60);
}

#[test]
fn service_accounts() {
    play(service_account::ServiceAccount, "serviceaccount-", nothing, 60);
}

/// Recordings that are about more than one kind, played for each.
#[test]
fn other_topics() {
    let kinds: [(&str, &dyn DynKind, Admit); 5] = [
        ("storage", &TypedKind(persistent_volume_claim::PersistentVolumeClaim), protect),
        ("namespaces", &TypedKind(namespace::Namespace), nothing),
        ("limit-range", &TypedKind(limit_range::LimitRange), nothing),
        ("quota", &TypedKind(resource_quota::ResourceQuota), nothing),
        ("service-accounts", &TypedKind(service_account::ServiceAccount), nothing),
    ];
    for (topic, kind, admit) in kinds {
        if let Some(report) = (Play { kind, admit }).topic(topic, "") {
            report.assert_passed(1);
        }
    }
}
