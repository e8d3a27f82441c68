//! Which owners an object has, and which it only names.

use super::{Item, is_deleting_dependents};
use crate::{Action, EventRecord, Expect, Write};
use api_core::v1::ObjectReference;
use api_meta::v1::OwnerReference;
use informer::{Key, Resource, View};

/// An object's owners, sorted by what they mean for it.
#[derive(Default)]
pub(super) struct Standing {
    /// Some owner is there, or nothing can be said of it.
    pub(super) kept: bool,
    pub(super) absent: Vec<Absent>,
    /// Uids of owners that wait for their dependents to be gone.
    pub(super) waiting: Vec<String>,
    /// Owners that exist, but not where the reference says.
    pub(super) misplaced: Vec<OwnerReference>,
}

/// An owner that the caches do not have.
pub(super) struct Absent {
    pub(super) reference: OwnerReference,
    resource: Resource,
    key: Key,
}

pub(super) fn classify(item: &Item, view: &View) -> Standing {
    let mut standing = Standing::default();
    for reference in &item.meta.metadata.owner_references {
        let Some(resource) = resource_of(reference, view) else {
            // Nothing is known of such a kind; what it owns is kept, as upstream keeps it.
            standing.kept = true;
            continue;
        };
        if resource.namespaced && item.meta.metadata.namespace.is_empty() {
            // A cluster-wide object cannot have such an owner. It is kept, whatever the reference says.
            standing.kept = true;
            standing.misplaced.push(reference.clone());
            continue;
        }
        let namespace = if resource.namespaced { item.meta.metadata.namespace.as_str() } else { "" };
        let key = Key::new(namespace, reference.name.as_str());
        match view.meta_by_uid(&reference.uid) {
            Some((found, owner)) if found.kind == resource.kind && Key::of(&owner.metadata) == key => {
                if is_deleting_dependents(&owner) {
                    standing.waiting.push(reference.uid.clone());
                } else {
                    standing.kept = true;
                }
            }
            found => {
                if found.is_some() {
                    standing.misplaced.push(reference.clone());
                }
                standing.absent.push(Absent { reference: reference.clone(), resource, key });
            }
        }
    }
    standing
}

/// The resource of an owner: of the version that it names, or of another one.
fn resource_of(reference: &OwnerReference, view: &View) -> Option<Resource> {
    if let Some(store) = view.store_of_kind(&reference.api_version, &reference.kind) {
        return Some(store.resource().clone());
    }
    let group = reference.api_version.split_once('/').map_or("", |(group, _)| group);
    view.resources().into_iter().find(|resource| resource.group == group && resource.kind == reference.kind.as_str())
}

/// Looks for the owner at the API server.
pub(super) fn check_gone(absent: &Absent) -> Option<Write> {
    let (resource, key) = (absent.resource.clone(), absent.key.clone());
    let uid = absent.reference.uid.clone();
    (!key.name.is_empty()).then(|| Write::new(Action::Check { resource, key, uid, expect: Expect::Gone }))
}

pub(super) fn misplaced_event(item: &Item, owner: &OwnerReference) -> EventRecord {
    let meta = &item.meta.metadata;
    let regarding = ObjectReference {
        api_version: item.meta.api_version.clone(),
        kind: item.meta.kind.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        uid: meta.uid.clone(),
        ..ObjectReference::default()
    };
    let (version, kind) = (&owner.api_version, &owner.kind);
    let message = format!(
        "ownerRef [{version}/{kind}, namespace: {}, name: {}, uid: {}] does not exist in namespace \"{}\"",
        meta.namespace, owner.name, owner.uid, meta.namespace
    );
    EventRecord::new("Warning", regarding, "OwnerRefInvalidNamespace", message)
}
