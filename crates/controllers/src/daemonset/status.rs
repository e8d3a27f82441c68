//! The numbers of a daemon set.

use super::Scene;
use crate::pods;
use api_apps::apps::v1::DaemonSet;
use std::time::Duration;

pub(super) fn calculate(scene: &Scene, collision_count: Option<i32>) -> DaemonSet {
    let mut after = scene.set.clone();
    let status = &mut after.status;
    let (mut desired, mut current, mut misplaced, mut ready, mut available, mut updated) = (0, 0, 0, 0, 0, 0);
    for (node, placement) in &scene.nodes {
        let mut pods: Vec<_> = scene.pods_on(node).iter().collect();
        desired += i32::from(placement.should_run);
        if pods.is_empty() {
            continue;
        }
        if !placement.should_run {
            misplaced += 1;
            continue;
        }
        current += 1;
        // Of several pods on a node the oldest counts, as for upstream.
        pods.sort_by_key(|pod| pod.metadata.creation_timestamp);
        let Some(pod) = pods.first() else { continue };
        ready += i32::from(pods::is_ready(pod));
        available += i32::from(pods::is_available(pod, scene.set.spec.min_ready_seconds, scene.now));
        updated += i32::from(scene.is_updated(pod));
    }
    status.desired_number_scheduled = desired;
    status.current_number_scheduled = current;
    status.number_misscheduled = misplaced;
    status.number_ready = ready;
    status.number_available = available;
    status.number_unavailable = desired - available;
    status.updated_number_scheduled = updated;
    status.observed_generation = scene.set.metadata.generation;
    status.collision_count = collision_count;
    after
}

/// When the first of the pods that are ready, but not for long enough, becomes available.
pub(super) fn next_availability(scene: &Scene) -> Option<Duration> {
    let pods = scene.pods.values().flatten();
    let waits = pods.filter_map(|pod| pods::seconds_to_available(pod, scene.set.spec.min_ready_seconds, scene.now));
    waits.min().map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
}
