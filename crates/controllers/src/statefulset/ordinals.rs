//! The numbers of a stateful set's pods.

use super::Scene;
use api_apps::apps::v1::StatefulSet;
use api_core::v1::Pod;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The number in the pod's name, if the rest of the name is the set's.
pub(super) fn of_pod(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let (parent, ordinal) = pod.metadata.name.rsplit_once('-')?;
    (parent == set.metadata.name).then(|| ordinal.parse().ok()).flatten()
}

pub(super) fn wanted(set: &StatefulSet) -> Range<i32> {
    let start = set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start);
    start..start.saturating_add(set.spec.replicas.unwrap_or(1))
}

/// Pods by ordinal: those wanted, and those that are too many.
pub(super) fn sort(scene: &Scene) -> (BTreeMap<i32, Arc<Pod>>, BTreeMap<i32, Arc<Pod>>) {
    let range = wanted(scene.set);
    let numbered = scene.pods.iter().filter_map(|pod| Some((of_pod(scene.set, pod)?, pod.clone())));
    numbered.partition(|(ordinal, _)| range.contains(ordinal))
}
