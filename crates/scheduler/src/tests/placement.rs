//! Spreading, affinity between pods, named nodes, volumes, preemption; and that no node is ever overcommitted.

use super::{node, pod};
use crate::{Cache, Decision, Nomination, Preemption, Refusal, Snapshot, schedule};
use api_apps::policy::v1::PodDisruptionBudget;
use api_core::v1::{
    Affinity, Node, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSource, Pod, PodAffinity, PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint,
    Volume,
};
use api_meta::v1::{LabelSelector, OwnerReference};
use informer::Key;
use std::collections::BTreeMap;
use std::sync::Arc;
use stdx::{Rng, SeededRng};

fn zoned(name: &str, zone: &str) -> Node {
    let mut node = node(name, "4", "8Gi");
    node.metadata.labels.insert("zone".into(), zone.into());
    node.metadata.labels.insert("kubernetes.io/hostname".into(), name.into());
    node
}

fn app(name: &str, app: &str) -> Pod {
    let mut pod = pod(name, "100m");
    pod.metadata.labels.insert("app".into(), app.into());
    pod
}

fn selector(app: &str) -> Option<Box<LabelSelector>> {
    let match_labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
    Some(Box::new(LabelSelector { match_labels, ..LabelSelector::default() }))
}

fn spread(app: &str, when: &str) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        label_selector: selector(app),
        max_skew: 1,
        topology_key: "zone".into(),
        when_unsatisfiable: when.into(),
        ..TopologySpreadConstraint::default()
    }
}

fn near(mut pod: Pod, app: &str, key: &str) -> Pod {
    let term =
        PodAffinityTerm { label_selector: selector(app), topology_key: key.into(), ..PodAffinityTerm::default() };
    let affinity =
        PodAffinity { required_during_scheduling_ignored_during_execution: vec![term], ..PodAffinity::default() };
    pod.spec.affinity = Some(Box::new(Affinity { pod_affinity: Some(Box::new(affinity)), ..Affinity::default() }));
    pod
}

fn far(mut pod: Pod, app: &str, key: &str) -> Pod {
    let term =
        PodAffinityTerm { label_selector: selector(app), topology_key: key.into(), ..PodAffinityTerm::default() };
    let anti = PodAntiAffinity {
        required_during_scheduling_ignored_during_execution: vec![term],
        ..PodAntiAffinity::default()
    };
    pod.spec.affinity = Some(Box::new(Affinity { pod_anti_affinity: Some(Box::new(anti)), ..Affinity::default() }));
    pod
}

fn cache(nodes: &[Node], placed: &[(&str, Pod)]) -> Cache {
    let mut cache = Cache::default();
    nodes.iter().for_each(|node| cache.set_node(node));
    placed.iter().for_each(|(node, pod)| cache.assume(pod, node));
    cache
}

fn decide_in(snapshot: &Snapshot, pod: &Pod) -> Decision {
    schedule(pod, snapshot, &mut 0, &SeededRng::new(1))
}

fn decide(nodes: &[Node], placed: &[(&str, Pod)], pod: &Pod) -> String {
    match decide_in(&cache(nodes, placed).snapshot(), pod) {
        Decision::Node(name) => name,
        Decision::Unschedulable(Refusal { message, .. }) => message,
    }
}

fn preemption(decision: Decision) -> (Preemption, String) {
    match decision {
        Decision::Unschedulable(Refusal { nomination: Nomination::Make(preemption), message, .. }) => {
            (preemption, message)
        }
        other => panic!("no preemption: {other:?}"),
    }
}

fn important(mut pod: Pod, priority: i32) -> Pod {
    pod.spec.priority = Some(priority);
    pod
}

#[test]
fn pods_are_spread_as_hard_constraints_say() {
    let nodes = [zoned("a", "1"), zoned("b", "2"), node("c", "4", "8Gi")];
    let mut p = app("p", "web");
    p.spec.topology_spread_constraints = vec![spread("web", "DoNotSchedule")];
    assert_eq!(decide(&nodes, &[("a", app("x", "web"))], &p), "b");
    let mut taken = nodes[1].clone();
    taken.spec.unschedulable = true;
    let why = decide(&[nodes[0].clone(), taken, nodes[2].clone()], &[("a", app("x", "web"))], &p);
    assert!(
        why.starts_with(
            "0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match \
             pod topology spread constraints (missing required label), 1 node(s) were unschedulable. preemption:"
        ),
        "{why}"
    );
}

