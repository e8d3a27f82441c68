//! Replacing pods of an older template, as many at once as the strategy allows.

use super::{Changes, Scene};
use crate::deployment::scale::resolve;
use crate::pods;
use api_core::v1::Pod;
use schema::IntOrString;
use std::sync::Arc;

fn limits(scene: &Scene) -> (i32, i32) {
    let wanted = scene.nodes.iter().filter(|(_, placement)| placement.should_run).count();
    let total = i32::try_from(wanted).unwrap_or(i32::MAX);
    let rolling = scene.set.spec.update_strategy.rolling_update.as_deref();
    let surge = rolling.and_then(|rolling| rolling.max_surge.clone()).unwrap_or(IntOrString::Int(0));
    let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.clone()).unwrap_or(IntOrString::Int(1));
    let (surge, mut unavailable) = (resolve(&surge, total, true), resolve(&unavailable, total, true));
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    (surge, unavailable)
}

pub(super) fn max_surge(scene: &Scene) -> i32 {
    if scene.set.spec.update_strategy.type_ == "OnDelete" { 0 } else { limits(scene).0 }
}

/// Adds the pods that are next.
pub(super) fn next(scene: &Scene, changes: &mut Changes) {
    if scene.set.spec.update_strategy.type_ == "OnDelete" {
        return;
    }
    let (surge, unavailable) = limits(scene);
    match surge > 0 {
        true => add_then_remove(scene, surge, changes),
        false => remove_then_add(scene, unavailable, changes),
    }
}

/// The updated and the old pod of a node, of those that are not going.
fn pair<'p>(scene: &Scene, pods: &'p [Arc<Pod>]) -> (Option<&'p Arc<Pod>>, Option<&'p Arc<Pod>>) {
    let mut alive = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let new = alive.clone().find(|pod| scene.is_updated(pod));
    (new, alive.find(|pod| !scene.is_updated(pod)))
}

fn is_available(scene: &Scene, pod: &Pod) -> bool {
    pods::is_available(pod, scene.set.spec.min_ready_seconds, scene.now)
}

fn remove_then_add(scene: &Scene, max_unavailable: i32, changes: &mut Changes) {
    let mut unavailable = 0;
    let mut candidates = Vec::new();
    for (node, placement) in &scene.nodes {
        match pair(scene, scene.pods_on(node)) {
            (None, None) => unavailable += i32::from(placement.should_run),
            (Some(new), _) => unavailable += i32::from(!is_available(scene, new)),
            (None, Some(old)) if is_available(scene, old) => candidates.push(old),
            // What does not work anyway may go.
            (None, Some(old)) => {
                unavailable += 1;
                changes.delete.push(old.clone());
            }
        }
    }
    let room = usize::try_from(max_unavailable - unavailable).unwrap_or_default();
    changes.delete.extend(candidates.into_iter().take(room).cloned());
}

fn add_then_remove(scene: &Scene, max_surge: i32, changes: &mut Changes) {
    let mut surging = 0;
    let mut candidates = Vec::new();
    for (node, placement) in &scene.nodes {
        match pair(scene, scene.pods_on(node)) {
            (Some(new), Some(old)) => match is_available(scene, new) || !placement.should_run {
                true => changes.delete.push(old.clone()),
                false => surging += 1,
            },
            (None, Some(old)) if is_available(scene, old) => candidates.push(node.metadata.name.clone()),
            // Its place is free already.
            (None, Some(_)) => changes.create.push(node.metadata.name.clone()),
            (_, None) => {}
        }
    }
    let room = usize::try_from(max_surge - surging).unwrap_or_default();
    changes.create.extend(candidates.into_iter().take(room));
}
