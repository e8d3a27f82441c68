//! The plan: what a reconcile wants done, as data, with a text form that tests read.
//!
//! Steps run one after another; the first write that fails and is not tolerated ends the plan, the controller's
//! [`crate::Controller::failed`] is asked what to tell, and the key is tried again later (at once after a conflict).
//!
//! ```text
//! update replicasets.apps default/web-5d8
//!   spec.replicas: 1 -> 3
//! event Normal ScalingReplicaSet on Deployment default/web: Scaled up replica set web-5d8 from 1 to 3
//! requeue after 10s
//! ```

mod text;

use api_core::v1::ObjectReference;
use api_meta::v1::ObjectMeta;
use informer::{Key, Resource};
use schema::typed::Part;
use schema::{Object, Value};
use std::time::Duration;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Recorded once all steps have succeeded.
    pub events: Vec<EventRecord>,
    /// Look at the key again then, whatever happens.
    pub requeue_after: Option<Duration>,
}

/// Writes that go together.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub pace: Pace,
    pub writes: Vec<Write>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One after another; the first failure ends the plan.
    InOrder,
    /// 1, then 2, 4, 8 ... at once; after a failure in a batch no other batch is begun.
    SlowStart,
    /// At once; all are tried, then the first failure ends the plan.
    Together,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub action: Action,
    /// Failures that count as success.
    pub tolerate: Vec<Tolerate>,
    /// Recorded when the write has succeeded; `{name}` in the message stands for the name that the server gave.
    pub event: Option<EventRecord>,
    /// Recorded when the write has failed; `{error}` in the message stands for why.
    pub failure_event: Option<EventRecord>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create {
        resource: Resource,
        object: Value,
    },
    /// Replaces the object (or a subresource of it) if it still has the resourceVersion of `object`.
    Update {
        resource: Resource,
        /// Empty for the object itself.
        subresource: &'static str,
        before: Value,
        object: Value,
    },
    Patch {
        resource: Resource,
        key: Key,
        subresource: &'static str,
        kind: PatchKind,
        body: Value,
    },
    Delete {
        resource: Resource,
        key: Key,
        options: DeleteOptions,
    },
    DeleteCollection {
        resource: Resource,
        namespace: String,
    },
    /// POST to a subresource, such as pods/eviction.
    CreateSubresource {
        resource: Resource,
        key: Key,
        subresource: &'static str,
        object: Value,
    },
    /// PUT to a subresource whose body has no resourceVersion to compare, such as namespaces/finalize.
    UpdateSubresource {
        resource: Resource,
        key: Key,
        subresource: &'static str,
        object: Value,
    },
    /// Asks the API server, not the cache, whether the object with this uid (empty: any) is there; ends the plan if it is
    /// otherwise.
    Check {
        resource: Resource,
        key: Key,
        uid: String,
        expect: Expect,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    Json,
    Merge,
    StrategicMerge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It is there and not being deleted.
    Alive,
    /// It is not there: there is nothing of that name, or something with another uid.
    Gone,
    /// Nothing of the resource is in the key's namespace; the key has no name, and the uid says nothing.
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerate {
    NotFound,
    AlreadyExists,
    Conflict,
    /// The namespace is being deleted, so that nothing can be created in it.
    NamespaceTerminating,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    /// Only the object with this uid.
    pub uid: Option<String>,
    /// Only in this version.
    pub resource_version: Option<String>,
    pub grace_period_seconds: Option<i64>,
    /// `Foreground`, `Background` or `Orphan`.
    pub propagation: Option<&'static str>,
}

/// An event to record about an object.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    pub regarding: ObjectReference,
    /// `Normal` or `Warning`.
    pub type_: &'static str,
    pub reason: String,
    pub message: String,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        *self == Plan::default()
    }

    /// Nothing but another look, after a time.
    pub fn after(wait: Duration) -> Plan {
        Plan { requeue_after: Some(wait), ..Plan::default() }
    }

    /// Adds a write after all others.
    pub fn push(&mut self, write: Write) {
        self.steps.push(Step { pace: Pace::InOrder, writes: vec![write] });
    }

    pub fn slow_start(&mut self, writes: Vec<Write>) {
        self.extend(Pace::SlowStart, writes);
    }

    pub fn together(&mut self, writes: Vec<Write>) {
        self.extend(Pace::Together, writes);
    }

    fn extend(&mut self, pace: Pace, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.steps.push(Step { pace, writes });
        }
    }

    pub fn create<T: Object<Meta = ObjectMeta>>(&mut self, object: &T) {
        self.push(Write::create(object));
    }

    /// Adds nothing if nothing differs.
    pub fn update<T: Object<Meta = ObjectMeta>>(&mut self, before: &T, object: &T) {
        if before != object {
            self.push(Write::update(before, object));
        }
    }

    /// Adds nothing if nothing differs.
    pub fn update_status<T: Object<Meta = ObjectMeta>>(&mut self, before: &T, object: &T) {
        if before != object {
            self.push(Write::update_subresource("status", before, object));
        }
    }

    pub fn delete<T: Object<Meta = ObjectMeta>>(&mut self, object: &T) {
        self.push(Write::delete(object));
    }

    pub fn event(&mut self, event: EventRecord) {
        self.events.push(event);
    }

    /// Another look after a time; of several the earliest counts.
    pub fn look_again(&mut self, wait: Duration) {
        self.requeue_after = Some(self.requeue_after.map_or(wait, |earlier| earlier.min(wait)));
    }

    pub fn writes(&self) -> impl Iterator<Item = &Write> {
        self.steps.iter().flat_map(|step| &step.writes)
    }
}

