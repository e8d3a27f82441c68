//! Where pods go: plugins over an immutable snapshot of the nodes, decisions out.
//!
//! ```text
//!   nodes, pods --> Cache --snapshot--> schedule(pod, &Snapshot) --> Decision::Node | Decision::Unschedulable
//!   unassigned pods --> Queue --pop--^                                   | assume
//!                        ^------------ backoff, events ------------------+
//! ```
//!
//! Deliberately absent: async, IO, clocks (times come in), watches and bindings (the driver's).

pub mod affinity;
pub mod around;
pub mod cache;
pub mod class;
pub mod filters;
pub mod hash;
pub mod interpod;
pub mod memo;
pub mod node;
pub mod plugin;
pub mod preemption;
pub mod queue;
pub mod resources;
pub mod scores;
pub mod spread;
pub mod taints;
pub mod volumes;

pub use cache::{Cache, Snapshot};
pub use node::NodeInfo;
pub use plugin::{Happened, Plugin, Plugins};
pub use preemption::Preemption;
pub use queue::Queue;

use api_core::v1::Pod;
use class::Class;
use filters::{Asked, Rejection};
use preemption::Hopeless;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use stdx::Rng;
use volumes::Volumes;

/// Up to this many nodes all of them are looked at.
const MIN_FEASIBLE_NODES: usize = 100;
/// Of more, at least this many percent.
const MIN_PERCENT: usize = 5;

const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// Where a pod goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Node(String),
    Unschedulable(Refusal),
}

/// Why a pod goes nowhere, and what may change that.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Upstream's sentence, which the pod's condition and event carry.
    pub message: String,
    pub rejected_by: Plugins,
    pub nomination: Nomination,
}

/// What becomes of the room that the pod was promised.
#[derive(Clone, Debug, PartialEq)]
pub enum Nomination {
    Keep,
    /// There is none.
    Clear,
    /// Others have to go for it.
    Make(Preemption),
}

/// A node's index in the snapshot, and why it cannot take the pod.
pub type Refused = (usize, Rejection);

/// Decides for one pod. `start`: where among the nodes to begin, moved on so that all get their turn.
pub fn schedule(pod: &Pod, snapshot: &Snapshot, start: &mut usize, rng: &dyn Rng) -> Decision {
    let nodes = snapshot.nodes();
    if nodes.is_empty() {
        return refused_by_all("no nodes available to schedule pods".into(), Plugins::ALL);
    }
    let named = affinity::named(pod);
    if named.as_ref().is_some_and(|names| names.is_empty()) {
        return refused_everywhere(nodes.len(), "pod affinity terms conflict", Plugin::NodeAffinity);
    }
    let volumes = match Volumes::new(pod, snapshot.around()) {
        Ok(volumes) => volumes,
        Err(why) => return refused_everywhere(nodes.len(), &why, Plugin::VolumeBinding),
    };
    let class = Class::new(pod);
    let mut asked = Asked::new(pod, &class, snapshot, volumes);
    // Room that was made for the pod is most likely all there is for it.
    if let Some(at) = snapshot.position(&pod.status.nominated_node_name)
        && asked.reject(&nodes[at]).is_none()
    {
        return Decision::Node(nodes[at].name.clone());
    }
    let among: Option<Vec<usize>> =
        named.map(|names| names.into_iter().filter_map(|name| snapshot.position(name)).collect());
    let (feasible, rejected) = search(&mut asked, among.as_deref(), start);
    match feasible.as_slice() {
        [] => refuse(&mut asked, &rejected, rng),
        [only] => Decision::Node(only.name.clone()),
        several => Decision::Node(best(&asked, several, rng)),
    }
}

/// The nodes that can take the pod, until there are enough, and those that cannot. `among`: only these.
fn search(asked: &mut Asked, among: Option<&[usize]>, start: &mut usize) -> (Vec<Arc<NodeInfo>>, Vec<Refused>) {
    let nodes = asked.snapshot.nodes();
    let count = among.map_or(nodes.len(), <[usize]>::len);
    let wanted = feasible_wanted(count);
    let (mut feasible, mut rejected) = (Vec::new(), Vec::new());
    for offset in 0..count {
        let at = (*start + offset) % count;
        let index = among.map_or(at, |among| among[at]);
        match asked.reject(&nodes[index]) {
            None => feasible.push(nodes[index].clone()),
            Some(rejection) => rejected.push((index, rejection)),
        }
        if feasible.len() >= wanted {
            break;
        }
    }
    *start = (*start + feasible.len() + rejected.len()) % nodes.len();
    (feasible, rejected)
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
fn best(asked: &Asked, feasible: &[Arc<NodeInfo>], rng: &dyn Rng) -> String {
    let totals = scores::totals(asked, feasible);
    let top = totals.iter().copied().max().unwrap_or_default();
    let equals: Vec<usize> = (0..feasible.len()).filter(|&index| totals[index] == top).collect();
    feasible[equals[rng.below(equals.len())]].name.clone()
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). ...`
fn refuse(asked: &mut Asked, rejected: &[Refused], rng: &dyn Rng) -> Decision {
    let nodes = asked.snapshot.nodes().len();
    let not_named = nodes - rejected.len();
    let reasons = rejected.iter().flat_map(|(_, rejection)| &rejection.reasons);
    let others = (not_named, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
    let mut message = sentence(nodes, reasons, others);
    let mut rejected_by = rejected.iter().fold(Plugins::NONE, |all, (_, rejection)| all | rejection.plugin);
    if not_named > 0 {
        rejected_by = rejected_by | Plugin::NodeAffinity;
    }
    let nomination = match preemption::preempt(asked, rejected, rng) {
        Ok(preemption) => Nomination::Make(preemption),
        Err(Hopeless::NotEligible(why)) => {
            message += &format!(" preemption: {why}");
            Nomination::Keep
        }
        Err(Hopeless::NoCandidate(tried)) => {
            let others = (nodes - tried.len(), NOT_HELPFUL);
            message += &format!(" preemption: {}", sentence(nodes, tried.iter().flatten(), others));
            Nomination::Clear
        }
    };
    Decision::Unschedulable(Refusal { message, rejected_by, nomination })
}

/// `others`: how many nodes have no reason of their own, and the reason that they share.
fn sentence<'r>(
    nodes: usize,
    reasons: impl Iterator<Item = &'r Cow<'static, str>>,
    others: (usize, &'r str),
) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    if others.0 > 0 {
        *counts.entry(others.1).or_default() += others.0;
    }
    let mut reasons: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    reasons.sort();
    format!("0/{nodes} nodes are available: {}.", reasons.join(", "))
}

/// A pod that no node can take, whatever the node.
fn refused_everywhere(nodes: usize, why: &str, plugin: Plugin) -> Decision {
    let preemption = sentence(nodes, std::iter::empty(), (nodes, NOT_HELPFUL));
    refused_by_all(format!("0/{nodes} nodes are available: {why}. preemption: {preemption}"), plugin.into())
}

fn refused_by_all(message: String, rejected_by: Plugins) -> Decision {
    Decision::Unschedulable(Refusal { message, rejected_by, nomination: Nomination::Clear })
}

#[cfg(test)]
mod tests;
