//! What a namespace says about its deletion, in upstream's words.

use api_core::v1::{Namespace, NamespaceCondition};
use informer::{Meta, Resource};
use schema::Time;
use std::collections::BTreeMap;

const CONTENT_FAILURE: &str = "NamespaceDeletionContentFailure";
const CONTENT_REMAINING: &str = "NamespaceContentRemaining";
const FINALIZERS_REMAINING: &str = "NamespaceFinalizersRemaining";

/// Type, and the reason and message while all is well. In the order in which they are added.
const CONDITIONS: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (CONTENT_FAILURE, "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    (CONTENT_REMAINING, "ContentRemoved", "All content successfully removed"),
    (FINALIZERS_REMAINING, "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

/// The namespace, telling of what remains in it.
pub(super) fn with_content<'m>(
    namespace: &Namespace,
    lingering: impl Iterator<Item = (&'m Resource, &'m Meta)>,
    now: Time,
) -> Namespace {
    let mut resources = BTreeMap::<String, usize>::new();
    let mut finalizers = BTreeMap::<String, usize>::new();
    for (resource, meta) in lingering {
        *resources.entry(format!("{}.{}", resource.plural, resource.group)).or_default() += 1;
        for finalizer in &meta.metadata.finalizers {
            *finalizers.entry(finalizer.clone()).or_default() += 1;
        }
    }
    let list = |counts: &BTreeMap<String, usize>, has: &str| {
        let texts: Vec<String> =
            counts.iter().map(|(name, count)| format!("{name} {has} {count} resource instances")).collect();
        texts.join(", ")
    };
    let mut bad = Vec::new();
    if !resources.is_empty() {
        let message = format!("Some resources are remaining: {}", list(&resources, "has"));
        bad.push((CONTENT_REMAINING, "SomeResourcesRemain", message));
    }
    if !finalizers.is_empty() {
        let message = format!("Some content in the namespace has finalizers remaining: {}", list(&finalizers, "in"));
        bad.push((FINALIZERS_REMAINING, "SomeFinalizersRemain", message));
    }
    with(namespace, &bad, now)
}

/// The namespace, telling that a deletion has failed; what it says of the rest stays.
pub(super) fn deletion_failed(namespace: &Namespace, error: &str, now: Time) -> Namespace {
    let message = format!("Failed to delete all resource types, 1 remaining: {error}");
    let mut after = namespace.clone();
    set(&mut after, CONTENT_FAILURE, "True", "ContentDeletionFailed", &message, now);
    after
}

fn with(namespace: &Namespace, bad: &[(&str, &str, String)], now: Time) -> Namespace {
    let mut after = namespace.clone();
    after.status.phase = "Terminating".into();
    for (type_, reason, message) in CONDITIONS {
        match bad.iter().find(|(bad, ..)| *bad == type_) {
            Some((_, reason, message)) => set(&mut after, type_, "True", reason, message, now),
            None => set(&mut after, type_, "False", reason, message, now),
        }
    }
    after
}

fn set(namespace: &mut Namespace, type_: &str, status: &str, reason: &str, message: &str, now: Time) {
    let conditions = &mut namespace.status.conditions;
    let at = conditions.iter().position(|condition| condition.type_ == type_).unwrap_or_else(|| {
        conditions.push(NamespaceCondition { type_: type_.into(), ..NamespaceCondition::default() });
        conditions.len() - 1
    });
    let condition = &mut conditions[at];
    if condition.status != status {
        condition.last_transition_time = Some(now);
    }
    condition.status = status.into();
    condition.reason = reason.into();
    condition.message = message.into();
}
