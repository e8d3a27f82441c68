use super::testdir::TestDir;
use super::*;
use crate::objects::fake::FakeObjects;
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use schema::Typed;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;
use stdx::{ManualClock, SeededRng};

struct World {
    dir: TestDir,
    objects: Arc<FakeObjects>,
    clock: Arc<ManualClock>,
    volumes: Volumes,
}

fn world() -> World {
    let dir = TestDir::new();
    let (objects, clock) = (Arc::new(FakeObjects::default()), Arc::new(ManualClock::at_seconds(1_800_000_000)));
    objects.set_config_map("settings", &[("color", "blue"), ("size", "big")]);
    objects.set_secret("keys", &[("password", "s3cret")]);
    let volumes = Volumes::new(dir.path(), objects.clone(), clock.clone(), Arc::new(SeededRng::new(1)));
    World { dir, objects, clock, volumes }
}

/// A pod whose one container mounts all its volumes.
fn pod(volumes: &str, more: &str) -> Pod {
    let text = format!(
        r#"{{"metadata":{{"name":"p","namespace":"ns","uid":"uid-1","labels":{{"a":"1"}}}},
            "spec":{{"volumes":{volumes},"serviceAccountName":"robot","containers":[{{"name":"c"}}]{more}}}}}"#
    );
    let value = schema::json::decode(Pod::type_ref(), text.as_bytes(), &Default::default()).unwrap();
    let mut pod = Pod::from_value(&value.value);
    for volume in &pod.spec.volumes {
        let mount = api_core::v1::VolumeMount {
            name: volume.name.clone(),
            mount_path: format!("/{}", volume.name),
            ..Default::default()
        };
        pod.spec.containers[0].volume_mounts.push(mount);
    }
    pod
}

impl World {
    async fn setup(&self, pod: &Pod) -> Result<Mounted, String> {
        let allocatable = [("memory".to_owned(), "1Gi".parse().unwrap())].into();
        self.volumes.setup(pod, &allocatable).await.map_err(|error| error.to_string())
    }

    fn path(&self, plugin: &str, name: &str) -> PathBuf {
        self.dir.path().join(format!("pods/uid-1/volumes/kubernetes.io~{plugin}/{name}"))
    }

    fn read(&self, plugin: &str, file: &str) -> String {
        fs::read_to_string(self.path(plugin, file)).unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn is_tmpfs(path: &Path) -> bool {
    statfs(path).unwrap().filesystem_type() == TMPFS_MAGIC && mount_table::is_mount_point(path)
}

fn mount_count(dir: &Path) -> usize {
    mount_table::below(&dir.canonicalize().unwrap()).unwrap().len()
}

#[tokio::test]
async fn empty_directories_are_open_and_kept() {
    let world = world();
    let pod = pod(
        r#"[{"name":"disk","emptyDir":{}},{"name":"memory","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}}]"#,
        "",
    );
    let mounted = world.setup(&pod).await.unwrap();
    let (disk, memory) = (world.path("empty-dir", "disk"), world.path("empty-dir", "memory"));
    assert_eq!(mounted["disk"], MountedVolume { path: disk.clone(), read_only: false });
    assert_eq!(mode(&disk), 0o777);
    assert_eq!(mode(&memory) & 0o777, 0o777);
    assert!(is_tmpfs(&memory) && !is_tmpfs(&disk));
    let size = statfs(&memory).unwrap();
    assert_eq!(size.blocks() * size.block_size() as u64, 1 << 20);
    fs::write(disk.join("kept"), "1").unwrap();
    fs::write(memory.join("kept"), "1").unwrap();
    world.setup(&pod).await.unwrap();
    assert!(disk.join("kept").exists() && memory.join("kept").exists());
    assert_eq!(mount_count(world.dir.path()), 1, "setting up again mounts nothing again");
    world.volumes.teardown("uid-1").await.unwrap();
    assert!(!world.volumes.pod_dir("uid-1").exists());
    world.volumes.teardown("uid-1").await.unwrap();
}

#[tokio::test]
async fn a_group_owns_the_volume() {
    let world = world();
    let volumes = r#"[{"name":"e","emptyDir":{}},{"name":"s","secret":{"secretName":"keys","defaultMode":256}}]"#;
    let pod = pod(volumes, r#","securityContext":{"fsGroup":4321}"#);
    world.setup(&pod).await.unwrap();
    let empty = world.path("empty-dir", "e");
    assert_eq!((mode(&empty), fs::metadata(&empty).unwrap().gid()), (0o2777, 4321));
    let key = world.path("secret", "s/password");
    assert_eq!((mode(&key), fs::metadata(&key).unwrap().gid()), (0o440, 4321));
    // What the container made of its files afterwards stays.
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o2700)).unwrap();
    world.setup(&pod).await.unwrap();
    assert_eq!(mode(&empty), 0o2700);
    assert_eq!(mode(&key), 0o440);
}

#[tokio::test]
async fn config_maps_and_secrets_are_files_and_follow_changes() {
    let world = world();
    let pod = pod(
        r#"[{"name":"c","configMap":{"name":"settings","defaultMode":420}},
            {"name":"i","configMap":{"name":"settings","items":[{"key":"color","path":"a/b","mode":256}]}},
            {"name":"s","secret":{"secretName":"keys"}},
            {"name":"o","configMap":{"name":"gone","optional":true}}]"#,
        "",
    );
    let mounted = world.setup(&pod).await.unwrap();
    assert!(mounted["c"].read_only && mounted["s"].read_only);
    assert_eq!(world.read("configmap", "c/color"), "blue");
    assert_eq!(world.read("configmap", "c/size"), "big");
    assert_eq!(world.read("configmap", "i/a/b"), "blue");
    assert_eq!(mode(&world.path("configmap", "i/a/b")), 0o400);
    assert!(!world.path("configmap", "i/size").exists());
    assert_eq!(world.read("secret", "s/password"), "s3cret");
    assert!(is_tmpfs(&world.path("secret", "s")));
    assert!(world.path("configmap", "o").is_dir());

