//! Sandboxes, the order of starting and ending, deletion.

use expect_test::expect;

use super::world::{World, check, container};
use crate::SECOND;
use crate::memory::{SANDBOX, VOLUMES};
use crate::observed::ContainerState;

#[test]
fn a_new_pod_gets_a_sandbox_and_its_containers() {
    check(
        World::new("Always", &["a", "b"]),
        expect![[r#"
        create sandbox #0
        start a #0
        start b #0
        Pending: a=ContainerCreating, b=ContainerCreating"#]],
    );
}

#[test]
fn a_sandbox_that_failed_is_tried_again_later() {
    let world = World::new("Always", &["a"]);
    let now = world.now;
    check(
        world.remembering(|memory| memory.retries.failed(SANDBOX, now)),
        expect![[r#"
        look again in 1s
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn volumes_that_failed_are_tried_again_later() {
    let world = World::new("Always", &["a"]);
    let now = world.now;
    check(
        world.remembering(|memory| memory.retries.failed(VOLUMES, now)),
        expect![[r#"
        look again in 1s
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn missing_containers_are_started_in_a_ready_sandbox() {
    check(
        World::new("Always", &["a", "b"]).sandbox(0).running("a"),
        expect![[r#"
        start b #0
        Pending: a=running ready, b=ContainerCreating"#]],
    );
}

#[test]
fn a_running_pod_is_left_alone() {
    check(World::new("Always", &["a"]).sandbox(0).running("a"), expect!["Running ready: a=running ready"]);
}

#[test]
fn a_lost_sandbox_is_replaced_with_all_containers() {
    check(
        World::new("Always", &["a", "b"]).sandbox_in(0, false).running("a").exited("b", 0),
        expect![[r#"
        kill a/a0 (30s: Stopping container a)
        create sandbox #1
        start a #1
        start b #1
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Running: a=running ready, b=Completed(0)"#]],
    );
}

#[test]
fn a_lost_sandbox_of_a_pod_that_never_restarts_ends_it() {
    check(
        World::new("Never", &["a"]).sandbox_in(0, false).exited("a", 137),
        expect![[r#"
        clean up
        Failed: a=Error(137)"#]],
    );
}

#[test]
fn a_lost_sandbox_leaves_succeeded_containers_as_they_are_on_failure() {
    check(
        World::new("OnFailure", &["a", "b"]).sandbox_in(0, false).exited("a", 0).exited("b", 1),
        expect![[r#"
        create sandbox #1
        start b #1
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Running: a=Completed(0), b=Error(1)"#]],
    );
}

#[test]
fn two_ready_sandboxes_are_one_too_many() {
    check(
        World::new("Always", &["a"]).sandbox(0).sandbox(1).running("a"),
        expect![[r#"
        kill a/a0 (30s: Stopping container a)
        stop sandbox s1
        stop sandbox s0
        create sandbox #2
        start a #1
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Running ready: a=running ready"#]],
    );
}

#[test]
fn a_sandbox_without_an_address_is_replaced() {
    let mut world = World::new("Always", &["a"]).sandbox(0);
    world.observed.sandboxes[0].ips.clear();
    check(
        world,
        expect![[r#"
        stop sandbox s0
        create sandbox #1
        start a #0
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn a_pod_in_the_nodes_network_needs_no_address() {
    let mut world = World::new("Always", &["a"]).sandbox(0).with(|pod| pod.spec.host_network = true);
    world.observed.sandboxes[0].ips.clear();
    world.observed.sandboxes[0].host_network = true;
    check(
        world,
        expect![[r#"
        start a #0
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn ephemeral_containers_start_once() {
    let add = |pod: &mut api_core::v1::Pod| {
        let ephemeral = |name: &str| api_core::v1::EphemeralContainer { name: name.to_owned(), ..Default::default() };
        pod.spec.ephemeral_containers = vec![ephemeral("debug"), ephemeral("done")];
    };
    check(
        World::new("Always", &["a"]).with(add).sandbox(0).running("a").exited("done", 0),
        expect![[r#"
        start debug #0
        Running ready: a=running ready, debug=ContainerCreating, done=Completed(0)"#]],
    );
}

#[test]
fn a_changed_image_restarts_its_container() {
    let world = World::new("Never", &["a", "b"]).sandbox(0).running("a").running("b");
    check(
        world.with(|pod| pod.spec.containers[0].image = "image:2".to_owned()),
        expect![[r#"
        kill a/a0 (30s: Container a definition changed, will be restarted)
        start a #1
        Running ready: a=running ready, b=running ready"#]],
    );
}

#[test]
fn a_deleted_pod_ends_within_its_grace_period() {
    check(
        World::new("Always", &["a", "b"]).sandbox(0).running("a").running("b").deleted(10),
        expect![[r#"
        kill b/b0 (10s: Stopping container b), a/a0 (10s: Stopping container a)
        Running ready: a=running ready, b=running ready"#]],
    );
}

#[test]
fn the_grace_period_runs_from_the_first_attempt() {
    let world = World::new("Always", &["a"]).sandbox(0).running("a").deleted(10);
    let now = world.now;
    check(
        world.remembering(|memory| memory.terminating_since = Some(now - 4 * SECOND)),
        expect![[r#"
        kill a/a0 (6s: Stopping container a)
        Running ready: a=running ready"#]],
    );
}

#[test]
fn sidecars_end_after_containers_in_reverse_order() {
    let world = World::new("Always", &["a"]).sidecars(&["s", "t"]).sandbox(0).running("s").running("t").running("a");
    check(
        world.deleted(30),
        expect![[r#"
        kill a/a0 (30s: Stopping container a)
        Running ready: s=running ready, t=running ready, a=running ready"#]],
    );
    let world = World::new("Always", &["a"]).sidecars(&["s", "t"]).sandbox(0).running("s").running("t");
    check(
        world.exited("a", 0).deleted(30),
        expect![[r#"
        kill t/t0 (30s: Stopping container t)
        Running: s=running ready, t=running ready, a=Completed(0)"#]],
    );
    let world = World::new("Always", &["a"]).sidecars(&["s", "t"]).sandbox(0).running("s").running("t");
    let now = world.now;
    let late =
        world.exited("a", 0).deleted(30).remembering(|memory| memory.terminating_since = Some(now - 40 * SECOND));
    check(
        late,
        expect![[r#"
        kill t/t0 (2s: Stopping container t), s/s0 (2s: Stopping container s)
        Running: s=running ready, t=running ready, a=Completed(0)"#]],
    );
}

#[test]
fn a_deleted_pod_whose_containers_ended_is_cleaned_up() {
    check(
        World::new("Always", &["a"]).sandbox(0).exited("a", 0).deleted(10),
        expect![[r#"
        stop sandbox s0
        clean up
        delete
        Succeeded: a=Completed(0)"#]],
    );
    let done = World::new("Always", &["a"]).sandbox_in(0, false).exited("a", 0).deleted(10);
    check(
        done.remembering(|memory| memory.cleaned = true),
        expect![[r#"
        delete
        Succeeded: a=Completed(0)"#]],
    );
    let gone = World::new("Always", &["a"]).deleted(10);
    check(
        gone.remembering(|memory| (memory.cleaned, memory.deleted) = (true, true)),
        expect!["Pending: a=ContainerCreating"],
    );
}

#[test]
fn a_deleted_pod_that_never_started_goes_at_once() {
    check(
        World::new("Always", &["a"]).deleted(30),
        expect![[r#"
        clean up
        delete
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn a_deadline_ends_a_pod() {
    let with_deadline = || {
        World::new("Always", &["a"]).sandbox(0).running("a").with(|pod| {
            pod.spec.active_deadline_seconds = Some(20);
            pod.status.start_time = Some(schema::Time::from_unix(super::world::NOW - 5));
        })
    };
    check(
        with_deadline(),
        expect![[r#"
        look again in 15s
        Running ready: a=running ready"#]],
    );
    check(
        with_deadline().later(15),
        expect![[r#"
        kill a/a0 (30s: Stopping container a)
        Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline
        Pending: a=running ready"#]],
    );
}

#[test]
fn a_pod_that_is_over_is_not_started_again() {
    let world = World::new("Never", &["a"]).with(|pod| pod.status.phase = "Succeeded".to_owned());
    check(
        world,
        expect![[r#"
        clean up
        Succeeded: a=ContainerCreating"#]],
    );
}

#[test]
fn sidecars_do_not_keep_a_finished_pod_alive() {
    let world = World::new("Never", &["a"]).sidecars(&["s"]).sandbox(0).running("s").exited("a", 0);
    check(
        world,
        expect![[r#"
        kill s/s0 (30s: Stopping container s)
        Pending: s=running ready, a=Completed(0)"#]],
    );
}

#[test]
fn more_than_one_dead_run_of_a_container_is_removed() {
    let world = World::new("Always", &["a"]).sandbox(0).exited("a", 1).exited("a", 1).exited("a", 1).running("a");
    check(
        world,
        expect![[r#"
        remove a1, a0
        Running ready: a=running after Error(1) ready #3"#]],
    );
}

#[test]
fn a_container_in_an_unknown_state_is_ended_and_started() {
    check(
        World::new("Always", &["a"]).sandbox(0).run("a", ContainerState::Unknown, 0),
        expect![[r#"
        kill a/a0 (30s: Container is in "unknown" state, try killing it before restart)
        start a #1
        Running: a=ContainerStatusUnknown(137)"#]],
    );
}

#[test]
fn a_sandbox_of_the_wrong_network_is_replaced() {
    let world = World::new("Always", &[]).sandbox(0).with(|pod| {
        pod.spec.host_network = true;
        pod.spec.containers = vec![container("a")];
    });
    check(
        world,
        expect![[r#"
        stop sandbox s0
        create sandbox #1
        start a #0
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Pending: a=ContainerCreating"#]],
    );
}

#[test]
fn a_replaced_sandbox_goes_when_it_is_empty() {
    check(
        World::new("Always", &["a"]).sandbox_in(0, false).sandbox(1).running("a"),
        expect![[r#"
        remove sandboxes s0
        Running ready: a=running ready"#]],
    );
    check(
        World::new("Always", &["a"]).sandbox_in(0, false).exited("a", 1).sandbox(1).running("a"),
        expect!["Running ready: a=running after Error(1) ready #1"],
    );
}

#[test]
fn a_pod_that_the_node_refused_is_over() {
    let rejected = Some(("OutOfcpu".to_owned(), "Pod was rejected: no".to_owned()));
    check(
        World::new("Always", &["a"]).remembering(|memory| memory.ended = rejected),
        expect![[r#"
        clean up
        Failed (OutOfcpu): a=ContainerCreating"#]],
    );
}
