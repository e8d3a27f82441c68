//! What loops read: caches of objects with indexes, and the [`View`] over them.
//!
//! ```text
//!   list + watch (driver) --> Store<Pod>  --+
//!                             Store<Node> --+--> View --> reconcile(key, &View, now)
//!                             Store<Meta> --+
//! ```
//!
//! A [`Store`] is a [`Cache`] behind a lock, filled by one reflector and read by all loops of a process. Objects are shared
//! (`Arc`) and never changed; their managedFields are left out, which the API server takes for "as they were".
//! Deliberately absent: network, async, clocks, a list of kinds.

pub mod cache;
pub mod key;
pub mod selector;
pub mod store;
pub mod view;

pub use cache::{Cache, Entry, Meta};
pub use key::{Key, Resource, version};
pub use selector::Selector;
pub use store::{AnyStore, Change, Shared, Store};
pub use view::View;

use api_meta::v1::{ObjectMeta, OwnerReference};

/// The owner that manages the object, if any.
pub fn controller_of(meta: &ObjectMeta) -> Option<&OwnerReference> {
    meta.owner_references.iter().find(|owner| owner.controller == Some(true))
}
