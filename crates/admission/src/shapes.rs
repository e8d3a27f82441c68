//! What admission is told of the kinds that are served: their versions, and objects in each of them.

use crate::BoxFuture;
use kind::ApiError;
use schema::{TypeRef, Value};

/// One way to write objects: a resource of a version, and the kind of the bodies there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub group: String,
    pub version: String,
    /// The plural.
    pub resource: String,
    pub kind: GroupVersionKind,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupVersionKind {
    pub group: String,
    pub version: String,
    pub kind: String,
}

impl GroupVersionKind {
    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    pub fn of(api_version: &str, kind: &str) -> GroupVersionKind {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        GroupVersionKind { group: group.into(), version: version.into(), kind: kind.into() }
    }
}

/// Of what kind a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceOf {
    pub group: String,
    /// The plural.
    pub resource: String,
    pub namespaced: bool,
}

/// The kinds that are served now.
pub trait Shapes: Send + Sync {
    /// Every version of the resource, and of other groups' resources that are the same objects; `subresource` may be empty.
    fn equivalents(&self, group: &str, resource: &str, subresource: &str) -> Vec<Endpoint>;

    /// Where objects of a kind are.
    fn resource_of(&self, api_version: &str, kind: &str) -> Option<ResourceOf>;

    fn type_of(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>>;

    /// Converts an object to another version of its kind.
    fn convert<'a>(&'a self, object: Value, api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>>;

    /// Makes an object of what a webhook or a patch made of the written form of one: of the right types, with defaults, and
    /// of the version `api_version`.
    fn settle<'a>(&'a self, written: Value, api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>>;
}

/// Knows no kinds: for plugins that need none.
pub struct NoShapes;

impl Shapes for NoShapes {
    fn equivalents(&self, _group: &str, _resource: &str, _subresource: &str) -> Vec<Endpoint> {
        Vec::new()
    }

    fn resource_of(&self, _api_version: &str, _kind: &str) -> Option<ResourceOf> {
        None
    }

    fn type_of(&self, _api_version: &str, _kind: &str) -> Option<TypeRef<'_>> {
        None
    }

    fn convert<'a>(&'a self, object: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(async move { Ok(object) })
    }

    fn settle<'a>(&'a self, written: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(async move { Ok(written) })
    }
}

/// An object as clients see it in JSON: with the fields that are always written.
pub fn written(shapes: &dyn Shapes, object: &Value) -> Value {
    match shapes.type_of(object.str_at(&["apiVersion"]), object.str_at(&["kind"])) {
        Some(ty) => patch::written::form(ty, object),
        None => object.clone(),
    }
}