#[test]
fn pods_are_spread_softly_by_constraint_and_by_default() {
    let nodes = [zoned("a", "1"), zoned("b", "2")];
    // The emptier node would be a.
    let placed = [("a", app("x", "web")), ("b", pod("y", "300m"))];
    let mut p = app("p", "web");
    assert_eq!(decide(&nodes, &placed, &p), "a");
    p.spec.topology_spread_constraints = vec![spread("web", "ScheduleAnyway")];
    assert_eq!(decide(&nodes, &placed, &p), "b");
    let owned = |mut pod: Pod| {
        let owner = OwnerReference {
            kind: "ReplicaSet".into(),
            uid: "rs".into(),
            controller: Some(true),
            ..OwnerReference::default()
        };
        pod.metadata.owner_references = vec![owner];
        pod
    };
    let placed = [("a", owned(app("x", "web"))), ("b", pod("y", "300m"))];
    assert_eq!(decide(&nodes, &placed, &owned(app("p", "web"))), "b");
}

#[test]
fn pods_go_near_others_and_far_from_others() {
    let nodes = [zoned("a", "1"), zoned("b", "2")];
    let db = [("b", app("db", "db"))];
    assert_eq!(decide(&nodes, &db, &near(app("p", "web"), "db", "zone")), "b");
    assert_eq!(decide(&nodes, &db, &far(app("p", "web"), "db", "zone")), "a");
    assert_eq!(decide(&nodes, &[("b", far(app("db", "db"), "web", "zone"))], &app("p", "web")), "a");
    let first = decide(&nodes, &[], &near(app("p", "web"), "web", "zone"));
    assert!(first == "a" || first == "b", "the first of its kind has to be somewhere: {first}");
    let why = decide(&nodes, &[], &near(app("p", "web"), "db", "zone"));
    assert!(why.starts_with("0/2 nodes are available: 2 node(s) didn't match pod affinity rules. preemption"), "{why}");
    let everywhere = [("a", app("x", "db")), ("b", far(app("y", "other"), "web", "zone"))];
    let why = decide(&nodes, &everywhere, &far(app("p", "web"), "db", "zone"));
    let expected = "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) didn't satisfy \
                    existing pods anti-affinity rules. preemption: 0/2 nodes are available: 2 No preemption victims \
                    found for incoming pod.";
    assert_eq!(why, expected);
}

#[test]
fn a_pod_for_one_node_goes_nowhere_else() {
    let mut p = pod("p", "5");
    let field =
        NodeSelectorRequirement { key: "metadata.name".into(), operator: "In".into(), values: vec!["b".into()] };
    let term = NodeSelectorTerm { match_fields: vec![field], ..NodeSelectorTerm::default() };
    let required = Some(Box::new(NodeSelector { node_selector_terms: vec![term] }));
    let affinity =
        NodeAffinity { required_during_scheduling_ignored_during_execution: required, ..NodeAffinity::default() };
    p.spec.affinity = Some(Box::new(Affinity { node_affinity: Some(Box::new(affinity)), ..Affinity::default() }));
    let expected = "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. \
                    preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
    assert_eq!(decide(&[zoned("a", "1"), zoned("b", "1"), zoned("c", "1")], &[], &p), expected);
}

#[test]
fn claims_have_to_be_there_and_bound() {
    let mut p = pod("p", "1");
    let source = PersistentVolumeClaimVolumeSource { claim_name: "data".into(), ..Default::default() };
    p.metadata.namespace = "ns".into();
    p.spec.volumes =
        vec![Volume { name: "v".into(), persistent_volume_claim: Some(Box::new(source)), ..Volume::default() }];
    let mut cache = cache(&[zoned("a", "1")], &[]);
    let text = |cache: &Cache| match decide_in(&cache.snapshot(), &p) {
        Decision::Node(name) => name,
        Decision::Unschedulable(refusal) => refusal.message,
    };
    let tail = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    let missing = format!("0/1 nodes are available: persistentvolumeclaim \"data\" not found. {tail}");
    assert_eq!(text(&cache), missing);
    cache.around_mut().claims.insert(Key::new("ns", "data"), Arc::new(PersistentVolumeClaim::default()));
    let unbound = format!("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. {tail}");
    assert_eq!(text(&cache), unbound);
}

#[test]
fn the_least_important_pods_have_to_go_and_no_more_than_needed() {
    let nodes = [node("a", "2", "8Gi"), node("b", "2", "8Gi")];
    let placed = [
        ("a", important(pod("a1", "1"), 5)),
        ("a", important(pod("a2", "1"), 1)),
        ("b", important(pod("b1", "1"), 5)),
        ("b", important(pod("b2", "1"), 5)),
    ];
    let cache = cache(&nodes, &placed);
    let (found, message) = preemption(decide_in(&cache.snapshot(), &important(pod("p", "1"), 10)));
    assert_eq!(message, "0/2 nodes are available: 2 Insufficient cpu.");
    assert_eq!((found.node.as_str(), found.victims.len()), ("a", 1));
    assert_eq!(found.victims[0].metadata.name, "a2");
    let why = decide(&nodes, &placed, &important(pod("p", "1"), 1));
    assert!(why.ends_with("preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."));
    let why = decide(&nodes, &placed, &important(pod("p", "2"), 5));
    assert!(why.ends_with("1 Insufficient cpu, 1 No preemption victims found for incoming pod."), "{why}");
    let mut meek = important(pod("p", "1"), 10);
    meek.spec.preemption_policy = Some("Never".into());
    let why = decide(&nodes, &placed, &meek);
    assert!(why.ends_with("preemption: not eligible due to preemptionPolicy=Never."), "{why}");
}

