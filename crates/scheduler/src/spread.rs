//! PodTopologySpread: how evenly the pods of a kind stand in zones, on nodes, or in whatever a label names.

use crate::affinity;
use crate::class::{Class, with_keys};
use crate::filters::Rejection;
use crate::hash::FastMap;
use crate::memo::Memo;
use crate::node::{NodeInfo, Placed};
use crate::taints;
use api_core::v1::{Pod, TopologySpreadConstraint};
use informer::Selector;
use std::collections::HashSet;
use std::sync::Arc;

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
const MAX_SCORE: i64 = 100;
/// Which pods without constraints are spread, softly: zones may differ by 5 pods of a controller, nodes by 3.
const DEFAULTS: [(&str, i64); 2] = [(HOSTNAME, 3), (ZONE, 5)];

/// The hard constraints of one pod, with the pods that count by each.
#[derive(Default)]
pub struct Spread<'s> {
    constraints: Vec<Counted<'s>>,
}

struct Counted<'s> {
    constraint: Constraint,
    /// 1 if the pod itself is among those that count.
    own: i64,
    /// By value of the topology's label.
    counts: FastMap<&'s str, i64>,
    least: i64,
}

struct Constraint {
    key: String,
    max_skew: i64,
    min_domains: usize,
    who: Who,
    honor_affinity: bool,
    honor_taints: bool,
}

/// Which pods count.
enum Who {
    Selected(String, Selector),
    OwnedBy(String),
}

impl Who {
    fn has(&self, class: &Class) -> bool {
        !class.terminating
            && match self {
                Who::Selected(namespace, selector) => class.namespace == *namespace && selector.matches(&class.labels),
                Who::OwnedBy(owner) => class.owner == *owner,
            }
    }
}

impl Constraint {
    fn of(pod: &Pod, constraint: &TopologySpreadConstraint) -> Constraint {
        let labels = &pod.metadata.labels;
        let selector = constraint.label_selector.as_deref();
        let selector = selector.map(|selector| with_keys(selector, labels, &constraint.match_label_keys, "In"));
        Constraint {
            key: constraint.topology_key.clone(),
            max_skew: i64::from(constraint.max_skew),
            min_domains: constraint.min_domains.map_or(1, |count| usize::try_from(count).unwrap_or_default()),
            who: Who::Selected(pod.metadata.namespace.clone(), Selector::new(selector.as_ref())),
            honor_affinity: constraint.node_affinity_policy.as_deref() != Some("Ignore"),
            honor_taints: constraint.node_taints_policy.as_deref() == Some("Honor"),
        }
    }

    fn includes(&self, pod: &Pod, node: &NodeInfo) -> bool {
        let tolerated =
            || taints::untolerated(&node.taints, &pod.spec.tolerations, &["NoSchedule", "NoExecute"]).is_none();
        (!self.honor_affinity || affinity::required(pod, node)) && (!self.honor_taints || tolerated())
    }

    /// Empty where the node has none.
    fn value<'n>(&self, node: &'n NodeInfo) -> &'n str {
        node.labels.get(&self.key).map_or("", String::as_str)
    }

    fn count(&self, node: &NodeInfo, memo: &mut Memo) -> i64 {
        let counted = node.classes.iter().filter(|(class, _)| memo.get(class.id, || self.who.has(class)));
        counted.map(|(_, count)| count).sum()
    }
}

impl<'s> Spread<'s> {
    pub fn new(pod: &Pod, class: &Class, nodes: &'s [Arc<NodeInfo>]) -> Spread<'s> {
        let hard = pod.spec.topology_spread_constraints.iter().filter(|c| c.when_unsatisfiable == "DoNotSchedule");
        let mut constraints: Vec<Counted> = hard
            .map(|constraint| {
                let constraint = Constraint::of(pod, constraint);
                let own = i64::from(constraint.who.has(class));
                Counted { constraint, own, counts: FastMap::default(), least: 0 }
            })
            .collect();
        if constraints.is_empty() {
            return Spread::default();
        }
        let mut memos: Vec<Memo> = constraints.iter().map(|_| Memo::default()).collect();
        for node in nodes {
            if !has_all(node, constraints.iter().map(|counted| counted.constraint.key.as_str())) {
                continue;
            }
            for (counted, memo) in constraints.iter_mut().zip(&mut memos) {
                if counted.constraint.includes(pod, node)
                    && let Some(value) = node.labels.get(&counted.constraint.key)
                {
                    *counted.counts.entry(value).or_default() += counted.constraint.count(node, memo);
                }
            }
        }
        constraints.iter_mut().for_each(Counted::find_least);
        Spread { constraints }
    }

    pub fn reject(&self, node: &NodeInfo) -> Option<Rejection> {
        for counted in &self.constraints {
            let Some(value) = node.labels.get(&counted.constraint.key) else {
                let reason = "node(s) didn't match pod topology spread constraints (missing required label)";
                return Rejection::unresolvable(reason);
            };
            let count = counted.counts.get(value.as_str()).copied().unwrap_or_default();
            if count + counted.own - counted.least > counted.constraint.max_skew {
                return Rejection::resolvable("node(s) didn't match pod topology spread constraints");
            }
        }
        None
    }

    /// As if a pod came to a node (1) or went from it (-1).
    pub fn update(&mut self, pod: &Pod, placed: &Placed, node: &'s NodeInfo, by: i64) {
        if !has_all(node, self.constraints.iter().map(|c| c.constraint.key.as_str())) {
            return;
        }
        for counted in &mut self.constraints {
            if counted.constraint.who.has(&placed.class)
                && counted.constraint.includes(pod, node)
                && let Some(value) = node.labels.get(&counted.constraint.key)
            {
                *counted.counts.entry(value).or_default() += by;
                counted.find_least();
            }
        }
    }
}

impl Counted<'_> {
    fn find_least(&mut self) {
        let too_few = self.counts.len() < self.constraint.min_domains;
        self.least = if too_few { 0 } else { self.counts.values().copied().min().unwrap_or_default() };
    }
}

