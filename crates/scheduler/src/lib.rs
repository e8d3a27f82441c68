//! Where pods go: plugins over an immutable snapshot of the nodes, decisions out.
//!
//! ```text
//!   nodes, pods --> Cache --snapshot--> schedule(pod, &Snapshot) --> Decision::Node | Decision::Unschedulable(why)
//!   unassigned pods --> Queue --pop--^                                   | assume
//!                        ^------------ backoff, events ------------------+
//! ```
//!
//! Deliberately absent: async, IO, clocks (times come in), watches and bindings (the driver's).

pub mod affinity;
pub mod cache;
pub mod filters;
pub mod node;
pub mod queue;
pub mod resources;
pub mod scores;
pub mod taints;

pub use cache::{Cache, Snapshot};
pub use node::NodeInfo;
pub use queue::Queue;

use api_core::v1::Pod;
use filters::{FILTERS, Rejection};
use std::collections::BTreeMap;
use std::sync::Arc;
use stdx::Rng;

/// Up to this many nodes all of them are looked at.
const MIN_FEASIBLE_NODES: usize = 100;
/// Of more, at least this many percent.
const MIN_PERCENT: usize = 5;

/// Where a pod goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Node(String),
    /// Upstream's sentence, which the pod's condition and event carry.
    Unschedulable(String),
}

/// Decides for one pod. `start`: where among the nodes to begin, moved on so that all get their turn.
pub fn schedule(pod: &Pod, snapshot: &Snapshot, start: &mut usize, rng: &dyn Rng) -> Decision {
    let nodes = snapshot.nodes();
    if nodes.is_empty() {
        return Decision::Unschedulable("no nodes available to schedule pods".into());
    }
    let asked = filters::Asked::new(pod);
    let wanted = feasible_wanted(nodes.len());
    let (mut feasible, mut rejected) = (Vec::new(), Vec::new());
    let mut looked_at = 0;
    for offset in 0..nodes.len() {
        let node = &nodes[(*start + offset) % nodes.len()];
        looked_at += 1;
        match FILTERS.iter().find_map(|filter| (filter.run)(&asked, node)) {
            None => feasible.push(node.clone()),
            Some(rejection) => rejected.push(rejection),
        }
        if feasible.len() >= wanted {
            break;
        }
    }
    *start = (*start + looked_at) % nodes.len();
    match feasible.as_slice() {
        [] => Decision::Unschedulable(refusal(nodes.len(), &rejected)),
        [only] => Decision::Node(only.name.clone()),
        several => Decision::Node(best(&asked, several, snapshot, rng)),
    }
}

/// How many feasible nodes are enough, as upstream adapts it to the number of nodes.
fn feasible_wanted(nodes: usize) -> usize {
    if nodes < MIN_FEASIBLE_NODES {
        return nodes;
    }
    let percent = 50usize.saturating_sub(nodes / 125).max(MIN_PERCENT);
    (nodes * percent / 100).max(MIN_FEASIBLE_NODES)
}

/// The node with the highest score; of equals, any.
fn best(asked: &filters::Asked, feasible: &[Arc<NodeInfo>], snapshot: &Snapshot, rng: &dyn Rng) -> String {
    let totals = scores::totals(asked, feasible, snapshot);
    let top = totals.iter().copied().max().unwrap_or_default();
    let equals: Vec<usize> = (0..feasible.len()).filter(|&index| totals[index] == top).collect();
    feasible[equals[rng.below(equals.len())]].name.clone()
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). ...`
fn refusal(nodes: usize, rejected: &[Rejection]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in rejected.iter().flat_map(|rejection| &rejection.reasons) {
        *counts.entry(reason).or_default() += 1;
    }
    let mut reasons: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    reasons.sort();
    let helpless = rejected.iter().filter(|rejection| rejection.unresolvable).count();
    let mut preemption = Vec::new();
    if helpless > 0 {
        preemption.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    if rejected.len() > helpless {
        let others = rejected.len() - helpless;
        preemption.push(format!("{others} No preemption victims found for incoming pod"));
    }
    preemption.sort();
    format!(
        "0/{nodes} nodes are available: {}. preemption: 0/{nodes} nodes are available: {}.",
        reasons.join(", "),
        preemption.join(", ")
    )
}

#[cfg(test)]
mod tests;
