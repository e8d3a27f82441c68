//! The declared types: of the request and of its namespace, with the fields that expressions may see.

use super::field;
use cel::Type;
use cel::types::{Fields, ObjectType};
use std::sync::{Arc, OnceLock};

fn object(name: &str, fields: &[(&str, Type)]) -> Arc<ObjectType> {
    let fields = fields.iter().map(|(name, ty)| ((*name).into(), field(ty.clone(), name))).collect();
    Arc::new(ObjectType { name: name.into(), fields: Fields::Known(fields) })
}

fn strings() -> Type {
    Type::list(Type::String)
}

fn of(object: Arc<ObjectType>) -> Type {
    Type::Object(object)
}

/// `request`
pub fn request_type() -> Arc<ObjectType> {
    static TYPE: OnceLock<Arc<ObjectType>> = OnceLock::new();
    TYPE.get_or_init(make_request).clone()
}

/// `namespaceObject`
pub fn namespace_type() -> Arc<ObjectType> {
    static TYPE: OnceLock<Arc<ObjectType>> = OnceLock::new();
    TYPE.get_or_init(make_namespace).clone()
}

fn make_request() -> Arc<ObjectType> {
    use Type::{Bool, Dyn, String};
    let texts = |name: &str, last: &str| of(object(name, &[("group", String), ("version", String), (last, String)]));
    let kind = texts("kubernetes.GroupVersionKind", "kind");
    let resource = texts("kubernetes.GroupVersionResource", "resource");
    let user = object(
        "kubernetes.UserInfo",
        &[("username", String), ("uid", String), ("groups", strings()), ("extra", Type::map(String, strings()))],
    );
    object(
        "kubernetes.AdmissionRequest",
        &[
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", String),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", String),
            ("name", String),
            ("namespace", String),
            ("operation", String),
            ("userInfo", of(user)),
            ("dryRun", Bool),
            ("options", Dyn),
        ],
    )
}

fn make_namespace() -> Arc<ObjectType> {
    use Type::{Int, String, Timestamp};
    let map = || Type::map(String, String);
    let condition = object(
        "kubernetes.NamespaceCondition",
        &[
            ("status", String),
            ("type", String),
            ("lastTransitionTime", Timestamp),
            ("message", String),
            ("reason", String),
        ],
    );
    let status = object("kubernetes.NamespaceStatus", &[("conditions", Type::list(of(condition))), ("phase", String)]);
    let spec = object("kubernetes.NamespaceSpec", &[("finalizers", strings())]);
    let metadata = object(
        "kubernetes.NamespaceMetadata",
        &[
            ("name", String),
            ("generateName", String),
            ("namespace", String),
            ("labels", map()),
            ("annotations", map()),
            ("UID", String),
            ("creationTimestamp", Timestamp),
            ("deletionGracePeriodSeconds", Int),
            ("deletionTimestamp", Timestamp),
            ("generation", Int),
            ("resourceVersion", String),
            ("finalizers", strings()),
        ],
    );
    object("kubernetes.Namespace", &[("metadata", of(metadata)), ("spec", of(spec)), ("status", of(status))])
}
