//! What the garbage collector writes. Each write holds only for the version of the object that it was decided on.

use super::Item;
use crate::{Action, DeleteOptions, PatchKind, Tolerate, Write, plan};
use api_meta::v1::OwnerReference;
use informer::Key;
use schema::{Value, value};

/// Without some of its owners.
pub(super) fn without_owners(item: &Item, uids: &[&String]) -> Write {
    let owners = item.meta.metadata.owner_references.iter().filter(|owner| !uids.contains(&&owner.uid));
    patch(item, "ownerReferences", owners.map(plan::part).collect())
}

/// With owners that it does not hold back from being deleted.
pub(super) fn unblocking(item: &Item) -> Write {
    let unblocked = |owner: &OwnerReference| OwnerReference { block_owner_deletion: Some(false), ..owner.clone() };
    let owners = item.meta.metadata.owner_references.iter().map(unblocked);
    patch(item, "ownerReferences", owners.map(|owner| plan::part(&owner)).collect())
}

pub(super) fn without_finalizer(item: &Item, finalizer: &str) -> Write {
    let finalizers = item.meta.metadata.finalizers.iter().filter(|have| *have != finalizer);
    patch(item, "finalizers", finalizers.map(|name| Value::str(name.as_str())).collect())
}

/// A list of the metadata as it is to be. A merge patch works for custom resources, too.
fn patch(item: &Item, field: &str, items: Vec<Value>) -> Write {
    let version = item.meta.metadata.resource_version.as_str();
    let mut body = value!({ "metadata": { "resourceVersion": version } });
    // An empty list is written as null: absent.
    body.set(&["metadata", field], if items.is_empty() { Value::Null } else { Value::List(items) });
    let (resource, key) = (item.resource.clone(), Key::of(&item.meta.metadata));
    let action = Action::Patch { resource, key, subresource: "", kind: PatchKind::Merge, body };
    Write::new(action).tolerating(Tolerate::NotFound)
}

pub(super) fn delete(item: &Item, propagation: &'static str) -> Write {
    delete_at(item, Some(item.meta.metadata.resource_version.clone()), propagation)
}

/// In whatever version: after another write of the same plan.
pub(super) fn delete_by_uid(item: &Item, propagation: &'static str) -> Write {
    delete_at(item, None, propagation)
}

fn delete_at(item: &Item, resource_version: Option<String>, propagation: &'static str) -> Write {
    let options = DeleteOptions {
        uid: Some(item.meta.metadata.uid.clone()),
        resource_version,
        grace_period_seconds: None,
        propagation: Some(propagation),
    };
    let (resource, key) = (item.resource.clone(), Key::of(&item.meta.metadata));
    Write::new(Action::Delete { resource, key, options }).tolerating(Tolerate::NotFound)
}
