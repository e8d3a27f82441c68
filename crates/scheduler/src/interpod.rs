//! InterPodAffinity: which pods want to be near others, and which far from them.

use crate::around::Surroundings;
use crate::class::{Class, Term};
use crate::filters::Rejection;
use crate::hash::FastMap;
use crate::node::{NodeInfo, Placed};
use std::sync::Arc;

const MAX_SCORE: f64 = 100.0;
/// What a term that a pod on a node requires counts for another pod that it is about.
const REQUIRED_WEIGHT: i64 = 1;

/// How many pods by key and value of a topology's label.
#[derive(Default)]
struct Pairs<'s>(FastMap<&'s str, FastMap<&'s str, i64>>);

/// What one pod's required terms find, and whom the required terms of pods on nodes keep away.
pub struct InterPod<'s> {
    around: &'s Surroundings,
    near: Pairs<'s>,
    far: Pairs<'s>,
    kept_away: Pairs<'s>,
    own: Matches,
}

/// What a pod's terms and a class have to do with each other; by indexes of terms.
#[derive(Clone, Default)]
struct Matches {
    near: bool,
    far: Vec<usize>,
    kept_away: Vec<usize>,
}

impl<'s> Pairs<'s> {
    fn add(&mut self, key: &'s str, node: &'s NodeInfo, count: i64) {
        if let Some(value) = node.labels.get(key) {
            *self.0.entry(key).or_default().entry(value).or_default() += count;
        }
    }

    fn on(&self, key: &str, node: &NodeInfo) -> i64 {
        let found = self.0.get(key).zip(node.labels.get(key)).and_then(|(counts, value)| counts.get(value.as_str()));
        found.copied().unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.0.values().flat_map(FastMap::values).all(|count| *count <= 0)
    }
}

