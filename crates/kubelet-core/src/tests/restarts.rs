//! Restart policies, back-offs, probes that fail, images that do not come.

use api_core::v1::{ContainerRestartRule, ContainerRestartRuleOnExitCodes};
use expect_test::expect;

use super::world::{World, check};
use crate::SECOND;
use crate::probe::{ProbeKind, ProbeOutcome};

#[test]
fn a_container_that_ended_restarts_by_policy() {
    check(
        World::new("Always", &["a"]).sandbox(0).exited("a", 0),
        expect![[r#"
        start a #1
        Running: a=Completed(0)"#]],
    );
    check(
        World::new("OnFailure", &["a", "b"]).sandbox(0).exited("a", 0).exited("b", 1),
        expect![[r#"
        start b #1
        Running: a=Completed(0), b=Error(1)"#]],
    );
    check(
        World::new("OnFailure", &["a"]).sandbox(0).exited("a", 0),
        expect![[r#"
        stop sandbox s0
        clean up
        Succeeded: a=Completed(0)"#]],
    );
    check(
        World::new("Never", &["a", "b"]).sandbox(0).exited("a", 1).running("b"),
        expect!["Running: a=Error(1), b=running ready"],
    );
    check(
        World::new("Never", &["a"]).sandbox(0).exited("a", 1),
        expect![[r#"
        stop sandbox s0
        clean up
        Failed: a=Error(1)"#]],
    );
}

#[test]
fn a_container_may_have_a_policy_of_its_own() {
    let own = |policy: &str, rule: Option<(&str, &[i32])>| {
        let world = World::new("Never", &["a", "b"]).sandbox(0).exited("a", 42).running("b");
        world.with(|pod| {
            let container = &mut pod.spec.containers[0];
            container.restart_policy = Some(policy.to_owned());
            container.restart_policy_rules.extend(rule.map(|(operator, values)| ContainerRestartRule {
                action: "Restart".to_owned(),
                exit_codes: Some(Box::new(ContainerRestartRuleOnExitCodes {
                    operator: operator.to_owned(),
                    values: values.to_vec(),
                })),
            }));
        })
    };
    check(
        own("OnFailure", None),
        expect![[r#"
        start a #1
        Running: a=Error(42), b=running ready"#]],
    );
    check(own("Never", None), expect!["Running: a=Error(42), b=running ready"]);
    check(
        own("Never", Some(("In", &[42]))),
        expect![[r#"
        start a #1
        Running: a=Error(42), b=running ready"#]],
    );
    check(own("Never", Some(("NotIn", &[42]))), expect!["Running: a=Error(42), b=running ready"]);
}

#[test]
fn the_second_restart_waits_and_later_ones_wait_longer() {
    let mut world = World::new("Always", &["a"]).sandbox(0).exited("a", 1);
    let mut waits = Vec::new();
    for _ in 0..7 {
        let first = world.decide();
        if let Some(at) = first.look_again_at {
            waits.push((at - world.now) / SECOND);
            world.now = at;
            world.decide();
        }
        world = world.exited("a", 1);
        world.observed.containers[0].finished_at = world.now;
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 300]);
}

#[test]
fn a_crash_loop_is_shown_and_announced_once() {
    let mut world = World::new("Always", &["a"]).sandbox(0).exited("a", 1);
    world.decide();
    let mut world = world.exited("a", 1);
    let message = |world: &World| world.memory.failures["a"].message.clone();
    assert_eq!(world.decide().events.len(), 1);
    assert_eq!(message(&world), "back-off 10s restarting failed container=a pod=p_ns(u)");
    assert_eq!(world.decide().events.len(), 0);
    check(
        world,
        expect![[r#"
        remove a0
        look again in 10s
        Running: a=CrashLoopBackOff after Error(1) #1"#]],
    );
}

#[test]
fn a_container_that_ran_for_long_has_earned_a_fresh_start() {
    let mut world = World::new("Always", &["a"]).sandbox(0).exited("a", 1);
    world.decide();
    let mut world = world.exited("a", 1).later(700);
    world.observed.containers[0].finished_at = world.now;
    check(
        world,
        expect![[r#"
        start a #2
        Running: a=Error(1) after Error(1) #1"#]],
    );
}

#[test]
fn a_container_that_is_not_alive_is_restarted() {
    let world = |policy: &str| {
        let world = World::new(policy, &["a"]).with(|pod| {
            let probe = api_core::v1::Probe { termination_grace_period_seconds: Some(5), ..Default::default() };
            pod.spec.containers[0].liveness_probe = Some(Box::new(probe));
        });
        world.sandbox(0).running("a").probed("a0", ProbeKind::Liveness, ProbeOutcome::Failure)
    };
    check(
        world("Always"),
        expect![[r#"
        kill a/a0 (5s: Container a failed liveness probe, will be restarted)
        start a #1
        Running ready: a=running ready"#]],
    );
    check(
        world("Never"),
        expect![[r#"
        kill a/a0 (30s: Stopping container a)
        stop sandbox s0
        Running ready: a=running ready"#]],
    );
}

#[test]
fn a_container_that_does_not_start_up_is_restarted() {
    let world = World::new("Always", &["a"]).with(|pod| pod.spec.containers[0].startup_probe = Some(Box::default()));
    let world = world.sandbox(0).running("a").probed("a0", ProbeKind::Startup, ProbeOutcome::Failure);
    check(
        world,
        expect![[r#"
        kill a/a0 (30s: Container a failed startup probe, will be restarted)
        start a #1
        Running: a=running"#]],
    );
}

#[test]
fn an_image_that_failed_waits_for_its_next_pull() {
    let world = World::new("Always", &["a"]).sandbox(0);
    let now = world.now;
    let mut world = world.remembering(|memory| {
        memory.pulls.next("image:1", now, now);
        memory.pull_errors.insert("image:1".to_owned(), "ErrImagePull: no".to_owned());
        memory.failed("a", "ErrImagePull", "no", now);
    });
    let expected = "Back-off pulling image \"image:1\": ErrImagePull: no";
    world.decide();
    assert_eq!(world.memory.failures["a"].message, expected);
    check(
        world,
        expect![[r#"
        look again in 10s
        Pending: a=ImagePullBackOff"#]],
    );
}

#[test]
fn a_container_that_could_not_be_configured_is_tried_again() {
    let world = World::new("Always", &["a", "b"]).sandbox(0).running("b");
    let now = world.now;
    let failed = |memory: &mut crate::PodMemory| memory.failed("a", "CreateContainerConfigError", "no map", now);
    check(
        world.remembering(failed),
        expect![[r#"
        look again in 1s
        Pending: a=CreateContainerConfigError, b=running ready"#]],
    );
}
