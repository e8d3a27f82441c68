//! Quality of service, node conditions, durations.

use api_core::v1::{Pod, ResourceRequirements};
use schema::{Quantity, Time};

use super::world::World;
use crate::backoff::go_seconds;
use crate::node::{NodeFacts, change_events, conditions};
use crate::{SECOND, qos};

fn pod(requests: &[(&str, &str)], limits: &[(&str, &str)]) -> Pod {
    let map = |list: &[(&str, &str)]| {
        list.iter().map(|(name, text)| ((*name).to_owned(), Quantity::parse(text).unwrap())).collect()
    };
    let mut pod = World::new("Always", &["a"]).pod;
    pod.spec.containers[0].resources =
        ResourceRequirements { requests: map(requests), limits: map(limits), ..ResourceRequirements::default() };
    pod
}

#[test]
fn classes_and_scores() {
    const GIB: i64 = 1 << 30;
    let table = [
        (pod(&[], &[]), "BestEffort", 1000),
        (pod(&[("cpu", "0")], &[]), "BestEffort", 1000),
        (pod(&[("cpu", "1")], &[]), "Burstable", 999),
        (pod(&[("memory", "1Gi")], &[]), "Burstable", 750),
        (pod(&[], &[("cpu", "1")]), "Burstable", 999),
        (pod(&[("cpu", "1"), ("memory", "1Gi")], &[("cpu", "1"), ("memory", "1Gi")]), "Guaranteed", -997),
        (pod(&[("cpu", "1"), ("memory", "4Gi")], &[("cpu", "2"), ("memory", "4Gi")]), "Burstable", 3),
    ];
    for (pod, class, score) in table {
        assert_eq!(qos::class(&pod), class);
        assert_eq!(qos::oom_score_adj(&pod, &pod.spec.containers[0], 4 * GIB), score, "{class}");
    }
}

#[test]
fn shares_and_quotas() {
    assert_eq!([0, 1, 100, 1000, 1_000_000].map(qos::cpu_shares), [2, 2, 102, 1024, 262_144]);
    assert_eq!([0, 1, 100, 1500].map(qos::cpu_quota_us), [0, 1000, 10_000, 150_000]);
}

#[test]
fn a_pods_total_is_the_larger_of_its_two_phases() {
    let mut pod = pod(&[("cpu", "1")], &[]);
    let mut init = pod.spec.containers[0].clone();
    init.resources.requests.insert("cpu".to_owned(), Quantity::from_milli(1500));
    pod.spec.init_containers.push(init);
    assert_eq!(qos::pod_total(&pod, "cpu", false), Some(1500));
    pod.spec.init_containers[0].restart_policy = Some("Always".to_owned());
    assert_eq!(qos::pod_total(&pod, "cpu", false), Some(2500));
    assert_eq!(qos::pod_total(&pod, "cpu", true), None);
}

#[test]
fn waits_read_as_in_go() {
    assert_eq!([0, 10, 80, 300, 3661].map(|s| go_seconds(s * SECOND)), ["0s", "10s", "1m20s", "5m0s", "1h1m1s"]);
}

#[test]
fn a_nodes_conditions() {
    let now = Time::from_unix(100);
    let ready = conditions(&NodeFacts::default(), &[], now);
    let brief: Vec<_> = ready.iter().map(|c| format!("{}={} {}", c.type_, c.status, c.reason)).collect();
    let expected = [
        "MemoryPressure=False KubeletHasSufficientMemory",
        "DiskPressure=False KubeletHasNoDiskPressure",
        "PIDPressure=False KubeletHasSufficientPID",
        "Ready=True KubeletReady",
    ];
    assert_eq!(brief, expected);
    assert_eq!(ready[3].message, "kubelet is posting ready status");
    let facts = NodeFacts { disk_pressure: true, not_ready: vec!["x".into(), "y".into()], ..NodeFacts::default() };
    let later = conditions(&facts, &ready, Time::from_unix(200));
    assert_eq!((later[3].status.as_str(), later[3].message.as_str()), ("False", "[x, y]"));
    assert_eq!(later[0].last_transition_time, Some(now));
    assert_eq!(later[1].last_transition_time, Some(Time::from_unix(200)));
    assert_eq!(change_events(&ready, &later), ["NodeHasDiskPressure", "NodeNotReady"]);
}
