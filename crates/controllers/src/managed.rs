//! Pods that a controller makes from a template, and how it makes and deletes them.

use crate::{EventRecord, Tolerate, Write, controller_reference};
use api_core::v1::{Pod, PodTemplateSpec};
use api_meta::v1::ObjectMeta;
use schema::Object;

/// A pod as the template says, managed by `owner`; the server finds a name.
pub(crate) fn pod<T: Object<Meta = ObjectMeta>>(owner: &T, template: &PodTemplateSpec) -> Pod {
    Pod {
        metadata: ObjectMeta {
            namespace: owner.meta().namespace.clone(),
            generate_name: format!("{}-", owner.meta().name),
            labels: template.metadata.labels.clone(),
            annotations: template.metadata.annotations.clone(),
            finalizers: template.metadata.finalizers.clone(),
            owner_references: vec![controller_reference(owner)],
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        ..Pod::default()
    }
}

pub(crate) fn create<T: Object<Meta = ObjectMeta>>(owner: &T, pod: &Pod) -> Write {
    Write::create(pod)
        .tolerating(Tolerate::NamespaceTerminating)
        .with_event(EventRecord::normal(owner, "SuccessfulCreate", "Created pod: {name}"))
        .with_failure_event(EventRecord::warning(owner, "FailedCreate", "Error creating: {error}"))
}

pub(crate) fn delete<T: Object<Meta = ObjectMeta>>(owner: &T, pod: &Pod) -> Write {
    Write::delete(pod)
        .with_event(EventRecord::normal(owner, "SuccessfulDelete", "Deleted pod: {name}"))
        .with_failure_event(EventRecord::warning(owner, "FailedDelete", "Error deleting: {error}"))
}
