//! Classes of pods: those that no plugin can tell apart by their labels, namespace, owner and affinity to other pods.
//!
//! Replicas are many, classes few: a node counts its pods by class, and a decision matches each selector against each class
//! once, whatever the number of pods.

use api_core::v1::{Pod, PodAffinityTerm, WeightedPodAffinityTerm};
use api_meta::v1::{LabelSelector, LabelSelectorRequirement};
use informer::Selector;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Classes without pods are looked for when there are at least so many.
const FIRST_SWEEP: usize = 1024;

#[derive(Debug, Default)]
pub struct Class {
    /// Small, and unlike that of any other class with pods.
    pub id: usize,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub terminating: bool,
    /// Uid of the controller, of kinds whose pods are spread by default.
    pub owner: String,
    pub terms: Terms,
}

/// A pod's terms about other pods.
#[derive(Debug, Default)]
pub struct Terms {
    pub required: Vec<Term>,
    pub required_anti: Vec<Term>,
    /// With weights, negative ones for anti-affinity.
    pub preferred: Vec<(Term, i64)>,
}

#[derive(Debug)]
pub struct Term {
    pub topology_key: String,
    selector: Selector,
    namespaces: BTreeSet<String>,
    namespace_selector: Option<Selector>,
}

/// All classes that have pods.
#[derive(Debug, Default)]
pub struct Classes {
    by_key: HashMap<ClassKey, Arc<Class>>,
    free: Vec<usize>,
    next: usize,
    sweep_at: usize,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ClassKey {
    namespace: String,
    labels: BTreeMap<String, String>,
    terminating: bool,
    owner: String,
    affinity: String,
}

impl Classes {
    pub fn of(&mut self, pod: &Pod) -> Arc<Class> {
        let key = ClassKey {
            namespace: pod.metadata.namespace.clone(),
            labels: pod.metadata.labels.clone(),
            terminating: pod.metadata.deletion_timestamp.is_some(),
            owner: owner(pod),
            affinity: pod
                .spec
                .affinity
                .as_ref()
                .filter(|affinity| affinity.pod_affinity.is_some() || affinity.pod_anti_affinity.is_some())
                .map_or_else(String::new, |a| format!("{:?}{:?}", a.pod_affinity, a.pod_anti_affinity)),
        };
        if let Some(class) = self.by_key.get(&key) {
            return class.clone();
        }
        self.sweep();
        let id = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        let class = Arc::new(Class { id, ..Class::new(pod) });
        self.by_key.insert(key, class.clone());
        class
    }

    /// Forgets classes that no pod has, now and then.
    fn sweep(&mut self) {
        if self.by_key.len() < self.sweep_at.max(FIRST_SWEEP) {
            return;
        }
        let free = &mut self.free;
        self.by_key.retain(|_, class| {
            let used = Arc::strong_count(class) > 1;
            if !used {
                free.push(class.id);
            }
            used
        });
        self.sweep_at = 2 * self.by_key.len();
    }
}

impl Class {
    /// With no id of its own.
    pub fn new(pod: &Pod) -> Class {
        Class {
            id: usize::MAX,
            namespace: pod.metadata.namespace.clone(),
            labels: pod.metadata.labels.clone(),
            terminating: pod.metadata.deletion_timestamp.is_some(),
            owner: owner(pod),
            terms: Terms::of(pod),
        }
    }
}

impl Terms {
    fn of(pod: &Pod) -> Terms {
        let mut terms = Terms::default();
        let Some(affinity) = &pod.spec.affinity else { return terms };
        let weighted = |preferred: &[WeightedPodAffinityTerm], sign: i64| {
            let weigh = |term: &WeightedPodAffinityTerm| {
                (Term::of(pod, &term.pod_affinity_term), sign * i64::from(term.weight))
            };
            preferred.iter().map(weigh).collect::<Vec<_>>()
        };
        if let Some(affinity) = &affinity.pod_affinity {
            let required = &affinity.required_during_scheduling_ignored_during_execution;
            terms.required = required.iter().map(|term| Term::of(pod, term)).collect();
            terms.preferred = weighted(&affinity.preferred_during_scheduling_ignored_during_execution, 1);
        }
        if let Some(anti) = &affinity.pod_anti_affinity {
            let required = &anti.required_during_scheduling_ignored_during_execution;
            terms.required_anti = required.iter().map(|term| Term::of(pod, term)).collect();
            terms.preferred.extend(weighted(&anti.preferred_during_scheduling_ignored_during_execution, -1));
        }
        terms
    }

    pub fn are_empty(&self) -> bool {
        self.required.is_empty() && self.required_anti.is_empty() && self.preferred.is_empty()
    }
}

impl Term {
    fn of(pod: &Pod, term: &PodAffinityTerm) -> Term {
        let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
        let selector = term.label_selector.as_deref().map(|selector| {
            let selector = with_keys(selector, &pod.metadata.labels, &term.match_label_keys, "In");
            with_keys(&selector, &pod.metadata.labels, &term.mismatch_label_keys, "NotIn")
        });
        Term {
            topology_key: term.topology_key.clone(),
            selector: Selector::new(selector.as_ref()),
            namespaces: if own {
                BTreeSet::from([pod.metadata.namespace.clone()])
            } else {
                term.namespaces.iter().cloned().collect()
            },
            namespace_selector: term.namespace_selector.as_deref().map(|selector| Selector::new(Some(selector))),
        }
    }

    /// `labels_of`: a namespace's labels.
    pub fn matches<'l>(&self, class: &Class, labels_of: impl Fn(&str) -> &'l BTreeMap<String, String>) -> bool {
        let here = self.namespaces.contains(&class.namespace)
            || self.namespace_selector.as_ref().is_some_and(|selector| selector.matches(labels_of(&class.namespace)));
        here && self.selector.matches(&class.labels)
    }
}

/// The selector with requirements for the pod's own values of some labels.
pub fn with_keys(
    selector: &LabelSelector,
    labels: &BTreeMap<String, String>,
    keys: &[String],
    operator: &str,
) -> LabelSelector {
    let mut selector = selector.clone();
    for (key, value) in keys.iter().filter_map(|key| labels.get_key_value(key)) {
        selector.match_expressions.push(LabelSelectorRequirement {
            key: key.clone(),
            operator: operator.into(),
            values: vec![value.clone()],
        });
    }
    selector
}

fn owner(pod: &Pod) -> String {
    let spread = |kind: &str| matches!(kind, "ReplicaSet" | "StatefulSet" | "ReplicationController");
    let controller = informer::controller_of(&pod.metadata).filter(|owner| spread(&owner.kind));
    controller.map(|owner| owner.uid.clone()).unwrap_or_default()
}
