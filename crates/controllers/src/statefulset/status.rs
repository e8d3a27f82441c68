//! The numbers of a stateful set, and when a rollout is over.

use super::Scene;
use super::steps::is_available;
use crate::pods;
use api_apps::apps::v1::StatefulSet;
use std::time::Duration;

pub(super) fn calculate(scene: &Scene, collision_count: Option<i32>) -> StatefulSet {
    let mut after = scene.set.clone();
    let status = &mut after.status;
    let (mut ready, mut available, mut current, mut updated) = (0, 0, 0, 0);
    for pod in &scene.pods {
        let running = pod.status.phase == "Running";
        ready += i32::from(running && pods::is_ready(pod));
        available += i32::from(is_available(scene, pod));
        if pod.metadata.deletion_timestamp.is_none() {
            current += i32::from(scene.is_of(pod, &scene.current));
            updated += i32::from(scene.is_of(pod, &scene.update));
        }
    }
    status.replicas = i32::try_from(scene.pods.len()).unwrap_or(i32::MAX);
    status.ready_replicas = ready;
    status.available_replicas = available;
    status.current_replicas = current;
    status.updated_replicas = updated;
    status.current_revision = scene.current.metadata.name.clone();
    status.update_revision = scene.update.metadata.name.clone();
    status.observed_generation = scene.set.metadata.generation;
    status.collision_count = Some(collision_count.unwrap_or_default());
    let rolling = scene.set.spec.update_strategy.type_ != "OnDelete";
    if rolling
        && updated == status.replicas
        && ready == status.replicas
        && updated == scene.set.spec.replicas.unwrap_or(1)
    {
        status.current_replicas = updated;
        status.current_revision = status.update_revision.clone();
    }
    after
}

/// When the first of the pods that are ready, but not for long enough, becomes available.
pub(super) fn next_availability(scene: &Scene) -> Option<Duration> {
    let seconds = scene.set.spec.min_ready_seconds;
    let waits = scene.pods.iter().filter_map(|pod| pods::seconds_to_available(pod, seconds, scene.now));
    waits.min().map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
}
