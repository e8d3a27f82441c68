//! How many pods a second the pure core gives nodes to: `cargo run --release -p scheduler --example bench [nodes] [pods]`.

use api_core::v1::{Affinity, Container, Node, Pod, PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint};
use api_meta::v1::LabelSelector;
use scheduler::{Cache, Decision, Queue, schedule};
use schema::Quantity;
use std::sync::Arc;
use stdx::{Clock, SeededRng, SystemClock};

const ZONES: usize = 10;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let nodes: usize = arguments.next().unwrap_or(1_000);
    let pods: usize = arguments.next().unwrap_or(10_000);
    run("plain", nodes, pods, |_| {});
    run("spread over zones", nodes, pods, |pod| pod.spec.topology_spread_constraints = vec![spread("DoNotSchedule")]);
    run("spread softly", nodes, pods, |pod| pod.spec.topology_spread_constraints = vec![spread("ScheduleAnyway")]);
    run("one a node", nodes, pods.min(nodes), |pod| {
        let anti = PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: vec![PodAffinityTerm {
                label_selector: selector(),
                topology_key: "kubernetes.io/hostname".into(),
                ..PodAffinityTerm::default()
            }],
            ..PodAntiAffinity::default()
        };
        pod.spec.affinity = Some(Box::new(Affinity { pod_anti_affinity: Some(Box::new(anti)), ..Affinity::default() }));
    });
}

fn run(what: &str, nodes: usize, pods: usize, change: impl Fn(&mut Pod)) {
    let (mut cache, mut queue, rng, mut start) = (Cache::default(), Queue::default(), SeededRng::new(1), 0);
    (0..nodes).for_each(|number| cache.set_node(&node(number)));
    for number in 0..pods {
        let mut pod = pod(number);
        change(&mut pod);
        queue.set(Arc::new(pod), 0);
    }
    let (began, mut placed) = (SystemClock.now(), 0);
    while let Some(pod) = queue.pop(0) {
        // The snapshot has to go before the cache changes, which else copies.
        let decision = schedule(&pod, &cache.snapshot(), &mut start, &rng);
        match decision {
            Decision::Node(node) => {
                cache.assume(&pod, &node);
                queue.remove(&pod.metadata.uid);
                placed += 1;
            }
            Decision::Unschedulable(refusal) => queue.failed(&pod.metadata.uid, refusal.rejected_by, 0),
        }
    }
    let seconds = (SystemClock.now() - began) as f64 / 1e9;
    println!("{what}: {placed} of {pods} pods on {nodes} nodes, {:.0} pods/s", pods as f64 / seconds);
}

fn node(number: usize) -> Node {
    let mut node = Node::default();
    node.metadata.name = format!("node-{number:05}");
    node.metadata.labels.insert("kubernetes.io/hostname".into(), node.metadata.name.clone());
    node.metadata.labels.insert("topology.kubernetes.io/zone".into(), format!("zone-{}", number % ZONES));
    for (resource, amount) in [("cpu", "32"), ("memory", "256Gi"), ("pods", "110")] {
        node.status.allocatable.insert(resource.into(), Quantity::parse(amount).expect("a quantity"));
    }
    node
}

fn pod(number: usize) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = format!("pod-{number}");
    pod.metadata.namespace = "default".into();
    pod.metadata.uid = format!("uid-{number}");
    pod.metadata.labels.insert("app".into(), "bench".into());
    let mut container = Container { image: "example.com/app:1".into(), ..Container::default() };
    for (resource, amount) in [("cpu", "100m"), ("memory", "128Mi")] {
        container.resources.requests.insert(resource.into(), Quantity::parse(amount).expect("a quantity"));
    }
    pod.spec.containers = vec![container];
    pod
}

fn selector() -> Option<Box<LabelSelector>> {
    let match_labels = [("app".to_owned(), "bench".to_owned())].into();
    Some(Box::new(LabelSelector { match_labels, ..LabelSelector::default() }))
}

fn spread(when: &str) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        label_selector: selector(),
        max_skew: 1,
        topology_key: "topology.kubernetes.io/zone".into(),
        when_unsatisfiable: when.into(),
        ..TopologySpreadConstraint::default()
    }
}