    let before = fs::read_link(world.path("configmap", "c/..data")).unwrap();
    world.setup(&pod).await.unwrap();
    assert_eq!(fs::read_link(world.path("configmap", "c/..data")).unwrap(), before, "nothing new, nothing written");
    world.objects.set_config_map("settings", &[("color", "red"), ("shape", "round")]);
    world.objects.set_config_map("gone", &[("now", "here")]);
    world.clock.advance(Duration::from_secs(60));
    world.setup(&pod).await.unwrap();
    assert_eq!(world.read("configmap", "c/color"), "red");
    assert_eq!(world.read("configmap", "c/shape"), "round");
    assert_eq!(world.read("configmap", "o/now"), "here");
    assert!(fs::symlink_metadata(world.path("configmap", "c/size")).is_err());
}

#[tokio::test]
async fn failures_are_told_in_upstreams_words() {
    let world = world();
    fs::write(world.dir.path().join("file"), "").unwrap();
    let file = world.dir.path().join("file").display().to_string();
    let host = |kind: &str| format!(r#"{{"hostPath":{{"path":"{file}","type":"{kind}"}}}}"#);
    let table = [
        (r#"{"configMap":{"name":"gone"}}"#.to_owned(), "configmap \"gone\" not found".to_owned()),
        (r#"{"secret":{"secretName":"gone"}}"#.to_owned(), "secret \"gone\" not found".to_owned()),
        (
            r#"{"configMap":{"name":"settings","items":[{"key":"k","path":"p"}]}}"#.to_owned(),
            "configmap references non-existent config key: k".to_owned(),
        ),
        (
            r#"{"secret":{"secretName":"keys","items":[{"key":"k","path":"p"}]}}"#.to_owned(),
            "references non-existent secret key: k".to_owned(),
        ),
        (
            r#"{"projected":{"sources":[{"configMap":{"name":"x"}},{"secret":{"name":"y"}}]}}"#.to_owned(),
            "[configmap \"x\" not found, secret \"y\" not found]".to_owned(),
        ),
        (
            r#"{"projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}}"#.to_owned(),
            "failed to fetch token: serviceaccounts \"robot\" not found".to_owned(),
        ),
        (host("Directory"), format!("hostPath type check failed: {file} is not a directory")),
        (host("DirectoryOrCreate"), format!("hostPath type check failed: {file} is not a directory")),
        (host("Socket"), format!("hostPath type check failed: {file} is not a socket file")),
        (host("BlockDevice"), format!("hostPath type check failed: {file} is not a block device")),
        (host("Nonsense"), "Nonsense is an invalid volume type".to_owned()),
        (r#"{"emptyDir":{"medium":"HugePages"}}"#.to_owned(), "unknown storage medium \"HugePages\"".to_owned()),
        (
            r#"{"persistentVolumeClaim":{"claimName":"x"}}"#.to_owned(),
            "volumes of type persistentVolumeClaim are not supported by this kubelet".to_owned(),
        ),
    ];
    for (source, expected) in table {
        let volume = source.replacen('{', r#"{"name":"v","#, 1);
        let error = world.setup(&pod(&format!("[{volume}]"), "")).await.unwrap_err();
        assert_eq!(error, format!("MountVolume.SetUp failed for volume \"v\" : {expected}"));
    }
}

#[tokio::test]
async fn host_paths_are_made_on_demand() {
    let world = world();
    let base = world.dir.path().display();
    let volumes = format!(
        r#"[{{"name":"d","hostPath":{{"path":"{base}/x/y","type":"DirectoryOrCreate"}}}},
            {{"name":"f","hostPath":{{"path":"{base}/x/f","type":"FileOrCreate"}}}},
            {{"name":"n","hostPath":{{"path":"{base}/none"}}}}]"#
    );
    let mounted = world.setup(&pod(&volumes, "")).await.unwrap();
    assert!(mounted["d"].path.is_dir() && mounted["f"].path.is_file() && !mounted["n"].path.exists());
    let volumes = format!(r#"[{{"name":"f","hostPath":{{"path":"{base}/q/f","type":"FileOrCreate"}}}}]"#);
    let error = world.setup(&pod(&volumes, "")).await.unwrap_err();
    let expected = format!("MountVolume.SetUp failed for volume \"f\" : open {base}/q/f: no such file or directory");
    assert_eq!(error, expected);
}

#[tokio::test]
async fn projected_tokens_are_renewed_late_in_their_life() {
    let world = world();
    let start = world.clock.now_seconds();
    *world.objects.token_expires.lock() = Some(start + 3600);
    let pod = pod(
        r#"[{"name":"t","projected":{"defaultMode":420,"sources":[
            {"serviceAccountToken":{"path":"token","audience":"vault","expirationSeconds":3600}},
            {"configMap":{"name":"settings","items":[{"key":"color","path":"ca.crt"}]}},
            {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"fieldPath":"metadata.namespace"}},
                {"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}},
                {"path":"mem","resourceFieldRef":{"containerName":"c","resource":"limits.memory","divisor":"1Mi"}}]}}]}}]"#,
        r#","securityContext":{"runAsUser":1234}"#,
    );
    world.setup(&pod).await.unwrap();
    assert_eq!(world.read("projected", "t/token"), "token-1");
    assert_eq!(world.read("projected", "t/ca.crt"), "blue");
    assert_eq!(world.read("projected", "t/namespace"), "ns");
    assert_eq!(world.read("projected", "t/labels"), "a=\"1\"");
    assert_eq!(world.read("projected", "t/mem"), "1024");
    let token = world.path("projected", "t/token");
    assert_eq!((mode(&token), fs::metadata(&token).unwrap().uid()), (0o600, 1234));
    {
        let requests = world.objects.token_requests.lock();
        let (account, request) = &requests[0];
        assert_eq!((account.as_str(), request.spec.audiences.as_slice()), ("ns/robot", &["vault".to_owned()][..]));
        assert_eq!(request.spec.bound_object_ref.as_ref().unwrap().uid, "uid-1");
    }
    world.clock.advance(Duration::from_secs(2800));
    world.setup(&pod).await.unwrap();
    assert_eq!(world.read("projected", "t/token"), "token-1", "most of its life is not over yet");
    world.clock.advance(Duration::from_secs(100));
    *world.objects.token_expires.lock() = None;
    world.setup(&pod).await.unwrap();
    assert_eq!(world.read("projected", "t/token"), "token-1", "a token that cannot be renewed serves until it expires");
    *world.objects.token_expires.lock() = Some(start + 7200);
    world.setup(&pod).await.unwrap();
    assert_ne!(world.read("projected", "t/token"), "token-1");
}