#[test]
fn budgets_are_respected_where_that_is_possible() {
    let nodes = [node("a", "1", "8Gi"), node("b", "1", "8Gi")];
    let guarded = |mut pod: Pod| {
        pod.metadata.labels.insert("app".into(), "guarded".into());
        pod
    };
    let mut cache = cache(&nodes, &[("a", guarded(important(pod("x", "1"), 1))), ("b", important(pod("y", "1"), 2))]);
    let high = important(pod("p", "1"), 10);
    assert_eq!(preemption(decide_in(&cache.snapshot(), &high)).0.node, "a");
    let mut budget = PodDisruptionBudget::default();
    budget.spec.selector = selector("guarded");
    cache.around_mut().budgets.insert(Key::new("", "budget"), Arc::new(budget));
    assert_eq!(preemption(decide_in(&cache.snapshot(), &high)).0.node, "b");
}

#[test]
fn promised_room_is_not_given_to_the_less_important() {
    let mut cache = cache(&[node("a", "1", "8Gi")], &[]);
    let mut high = important(pod("high", "1"), 10);
    high.status.nominated_node_name = "a".into();
    cache.nominate(&Arc::new(high.clone()), "a");
    assert!(matches!(decide_in(&cache.snapshot(), &pod("low", "1")), Decision::Unschedulable(_)));
    assert_eq!(decide_in(&cache.snapshot(), &high), Decision::Node("a".into()));
    assert_eq!(decide_in(&cache.snapshot(), &important(pod("higher", "1"), 11)), Decision::Node("a".into()));
}

/// Pods of all kinds come and go; what is decided fits, and is the same under the same seed.
fn history(seed: u64) -> Vec<String> {
    let rng = SeededRng::new(seed);
    let mut cache = Cache::default();
    for number in 0..8 {
        let mut node = zoned(&format!("n{number}"), &format!("z{}", number % 3));
        node.status.allocatable.insert("pods".into(), schema::Quantity::parse("6").unwrap());
        cache.set_node(&node);
    }
    let (mut start, mut placed, mut log) = (0, Vec::new(), Vec::new());
    for number in 0..300 {
        let name = format!("p{number}");
        let mut next = app(&name, ["web", "db"][rng.below(2)]);
        match rng.below(5) {
            0 => next.spec.topology_spread_constraints = vec![spread("web", "DoNotSchedule")],
            1 => next = far(next, "db", "kubernetes.io/hostname"),
            2 => next = near(next, "web", "zone"),
            _ => {}
        }
        let cpu = schema::Quantity::parse(["100m", "900m", "2"][rng.below(3)]).unwrap();
        next.spec.containers[0].resources.requests.insert("cpu".into(), cpu);
        next = important(next, rng.below(3) as i32);
        match schedule(&next, &cache.snapshot(), &mut start, &rng) {
            Decision::Node(node) => {
                cache.assume(&next, &node);
                placed.push(name.clone());
                log.push(format!("{name} {node}"));
            }
            Decision::Unschedulable(refusal) => {
                if let Nomination::Make(preemption) = &refusal.nomination {
                    for victim in &preemption.victims {
                        cache.remove_pod(&victim.metadata.uid);
                    }
                    let again = schedule(&next, &cache.snapshot(), &mut start, &rng);
                    assert!(matches!(again, Decision::Node(_)), "{name}: victims went for nothing");
                }
                log.push(format!("{name} {}", refusal.message));
            }
        }
        for node in cache.snapshot().nodes() {
            assert!(node.requested.milli_cpu <= node.allocatable.milli_cpu, "{} is overcommitted", node.name);
            assert!(node.pods.len() as i64 <= node.allowed_pods, "{} has too many pods", node.name);
        }
        if !placed.is_empty() && rng.below(3) == 0 {
            cache.remove_pod(&placed.swap_remove(rng.below(placed.len())));
        }
    }
    log
}

#[test]
fn no_node_is_overcommitted_and_a_seed_repeats_itself() {
    for seed in 0..20 {
        assert_eq!(history(seed), history(seed));
    }
}
