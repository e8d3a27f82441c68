//! Where others plug in: what is not stored, what must happen around a write, and what only a runtime can do.

use crate::request_info::RequestInfo;
use crate::{BoxFuture, Outcome, RequestContext};
use bytes::Bytes;
use kind::{ApiError, DynKind};
use schema::Value;

/// The verbs of a [`Virtual`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VirtualVerb {
    Get,
    List,
    Create,
    Update,
    Patch,
    Delete,
    /// Any method: logs, exec, attach, port-forward, proxies.
    Connect,
}

/// A resource or subresource that is no stored object: reviews, evictions, bindings, scales, tokens, logs.
///
/// Registered by group, resource, subresource and verb; it comes after authorization.
pub trait Virtual: Send + Sync {
    /// The kind of the answers, where it has columns of its own.
    fn kind(&self) -> Option<&'static dyn DynKind> {
        None
    }

    /// `body` is the decoded object (Null where there is none), of the type that the subresource names, normal; `raw` is
    /// the body as it came, for proxies.
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>>;
}

/// Serves the paths that are no resources: discovery, health, metrics.
pub trait Fallback: Send + Sync {
    /// Who else serves this, resource or not, in place of this server's kinds; asked once the request is allowed.
    fn elsewhere(&self, _info: &RequestInfo) -> Option<std::sync::Arc<dyn Virtual>> {
        None
    }

    /// None: there is no such path.
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Bytes,
    ) -> BoxFuture<'a, Option<http::Response<crate::Body>>>;
}

/// What a storage hook may know.
pub struct HookContext<'a> {
    pub dry_run: bool,
    pub namespace: &'a str,
    pub name: &'a str,
}

/// Something outside the object that belongs to it: a Service's address and ports.
pub trait StorageHook: Send + Sync {
    /// Before the kind's preparation and validation of a create (`old` is none) or update; may fill in `new`. Called
    /// again when the write is tried again, after the reservation before was dropped.
    fn before_write<'a>(
        &'a self,
        context: &'a HookContext<'a>,
        new: &'a mut Value,
        old: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<Box<dyn Reservation>, ApiError>>;

    /// After the object is gone.
    fn after_delete<'a>(&'a self, context: &'a HookContext<'a>, old: &'a Value) -> BoxFuture<'a, ()>;
}

/// What [`StorageHook::before_write`] took. Dropping it without [`Reservation::commit`] gives it back.
pub trait Reservation: Send {
    /// The write is durable.
    fn commit(self: Box<Self>);
}

/// Converts objects of a kind between its versions by asking someone else.
pub trait Converter: Send + Sync {
    /// All values to one version, in their order.
    fn convert<'a>(
        &'a self,
        values: Vec<Value>,
        to_api_version: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Value>, ApiError>>;
}

/// A runtime's way to run a future beside others.
pub trait Spawn: Send + Sync {
    fn spawn(&self, future: BoxFuture<'static, ()>);
}
