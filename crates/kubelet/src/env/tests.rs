use super::*;
use crate::objects::fake::FakeObjects;
use crate::volumes::{MountedVolume, testdir};
use api_core::v1::Service;
use schema::Typed;

fn pod(container: &str) -> Pod {
    let text = format!(
        r#"{{"metadata":{{"name":"p","namespace":"ns","uid":"u","labels":{{"b":"2","a":"1\n"}}}},
            "spec":{{"nodeName":"n1","enableServiceLinks":true,"serviceAccountName":"robot","containers":[{container}]}}}}"#
    );
    let value = schema::json::decode(Pod::type_ref(), text.as_bytes(), &Default::default()).unwrap();
    Pod::from_value(&value.value)
}

fn service(namespace: &str, name: &str, ports: &str) -> Service {
    let text = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},"spec":{{"clusterIP":"10.0.0.1","ports":{ports}}}}}"#
    );
    let value = schema::json::decode(Service::type_ref(), text.as_bytes(), &Default::default()).unwrap();
    Service::from_value(&value.value)
}

fn objects() -> FakeObjects {
    let objects = FakeObjects::default();
    objects.set_config_map("settings", &[("color", "blue"), ("SIZE", "big")]);
    objects.set_secret("keys", &[("password", "s3cret")]);
    objects.services.lock().push(service("default", "kubernetes", r#"[{"port":443,"name":"https"}]"#));
    objects.services.lock().push(service("default", "other", r#"[{"port":1}]"#));
    objects
}

async fn build_with(objects: &FakeObjects, container: &str, volumes: &Mounted) -> Result<String, EnvError> {
    let pod = pod(container);
    let allocatable =
        [("cpu", "2500m"), ("memory", "4Gi")].map(|(name, text)| (name.to_owned(), text.parse().unwrap())).into();
    let facts = Facts {
        objects,
        host_ips: &["192.0.2.1".to_owned()],
        pod_ips: &["10.1.0.2".to_owned(), "fd00::2".to_owned()],
        allocatable: &allocatable,
        volumes,
    };
    let env = build(&pod.spec.containers[0], &pod, facts).await?;
    let lines: Vec<_> = env.iter().filter(|(name, _)| !name.starts_with("KUBERNETES_")).collect();
    Ok(lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect())
}

async fn check(container: &str, expected: &str) {
    let found = match build_with(&objects(), container, &Mounted::new()).await {
        Ok(text) => text,
        Err(error) => format!("error: {error}\n"),
    };
    assert_eq!(found, expected, "{container}");
}

#[tokio::test]
async fn variables_come_from_values_objects_and_fields() {
    check(
        r#"{"name":"c","env":[{"name":"A","value":"1"},{"name":"B","value":"$(A)-$$(A)-$(C)"},{"name":"E"}]}"#,
        "A=1\nB=1-$(A)-$(C)\nE=\n",
    )
    .await;
    check(
        r#"{"name":"c","envFrom":[{"configMapRef":{"name":"settings"}},{"prefix":"P_","secretRef":{"name":"keys"}},
            {"configMapRef":{"name":"gone","optional":true}}],"env":[{"name":"SIZE","value":"small $(color)"}]}"#,
        "P_password=s3cret\nSIZE=small blue\ncolor=blue\n",
    )
    .await;
    check(
        r#"{"name":"c","env":[
            {"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
            {"name":"LABEL","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['b']"}}},
            {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},
            {"name":"HOST","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}},
            {"name":"IPS","valueFrom":{"fieldRef":{"fieldPath":"status.podIPs"}}},
            {"name":"KEY","valueFrom":{"configMapKeyRef":{"name":"settings","key":"color"}}},
            {"name":"NOKEY","valueFrom":{"configMapKeyRef":{"name":"settings","key":"x","optional":true}}},
            {"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"keys","key":"password"}}}]}"#,
        "HOST=192.0.2.1\nIPS=10.1.0.2,fd00::2\nKEY=blue\nLABEL=2\nNAME=p\nNODE=n1\nPASSWORD=s3cret\n",
    )
    .await;
}

#[tokio::test]
async fn resources_are_counted_in_their_divisor() {
    check(
        r#"{"name":"c","resources":{"limits":{"memory":"100Mi"},"requests":{"cpu":"1100m"}},"env":[
            {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
            {"name":"CPU_MILLI","valueFrom":{"resourceFieldRef":{"resource":"requests.cpu","divisor":"1m"}}},
            {"name":"CPU_UP","valueFrom":{"resourceFieldRef":{"resource":"requests.cpu"}}},
            {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory"}}},
            {"name":"MEM_MI","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
            {"name":"NONE","valueFrom":{"resourceFieldRef":{"resource":"requests.memory"}}}]}"#,
        "CPU=3\nCPU_MILLI=1100\nCPU_UP=2\nMEM=104857600\nMEM_MI=100\nNONE=0\n",
    )
    .await;
}

#[tokio::test]
async fn errors_are_in_upstreams_words() {
    let of = |source: &str| format!(r#"{{"name":"c","env":[{{"name":"A","valueFrom":{source}}}]}}"#);
    let table = [
        (r#"{"configMapKeyRef":{"name":"gone","key":"k"}}"#, "configmap \"gone\" not found"),
        (r#"{"secretKeyRef":{"name":"gone","key":"k"}}"#, "secret \"gone\" not found"),
        (r#"{"configMapKeyRef":{"name":"settings","key":"k"}}"#, "couldn't find key k in ConfigMap ns/settings"),
        (r#"{"secretKeyRef":{"name":"keys","key":"k"}}"#, "couldn't find key k in Secret ns/keys"),
        (r#"{"fieldRef":{"fieldPath":"spec.x"}}"#, "unsupported fieldPath: spec.x"),
        (r#"{"resourceFieldRef":{"resource":"limits.x"}}"#, "unsupported container resource : limits.x"),
        (
            r#"{"fileKeyRef":{"volumeName":"v","path":"f","key":"k"}}"#,
            "cannot find the volume \"v\" referenced by FileKeyRef",
        ),
    ];
    for (source, expected) in table {
        check(&of(source), &format!("error: {expected}\n")).await;
    }
    check(r#"{"name":"c","envFrom":[{"secretRef":{"name":"gone"}}]}"#, "error: secret \"gone\" not found\n").await;
}

#[tokio::test]
async fn services_are_told_of() {
    let objects = objects();
    let ports = r#"[{"port":80,"name":"web"},{"port":53,"name":"dns-udp","protocol":"UDP"}]"#;
    objects.services.lock().push(service("ns", "my-app", ports));
    let mut headless = service("ns", "headless", "[]");
    headless.spec.cluster_ip = "None".into();
    objects.services.lock().push(headless);
    let volumes = Mounted::new();
    let found = build_with(&objects, r#"{"name":"c","env":[{"name":"URL","value":"$(MY_APP_PORT)"}]}"#, &volumes);
    let expected = "MY_APP_PORT=tcp://10.0.0.1:80\nMY_APP_PORT_53_UDP=udp://10.0.0.1:53\n\
        MY_APP_PORT_53_UDP_ADDR=10.0.0.1\nMY_APP_PORT_53_UDP_PORT=53\nMY_APP_PORT_53_UDP_PROTO=udp\n\
        MY_APP_PORT_80_TCP=tcp://10.0.0.1:80\nMY_APP_PORT_80_TCP_ADDR=10.0.0.1\nMY_APP_PORT_80_TCP_PORT=80\n\
        MY_APP_PORT_80_TCP_PROTO=tcp\nMY_APP_SERVICE_HOST=10.0.0.1\nMY_APP_SERVICE_PORT=80\n\
        MY_APP_SERVICE_PORT_DNS_UDP=53\nMY_APP_SERVICE_PORT_WEB=80\nURL=tcp://10.0.0.1:80\n";
    assert_eq!(found.await.unwrap(), expected);
}

#[tokio::test]
async fn the_master_is_told_of_even_without_links() {
    let objects = objects();
    let mut pod = pod(r#"{"name":"c"}"#);
    pod.spec.enable_service_links = Some(false);
    let (none, volumes) = (BTreeMap::new(), Mounted::new());
    let facts = Facts { objects: &objects, host_ips: &[], pod_ips: &[], allocatable: &none, volumes: &volumes };
    let env = build(&pod.spec.containers[0], &pod, facts).await.unwrap();
    let get = |name: &str| env.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
    assert_eq!(get("KUBERNETES_SERVICE_HOST"), Some("10.0.0.1"));
    assert_eq!(get("KUBERNETES_SERVICE_PORT_HTTPS"), Some("443"));
    assert!(!env.iter().any(|(name, _)| name.starts_with("OTHER_")));
}

#[tokio::test]
async fn files_are_read_within_their_volume_only() {
    let dir = testdir::TestDir::new();
    std::fs::write(dir.path().join("config.env"), "KEY='value'\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("outside")).unwrap();
    let volume = MountedVolume { path: dir.path().to_owned(), read_only: false };
    let volumes = Mounted::from([("v".to_owned(), volume)]);
    let file = |path: &str, key: &str| {
        format!(
            r#"{{"name":"c","env":[{{"name":"A","valueFrom":{{"fileKeyRef":{{"volumeName":"v","path":"{path}","key":"{key}"}}}}}}]}}"#
        )
    };
    let objects = objects();
    assert_eq!(build_with(&objects, &file("config.env", "KEY"), &volumes).await.unwrap(), "A=value\n");
    assert_eq!(build_with(&objects, &file("outside", "root"), &volumes).await.unwrap_err(), EnvError::File);
    let missing = build_with(&objects, &file("config.env", "OTHER"), &volumes).await.unwrap_err().to_string();
    assert!(missing.starts_with("environment variable key \"OTHER\" not found in file \"/"), "{missing}");
}
