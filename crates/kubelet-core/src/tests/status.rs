//! What the API is told.

use api_core::v1::{ContainerState, ContainerStateRunning, ContainerStatus, PodCondition, PodReadinessGate, PodStatus};
use expect_test::expect;

use super::world::{World, check};
use crate::probe::{ProbeKind, ProbeOutcome};

fn condition(world: &mut World, type_: &str) -> PodCondition {
    let status = world.decide().status;
    status.conditions.into_iter().find(|condition| condition.type_ == type_).unwrap()
}

#[test]
fn readiness_follows_its_probe() {
    let world = || {
        let world = World::new("Always", &["a"]);
        world.with(|pod| pod.spec.containers[0].readiness_probe = Some(Box::default())).sandbox(0).running("a")
    };
    check(world(), expect!["Running: a=running"]);
    check(world().probed("a0", ProbeKind::Readiness, ProbeOutcome::Success), expect!["Running ready: a=running ready"]);
    let failing = world().probed("a0", ProbeKind::Readiness, ProbeOutcome::Success);
    check(failing.probed("a0", ProbeKind::Readiness, ProbeOutcome::Failure), expect!["Running: a=running"]);
}

#[test]
fn nothing_is_ready_before_it_has_started_up() {
    let world = World::new("Always", &["a"]).with(|pod| pod.spec.containers[0].startup_probe = Some(Box::default()));
    let mut world = world.sandbox(0).running("a");
    assert_eq!(world.decide().status.container_statuses[0].started, Some(false));
    let mut world = world.probed("a0", ProbeKind::Startup, ProbeOutcome::Success);
    let status = world.decide().status;
    assert_eq!((status.container_statuses[0].started, status.container_statuses[0].ready), (Some(true), true));
}

#[test]
fn conditions_say_which_containers_are_in_the_way() {
    let mut world = World::new("Always", &["a", "b"]).init(&["i"]).sandbox(0);
    let ready = condition(&mut world, "Ready");
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "ContainersNotReady"));
    assert_eq!(ready.message, "containers with unready status: [a b]");
    let initialized = condition(&mut world, "Initialized");
    assert_eq!(initialized.reason, "ContainersNotInitialized");
    assert_eq!(initialized.message, "containers with incomplete status: [i]");
    let mut done = World::new("Never", &["a"]).sandbox_in(0, false).exited("a", 0);
    assert_eq!(condition(&mut done, "Ready").reason, "PodCompleted");
    assert_eq!(condition(&mut done, "ContainersReady").reason, "PodCompleted");
}

#[test]
fn a_pod_waits_for_its_readiness_gates() {
    let gated = |conditions: Vec<PodCondition>| {
        World::new("Always", &["a"]).sandbox(0).running("a").with(|pod| {
            pod.spec.readiness_gates = vec![PodReadinessGate { condition_type: "x/y".to_owned() }];
            pod.status.conditions = conditions;
        })
    };
    let own = |status: &str| PodCondition { type_: "x/y".into(), status: status.into(), ..PodCondition::default() };
    let missing = condition(&mut gated(vec![]), "Ready");
    assert_eq!(missing.reason, "ReadinessGatesNotReady");
    assert_eq!(missing.message, "corresponding condition of pod readiness gate \"x/y\" does not exist.");
    let refusing = condition(&mut gated(vec![own("False")]), "Ready");
    assert_eq!(refusing.message, "the status of pod readiness gate \"x/y\" is not \"True\", but False");
    assert_eq!(condition(&mut gated(vec![own("True")]), "Ready").status, "True");
    assert_eq!(condition(&mut gated(vec![own("True")]), "x/y").status, "True");
}

#[test]
fn a_condition_keeps_its_time_until_it_changes() {
    let mut world = World::new("Always", &["a"]).sandbox(0);
    let before = condition(&mut world, "Ready").last_transition_time;
    let mut world = world.later(5);
    assert_eq!(condition(&mut world, "Ready").last_transition_time, before);
    let mut world = world.running("a").later(5);
    assert_ne!(condition(&mut world, "Ready").last_transition_time, before);
}

#[test]
fn a_restarted_container_shows_how_it_ended_last() {
    check(
        World::new("Always", &["a"]).sandbox(0).exited("a", 7).running("a"),
        expect!["Running ready: a=running after Error(7) ready #1"],
    );
}

#[test]
fn what_the_runtime_forgot_is_still_told() {
    let old = ContainerStatus {
        name: "a".to_owned(),
        restart_count: 2,
        container_id: "containerd://gone".to_owned(),
        state: ContainerState { running: Some(Box::<ContainerStateRunning>::default()), ..Default::default() },
        ..ContainerStatus::default()
    };
    let status = PodStatus { phase: "Running".into(), container_statuses: vec![old], ..PodStatus::default() };
    check(
        World::new("Always", &["a"]).sandbox(0).with(|pod| pod.status = status),
        expect![[r#"
        start a #3
        Running: a=ContainerCreating after ContainerStatusUnknown(137) #3"#]],
    );
}

#[test]
fn a_pod_is_not_over_while_a_container_runs() {
    let world = World::new("Never", &["a"]).sidecars(&["s"]).sandbox(0).running("s").exited("a", 1);
    check(
        world.with(|pod| pod.status.phase = "Running".to_owned()),
        expect![[r#"
        kill s/s0 (30s: Stopping container s)
        Running: s=running ready, a=Error(1)"#]],
    );
}

#[test]
fn addresses_of_the_pod_and_its_node() {
    let mut world = World::new("Always", &["a"]).sandbox(0).running("a");
    world.memory.host_ips = vec!["192.0.2.1".to_owned(), "2001:db8::1".to_owned()];
    let status = world.decide().status;
    assert_eq!((status.host_ip.as_str(), status.host_ips.len()), ("192.0.2.1", 2));
    assert_eq!((status.pod_ip.as_str(), status.pod_ips.len()), ("10.0.0.7", 1));
    let mut world = world.with(|pod| pod.spec.host_network = true);
    world.observed.sandboxes[0].host_network = true;
    assert_eq!(world.decide().status.pod_ips.len(), 2);
}
