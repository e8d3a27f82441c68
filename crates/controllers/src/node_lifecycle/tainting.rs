//! Which taints a node is to have.

use crate::taints::{self, NO_EXECUTE, NO_SCHEDULE, NOT_READY, UNREACHABLE, UNSCHEDULABLE};
use crate::{Plan, taints::condition};
use api_core::v1::{Node, Taint};
use informer::View;
use schema::Time;
use std::sync::Arc;
use std::time::Duration;

/// In a zone one node after another gets its `NoExecute` taint, so long after the one before: upstream's `--node-eviction-rate`.
const EVICTION_SECONDS: i64 = 10;
/// In a large cluster, while most nodes of the zone are not ready: upstream's `--secondary-node-eviction-rate`.
const SECONDARY_EVICTION_SECONDS: i64 = 100;
const LARGE_CLUSTER: usize = 50;
const UNHEALTHY_PERCENT: usize = 55;
/// A node that may not be tainted now is looked at again then.
const HELD_BACK: Duration = Duration::from_secs(10);

/// A condition with a status gives a taint.
const BY_CONDITION: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", taints::MEMORY_PRESSURE),
    ("DiskPressure", "True", taints::DISK_PRESSURE),
    ("NetworkUnavailable", "True", taints::NETWORK_UNAVAILABLE),
    ("PIDPressure", "True", taints::PID_PRESSURE),
];

pub(super) fn plan(plan: &mut Plan, node: &Node, view: &View, now: Time) {
    let mut after = node.clone();
    no_schedule(&mut after, now);
    let wanted = match condition(node, "Ready") {
        Some("False") => Some(NOT_READY),
        Some("Unknown") => Some(UNREACHABLE),
        _ => None,
    };
    match no_execute(node, wanted, view, now) {
        Pass::Now => set(&mut after.spec.taints, &[NOT_READY, UNREACHABLE], NO_EXECUTE, wanted.as_slice(), now),
        Pass::Never => set(&mut after.spec.taints, &[NOT_READY, UNREACHABLE], NO_EXECUTE, &[], now),
        Pass::After(wait) => plan.look_again(wait),
    }
    // What tolerates a taint for a time has to know since when it is there.
    let timeless =
        after.spec.taints.iter_mut().filter(|taint| taint.effect == NO_EXECUTE && taint.time_added.is_none());
    timeless.for_each(|taint| taint.time_added = Some(now));
    plan.update(node, &after);
}

fn no_schedule(node: &mut Node, now: Time) {
    let mut wanted: Vec<&str> = BY_CONDITION
        .iter()
        .filter(|(type_, status, _)| condition(node, type_) == Some(status))
        .map(|(_, _, key)| *key)
        .collect();
    if node.spec.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    let ours: Vec<&str> = BY_CONDITION.iter().map(|(_, _, key)| *key).chain([UNSCHEDULABLE]).collect();
    set(&mut node.spec.taints, &ours, NO_SCHEDULE, &wanted, now);
}

/// Makes the taints of one effect among the keys `ours` be those `wanted`.
fn set(taints: &mut Vec<Taint>, ours: &[&str], effect: &str, wanted: &[&str], now: Time) {
    taints.retain(|taint| {
        let key = taint.key.as_str();
        taint.effect != effect || !ours.contains(&key) || wanted.contains(&key)
    });
    for key in wanted {
        if !taints.iter().any(|taint| taint.effect == effect && taint.key == *key) {
            let (key, effect) = ((*key).to_owned(), effect.to_owned());
            taints.push(Taint { effect, key, time_added: Some(now), value: String::new() });
        }
    }
}

/// May a node's pods be driven away?
enum Pass {
    Now,
    /// Not while the whole cluster is not ready: then it is the control plane that is cut off.
    Never,
    After(Duration),
}

fn no_execute(node: &Node, wanted: Option<&str>, view: &View, now: Time) -> Pass {
    let Some(wanted) = wanted else { return Pass::Now };
    let nodes = view.list::<Node>();
    if !nodes.iter().any(|node| taints::is_ready(node)) {
        return Pass::Never;
    }
    let driven_away = |node: &Node| driven_away_since(node).is_some();
    if driven_away(node) || node.spec.taints.iter().any(|taint| taint.key == wanted && taint.effect == NO_EXECUTE) {
        // From one of the two taints to the other is no new eviction.
        return Pass::Now;
    }
    let in_zone: Vec<&Arc<Node>> = nodes.iter().filter(|other| zone(other) == zone(node)).collect();
    let bad = in_zone.iter().filter(|node| !taints::is_ready(node)).count();
    let partly = bad < in_zone.len() && bad > 2 && bad * 100 >= in_zone.len() * UNHEALTHY_PERCENT;
    let wait = match partly {
        true if in_zone.len() <= LARGE_CLUSTER => return Pass::After(HELD_BACK),
        true => SECONDARY_EVICTION_SECONDS,
        false => EVICTION_SECONDS,
    };
    let last = in_zone.iter().filter_map(|node| driven_away_since(node)).max();
    let left = last.map_or(0, |last| wait - now.secs_since(last));
    if left > 0 { Pass::After(Duration::from_secs(left.unsigned_abs())) } else { Pass::Now }
}

fn driven_away_since(node: &Node) -> Option<Time> {
    let ours = taints::no_execute(node).filter(|taint| taint.key == NOT_READY || taint.key == UNREACHABLE);
    ours.filter_map(|taint| taint.time_added).max()
}

fn zone(node: &Node) -> (&str, &str) {
    let label = |name: &str| node.metadata.labels.get(name).map_or("", String::as_str);
    (label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone"))
}
