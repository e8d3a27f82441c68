//! DefaultPreemption: which less important pods have to go so that a pod gets room, fewest and least important first.

use crate::Refused;
use crate::filters::{Asked, Rejection};
use crate::node::{NodeInfo, Placed, priority};
use api_core::v1::Pod;
use informer::Selector;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;
use stdx::Rng;

/// At least so many nodes, or this part of them, are tried before one is chosen.
const MIN_CANDIDATES: usize = 100;
const MIN_CANDIDATES_PERCENT: usize = 10;

/// Room to be made on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Preemption {
    pub node: String,
    /// To be deleted; the most important first.
    pub victims: Vec<Arc<Pod>>,
    /// Less important pods that were promised room there, which is no longer sure.
    pub demoted: Vec<Arc<Pod>>,
}

/// Why no room can be made.
pub enum Hopeless {
    /// Victims are on their way already, or the pod may not have any.
    NotEligible(&'static str),
    /// Reasons of the nodes that were tried.
    NoCandidate(Vec<Vec<Cow<'static, str>>>),
}

struct Candidate<'s> {
    node: &'s NodeInfo,
    victims: Vec<&'s Arc<Placed>>,
    /// Of disruption budgets.
    violations: usize,
}

/// `refused`: the nodes by index, with why they cannot take the pod.
pub fn preempt<'s>(asked: &mut Asked<'s>, refused: &[Refused], rng: &dyn Rng) -> Result<Preemption, Hopeless> {
    if let Some(why) = not_eligible(asked, refused) {
        return Err(Hopeless::NotEligible(why));
    }
    let nodes = asked.snapshot.nodes();
    let potential: Vec<&'s NodeInfo> = refused
        .iter()
        .filter(|(_, rejection)| !rejection.unresolvable)
        .map(|(index, _)| nodes[*index].as_ref())
        .collect();
    if potential.is_empty() {
        return Err(Hopeless::NoCandidate(Vec::new()));
    }
    let enough = (potential.len() * MIN_CANDIDATES_PERCENT / 100).max(MIN_CANDIDATES);
    let offset = rng.below(potential.len());
    let (mut candidates, mut failures) = (Vec::new(), Vec::new());
    for at in 0..potential.len() {
        match select_victims(asked, potential[(offset + at) % potential.len()]) {
            Ok(candidate) => candidates.push(candidate),
            Err(reasons) => failures.push(reasons),
        }
        if candidates.len() >= enough && candidates.iter().any(|candidate| candidate.violations == 0) {
            break;
        }
    }
    let best = candidates.into_iter().min_by_key(cost).ok_or(Hopeless::NoCandidate(failures))?;
    let (own, promised) = (priority(asked.pod), asked.snapshot.nominated_on(&best.node.name));
    Ok(Preemption {
        node: best.node.name.clone(),
        victims: best.victims.iter().map(|placed| placed.pod.clone()).collect(),
        demoted: promised.iter().filter(|p| p.priority() < own).map(|placed| placed.pod.clone()).collect(),
    })
}

fn not_eligible(asked: &Asked, refused: &[Refused]) -> Option<&'static str> {
    if asked.pod.spec.preemption_policy.as_deref() == Some("Never") {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let at = asked.snapshot.position(&asked.pod.status.nominated_node_name)?;
    if refused.iter().any(|(index, rejection)| *index == at && rejection.unresolvable) {
        return None;
    }
    let own = priority(asked.pod);
    let mut less = asked.snapshot.nodes()[at].pods.values().filter(|placed| placed.priority() < own);
    less.any(|placed| is_going(&placed.pod)).then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Whether the pod is being deleted because of a preemption.
fn is_going(pod: &Pod) -> bool {
    let because = pod.status.conditions.iter().find(|condition| condition.type_ == "DisruptionTarget");
    pod.metadata.deletion_timestamp.is_some()
        && because.is_some_and(|c| c.status == "True" && c.reason == "PreemptionByScheduler")
}

/// The fewest pods without which the node can take the pod, or why it cannot even without all of them.
fn select_victims<'s>(asked: &mut Asked<'s>, node: &'s NodeInfo) -> Result<Candidate<'s>, Vec<Cow<'static, str>>> {
    let own = priority(asked.pod);
    let mut less: Vec<&'s Arc<Placed>> = node.pods.values().filter(|placed| placed.priority() < own).collect();
    if less.is_empty() {
        return Err(vec!["No preemption victims found for incoming pod".into()]);
    }
    less.sort_by_key(|placed| importance(placed));
    let mut without = node.clone();
    for &placed in &less {
        without.remove_pod(&placed.pod.metadata.uid);
        asked.update(placed, node, -1);
    }
    let outcome = match asked.reject_changed(&without, node) {
        Some(Rejection { reasons, .. }) => Err(reasons),
        None => Ok(reprieve(asked, node, &mut without, &less)),
    };
    // Those that have been let back in are counted again already.
    let gone = outcome.as_ref().map_or(&less, |candidate| &candidate.victims);
    gone.iter().for_each(|placed| asked.update(placed, node, 1));
    outcome
}