#[tokio::test]
async fn mounts_of_a_container() {
    let world = world();
    let mut pod = pod(r#"[{"name":"e","emptyDir":{}},{"name":"s","secret":{"secretName":"keys"}}]"#, "");
    let mut by_expression = pod.spec.containers[0].volume_mounts[0].clone();
    by_expression.mount_path = "sub".into();
    by_expression.sub_path_expr = "logs/$(NAME)".into();
    pod.spec.containers[0].volume_mounts.push(by_expression);
    let mut one_key = pod.spec.containers[0].volume_mounts[1].clone();
    one_key.mount_path = "/key".into();
    one_key.sub_path = "password".into();
    pod.spec.containers[0].volume_mounts.push(one_key);
    let volumes = world.setup(&pod).await.unwrap();
    let env = [("NAME".to_owned(), "p".to_owned())];
    let context = ContainerMounts {
        pod: &pod,
        container: &pod.spec.containers[0],
        volumes: &volumes,
        env: &env,
        hostname: "p",
        host_domain: "sub.ns.svc.cluster.local",
        pod_ips: &["10.1.0.2".to_owned()],
        recursive_read_only: false,
    };
    let mounts = world.volumes.container_mounts(&context).unwrap();
    let seen: Vec<_> = mounts.iter().map(|mount| (mount.container_path.as_str(), mount.readonly)).collect();
    assert_eq!(seen, [("/e", false), ("/s", true), ("/sub", false), ("/key", true), ("/etc/hosts", false)]);
    fs::write(Path::new(&mounts[2].host_path).join("x"), "1").unwrap();
    assert!(world.path("empty-dir", "e/logs/p/x").exists());
    assert_eq!(fs::read_to_string(&mounts[3].host_path).unwrap(), "s3cret");
    let hosts = fs::read_to_string(&mounts[4].host_path).unwrap();
    assert!(hosts.ends_with("fe00::2\tip6-allrouters\n10.1.0.2\tp.sub.ns.svc.cluster.local\tp\n"), "{hosts}");
    // A restarted container binds anew, and nothing piles up.
    let before = mount_count(world.dir.path());
    world.volumes.container_mounts(&context).unwrap();
    assert_eq!(mount_count(world.dir.path()), before);
    let error = ContainerMounts { env: &[], ..context };
    let error = world.volumes.container_mounts(&error).unwrap_err().to_string();
    assert_eq!(error, "missing value for \"NAME\"");
    let log = world.volumes.termination_log("uid-1", "c", "0").unwrap();
    assert_eq!(mode(&log), 0o666);
    // A new kubelet that knows nothing finds and removes all of it.
    let other = Volumes::new(world.dir.path(), world.objects.clone(), world.clock.clone(), Arc::new(SeededRng::new(1)));
    assert_eq!(other.pods_on_disk().unwrap(), ["uid-1"]);
    other.teardown("uid-1").await.unwrap();
    assert_eq!(mount_count(world.dir.path()), 0);
    assert!(!world.volumes.pod_dir("uid-1").exists());
}

#[tokio::test]
async fn teardown_spares_what_was_bound_from_elsewhere() {
    let world = world();
    let precious = world.dir.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("data"), "1").unwrap();
    let mut pod = pod(&format!(r#"[{{"name":"h","hostPath":{{"path":"{}"}}}}]"#, world.dir.path().display()), "");
    pod.spec.containers[0].volume_mounts[0].sub_path = "precious".into();
    let volumes = world.setup(&pod).await.unwrap();
    let context = ContainerMounts {
        pod: &pod,
        container: &pod.spec.containers[0],
        volumes: &volumes,
        env: &[],
        hostname: "p",
        host_domain: "",
        pod_ips: &[],
        recursive_read_only: false,
    };
    let mounts = world.volumes.container_mounts(&context).unwrap();
    assert!(Path::new(&mounts[0].host_path).join("data").exists());
    world.volumes.teardown("uid-1").await.unwrap();
    assert!(precious.join("data").exists());
}

#[test]
fn hosts_files_have_aliases() {
    let alias = api_core::v1::HostAlias { ip: "1.2.3.4".into(), hostnames: vec!["a".into(), "b".into()] };
    let text = managed_hosts(&["10.0.0.1".into()], "web", "", &[alias]);
    let expected = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
        fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n\
        10.0.0.1\tweb\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n";
    assert_eq!(text, expected);
}
