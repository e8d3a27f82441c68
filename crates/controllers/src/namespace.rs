//! Deletes what is in a namespace that is being deleted, then lets the namespace go.
//!
//! Pods go first, with their grace; nothing else is touched while one is left, so that what protects them (network policies)
//! outlives them. What remains is read from the metadata of all resources. Before the namespace is let go the API server
//! itself is asked, resource by resource, whether anything is left that the caches have not seen.
//! Deliberately absent: timers. Each object that goes brings the namespace's key back.

mod conditions;

use crate::{Action, Controller, Expect, Failure, Plan, Step, Tolerate, Watch, Write};
use api_core::v1::{Event, Namespace, Pod};
use informer::{Key, Meta, Resource, View};
use schema::{Object, Time, Typed, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The finalizer in a namespace's spec that stands for its content.
const FINALIZER: &str = "kubernetes";

pub struct NamespaceController;

impl Controller for NamespaceController {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Namespace>(),
            Watch::all_metadata(|resource, meta, view| {
                let namespace = Some(&meta.metadata.namespace).filter(|_| resource.namespaced);
                let terminating = namespace.filter(|namespace| {
                    let namespace = view.get::<Namespace>("", namespace);
                    namespace.is_some_and(|namespace| namespace.metadata.deletion_timestamp.is_some())
                });
                terminating.map(|namespace| Key::cluster(namespace.as_str())).into_iter().collect()
            }),
        ]
    }

    fn workers(&self) -> usize {
        10
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        match terminating(key, view) {
            Some(namespace) => match Content::of(&namespace, view) {
                content if content.remaining.is_empty() => let_go(&namespace, view, now),
                content => clear(&namespace, &content, now),
            },
            None => Plan::default(),
        }
    }

    fn failed(&self, key: &Key, view: &View, now: Time, failure: &Failure) -> Plan {
        let mut plan = Plan::default();
        if let Some(namespace) = terminating(key, view)
            && matches!(failure.write.action, Action::DeleteCollection { .. })
        {
            let after = conditions::deletion_failed(&namespace, &failure.error.0.message, now);
            plan.update_status(namespace.as_ref(), &after);
        }
        plan
    }
}

/// What is left in a namespace.
pub(super) struct Content {
    remaining: BTreeMap<Resource, Vec<Meta>>,
}

impl Content {
    fn of(namespace: &Namespace, view: &View) -> Content {
        let mut remaining = BTreeMap::<Resource, Vec<Meta>>::new();
        for (resource, meta) in view.metas_in(&namespace.metadata.name) {
            if resource.namespaced && !is_event(&resource) {
                remaining.entry(resource).or_default().push(meta);
            }
        }
        Content { remaining }
    }

    /// What is to be deleted now: pods, or, without any, everything.
    fn due(&self) -> impl Iterator<Item = (&Resource, &Vec<Meta>)> {
        let pods = Resource::of::<Pod>();
        let only_pods = self.remaining.contains_key(&pods);
        self.remaining.iter().filter(move |(resource, _)| !only_pods || **resource == pods)
    }

    /// Of what is due, what a deletion does not make go at once.
    fn lingering(&self) -> impl Iterator<Item = (&Resource, &Meta)> {
        let pods = Resource::of::<Pod>();
        self.due().flat_map(|(resource, metas)| metas.iter().map(move |meta| (resource, meta))).filter(
            move |(resource, meta)| {
                let meta = &meta.metadata;
                **resource == pods || !meta.finalizers.is_empty() || meta.deletion_timestamp.is_some()
            },
        )
    }
}

fn terminating(key: &Key, view: &View) -> Option<Arc<Namespace>> {
    let namespace = view.get::<Namespace>("", &key.name)?;
    let has_content = namespace.spec.finalizers.iter().any(|finalizer| finalizer == FINALIZER);
    (namespace.metadata.deletion_timestamp.is_some() && has_content).then_some(namespace)
}

/// Deletes what is due and tells what will remain.
fn clear(namespace: &Namespace, content: &Content, now: Time) -> Plan {
    let mut plan = Plan::default();
    let alive = |metas: &[Meta]| metas.iter().any(|meta| meta.metadata.deletion_timestamp.is_none());
    let deletions = content.due().filter(|(_, metas)| alive(metas));
    plan.together(deletions.map(|(resource, _)| delete_all(resource, namespace)).collect());
    plan.update_status(namespace, &conditions::with_content(namespace, content.lingering(), now));
    plan
}

/// Lets the namespace go if the API server, too, has nothing left in it.
fn let_go(namespace: &Namespace, view: &View, now: Time) -> Plan {
    let mut plan = Plan::default();
    let others: Vec<String> = namespace.spec.finalizers.iter().filter(|name| *name != FINALIZER).cloned().collect();
    if !namespace.status.conditions.is_empty() || !others.is_empty() || !namespace.metadata.finalizers.is_empty() {
        plan.update_status(namespace, &conditions::with_content(namespace, std::iter::empty(), now));
    }
    plan.push(delete_all(&Resource::of::<Event>(), namespace));
    let resources = view.resources().into_iter().filter(|resource| resource.namespaced && !is_event(resource));
    plan.together(resources.map(|resource| check_empty(resource, namespace)).collect());
    plan.steps.push(Step { pace: crate::Pace::InOrder, writes: vec![finalize(namespace, others)] });
    plan
}

fn delete_all(resource: &Resource, namespace: &Namespace) -> Write {
    let namespace = namespace.metadata.name.clone();
    Write::new(Action::DeleteCollection { resource: resource.clone(), namespace }).tolerating(Tolerate::NotFound)
}

fn check_empty(resource: Resource, namespace: &Namespace) -> Write {
    let key = Key::new(namespace.metadata.name.as_str(), "");
    Write::new(Action::Check { resource, key, uid: String::new(), expect: Expect::Empty })
}

fn finalize(namespace: &Namespace, finalizers: Vec<String>) -> Write {
    let mut object = Namespace::default();
    object.metadata.name = namespace.metadata.name.clone();
    object.metadata.uid = namespace.metadata.uid.clone();
    object.spec.finalizers = finalizers;
    let (resource, key) = (Resource::of::<Namespace>(), Key::of(object.meta()));
    let object: Value = object.to_value();
    Write::new(Action::UpdateSubresource { resource, key, subresource: "finalize", object })
        .tolerating(Tolerate::NotFound)
}

/// Events come and go without anyone waiting for them, and caches do not have them.
fn is_event(resource: &Resource) -> bool {
    resource.kind == "Event"
}

#[cfg(test)]
mod tests;