/// Lets back in whom there is room for: first those whose budgets forbid to go, the most important first.
fn reprieve<'s>(
    asked: &mut Asked<'s>,
    node: &'s NodeInfo,
    without: &mut NodeInfo,
    less: &[&'s Arc<Placed>],
) -> Candidate<'s> {
    let violating = violating(asked, less);
    let order = |wanted: bool| less.iter().zip(&violating).filter(move |(_, v)| **v == wanted).map(|(p, v)| (*p, *v));
    let (mut victims, mut violations) = (Vec::new(), 0);
    for (placed, violates) in order(true).chain(order(false)) {
        without.add_pod(placed);
        asked.update(placed, node, 1);
        if asked.reject_changed(without, node).is_some() {
            without.remove_pod(&placed.pod.metadata.uid);
            asked.update(placed, node, -1);
            victims.push(placed);
            violations += usize::from(violates);
        }
    }
    victims.sort_by_key(|placed| importance(placed));
    Candidate { node, victims, violations }
}

/// Which of the pods could not be deleted without breaking a disruption budget.
fn violating(asked: &Asked, pods: &[&Arc<Placed>]) -> Vec<bool> {
    let budgets = asked.snapshot.around().budgets.values();
    let mut budgets: Vec<_> = budgets
        .map(|budget| (budget, Selector::new(budget.spec.selector.as_deref()), budget.status.disruptions_allowed))
        .filter(|(_, selector, _)| !selector.is_empty())
        .collect();
    let violates = |placed: &&Arc<Placed>| {
        let meta = &placed.pod.metadata;
        let mut violated = false;
        for (budget, selector, allowed) in &mut budgets {
            let concerns = budget.metadata.namespace == meta.namespace
                && !meta.labels.is_empty()
                && selector.matches(&meta.labels)
                && !budget.status.disrupted_pods.contains_key(&meta.name);
            if concerns {
                *allowed -= 1;
                violated |= *allowed < 0;
            }
        }
        violated
    };
    pods.iter().map(violates).collect()
}

/// Sorts the more important first: higher priority, then running for longer.
fn importance(placed: &Placed) -> (Reverse<i32>, i64) {
    (Reverse(placed.priority()), started(placed))
}

fn started(placed: &Placed) -> i64 {
    placed.pod.status.start_time.map_or(i64::MAX, |time| time.unix())
}

/// The lower, the better: broken budgets, importance of the most important victim, of all, their number; then those that have
/// run the shortest.
fn cost(candidate: &Candidate) -> (usize, i32, i64, usize, Reverse<i64>) {
    const ABOVE_ZERO: i64 = 1 << 31;
    let victims = &candidate.victims;
    let highest = victims.first().map_or(i32::MIN, |placed| placed.priority());
    let sum = victims.iter().map(|placed| i64::from(placed.priority()) + ABOVE_ZERO).sum();
    let earliest = victims.iter().filter(|placed| placed.priority() == highest).map(|placed| started(placed)).min();
    (candidate.violations, highest, sum, victims.len(), Reverse(earliest.unwrap_or(i64::MAX)))
}
