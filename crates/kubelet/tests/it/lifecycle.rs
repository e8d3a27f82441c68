//! A pod's life.

use api_core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, EnvVar, EnvVarSource, Event, ExecAction, HTTPGetAction, Lifecycle,
    LifecycleHandler, Node, ObjectFieldSelector, Pod, Probe, SecurityContext, TCPSocketAction, Volume, VolumeMount,
};
use api_misc::coordination::v1::Lease;
use schema::{Quantity, Time};
use stdx::{Clock, SystemClock};

use crate::api::FakeApi;
use crate::node::TestNode;

const BUSYBOX: &str = "tiphys.test/busybox:1";

pub fn pod(name: &str, policy: &str, scripts: &[(&str, &str)]) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = name.to_owned();
    pod.metadata.namespace = "default".to_owned();
    pod.metadata.uid = format!("11111111-2222-3333-4444-{name:0>12}");
    pod.metadata.generation = 1;
    pod.metadata.creation_timestamp = Some(Time::from_unix(SystemClock.now_seconds()));
    pod.spec.node_name = "node-1".to_owned();
    pod.spec.restart_policy = policy.to_owned();
    pod.spec.termination_grace_period_seconds = Some(30);
    pod.spec.dns_policy = "ClusterFirst".to_owned();
    pod.spec.containers = scripts.iter().map(|(name, script)| container(name, script)).collect();
    pod.status.phase = "Pending".to_owned();
    pod
}

fn container(name: &str, script: &str) -> Container {
    Container {
        name: name.to_owned(),
        image: BUSYBOX.to_owned(),
        image_pull_policy: "IfNotPresent".to_owned(),
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        termination_message_path: "/dev/termination-log".to_owned(),
        termination_message_policy: "File".to_owned(),
        ..Container::default()
    }
}

pub fn condition<'a>(pod: &'a Pod, type_: &str) -> &'a str {
    pod.status.conditions.iter().find(|c| c.type_ == type_).map_or("", |c| c.status.as_str())
}

