mod placement;

use super::*;
use api_core::v1::{Container, ContainerPort, Node, Taint, Toleration};
use schema::Quantity;
use stdx::SeededRng;

fn node(name: &str, cpu: &str, memory: &str) -> Node {
    let mut node = Node::default();
    node.metadata.name = name.into();
    for (resource, amount) in [("cpu", cpu), ("memory", memory), ("pods", "3")] {
        node.status.allocatable.insert(resource.into(), Quantity::parse(amount).unwrap());
    }
    node
}

fn pod(name: &str, cpu: &str) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = name.into();
    pod.metadata.uid = name.into();
    let mut container = Container::default();
    container.resources.requests.insert("cpu".into(), Quantity::parse(cpu).unwrap());
    pod.spec.containers = vec![container];
    pod
}

fn decide(nodes: &[Node], placed: &[(&str, Pod)], pod: &Pod) -> String {
    let mut cache = Cache::default();
    nodes.iter().for_each(|node| cache.set_node(node));
    placed.iter().for_each(|(node, pod)| cache.assume(pod, node));
    match schedule(pod, &cache.snapshot(), &mut 0, &SeededRng::new(1)) {
        Decision::Node(name) => name,
        Decision::Unschedulable(refusal) => refusal.message,
    }
}

#[test]
fn nothing_to_choose_from() {
    assert_eq!(decide(&[], &[], &pod("p", "1")), "no nodes available to schedule pods");
}

#[test]
fn the_emptier_node_gets_the_pod() {
    let nodes = [node("a", "4", "8Gi"), node("b", "4", "8Gi")];
    assert_eq!(decide(&nodes, &[("a", pod("x", "2"))], &pod("p", "1")), "b");
}

#[test]
fn reasons_are_counted_in_upstreams_words() {
    let mut tainted = node("b", "4", "8Gi");
    tainted.spec.taints = vec![Taint { key: "k".into(), effect: "NoSchedule".into(), ..Taint::default() }];
    let mut cordoned = node("c", "4", "8Gi");
    cordoned.spec.unschedulable = true;
    let nodes = [node("a", "1", "8Gi"), tainted, cordoned];
    let expected = "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were \
                    unschedulable. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, \
                    2 Preemption is not helpful for scheduling.";
    assert_eq!(decide(&nodes, &[("a", pod("x", "500m"))], &pod("p", "1")), expected);
}

#[test]
fn a_toleration_opens_a_tainted_node() {
    let mut tainted = node("b", "4", "8Gi");
    tainted.spec.taints = vec![Taint { key: "k".into(), effect: "NoExecute".into(), ..Taint::default() }];
    let mut tolerant = pod("p", "1");
    tolerant.spec.tolerations = vec![Toleration { operator: "Exists".into(), ..Toleration::default() }];
    assert_eq!(decide(&[tainted], &[], &tolerant), "b");
}

#[test]
fn selectors_ports_and_the_number_of_pods_are_respected() {
    let mut labelled = node("b", "40", "80Gi");
    labelled.metadata.labels.insert("disk".into(), "ssd".into());
    let nodes = [node("a", "40", "80Gi"), labelled];
    let mut picky = pod("p", "1");
    picky.spec.node_selector.insert("disk".into(), "ssd".into());
    assert_eq!(decide(&nodes, &[], &picky), "b");
    let mut with_port = pod("q", "1");
    with_port.spec.containers[0].ports = vec![ContainerPort { host_port: 80, ..ContainerPort::default() }];
    let taken = [("a", with_port.clone()), ("b", with_port.clone())];
    let mut other = with_port.clone();
    other.metadata.uid = "r".into();
    let mut again = taken.clone();
    again[1].1.metadata.uid = "s".into();
    assert!(decide(&nodes, &again, &other).contains("2 node(s) didn't have free ports for the requested pod ports"));
    let full = [("a", pod("1", "1")), ("a", pod("2", "1")), ("a", pod("3", "1"))];
    assert!(decide(&nodes[..1], &full, &pod("p", "1")).starts_with("0/1 nodes are available: 1 Too many pods."));
}

#[test]
fn init_containers_and_sidecars_count_as_they_run() {
    let mut pod = pod("p", "1");
    let container = |cpu: &str, sidecar: bool| {
        let mut container = Container::default();
        container.resources.requests.insert("cpu".into(), Quantity::parse(cpu).unwrap());
        container.restart_policy = sidecar.then(|| "Always".to_owned());
        container
    };
    pod.spec.init_containers = vec![container("500m", true), container("2", false)];
    assert_eq!(resources::requests(&pod).milli_cpu, 2500);
    pod.spec.containers.push(container("3", false));
    assert_eq!(resources::requests(&pod).milli_cpu, 4500);
}

#[test]
fn what_is_placed_and_removed_leaves_no_trace() {
    let mut cache = Cache::default();
    cache.set_node(&node("a", "4", "8Gi"));
    cache.assume(&pod("x", "1"), "a");
    cache.assume(&pod("x", "1"), "a");
    assert_eq!(cache.snapshot().nodes()[0].requested.milli_cpu, 1000);
    cache.remove_pod("x");
    assert_eq!(cache.snapshot().nodes()[0].requested, resources::Resources::default());
}

#[test]
fn the_queue_gives_the_most_important_pod_first_and_backs_off() {
    const SECOND: i64 = 1_000_000_000;
    let mut queue = Queue::default();
    let mut important = pod("b", "1");
    important.spec.priority = Some(10);
    queue.set(Arc::new(pod("a", "1")), 0);
    queue.set(Arc::new(important), 0);
    let first = queue.pop(0).unwrap();
    assert_eq!(first.metadata.name, "b");
    queue.failed("b", Plugin::NodeResourcesFit.into(), 0);
    assert_eq!(queue.pop(0).unwrap().metadata.name, "a");
    assert!(queue.pop(SECOND).is_none());
    queue.happened(Happened::TaintsChanged, SECOND);
    assert!(queue.pop(60 * SECOND).is_none(), "a taint does not make room");
    queue.happened(Happened::PodGone, 60 * SECOND);
    assert!(queue.pop(60 * SECOND).is_none(), "the backoff is not over");
    assert_eq!(queue.pop(61 * SECOND).unwrap().metadata.name, "b");
}

#[test]
fn what_happens_during_a_decision_is_not_missed() {
    const SECOND: i64 = 1_000_000_000;
    let mut queue = Queue::default();
    queue.set(Arc::new(pod("a", "1")), 0);
    queue.pop(0).unwrap();
    queue.happened(Happened::NodeAdded, 0);
    queue.failed("a", Plugin::NodeResourcesFit.into(), 0);
    assert_eq!(queue.next_timer(), Some(SECOND));
    queue.pop(SECOND).unwrap();
    queue.failed("a", Plugin::NodeResourcesFit.into(), SECOND);
    assert_eq!(queue.next_timer(), Some(301 * SECOND), "tried again some time in any case");
    queue.remove("a");
    assert_eq!(queue.next_timer(), None);
}
