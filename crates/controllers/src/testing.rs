//! Worlds of tests: YAML in, a view out.

use crate::Controller;
use api_core::v1 as core;
use api_meta::v1::ObjectMeta;
use expect_test::Expect;
use informer::{AnyStore, Key, Resource, View};
use schema::typed::Part;
use schema::{Time, Value, json, yaml};

/// The present of all tests: 2026-01-01T12:00:00Z.
pub(crate) const NOW: Time = Time::from_unix(1_767_268_800);

/// The documents of a YAML text as objects. A kind that no controller reads whole is known by its metadata.
pub(crate) fn world(text: &str) -> View {
    let view = View::new();
    for document in text.split("---\n").filter(|document| !document.trim().is_empty()) {
        let object = yaml::parse(document.as_bytes(), json::Limits::default()).unwrap().value;
        put(&view, &object);
    }
    view
}

/// Compares what a controller plans for a key with the text expected.
pub(crate) fn check(controller: &dyn Controller, world_text: &str, key: Key, expect: Expect) {
    let plan = controller.reconcile(&key, &world(world_text), NOW);
    expect.assert_eq(&plan.to_string());
}

macro_rules! put_typed {
    ($view:expr, $object:expr, $($kind:ty),*) => {{
        let at = ($object.str_at(&["apiVersion"]), $object.str_at(&["kind"]));
        $(
            let info = <$kind as schema::Object>::RESOURCE;
            if at == (info.api_version().as_str(), info.kind) {
                let ty = <$kind as schema::Typed>::type_ref();
                let decoded = schema::decode::normalize(ty, $object.clone(), &Default::default()).unwrap();
                $view.store::<$kind>().insert(&decoded.value);
                return;
            }
        )*
    }};
}

fn put(view: &View, object: &Value) {
    put_typed!(
        view,
        object,
        core::ConfigMap,
        core::Endpoints,
        core::Namespace,
        core::Node,
        core::PersistentVolume,
        core::PersistentVolumeClaim,
        core::Pod,
        core::ReplicationController,
        core::ResourceQuota,
        core::Secret,
        core::Service,
        core::ServiceAccount,
        api_apps::apps::v1::ControllerRevision,
        api_apps::apps::v1::DaemonSet,
        api_apps::apps::v1::ReplicaSet,
        api_apps::apps::v1::StatefulSet,
        api_apps::batch::v1::CronJob,
        api_apps::batch::v1::Job,
        api_apps::policy::v1::PodDisruptionBudget,
        api_misc::coordination::v1::Lease,
        api_misc::discovery::v1::EndpointSlice,
        api_misc::networking::v1::IPAddress,
        api_misc::networking::v1::ServiceCIDR,
        api_misc::rbac::v1::ClusterRole
    );
    let metadata = ObjectMeta::read(&object["metadata"]);
    let api_version = object.str_at(&["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = object.str_at(&["kind"]);
    let resource = Resource {
        group: group.into(),
        version: version.into(),
        plural: format!("{}s", kind.to_lowercase()).into(),
        kind: kind.into(),
        namespaced: !metadata.namespace.is_empty(),
    };
    let _ = view.clone().with_meta(&resource, metadata);
}
