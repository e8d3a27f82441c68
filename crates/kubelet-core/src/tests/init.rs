//! Init containers and sidecars.

use expect_test::expect;

use super::world::{World, check};
use crate::observed::ContainerState;
use crate::probe::{ProbeKind, ProbeOutcome};

#[test]
fn the_first_init_container_starts_with_the_sandbox() {
    check(
        World::new("Always", &["a"]).init(&["i", "j"]),
        expect![[r#"
        create sandbox #0
        start i #0
        Pending uninitialized: i=PodInitializing, j=PodInitializing, a=PodInitializing"#]],
    );
}

#[test]
fn init_containers_run_one_after_the_other() {
    check(
        World::new("Always", &["a"]).init(&["i", "j"]).sandbox(0),
        expect![[r#"
        start i #0
        Pending uninitialized: i=PodInitializing, j=PodInitializing, a=PodInitializing"#]],
    );
    check(
        World::new("Always", &["a"]).init(&["i", "j"]).sandbox(0).running("i"),
        expect!["Pending uninitialized: i=running, j=PodInitializing, a=PodInitializing"],
    );
    check(
        World::new("Always", &["a"]).init(&["i", "j"]).sandbox(0).exited("i", 0),
        expect![[r#"
        start j #0
        Pending uninitialized: i=Completed(0) ready, j=PodInitializing, a=PodInitializing"#]],
    );
    check(
        World::new("Always", &["a"]).init(&["i", "j"]).sandbox(0).exited("i", 0).exited("j", 0),
        expect![[r#"
        start a #0
        Pending: i=Completed(0) ready, j=Completed(0) ready, a=PodInitializing"#]],
    );
}

#[test]
fn a_failed_init_container_is_tried_again() {
    check(
        World::new("Always", &["a"]).init(&["i"]).sandbox(0).exited("i", 1),
        expect![[r#"
        start i #1
        Pending uninitialized: i=Error(1), a=PodInitializing"#]],
    );
    check(
        World::new("OnFailure", &["a"]).init(&["i"]).sandbox(0).exited("i", 1),
        expect![[r#"
        start i #1
        Pending uninitialized: i=Error(1), a=PodInitializing"#]],
    );
}

#[test]
fn a_failed_init_container_ends_a_pod_that_never_restarts() {
    check(
        World::new("Never", &["a"]).init(&["i"]).sandbox(0).exited("i", 3),
        expect![[r#"
        stop sandbox s0
        clean up
        Failed uninitialized: i=Error(3), a=PodInitializing"#]],
    );
}

#[test]
fn completed_init_containers_may_be_gone_when_containers_run() {
    check(
        World::new("Always", &["a"]).init(&["i"]).sandbox(0).running("a"),
        expect!["Pending ready: i=PodInitializing, a=running ready"],
    );
}

#[test]
fn init_containers_run_again_in_a_new_sandbox() {
    let world = World::new("Always", &["a"]).init(&["i"]).sandbox_in(0, false).exited("i", 0).exited("a", 1);
    check(
        world.sandbox(1),
        expect![[r#"
        start i #1
        Running: i=Completed(0) ready, a=Error(1)"#]],
    );
}

#[test]
fn a_container_created_and_not_started_is_started_anew() {
    check(
        World::new("Always", &["a"]).init(&["i"]).sandbox(0).run("i", ContainerState::Created, 0),
        expect![[r#"
        start i #1
        Pending uninitialized: i=ContainerCreating, a=PodInitializing"#]],
    );
}

#[test]
fn a_running_sidecar_lets_the_next_one_start() {
    check(
        World::new("Always", &["a"]).sidecars(&["s", "t"]).sandbox(0).running("s"),
        expect![[r#"
        start t #0
        Pending uninitialized: s=running ready, t=PodInitializing, a=PodInitializing"#]],
    );
    check(
        World::new("Always", &["a"]).sidecars(&["s", "t"]).sandbox(0).running("s").running("t"),
        expect![[r#"
        start a #0
        Pending: s=running ready, t=running ready, a=PodInitializing"#]],
    );
}

#[test]
fn a_sidecar_has_started_when_its_startup_probe_says_so() {
    let probed = || {
        let world = World::new("Always", &["a"]).sidecars(&["s"]);
        world.with(|pod| pod.spec.init_containers[0].startup_probe = Some(Box::default())).sandbox(0).running("s")
    };
    check(probed(), expect!["Pending uninitialized: s=running, a=PodInitializing"]);
    check(
        probed().probed("s0", ProbeKind::Startup, ProbeOutcome::Success),
        expect![[r#"
        start a #0
        Pending: s=running ready, a=PodInitializing"#]],
    );
    check(
        probed().probed("s0", ProbeKind::Startup, ProbeOutcome::Failure),
        expect![[r#"
        kill s/s0 (30s: Init container s failed startup probe)
        start s #1
        Pending uninitialized: s=running, a=PodInitializing"#]],
    );
}

#[test]
fn a_dead_sidecar_is_started_again_beside_running_containers() {
    check(
        World::new("Never", &["a"]).sidecars(&["s"]).sandbox(0).exited("s", 1).running("a"),
        expect![[r#"
        start s #1
        Running: s=Error(1), a=running ready"#]],
    );
    check(
        World::new("Never", &["a"]).sidecars(&["s"]).sandbox(0).running("a"),
        expect![[r#"
        start s #0
        Running: s=PodInitializing, a=running ready"#]],
    );
}

#[test]
fn a_sidecar_that_is_not_alive_is_ended_and_started() {
    let world = World::new("Always", &["a"]).sidecars(&["s"]).with(|pod| {
        pod.spec.init_containers[0].liveness_probe = Some(Box::default());
    });
    let world = world.sandbox(0).running("s").running("a");
    check(
        world.probed("s0", ProbeKind::Liveness, ProbeOutcome::Failure),
        expect![[r#"
        kill s/s0 (30s: Init container s failed liveness probe)
        start s #1
        Running ready: s=running ready, a=running ready"#]],
    );
}

#[test]
fn init_containers_and_sidecars_mix() {
    let world = || World::new("Always", &["a"]).init(&["i"]).sidecars(&["s"]).init(&["j"]);
    check(
        world().sandbox(0).exited("i", 0),
        expect![[r#"
        start s #0
        Pending uninitialized: i=Completed(0) ready, s=PodInitializing, j=PodInitializing, a=PodInitializing"#]],
    );
    check(
        world().sandbox(0).exited("i", 0).running("s"),
        expect![[r#"
        start j #0
        Pending uninitialized: i=Completed(0) ready, s=running ready, j=PodInitializing, a=PodInitializing"#]],
    );
    check(
        world().sandbox(0).exited("i", 0).running("s").exited("j", 0),
        expect![[r#"
        start a #0
        Pending: i=Completed(0) ready, s=running ready, j=Completed(0) ready, a=PodInitializing"#]],
    );
}