impl<'s> InterPod<'s> {
    pub fn new(class: &'s Class, nodes: &'s [Arc<NodeInfo>], around: &'s Surroundings) -> InterPod<'s> {
        let own = matches(class, class, around);
        let (near, far, kept_away) = (Pairs::default(), Pairs::default(), Pairs::default());
        let mut state = InterPod { around, near, far, kept_away, own };
        let asks = !class.terms.required.is_empty() || !class.terms.required_anti.is_empty();
        let mut known: Vec<Option<Matches>> = Vec::new();
        for node in nodes {
            for (other, count) in &node.classes {
                if !asks && other.terms.required_anti.is_empty() {
                    continue;
                }
                if known.len() <= other.id {
                    known.resize(other.id + 1, None);
                }
                let found = known[other.id].get_or_insert_with(|| matches(class, other, around));
                if found.near {
                    class.terms.required.iter().for_each(|term| state.near.add(&term.topology_key, node, *count));
                }
                for &term in &found.far {
                    state.far.add(&class.terms.required_anti[term].topology_key, node, *count);
                }
                for &term in &found.kept_away {
                    state.kept_away.add(&other.terms.required_anti[term].topology_key, node, *count);
                }
            }
        }
        state
    }

    pub fn reject(&self, class: &Class, node: &NodeInfo) -> Option<Rejection> {
        if !self.is_near(class, node) {
            return Rejection::unresolvable("node(s) didn't match pod affinity rules");
        }
        if class.terms.required_anti.iter().any(|term| self.far.on(&term.topology_key, node) > 0) {
            return Rejection::resolvable("node(s) didn't match pod anti-affinity rules");
        }
        if self.kept_away.0.keys().any(|key| self.kept_away.on(key, node) > 0) {
            return Rejection::resolvable("node(s) didn't satisfy existing pods anti-affinity rules");
        }
        None
    }

    fn is_near(&self, class: &Class, node: &NodeInfo) -> bool {
        let required = &class.terms.required;
        if required.iter().any(|term| !node.labels.contains_key(&term.topology_key)) {
            return false;
        }
        if required.iter().all(|term| self.near.on(&term.topology_key, node) > 0) {
            return true;
        }
        // The first of pods that want to be near each other has to be somewhere.
        self.near.is_empty() && self.own.near
    }

    /// As if a pod came to a node (1) or went from it (-1).
    pub fn update(&mut self, class: &'s Class, placed: &'s Placed, node: &'s NodeInfo, by: i64) {
        let asks = !class.terms.required.is_empty() || !class.terms.required_anti.is_empty();
        if !asks && placed.class.terms.required_anti.is_empty() {
            return;
        }
        let found = matches(class, &placed.class, self.around);
        if found.near {
            class.terms.required.iter().for_each(|term| self.near.add(&term.topology_key, node, by));
        }
        for &term in &found.far {
            self.far.add(&class.terms.required_anti[term].topology_key, node, by);
        }
        for &term in &found.kept_away {
            self.kept_away.add(&placed.class.terms.required_anti[term].topology_key, node, by);
        }
    }
}

fn matches(class: &Class, other: &Class, around: &Surroundings) -> Matches {
    let about = |term: &Term, class: &Class| term.matches(class, |namespace| around.namespace_labels(namespace));
    let which = |terms: &[Term], class: &Class| (0..terms.len()).filter(|&i| about(&terms[i], class)).collect();
    let required = &class.terms.required;
    Matches {
        near: !required.is_empty() && required.iter().all(|term| about(term, other)),
        far: which(&class.terms.required_anti, other),
        kept_away: which(&other.terms.required_anti, class),
    }
}

/// From 0 to 100 for each of the feasible nodes; `None` if no pod has a preference.
pub fn scores(
    class: &Class,
    all: &[Arc<NodeInfo>],
    feasible: &[Arc<NodeInfo>],
    around: &Surroundings,
) -> Option<Vec<i64>> {
    let mut sums: FastMap<&str, FastMap<&str, i64>> = FastMap::default();
    let mut known: Vec<Option<Vec<(&str, i64)>>> = Vec::new();
    for node in all {
        for (other, count) in &node.classes {
            if class.terms.preferred.is_empty() && other.terms.are_empty() {
                continue;
            }
            if known.len() <= other.id {
                known.resize(other.id + 1, None);
            }
            for (key, weight) in known[other.id].get_or_insert_with(|| weights(class, other, around)) {
                if let Some(value) = node.labels.get(*key) {
                    *sums.entry(key).or_default().entry(value).or_default() += *weight * count;
                }
            }
        }
    }
    if sums.is_empty() {
        return None;
    }
    let sum = |node: &Arc<NodeInfo>| {
        let values = sums.iter().filter_map(|(key, sums)| sums.get(node.labels.get(*key)?.as_str()));
        values.sum::<i64>()
    };
    let raw: Vec<i64> = feasible.iter().map(sum).collect();
    let (most, least) = (raw.iter().max().copied()?, raw.iter().min().copied()?);
    let scale = |score: &i64| match most - least {
        0 => 0,
        range => (MAX_SCORE * ((score - least) as f64 / range as f64)) as i64,
    };
    Some(raw.iter().map(scale).collect())
}

/// What a pod of the other class adds where it is, by key of the topology.
fn weights<'t>(class: &'t Class, other: &'t Class, around: &Surroundings) -> Vec<(&'t str, i64)> {
    let about = |term: &Term, class: &Class| term.matches(class, |namespace| around.namespace_labels(namespace));
    let wanted = class.terms.preferred.iter().filter(|(term, _)| about(term, other));
    let wanted = wanted.map(|(term, weight)| (term.topology_key.as_str(), *weight));
    let required = other.terms.required.iter().filter(|term| about(term, class));
    let required = required.map(|term| (term.topology_key.as_str(), REQUIRED_WEIGHT));
    let preferred = other.terms.preferred.iter().filter(|(term, _)| about(term, class));
    let preferred = preferred.map(|(term, weight)| (term.topology_key.as_str(), *weight));
    wanted.chain(required).chain(preferred).collect()
}
