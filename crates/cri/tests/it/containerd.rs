//! The supervision: adoption, restarts, two at once, and errors that say what to do.

use std::path::{Path, PathBuf};

use cri::containerd::{Containerd, ContainerdConfig, ContainerdState, Origin};
use cri::{CriClient, CriTimeouts, v1};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::node::{PATIENCE, TestNode, container_config, ready_pid, sandbox_config};

fn origin(containerd: &Containerd) -> Origin {
    match *containerd.state().borrow() {
        ContainerdState::Ready { origin, .. } => origin,
        ref other => panic!("containerd is not ready: {other:?}"),
    }
}

async fn running_containers(client: &CriClient) -> usize {
    let containers = client.list_containers(None).await.unwrap();
    containers.iter().filter(|container| container.state() == v1::ContainerState::ContainerRunning).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_outlive_us_and_their_containerd() {
    let node = TestNode::new("adopt");
    node.write_images();
    let (first, client) = node.start().await;
    assert_eq!(origin(&first), Origin::Started);
    node.import(&client).await;
    let config = sandbox_config(&node, "survivor");
    let sandbox = client.run_pod_sandbox(config.clone(), "").await.unwrap();
    let container = container_config("main", "while true; do sleep 1; done");
    let container = client.create_container(&sandbox, container, config).await.unwrap();
    client.start_container(&container).await.unwrap();
    let pid = ready_pid(&first, 0).await;
    // Neither a signal to our process group nor our end reaches it.
    assert_eq!(nix::unistd::getpgid(Some(Pid::from_raw(pid as i32))).unwrap().as_raw(), pid as i32);

    // We die; the next of us finds everything as it was.
    drop(first);
    let (second, client) = node.start().await;
    assert_eq!((origin(&second), ready_pid(&second, 0).await), (Origin::Adopted, pid));
    assert_eq!(running_containers(&client).await, 1);

    // The adopted containerd dies: it is restarted, and knows the pod.
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    let after_kill = ready_pid(&second, pid).await;
    assert_eq!(origin(&second), Origin::Started);
    assert_eq!(running_containers(&client).await, 1);

    // So is one that is our own child.
    kill(Pid::from_raw(after_kill as i32), Signal::SIGKILL).unwrap();
    let after_second_kill = ready_pid(&second, after_kill).await;
    assert_eq!(running_containers(&client).await, 1);

    // A changed configuration replaces the adopted one.
    drop(second);
    let mut changed = node.config();
    changed.log_level = "info".to_owned();
    let third = Containerd::ensure(changed).await.unwrap();
    assert_ne!(ready_pid(&third, 0).await, after_second_kill);
    assert_eq!(origin(&third), Origin::Started);
    assert_eq!(running_containers(&client).await, 1);

    // Stopping containerd leaves the pod alone, too.
    third.stop().await.unwrap();
    assert!(!node.config().pid_file().exists());
    let (fourth, client) = node.start().await;
    assert_eq!(origin(&fourth), Origin::Started);
    assert_eq!(running_containers(&client).await, 1);
    client.stop_pod_sandbox(&sandbox).await.unwrap();
    client.remove_pod_sandbox(&sandbox).await.unwrap();
    fourth.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_leaves_dead_pods_that_can_be_removed() {
    let node = TestNode::new("reboot");
    node.write_images();
    let (before, client) = node.start().await;
    node.import(&client).await;
    let config = sandbox_config(&node, "lost");
    let sandbox = client.run_pod_sandbox(config.clone(), "").await.unwrap();
    let container = container_config("main", "while true; do sleep 1; done");
    let container = client.create_container(&sandbox, container, config.clone()).await.unwrap();
    client.start_container(&container).await.unwrap();
    drop(before);
    node.lose_power();

    let (after, client) = node.start().await;
    assert_eq!(origin(&after), Origin::Started);
    assert_eq!(running_containers(&client).await, 0);
    let sandboxes = client.list_pod_sandbox(None).await.unwrap();
    assert_eq!(sandboxes[0].state(), v1::PodSandboxState::SandboxNotready);
    client.stop_pod_sandbox(&sandbox).await.unwrap();
    client.remove_pod_sandbox(&sandbox).await.unwrap();
    // The images are still there: the pod comes up again.
    assert_eq!(node.import(&client).await.imported.len(), 0);
    let again = client.run_pod_sandbox(config, "").await.unwrap();
    client.stop_pod_sandbox(&again).await.unwrap();
    client.remove_pod_sandbox(&again).await.unwrap();
    after.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_containerd_that_cannot_be_restarted_is_reported_and_tried_again() {
    let node = TestNode::new("restart");
    let mut config = node.config();
    config.containerd_program = node.directory.join("containerd-program");
    let real = cri::containerd::find_program(Path::new("containerd")).unwrap();
    std::os::unix::fs::symlink(&real, &config.containerd_program).unwrap();
    let containerd = Containerd::ensure(config.clone()).await.unwrap();
    let pid = ready_pid(&containerd, 0).await;

    std::fs::remove_file(&config.containerd_program).unwrap();
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    let mut state = containerd.state();
    let failed_twice = |state: &ContainerdState| matches!(state, ContainerdState::Down { attempts: 2.., .. });
    let down = tokio::time::timeout(PATIENCE, state.wait_for(failed_twice)).await.unwrap().unwrap().clone();
    let ContainerdState::Down { reason, .. } = down else { unreachable!("it was just seen to be down") };
    assert!(reason.contains("apt-get install containerd"), "{reason}");

    std::os::unix::fs::symlink(&real, &config.containerd_program).unwrap();
    let again = ready_pid(&containerd, pid).await;

    // A stop is heard while it is down, too.
    std::fs::remove_file(&config.containerd_program).unwrap();
    kill(Pid::from_raw(again as i32), Signal::SIGKILL).unwrap();
    tokio::time::timeout(PATIENCE, state.wait_for(failed_twice)).await.unwrap().unwrap();
    containerd.stop().await.unwrap();
    assert_eq!(*state.borrow(), ContainerdState::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_data_directories_are_two_runtimes_and_a_foreign_one_is_left_alone() {
    let (one, two) = (TestNode::new("one"), TestNode::new("two"));
    one.write_images();
    let (first, first_client) = one.start().await;
    let (second, second_client) = two.start().await;
    assert_ne!(ready_pid(&first, 0).await, ready_pid(&second, 0).await);
    one.import(&first_client).await;
    assert_eq!(first_client.list_images(None).await.unwrap().len(), 2);
    assert_eq!(second_client.list_images(None).await.unwrap().len(), 0);

    // Whoever points at a socket where somebody else's containerd listens uses that one and never ends it.
    let mut config = two.config();
    config.socket = one.config().socket;
    let guest = Containerd::ensure(config).await.unwrap();
    assert_eq!(origin(&guest), Origin::Foreign);
    guest.stop().await.unwrap();
    first_client.version().await.unwrap();
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_say_what_to_do() {
    let node = TestNode::new("errors");
    let ensure = async |change: &dyn Fn(&mut ContainerdConfig)| {
        let mut config = node.config();
        change(&mut config);
        Containerd::ensure(config).await.unwrap_err().to_string()
    };
    let no_containerd = ensure(&|config| config.containerd_program = PathBuf::from("no-containerd")).await;
    assert!(no_containerd.contains("no-containerd is not in PATH"), "{no_containerd}");
    assert!(no_containerd.contains("apt-get install containerd"), "{no_containerd}");
    let no_runc = ensure(&|config| config.runc_program = PathBuf::from("no-runc")).await;
    assert!(no_runc.contains("apt-get install runc"), "{no_runc}");
    let too_long = ensure(&|config| config.socket = Path::new("/tmp").join("x".repeat(100))).await;
    assert!(too_long.contains("the kernel allows 107"), "{too_long}");
    let ends = ensure(&|config| config.log_level = "no-such-level".to_owned()).await;
    assert!(ends.contains("no-such-level"), "{ends}");

    let nobody = CriClient::connect(&node.config().socket, CriTimeouts::default()).await.unwrap_err();
    assert!(nobody.to_string().contains("code = Unavailable"), "{nobody}");
    assert!(nobody.to_string().contains("No such file or directory"), "{nobody}");
}
