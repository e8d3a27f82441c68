//! Deletes what has lost all its owners, and lets owners go that wait for their dependents.
//!
//! A key is the uid of an object (its name part). Where an object stands in the graph is read from the metadata of all
//! resources; there is no graph of its own to keep. An owner that the caches do not have is looked for at the API server
//! before anyone is deleted for its sake ([`Expect::Gone`]), so that a cache that lags costs a request and not an object.
//!
//! ```text
//!   background   owner is gone                     -> delete the dependents
//!   foreground   owner waits with a finalizer      -> delete the dependents, then take the finalizer off
//!   orphan       owner waits with a finalizer      -> take it out of the dependents' owners, then take the finalizer off
//! ```

mod owners;
mod writes;

use crate::{Controller, Plan, Watch};
use informer::{Key, Meta, Resource, View};
use owners::{Standing, classify};
use schema::Time;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

pub struct GarbageCollector;

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::all_metadata(|_, meta, view| concerned(meta, view))]
    }

    fn workers(&self) -> usize {
        20
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let Some((resource, meta)) = view.meta_by_uid(&key.name) else { return Plan::default() };
        let item = Item { resource, meta };
        if item.has(ORPHAN) && item.is_deleting() {
            return release_dependents(&item, view);
        }
        if item.is_deleting_dependents() {
            return wait_for_dependents(&item, view);
        }
        if item.is_deleting() || item.meta.metadata.owner_references.is_empty() {
            return Plan::default();
        }
        collect(&item, view)
    }
}

/// An object as the garbage collector sees it.
struct Item {
    resource: Resource,
    meta: Meta,
}

impl Item {
    fn has(&self, finalizer: &str) -> bool {
        has_finalizer(&self.meta, finalizer)
    }

    fn is_deleting(&self) -> bool {
        self.meta.metadata.deletion_timestamp.is_some()
    }

    fn is_deleting_dependents(&self) -> bool {
        is_deleting_dependents(&self.meta)
    }

    fn dependents(&self, view: &View) -> Vec<Item> {
        let of = view.metas_with_owner(&self.meta.metadata.uid);
        of.into_iter().map(|(resource, meta)| Item { resource, meta }).collect()
    }
}

fn has_finalizer(meta: &Meta, finalizer: &str) -> bool {
    meta.metadata.finalizers.iter().any(|have| have == finalizer)
}

/// Waits until its dependents are gone.
fn is_deleting_dependents(meta: &Meta) -> bool {
    meta.metadata.deletion_timestamp.is_some() && has_finalizer(meta, FOREGROUND)
}

/// The uids to look at when an object has come, changed or gone.
fn concerned(meta: &Meta, view: &View) -> Vec<Key> {
    let (uid, owners) = (meta.metadata.uid.as_str(), &meta.metadata.owner_references);
    let mut keys = Vec::new();
    let present = view.meta_by_uid(uid).map(|(_, meta)| meta);
    let waits = present.as_ref().is_some_and(|now| now.metadata.deletion_timestamp.is_some());
    if !owners.is_empty() || waits {
        keys.push(Key::cluster(uid));
    }
    if present.as_ref().is_none_or(is_deleting_dependents) {
        keys.extend(
            view.metas_with_owner(uid).iter().map(|(_, dependent)| Key::cluster(dependent.metadata.uid.as_str())),
        );
    }
    for owner in owners {
        if view.meta_by_uid(&owner.uid).is_some_and(|(_, owner)| owner.metadata.deletion_timestamp.is_some()) {
            keys.push(Key::cluster(owner.uid.as_str()));
        }
    }
    keys
}

/// Takes the object out of its dependents' owners, then lets it go.
fn release_dependents(item: &Item, view: &View) -> Plan {
    let mut plan = Plan::default();
    let uid = &item.meta.metadata.uid;
    let dependents = item.dependents(view);
    plan.together(dependents.iter().map(|dependent| writes::without_owners(dependent, &[uid])).collect());
    plan.push(writes::without_finalizer(item, ORPHAN));
    plan
}

/// Lets the object go when no dependent that blocks it is left. Its dependents have keys of their own.
fn wait_for_dependents(item: &Item, view: &View) -> Plan {
    let mut plan = Plan::default();
    let uid = &item.meta.metadata.uid;
    let blocks = |dependent: &Item| {
        let owners = &dependent.meta.metadata.owner_references;
        owners.iter().any(|owner| owner.uid == *uid && owner.block_owner_deletion == Some(true))
    };
    if !item.dependents(view).iter().any(blocks) {
        plan.push(writes::without_finalizer(item, FOREGROUND));
    }
    plan
}

/// Deletes the object unless an owner keeps it.
fn collect(item: &Item, view: &View) -> Plan {
    let mut plan = Plan::default();
    let standing = classify(item, view);
    plan.events.extend(standing.misplaced.iter().map(|owner| owners::misplaced_event(item, owner)));
    let Standing { kept, absent, waiting, .. } = &standing;
    if *kept && absent.is_empty() && waiting.is_empty() {
        return plan;
    }
    plan.together(absent.iter().filter_map(owners::check_gone).collect());
    let lost: Vec<&String> = absent.iter().map(|absent| &absent.reference.uid).chain(waiting).collect();
    if *kept {
        plan.push(writes::without_owners(item, &lost));
        return plan;
    }
    let dependents = if waiting.is_empty() { Vec::new() } else { item.dependents(view) };
    let propagation = if !dependents.is_empty() {
        if dependents.iter().any(Item::is_deleting_dependents) {
            // Perhaps a circle of owners that wait for each other: this one blocks no one any more.
            plan.push(writes::unblocking(item));
            plan.push(writes::delete_by_uid(item, "Foreground"));
            return plan;
        }
        "Foreground"
    } else if item.has(ORPHAN) {
        "Orphan"
    } else if item.has(FOREGROUND) {
        "Foreground"
    } else {
        "Background"
    };
    plan.push(writes::delete(item, propagation));
    plan
}

#[cfg(test)]
mod tests;
