//! Admission: small named steps between decoding and storing, which may change or refuse a write.
//!
//! ```text
//!   decode + defaults -> admit (each plugin in order) -> prepare, validate -> validate (each plugin in order) -> store
//! ```
//!
//! A [`Plugin`] is pure: it sees the write and, through [`Lookup`], what the cluster holds. What needs the network or must
//! write (webhooks, quota) is an [`AsyncPlugin`]. Deliberately absent: the plugins (modules beside this one), the store,
//! and the order, which is whoever builds the [`Chain`]'s.

pub mod expression;
pub mod labels;
pub mod matching;
pub mod plugins;
pub mod policy;
pub mod reinvocation;
pub mod shapes;
pub mod webhook;

pub use reinvocation::Reinvocation;
pub use shapes::Shapes;

use authn::UserInfo;
use kind::ApiError;
use schema::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Create,
    Update,
    Delete,
    Connect,
}

impl Operation {
    /// As admission reviews name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// One write.
pub struct Attributes<'a> {
    pub operation: Operation,
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
    /// Group and version of `kind`: those of the resource, but for subresources with kinds of their own (scale, eviction).
    pub kind_group: &'a str,
    pub kind_version: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// The new object, of the version in which it is stored; Null for a deletion.
    pub object: Value,
    /// What is there now; Null for a creation.
    pub old: &'a Value,
    /// CreateOptions, UpdateOptions, DeleteOptions, as they are in the API.
    pub options: &'a Value,
    pub dry_run: bool,
    pub user: &'a UserInfo,
    pub shapes: &'a dyn Shapes,
    /// For the client, without the leading code.
    pub warnings: Vec<String>,
    /// For the audit log.
    pub annotations: Vec<(String, String)>,
    pub reinvocation: Reinvocation,
}

/// What a plugin may know of the cluster: the server's own caches, no older than the last write through this server.
pub trait Lookup: Send + Sync {
    /// `resource` is the plural; `namespace` is empty for what has none.
    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>>;

    /// The objects of a namespace; of all, if `namespace` is empty.
    fn list(&self, group: &str, resource: &str, namespace: &str) -> Vec<Arc<Value>>;

    /// A number that is another one after any object of the resource changed; none where that is not known. What is made
    /// of all objects of a resource is kept under it.
    fn changes(&self, _group: &str, _resource: &str) -> Option<u64> {
        None
    }
}

/// A step that decides from the write and the caches alone.
pub trait Plugin: Send + Sync {
    fn name(&self) -> &'static str;

    fn handles(&self, operation: Operation) -> bool;

    /// Group and plural of what [`Plugin::admit`] and [`Plugin::validate`] look up, so that those caches are fresh.
    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// May change `attributes.object`.
    fn admit(&self, _attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        Ok(())
    }

    /// May only refuse (and warn).
    fn validate(&self, _attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        Ok(())
    }
}

/// A step that waits for something.
pub trait AsyncPlugin: Send + Sync {
    fn name(&self) -> &'static str;

    fn handles(&self, operation: Operation) -> bool;

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn admit<'a>(
        &'a self,
        _attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async { Ok(()) })
    }

    fn validate<'a>(
        &'a self,
        _attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async { Ok(()) })
    }
}

/// One step of a chain.
pub enum Link {
    Pure(Box<dyn Plugin>),
    Waiting(Box<dyn AsyncPlugin>),
}

/// One of the two passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Admit,
    Validate,
}

/// Who counts how long plugins take. It brings the clock.
pub trait Observer: Send + Sync {
    /// Nanoseconds since any moment.
    fn now_ns(&self) -> u64;

    fn plugin(&self, name: &str, pass: Pass, operation: Operation, rejected: bool, took_ns: u64);

    /// All plugins of a pass together.
    fn step(&self, pass: Pass, operation: Operation, rejected: bool, took_ns: u64);
}

/// Plugins in order.
#[derive(Default)]
pub struct Chain {
    links: Vec<Link>,
    observer: Option<Arc<dyn Observer>>,
}

impl Chain {
    pub fn new(links: Vec<Link>) -> Chain {
        Chain { links, observer: None }
    }

    /// From now on tells how long each plugin takes.
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Chain {
        self.observer = Some(observer);
        self
    }

    pub fn push(&mut self, plugin: impl Plugin + 'static) {
        self.links.push(Link::Pure(Box::new(plugin)));
    }

    pub fn push_waiting(&mut self, plugin: impl AsyncPlugin + 'static) {
        self.links.push(Link::Waiting(Box::new(plugin)));
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.links.iter().map(Link::name)
    }

    /// What the plugins that handle `operation` look up.
    pub fn reads(&self, operation: Operation) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.links.iter().filter(move |link| link.handles(operation)).flat_map(|link| match link {
            Link::Pure(plugin) => plugin.reads().iter().copied(),
            Link::Waiting(plugin) => plugin.reads().iter().copied(),
        })
    }

    /// The mutating pass, twice where a plugin asks for it. The first refusal ends it.
    pub async fn admit(&self, attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let begun = self.now_ns();
        let mut result = self.admit_once(attributes, lookup).await;
        if result.is_ok() && attributes.reinvocation.begin_second() {
            result = self.admit_once(attributes, lookup).await;
        }
        self.stepped(Pass::Admit, attributes.operation, &result, begun);
        result
    }

    async fn admit_once(&self, attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let operation = attributes.operation;
        for link in self.links.iter().filter(|link| link.handles(operation)) {
            let begun = self.now_ns();
            let result = match link {
                Link::Pure(plugin) => plugin.admit(attributes, lookup),
                Link::Waiting(plugin) => plugin.admit(attributes, lookup).await,
            };
            self.passed(link, Pass::Admit, operation, &result, begun);
            result?;
        }
        Ok(())
    }

    /// The validating pass. The first refusal ends it.
    pub async fn validate(&self, attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let begun = self.now_ns();
        let result = self.validate_once(attributes, lookup).await;
        self.stepped(Pass::Validate, attributes.operation, &result, begun);
        result
    }

    async fn validate_once(&self, attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let operation = attributes.operation;
        for link in self.links.iter().filter(|link| link.handles(operation)) {
            let begun = self.now_ns();
            let result = match link {
                Link::Pure(plugin) => plugin.validate(attributes, lookup),
                Link::Waiting(plugin) => plugin.validate(attributes, lookup).await,
            };
            self.passed(link, Pass::Validate, operation, &result, begun);
            result?;
        }
        Ok(())
    }

    fn now_ns(&self) -> u64 {
        self.observer.as_ref().map_or(0, |observer| observer.now_ns())
    }

    fn passed(&self, link: &Link, pass: Pass, operation: Operation, result: &Result<(), ApiError>, begun_ns: u64) {
        if let Some(observer) = &self.observer {
            let took_ns = observer.now_ns().saturating_sub(begun_ns);
            observer.plugin(link.name(), pass, operation, result.is_err(), took_ns);
        }
    }

    fn stepped(&self, pass: Pass, operation: Operation, result: &Result<(), ApiError>, begun_ns: u64) {
        if let Some(observer) = &self.observer {
            observer.step(pass, operation, result.is_err(), observer.now_ns().saturating_sub(begun_ns));
        }
    }
}

impl Link {
    fn name(&self) -> &'static str {
        match self {
            Link::Pure(plugin) => plugin.name(),
            Link::Waiting(plugin) => plugin.name(),
        }
    }

    fn handles(&self, operation: Operation) -> bool {
        match self {
            Link::Pure(plugin) => plugin.handles(operation),
            Link::Waiting(plugin) => plugin.handles(operation),
        }
    }
}
