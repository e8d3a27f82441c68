//! A pod's life, call by call.

use std::time::Duration;

use cri::{CriClient, RuntimeConditions, v1};
use tonic::Code;

use crate::node::{TestNode, container_config, eventually, sandbox_config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_lives_and_dies() {
    let node = TestNode::new("pod");
    node.write_images();
    let (containerd, client) = node.start().await;
    node.import(&client).await;

    let sandbox_config = sandbox_config(&node, "web");
    let sandbox = client.run_pod_sandbox(sandbox_config.clone(), "").await.unwrap();
    let status = client.pod_sandbox_status(&sandbox, true).await.unwrap();
    assert_eq!(status.status.unwrap().state(), v1::PodSandboxState::SandboxReady);
    assert!(status.info.contains_key("info"));
    let by_label =
        v1::PodSandboxFilter { label_selector: [("app".to_owned(), "web".to_owned())].into(), ..Default::default() };
    assert_eq!(client.list_pod_sandbox(Some(by_label)).await.unwrap().len(), 1);

    let script = "echo first; echo second >&2; trap 'echo bye; exit 7' TERM; while true; do sleep 0.1; done";
    let config = container_config("main", script);
    let container = client.create_container(&sandbox, config, sandbox_config.clone()).await.unwrap();
    assert_eq!(state_of(&client, &container).await, v1::ContainerState::ContainerCreated);
    client.start_container(&container).await.unwrap();
    assert_eq!(state_of(&client, &container).await, v1::ContainerState::ContainerRunning);
    assert_eq!(client.list_containers(None).await.unwrap().len(), 1);

    look_inside(&client, &container).await;
    read_logs(&node, &client, &container).await;
    count_resources(&client, &sandbox, &container).await;

    client.stop_container(&container, Duration::from_secs(10)).await.unwrap();
    let status = client.container_status(&container, false).await.unwrap().status.unwrap();
    assert_eq!((status.state(), status.exit_code), (v1::ContainerState::ContainerExited, 7));
    client.remove_container(&container).await.unwrap();
    let gone = client.container_status(&container, false).await.unwrap_err();
    assert!(gone.is_not_found());
    assert!(gone.to_string().starts_with("rpc error: code = NotFound desc = "), "{gone}");

    client.stop_pod_sandbox(&sandbox).await.unwrap();
    client.stop_pod_sandbox(&sandbox).await.unwrap();
    client.remove_pod_sandbox(&sandbox).await.unwrap();
    client.remove_pod_sandbox(&sandbox).await.unwrap();
    // containerd 1.6 forgives removing what is gone, but not stopping it.
    if let Err(gone) = client.stop_pod_sandbox(&sandbox).await {
        assert!(gone.is_not_found(), "{gone}");
    }
    assert!(client.list_pod_sandbox(None).await.unwrap().is_empty());
    containerd.stop().await.unwrap();
    let stopped = client.version().await.unwrap_err();
    assert!(stopped.is_unavailable(), "{stopped}");
}

async fn look_inside(client: &CriClient, container: &str) {
    let words = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    let answer = client.exec_sync(container, words("echo out; echo err >&2; exit 3"), PATIENT).await.unwrap();
    assert_eq!((answer.exit_code, &*answer.stdout, &*answer.stderr), (3, &b"out\n"[..], &b"err\n"[..]));
    let slow = client.exec_sync(container, words("sleep 60"), Duration::from_secs(1)).await.unwrap_err();
    assert!(slow.is_deadline_exceeded(), "{slow}");
    let command =
        v1::ExecRequest { container_id: container.to_owned(), cmd: words("true"), stdout: true, ..Default::default() };
    assert!(client.exec(command).await.unwrap().starts_with("http://127.0.0.1:"));
    let attach = v1::AttachRequest { container_id: container.to_owned(), stdout: true, ..Default::default() };
    assert!(client.attach(attach).await.unwrap().starts_with("http://127.0.0.1:"));
}

async fn read_logs(node: &TestNode, client: &CriClient, container: &str) {
    let log = node.directory.join("logs/main.log");
    let text = eventually("both lines in the log", || async {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        (text.lines().count() == 2).then_some(text)
    })
    .await;
    assert!(text.lines().any(|line| line.ends_with(" stdout F first")), "{text}");
    assert!(text.lines().any(|line| line.ends_with(" stderr F second")), "{text}");
    std::fs::rename(&log, log.with_extension("log.1")).unwrap();
    client.reopen_container_log(container).await.unwrap();
    assert!(log.exists());
}

async fn count_resources(client: &CriClient, sandbox: &str, container: &str) {
    let resources = v1::LinuxContainerResources { cpu_shares: 512, ..Default::default() };
    let message = v1::UpdateContainerResourcesRequest {
        container_id: container.to_owned(),
        linux: Some(resources),
        ..Default::default()
    };
    client.update_container_resources(message).await.unwrap();
    let stats = client.container_stats(container).await.unwrap();
    assert!(stats.memory.unwrap().working_set_bytes.unwrap().value > 0);
    assert_eq!(client.list_container_stats(None).await.unwrap().len(), 1);
    let pods = client.list_pod_sandbox_stats(None).await.unwrap();
    assert_eq!(pods.iter().map(|pod| pod.attributes.as_ref().unwrap().id.as_str()).collect::<Vec<_>>(), [sandbox]);
    assert!(client.port_forward(sandbox, vec![80]).await.unwrap().starts_with("http://127.0.0.1:"));
}

async fn state_of(client: &CriClient, container: &str) -> v1::ContainerState {
    client.container_status(container, false).await.unwrap().status.unwrap().state()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runtime_tells_what_it_is_and_what_it_lacks() {
    let node = TestNode::new("status");
    let (containerd, client) = node.start().await;
    let version = client.version().await.unwrap();
    assert_eq!((version.runtime_name.as_str(), version.runtime_api_version.as_str()), ("containerd", "v1"));
    let status = client.status(true).await.unwrap();
    let conditions = RuntimeConditions::of(&status.status.unwrap());
    assert!(conditions.runtime_ready.status);
    // No CNI configuration: pods in the host's network run, the node is not Ready.
    assert!(!conditions.network_ready.status);
    assert!(conditions.network_ready.message.contains("cni"), "{}", conditions.network_ready.message);

    // Calls that are newer than containerd 1.6 are told apart from failures.
    let old = version.runtime_version.trim_start_matches('v').starts_with("1.6.");
    let config = client.runtime_config().await.unwrap();
    assert_eq!(config.is_none(), old);
    if old {
        let mut events = client.get_container_events();
        let error = events.next().await.unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented, "{error}");
        assert!(events.next().await.unwrap().is_none());
    }
    client.update_runtime_config("10.0.0.0/24").await.unwrap();
    assert!(!client.image_fs_info().await.unwrap().image_filesystems.is_empty());

    let no_image = client.run_pod_sandbox(sandbox_config(&node, "x"), "no-such-handler").await.unwrap_err();
    assert!(no_image.to_string().starts_with("rpc error: code = Unknown desc = "), "{no_image}");
    containerd.stop().await.unwrap();
}

const PATIENT: Duration = Duration::from_secs(30);