fn has_all<'k>(node: &NodeInfo, mut keys: impl Iterator<Item = &'k str>) -> bool {
    keys.all(|key| node.labels.contains_key(key))
}

/// From 0 to 100 for each of the feasible nodes; `None` if the pod has no soft constraint.
pub fn scores(pod: &Pod, class: &Class, all: &[Arc<NodeInfo>], feasible: &[Arc<NodeInfo>]) -> Option<Vec<i64>> {
    let explicit = !pod.spec.topology_spread_constraints.is_empty();
    let constraints = soft(pod, class);
    if constraints.is_empty() {
        return None;
    }
    let keys = || constraints.iter().map(|constraint| constraint.key.as_str());
    let ignored: Vec<bool> = feasible.iter().map(|node| explicit && !has_all(node, keys())).collect();
    let scored = || feasible.iter().zip(&ignored).filter(|(_, ignored)| !**ignored).map(|(node, _)| node);
    let mut raw = vec![0.0; feasible.len()];
    for constraint in &constraints {
        let mut memo = Memo::default();
        let by_node = constraint.key == HOSTNAME;
        let mut counts: FastMap<&str, i64> = FastMap::default();
        if !by_node {
            counts = scored().map(|node| (constraint.value(node), 0)).collect();
            let counted = all.iter().filter(|node| !explicit || has_all(node, keys()));
            for node in counted.filter(|node| constraint.includes(pod, node)) {
                if let Some(count) = counts.get_mut(constraint.value(node)) {
                    *count += constraint.count(node, &mut memo);
                }
            }
        }
        let size = if by_node { scored().count() } else { counts.len() };
        let weight = ((size + 2) as f64).ln();
        for ((node, ignored), raw) in feasible.iter().zip(&ignored).zip(&mut raw) {
            if *ignored || !node.labels.contains_key(&constraint.key) {
                continue;
            }
            let count = if by_node { constraint.count(node, &mut memo) } else { counts[constraint.value(node)] };
            *raw += count as f64 * weight + (constraint.max_skew - 1) as f64;
        }
    }
    Some(normalized(&raw, &ignored))
}

fn soft(pod: &Pod, class: &Class) -> Vec<Constraint> {
    let given = &pod.spec.topology_spread_constraints;
    if !given.is_empty() {
        let soft = given.iter().filter(|constraint| constraint.when_unsatisfiable == "ScheduleAnyway");
        return soft.map(|constraint| Constraint::of(pod, constraint)).collect();
    }
    if class.owner.is_empty() {
        return Vec::new();
    }
    let default = |(key, max_skew): (&str, i64)| Constraint {
        key: key.into(),
        max_skew,
        min_domains: 1,
        who: Who::OwnedBy(class.owner.clone()),
        honor_affinity: true,
        honor_taints: false,
    };
    DEFAULTS.into_iter().map(default).collect()
}

/// The fewer, the better.
fn normalized(raw: &[f64], ignored: &[bool]) -> Vec<i64> {
    let rounded: Vec<i64> = raw.iter().map(|score| score.round() as i64).collect();
    let known: HashSet<i64> = rounded.iter().zip(ignored).filter(|(_, i)| !**i).map(|(score, _)| *score).collect();
    let (most, least) = (known.iter().max().copied().unwrap_or(0), known.iter().min().copied().unwrap_or(0));
    let scale = |(score, ignored): (&i64, &bool)| match (ignored, most) {
        (true, _) => 0,
        (false, 0) => MAX_SCORE,
        (false, most) => MAX_SCORE * (most + least - score) / most,
    };
    rounded.iter().zip(ignored).map(scale).collect()
}
