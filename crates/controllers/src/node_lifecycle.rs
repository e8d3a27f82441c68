//! Watches over nodes: who is silent for too long is `Unknown`, and what a node says of itself becomes taints.
//!
//! ```text
//!   lease and heartbeats are old -> conditions Unknown, its pods not ready      (health.rs)
//!   conditions, spec.unschedulable -> taints NoSchedule and NoExecute           (tainting.rs)
//!   taints NoExecute -> pods go                                                 (taint_eviction.rs)
//! ```
//!
//! There is one worker: how fast nodes of a zone may be tainted is read from when the others were. Heartbeats start
//! nothing; a node is looked at when it changes, and when its silence would be too long.
//! Deliberately absent: cloud providers.

mod health;
mod tainting;

use crate::{Controller, Plan, Watch};
use api_core::v1::{Node, Pod};
use api_misc::coordination::v1::Lease;
use informer::{Key, View};
use schema::Time;

pub struct NodeLifecycleController;

impl Controller for NodeLifecycleController {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn event_source(&self) -> &'static str {
        "node-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::own::<Node>(), Watch::cached::<Lease>(), Watch::cached::<Pod>()]
    }

    fn workers(&self) -> usize {
        1
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let Some(node) = view.get::<Node>("", &key.name) else { return Plan::default() };
        let mut plan = health::plan(&node, view, now);
        // The conditions come first: taints follow from what they will have become.
        if plan.writes().next().is_none() {
            tainting::plan(&mut plan, &node, view, now);
        }
        plan
    }
}

#[cfg(test)]
mod tests;
