//! Which pods go first when there are too many.

use crate::pods;
use api_core::v1::{ContainerStatus, Pod};
use schema::Time;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Pods with a lower cost are deleted before those with a higher one.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// `count` of the active pods; `related` are the active pods that should not share a node with them, themselves included.
pub(super) fn pods_to_delete(active: &[Arc<Pod>], related: &[Arc<Pod>], count: usize, now: Time) -> Vec<Arc<Pod>> {
    if count >= active.len() {
        return active.to_vec();
    }
    let mut on_node: HashMap<&str, usize> = HashMap::new();
    for pod in related {
        *on_node.entry(&pod.spec.node_name).or_default() += 1;
    }
    let rank = |pod: &Pod| on_node.get(pod.spec.node_name.as_str()).copied().unwrap_or_default();
    let mut pods = active.to_vec();
    pods.sort_by(|a, b| order(a, b, rank(a), rank(b), now));
    pods.truncate(count);
    pods
}

/// `Less`: `a` is deleted before `b`.
fn order(a: &Pod, b: &Pod, rank_a: usize, rank_b: usize, now: Time) -> Ordering {
    let (ready_a, ready_b) = (pods::is_ready(a), pods::is_ready(b));
    // Not assigned before assigned.
    (!a.spec.node_name.is_empty())
        .cmp(&!b.spec.node_name.is_empty())
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| ready_a.cmp(&ready_b))
        .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
        // The one with more company on its node first.
        .then_with(|| rank_b.cmp(&rank_a))
        .then_with(|| match ready_a && ready_b {
            true => by_age(pods::ready_since(a), pods::ready_since(b), a, b, now),
            false => Ordering::Equal,
        })
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| by_age(a.metadata.creation_timestamp, b.metadata.creation_timestamp, a, b, now))
}

fn phase(pod: &Pod) -> u8 {
    match pod.status.phase.as_str() {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

fn deletion_cost(pod: &Pod) -> i32 {
    pod.metadata.annotations.get(DELETION_COST).and_then(|cost| cost.parse().ok()).unwrap_or_default()
}

/// The most restarts of a container, and of a sidecar.
fn restarts(pod: &Pod) -> (i32, i32) {
    let most = |statuses: &mut dyn Iterator<Item = &ContainerStatus>| {
        statuses.map(|status| status.restart_count).max().unwrap_or_default()
    };
    let is_sidecar = |name: &str| {
        let mut containers = pod.spec.init_containers.iter();
        containers.any(|container| container.name == name && container.restart_policy.as_deref() == Some("Always"))
    };
    let regular = most(&mut pod.status.container_statuses.iter());
    let mut sidecars = pod.status.init_container_statuses.iter().filter(|status| is_sidecar(&status.name));
    (regular, most(&mut sidecars))
}

/// The younger first, but ages are only told apart by their power of two: between pods of about the same age the uid, which
/// is random, decides, so that not always the youngest goes.
fn by_age(a: Option<Time>, b: Option<Time>, pod_a: &Pod, pod_b: &Pod, now: Time) -> Ordering {
    match (a, b) {
        (a, b) if a == b => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (a, b) => magnitude(a, now).cmp(&magnitude(b, now)).then_with(|| pod_a.metadata.uid.cmp(&pod_b.metadata.uid)),
    }
}

/// The power of two of an age in nanoseconds; -1 if it has none.
fn magnitude(time: Option<Time>, now: Time) -> i64 {
    let age_s = time.map_or(0, |time| now.secs_since(time));
    let age_ns = i128::from(age_s) * 1_000_000_000;
    if age_ns > 0 { i64::from(age_ns.ilog2()) } else { -1 }
}