fn events(api: &FakeApi, name: &str) -> Vec<String> {
    let about = |event: &Event| event.involved_object.name == name;
    api.list::<Event>("default").into_iter().filter(about).map(|e| format!("{}: {}", e.reason, e.message)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_run_end_and_go() {
    let node = TestNode::new(1);
    let api = FakeApi::new();
    let kubelet = node.start(&api);
    let ready = |node: &Node| node.status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    api.wait::<Node>("", "node-1", "a ready node", ready).await;
    api.wait::<Lease>("kube-node-lease", "node-1", "a lease", |lease| lease.spec.renew_time.is_some()).await;

    let trap = "trap 'echo bye > /dev/termination-log; exit 3' TERM; echo hello; while true; do sleep 0.1; done";
    api.put(&pod("long", "Always", &[("main", trap)]));
    let running = api.wait::<Pod>("default", "long", "a ready pod", |pod| condition(pod, "Ready") == "True").await;
    assert_eq!(running.status.phase, "Running");
    assert!(running.status.pod_ip.starts_with("10.231.1."), "{}", running.status.pod_ip);
    let status = &running.status.container_statuses[0];
    assert_eq!((status.ready, status.started, status.restart_count), (true, Some(true), 0));
    assert!(status.container_id.starts_with("containerd://"), "{}", status.container_id);
    let log = node.directory.join(format!("log/pods/default_long_{}/main/0.log", running.metadata.uid));
    assert!(std::fs::read_to_string(log).unwrap().contains("stdout F hello"));

    // A kubelet that starts anew finds the pod running and leaves it so.
    kubelet.stop().await;
    let kubelet = node.start(&api);

    api.put(&pod("once", "Never", &[("good", "exit 0"), ("bad", "echo why > /dev/termination-log; exit 4")]));
    let failed = api.wait::<Pod>("default", "once", "a failed pod", |pod| pod.status.phase == "Failed").await;
    let ended: Vec<_> = failed.status.container_statuses.iter().map(|s| s.state.terminated.clone().unwrap()).collect();
    assert_eq!((ended[0].exit_code, ended[0].reason.as_str()), (0, "Completed"));
    assert_eq!((ended[1].exit_code, ended[1].reason.as_str(), ended[1].message.as_str()), (4, "Error", "why\n"));

    let same = api.get::<Pod>("default", "long").unwrap();
    assert_eq!(same.status.container_statuses[0].container_id, status.container_id);

    api.delete_pod("default", "long", 30);
    api.wait_gone::<Pod>("default", "long").await;
    api.delete_pod("default", "once", 30);
    api.wait_gone::<Pod>("default", "once").await;
    let events = events(&api, "long");
    for expected in ["Created: Container created", "Started: Container started", "Killing: Stopping container main"] {
        assert!(events.iter().any(|event| event == expected), "{expected} is not in {events:?}");
    }
    kubelet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn containers_see_volumes_variables_and_their_limits() {
    let node = TestNode::new(3);
    let api = FakeApi::new();
    let kubelet = node.start(&api);
    let script = "cat /config/greeting && touch /scratch/x && echo $NAME $KUBERNETES_SERVICE_HOST && \
                  grep -q files /etc/hosts && id -u > /dev/termination-log && exec sleep 1000";
    let mut files = pod("files", "Never", &[("main", script)]);
    files.spec.volumes = vec![
        Volume {
            name: "config".to_owned(),
            config_map: Some(Box::new(ConfigMapVolumeSource { name: "c".to_owned(), ..Default::default() })),
            ..Volume::default()
        },
        Volume { name: "scratch".to_owned(), empty_dir: Some(Box::default()), ..Volume::default() },
    ];
    let main = &mut files.spec.containers[0];
    let mount =
        |name: &str| VolumeMount { name: name.to_owned(), mount_path: format!("/{name}"), ..Default::default() };
    main.volume_mounts = vec![mount("config"), mount("scratch")];
    let field = ObjectFieldSelector { api_version: "v1".to_owned(), field_path: "metadata.name".to_owned() };
    let source = EnvVarSource { field_ref: Some(Box::new(field)), ..EnvVarSource::default() };
    main.env.push(EnvVar { name: "NAME".to_owned(), value_from: Some(Box::new(source)), ..EnvVar::default() });
    main.security_context = Some(Box::new(SecurityContext { run_as_user: Some(7), ..SecurityContext::default() }));
    main.resources.limits.insert("memory".to_owned(), Quantity::parse("64Mi").unwrap());
    let probe = |command: &str| {
        let exec = ExecAction { command: ["sh", "-c", command].map(str::to_owned).to_vec() };
        Some(Box::new(Probe {
            exec: Some(Box::new(exec)),
            period_seconds: 1,
            success_threshold: 1,
            failure_threshold: 1,
            timeout_seconds: 5,
            ..Probe::default()
        }))
    };
    main.startup_probe = probe("true");
    main.readiness_probe = probe("test -e /scratch/x");
    api.put(&files);
    let refused = |event: &String| {
        event == "FailedMount: MountVolume.SetUp failed for volume \"config\" : configmap \"c\" not found"
    };
    api.wait_until("the failed mount", || events(&api, "files").iter().any(refused)).await;

    let mut map = ConfigMap::default();
    (map.metadata.name, map.metadata.namespace) = ("c".to_owned(), "default".to_owned());
    map.data.insert("greeting".to_owned(), "good day".to_owned());
    api.put(&map);
    let ready = api.wait::<Pod>("default", "files", "a ready pod", |pod| condition(pod, "Ready") == "True").await;
    let log = node.directory.join(format!("log/pods/default_files_{}/main/0.log", ready.metadata.uid));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("good dayfiles"), "{log}");
    let cgroup = format!("{}/kubepods/burstable/pod{}", node.config.cgroup_root, ready.metadata.uid);
    let limits =
        [format!("/sys/fs/cgroup/memory{cgroup}/memory.limit_in_bytes"), format!("/sys/fs/cgroup{cgroup}/memory.max")];
    let limit = limits.iter().find_map(|path| std::fs::read_to_string(path).ok());
    assert_eq!(limit.as_deref().map(str::trim), Some("67108864"));
    api.delete_pod("default", "files", 1);
    api.wait_gone::<Pod>("default", "files").await;
    assert!(!limits.iter().any(|path| std::path::Path::new(path).exists()));
    assert!(!node.config.pod_dir(&ready.metadata.uid).exists());
    kubelet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_containers_crash_loops_and_missing_images() {
    let node = TestNode::new(2);
    let api = FakeApi::new();
    let kubelet = node.start(&api);

    let mut with_init = pod("init", "Always", &[("main", "sleep 1000")]);
    let mut sidecar = container("sidecar", "sleep 1000");
    sidecar.restart_policy = Some("Always".to_owned());
    with_init.spec.init_containers = vec![container("first", "exit 0"), sidecar];
    api.put(&with_init);
    api.put(&pod("crash", "Always", &[("main", "exit 1")]));
    let mut missing = pod("missing", "Always", &[("main", "true")]);
    missing.spec.containers[0].image = "tiphys.test/none:1".to_owned();
    missing.spec.containers[0].image_pull_policy = "Never".to_owned();
    api.put(&missing);

    let ready = api.wait::<Pod>("default", "init", "a ready pod", |pod| condition(pod, "Ready") == "True").await;
    let init = &ready.status.init_container_statuses;
    assert_eq!(init[0].state.terminated.as_ref().unwrap().reason, "Completed");
    assert!(init[0].ready && init[1].ready && init[1].state.running.is_some());

    let waiting = |pod: &Pod, reason: &str| {
        let states = pod.status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
        states.into_iter().any(|state| state.reason == reason)
    };
    let crashed = api.wait::<Pod>("default", "crash", "a crash loop", |pod| waiting(pod, "CrashLoopBackOff")).await;
    let status = &crashed.status.container_statuses[0];
    assert_eq!((crashed.status.phase.as_str(), status.restart_count), ("Running", 1));
    assert_eq!(status.last_state.terminated.as_ref().unwrap().exit_code, 1);
    let message = &status.state.waiting.as_ref().unwrap().message;
    assert!(message.starts_with("back-off 10s restarting failed container=main pod=crash_default("), "{message}");
    api.wait::<Pod>("default", "missing", "a missing image", |pod| waiting(pod, "ErrImageNeverPull")).await;

    for name in ["init", "crash", "missing"] {
        api.delete_pod("default", name, 1);
    }
    for name in ["init", "crash", "missing"] {
        api.wait_gone::<Pod>("default", name).await;
    }
    kubelet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_and_hooks_reach_their_containers() {
    let node = TestNode::new(5);
    let api = FakeApi::new();
    let kubelet = node.start(&api);
    let script = "trap 'exit 0' TERM; mkdir /www; while ! test -e /started; do sleep 0.1; done; \
                  httpd -p 8080 -h /www; while true; do sleep 0.1; done";
    let mut web = pod("web", "Always", &[("main", script)]);
    let exec = |command: &str| {
        let command = ["sh", "-c", command].map(str::to_owned).to_vec();
        let exec = Some(Box::new(ExecAction { command }));
        Some(Box::new(LifecycleHandler { exec, ..LifecycleHandler::default() }))
    };
    let probe = |http_get: Option<Box<HTTPGetAction>>, tcp_socket: Option<Box<TCPSocketAction>>| {
        let (period_seconds, timeout_seconds, success_threshold, failure_threshold) = (1, 1, 1, 60);
        let probe = Probe { http_get, tcp_socket, period_seconds, timeout_seconds, ..Probe::default() };
        Some(Box::new(Probe { success_threshold, failure_threshold, ..probe }))
    };
    let get = HTTPGetAction { path: "/ready".to_owned(), port: 8080.into(), ..HTTPGetAction::default() };
    let main = &mut web.spec.containers[0];
    main.lifecycle = Some(Box::new(Lifecycle {
        post_start: exec("touch /started"),
        pre_stop: exec("echo stopping > /dev/termination-log"),
        ..Lifecycle::default()
    }));
    main.startup_probe = probe(None, Some(Box::new(TCPSocketAction { port: 8080.into(), ..Default::default() })));
    main.readiness_probe = probe(Some(Box::new(get)), None);
    api.put(&web);
    let refused =
        |event: &String| event.starts_with("Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404");
    api.wait_until("a failed probe", || events(&api, "web").iter().any(refused)).await;
    let unready = api.get::<Pod>("default", "web").unwrap();
    assert_eq!((unready.status.phase.as_str(), condition(&unready, "Ready")), ("Running", "False"));

    let uid = unready.metadata.uid.clone();
    let cri =
        cri::CriClient::connect(&node.directory.join("containerd/containerd.sock"), Default::default()).await.unwrap();
    let id = unready.status.container_statuses[0].container_id.trim_start_matches("containerd://").to_owned();
    let touch = ["sh", "-c", "echo ok > /www/ready"].map(str::to_owned).to_vec();
    cri.exec_sync(&id, touch, std::time::Duration::from_secs(5)).await.unwrap();
    api.wait::<Pod>("default", "web", "a ready pod", |pod| condition(pod, "Ready") == "True").await;

    api.delete_pod("default", "web", 20);
    let ended = |pod: &Pod| pod.status.container_statuses[0].state.terminated.is_some();
    let mut last = None;
    while let Some(pod) = api.get::<Pod>("default", "web") {
        if ended(&pod) {
            last = Some(pod);
        }
        api.changed().await;
    }
    let ended = last.unwrap().status.container_statuses[0].state.terminated.clone().unwrap();
    assert_eq!((ended.exit_code, ended.message.as_str()), (0, "stopping\n"));
    assert!(!node.config.pod_dir(&uid).exists());
    kubelet.stop().await;
}
