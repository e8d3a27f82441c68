//! The scheduler's shell against an API server in memory.

mod fake;

use super::run;
use api_core::v1::{Container, Event, Node, Pod, PodSchedulingGate};
use fake::Fake;
use schema::{Quantity, value};
use std::sync::Arc;
use stdx::{SeededRng, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinHandle;

fn node(name: &str, cpu: &str) -> Node {
    let mut node = Node::default();
    node.metadata.name = name.into();
    for (resource, amount) in [("cpu", cpu), ("memory", "8Gi"), ("pods", "110")] {
        node.status.allocatable.insert(resource.into(), Quantity::parse(amount).unwrap());
    }
    node
}

fn pod(name: &str, cpu: &str) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = name.into();
    pod.metadata.namespace = "default".into();
    pod.spec.scheduler_name = "default-scheduler".into();
    let mut container = Container { name: "c".into(), ..Container::default() };
    container.resources.requests.insert("cpu".into(), Quantity::parse(cpu).unwrap());
    pod.spec.containers = vec![container];
    pod
}

fn start(fake: &Fake) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (end, stop) = watch::channel(false);
    (end, tokio::spawn(run(fake.client(), Arc::new(SystemClock), Arc::new(SeededRng::new(1)), stop)))
}

async fn bound(fake: &Fake, name: &str) -> String {
    let pod = fake.wait::<Pod>("default", name, |pod| !pod.spec.node_name.is_empty()).await;
    pod.spec.node_name
}

fn events_of(fake: &Fake, name: &str) -> Vec<Event> {
    let mut events = fake.list::<Event>("default");
    events.retain(|event| event.involved_object.name == name);
    events
}

#[tokio::test]
async fn pods_get_nodes_and_events_say_so() {
    let fake = Fake::new();
    fake.put(&node("n", "4"));
    fake.put(&pod("before", "1"));
    let (end, running) = start(&fake);
    assert_eq!(bound(&fake, "before").await, "n");
    fake.put(&pod("after", "1"));
    assert_eq!(bound(&fake, "after").await, "n");
    let event = fake.wait_any::<Event>("default", |event| event.involved_object.name == "after").await;
    assert_eq!((event.type_.as_str(), event.reason.as_str()), ("Normal", "Scheduled"));
    assert_eq!(event.message, "Successfully assigned default/after to n");
    assert_eq!(event.source.component, "default-scheduler");
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_pod_without_a_node_is_told_why_and_gets_one_that_comes() {
    let fake = Fake::new();
    fake.put(&node("small", "1"));
    fake.put(&pod("big", "2"));
    let (end, running) = start(&fake);
    let refused = fake.wait::<Pod>("default", "big", |pod| !pod.status.conditions.is_empty()).await;
    let condition = &refused.status.conditions[0];
    let why = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not \
               helpful for scheduling.";
    assert_eq!(
        (condition.type_.as_str(), condition.status.as_str(), condition.reason.as_str(), condition.message.as_str()),
        ("PodScheduled", "False", "Unschedulable", why)
    );
    let event = fake.wait_any::<Event>("default", |event| event.involved_object.name == "big").await;
    assert_eq!((event.type_.as_str(), event.reason.as_str()), ("Warning", "FailedScheduling"));
    assert_eq!(event.message, why);
    fake.put(&node("large", "4"));
    assert_eq!(bound(&fake, "big").await, "large");
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_binding_that_fails_is_tried_again_and_holds_no_room() {
    let fake = Fake::new();
    fake.put(&node("n", "1"));
    fake.put(&pod("p", "1"));
    fake.refuse_bindings(1);
    let (end, running) = start(&fake);
    assert_eq!(bound(&fake, "p").await, "n");
    let failed = events_of(&fake, "p").into_iter().find(|event| event.reason == "FailedScheduling").unwrap();
    assert_eq!(failed.message, "binding rejected: running Bind plugin \"DefaultBinder\": the object has been modified");
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn gated_pods_and_those_of_others_are_left_alone() {
    let fake = Fake::new();
    fake.put(&node("n", "4"));
    let mut gated = pod("gated", "1");
    gated.spec.scheduling_gates = vec![PodSchedulingGate { name: "wait".into() }];
    fake.put(&gated);
    let mut other = pod("other", "1");
    other.spec.scheduler_name = "mine".into();
    fake.put(&other);
    fake.put(&pod("p", "1"));
    let (end, running) = start(&fake);
    bound(&fake, "p").await;
    for name in ["gated", "other"] {
        assert_eq!(fake.get::<Pod>("default", name).unwrap().spec.node_name, "");
        assert!(events_of(&fake, name).is_empty());
    }
    fake.change::<Pod>("default", "gated", |pod| pod.set(&["spec", "schedulingGates"], value!([])));
    assert_eq!(bound(&fake, "gated").await, "n");
    end.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_more_important_pod_gets_the_room_of_a_less_important_one() {
    let fake = Fake::new();
    fake.put(&node("n", "1"));
    fake.put(&pod("low", "1"));
    let (end, running) = start(&fake);
    bound(&fake, "low").await;
    let mut high = pod("high", "1");
    high.spec.priority = Some(1000);
    fake.put(&high);
    let waiting = fake.wait::<Pod>("default", "high", |pod| !pod.status.nominated_node_name.is_empty()).await;
    assert_eq!(waiting.status.nominated_node_name, "n");
    assert_eq!(waiting.status.conditions[0].message, "0/1 nodes are available: 1 Insufficient cpu.");
    assert_eq!(bound(&fake, "high").await, "n");
    assert!(fake.get::<Pod>("default", "low").is_none());
    let event = fake.wait_any::<Event>("default", |event| event.reason == "Preempted").await;
    assert_eq!(event.message, format!("Preempted by pod {} on node n", waiting.metadata.uid));
    assert_eq!(event.involved_object.name, "low");
    end.send_replace(true);
    running.await.unwrap();
}