impl Write {
    pub fn new(action: Action) -> Write {
        Write { action, tolerate: Vec::new(), event: None, failure_event: None }
    }

    pub fn create<T: Object<Meta = ObjectMeta>>(object: &T) -> Write {
        Write::new(Action::Create { resource: Resource::of::<T>(), object: object.to_value() })
    }

    pub fn update<T: Object<Meta = ObjectMeta>>(before: &T, object: &T) -> Write {
        Write::update_subresource("", before, object)
    }

    pub fn update_subresource<T: Object<Meta = ObjectMeta>>(
        subresource: &'static str,
        before: &T,
        object: &T,
    ) -> Write {
        let (before, object) = (before.to_value(), object.to_value());
        Write::new(Action::Update { resource: Resource::of::<T>(), subresource, before, object })
    }

    pub fn patch<T: Object<Meta = ObjectMeta>>(object: &T, kind: PatchKind, body: Value) -> Write {
        let (resource, key) = (Resource::of::<T>(), Key::of(object.meta()));
        Write::new(Action::Patch { resource, key, subresource: "", kind, body })
    }

    /// Deletes this very object, not another of its name; that it is already gone is no failure.
    pub fn delete<T: Object<Meta = ObjectMeta>>(object: &T) -> Write {
        let uid = Some(object.meta().uid.clone()).filter(|uid| !uid.is_empty());
        Write::delete_with::<T>(Key::of(object.meta()), DeleteOptions { uid, ..DeleteOptions::default() })
    }

    pub fn delete_with<T: Object>(key: Key, options: DeleteOptions) -> Write {
        Write::new(Action::Delete { resource: Resource::of::<T>(), key, options }).tolerating(Tolerate::NotFound)
    }

    /// Asks the API server about an object that the cache has.
    pub fn check<T: Object<Meta = ObjectMeta>>(object: &T, expect: Expect) -> Write {
        let (key, uid) = (Key::of(object.meta()), object.meta().uid.clone());
        Write::new(Action::Check { resource: Resource::of::<T>(), key, uid, expect })
    }

    pub fn tolerating(mut self, what: Tolerate) -> Write {
        self.tolerate.push(what);
        self
    }

    pub fn with_event(mut self, event: EventRecord) -> Write {
        self.event = Some(event);
        self
    }

    pub fn with_failure_event(mut self, event: EventRecord) -> Write {
        self.failure_event = Some(event);
        self
    }
}

impl Action {
    pub fn resource(&self) -> &Resource {
        match self {
            Action::Create { resource, .. }
            | Action::Update { resource, .. }
            | Action::Patch { resource, .. }
            | Action::Delete { resource, .. }
            | Action::DeleteCollection { resource, .. }
            | Action::CreateSubresource { resource, .. }
            | Action::UpdateSubresource { resource, .. }
            | Action::Check { resource, .. } => resource,
        }
    }

    /// The object meant; without a name where the server is to give one.
    pub fn key(&self) -> Key {
        match self {
            Action::Create { object, .. } | Action::Update { object, .. } => {
                Key::new(object.str_at(&["metadata", "namespace"]), object.str_at(&["metadata", "name"]))
            }
            Action::Patch { key, .. }
            | Action::Delete { key, .. }
            | Action::CreateSubresource { key, .. }
            | Action::UpdateSubresource { key, .. }
            | Action::Check { key, .. } => key.clone(),
            Action::DeleteCollection { namespace, .. } => Key::new(namespace.as_str(), ""),
        }
    }
}

impl EventRecord {
    pub fn normal<T: Object<Meta = ObjectMeta>>(object: &T, reason: &str, message: impl Into<String>) -> EventRecord {
        EventRecord::new("Normal", reference(object), reason, message)
    }

    pub fn warning<T: Object<Meta = ObjectMeta>>(object: &T, reason: &str, message: impl Into<String>) -> EventRecord {
        EventRecord::new("Warning", reference(object), reason, message)
    }

    pub fn new(
        type_: &'static str,
        regarding: ObjectReference,
        reason: &str,
        message: impl Into<String>,
    ) -> EventRecord {
        EventRecord { regarding, type_, reason: reason.into(), message: message.into() }
    }
}

/// A reference to an object, as events carry it.
pub fn reference<T: Object<Meta = ObjectMeta>>(object: &T) -> ObjectReference {
    let meta = object.meta();
    ObjectReference {
        api_version: T::RESOURCE.api_version(),
        kind: T::RESOURCE.kind.into(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        uid: meta.uid.clone(),
        resource_version: meta.resource_version.clone(),
        ..ObjectReference::default()
    }
}

/// A part of an object as a value, for patches.
pub fn part<P: Part>(part: &P) -> Value {
    part.write()
}
