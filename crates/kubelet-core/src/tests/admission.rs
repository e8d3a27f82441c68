//! Pods that a node does not take.

use api_core::v1::{ContainerPort, Pod, PodSecurityContext, Sysctl};
use schema::Quantity;

use super::world::World;
use crate::admission::admit;

fn pod(uid: &str, cpu: &str, host_port: i32) -> Pod {
    let mut pod = World::new("Always", &["a"]).pod;
    pod.metadata.uid = uid.to_owned();
    let container = &mut pod.spec.containers[0];
    container.resources.requests.insert("cpu".to_owned(), Quantity::parse(cpu).unwrap());
    container.ports.push(ContainerPort { host_port, container_port: 80, ..ContainerPort::default() });
    pod
}

fn refusal(pod: &Pod, others: &[&Pod]) -> String {
    let allocatable = [("cpu", "2"), ("memory", "1Gi"), ("pods", "2")];
    let allocatable = allocatable.map(|(name, text)| (name.to_owned(), Quantity::parse(text).unwrap())).into();
    match admit(pod, others.iter().copied(), &allocatable) {
        Ok(()) => String::new(),
        Err(rejection) => format!("{}: {}", rejection.reason, rejection.message),
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (small, large) = (pod("1", "500m", 0), pod("2", "1600m", 0));
    assert_eq!(refusal(&large, &[]), "");
    let expected =
        "OutOfcpu: Node didn't have enough resource: cpu, requested: 1600, used: 500, capacity: 2000".to_owned();
    assert_eq!(refusal(&large, &[&small]), expected);
    let mut over = small.clone();
    over.status.phase = "Succeeded".to_owned();
    assert_eq!(refusal(&large, &[&over]), "");
    let expected = "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2";
    assert_eq!(refusal(&pod("3", "0", 0), &[&small, &pod("4", "0", 0)]), expected);
}

#[test]
fn a_port_of_the_node_is_given_once() {
    let expected = "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
    assert_eq!(refusal(&pod("1", "0", 80), &[&pod("2", "0", 80)]), expected);
    assert_eq!(refusal(&pod("1", "0", 80), &[&pod("2", "0", 81)]), "");
    let mut elsewhere = pod("2", "0", 80);
    elsewhere.spec.containers[0].ports[0].host_ip = "127.0.0.1".to_owned();
    let mut here = pod("1", "0", 80);
    here.spec.containers[0].ports[0].host_ip = "127.0.0.2".to_owned();
    assert_eq!(refusal(&here, &[&elsewhere]), "");
    here.spec.containers[0].ports[0].host_ip = "0.0.0.0".to_owned();
    assert_eq!(refusal(&here, &[&elsewhere]), expected);
}

#[test]
fn only_settings_of_the_pods_own_are_allowed() {
    let with = |name: &str| {
        let mut pod = pod("1", "0", 0);
        let sysctl = Sysctl { name: name.to_owned(), value: "1".to_owned() };
        let context = PodSecurityContext { sysctls: vec![sysctl], ..PodSecurityContext::default() };
        pod.spec.security_context = Some(Box::new(context));
        pod
    };
    assert_eq!(refusal(&with("kernel.shm_rmid_forced"), &[]), "");
    assert_eq!(refusal(&with("net/ipv4/tcp_syncookies"), &[]), "");
    let expected = "SysctlForbidden: forbidden sysctl: \"kernel.msgmax\" not allowlisted";
    assert_eq!(refusal(&with("kernel.msgmax"), &[]), expected);
    let mut in_host = with("net.ipv4.tcp_syncookies");
    in_host.spec.host_network = true;
    assert!(refusal(&in_host, &[]).contains("not allowed with host namespaces enabled"));
}
