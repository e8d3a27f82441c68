use super::feed::networks;
use super::repair::{Fix, addresses_found, ports_found};
use super::*;
use api_misc::networking::v1::ServiceCIDR;
use schema::{Time, value};
use std::collections::BTreeSet;

const NOW: Time = Time::from_unix(1_800_000_000);

fn service(name: &str, spec: Value) -> Service {
    Service::from_value(&value!({ "metadata": { "name": name, "namespace": "n", "uid": name }, "spec": (spec) }))
}

fn with_address(name: &str, address: &str) -> Service {
    service(name, value!({ "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address] }))
}

fn object(address: &str, parent: &str, age_seconds: i64) -> IPAddress {
    let mut object = address_of("n", parent, address.parse().unwrap());
    object.metadata.creation_timestamp = Some(NOW.plus_secs(-age_seconds));
    object
}

fn cidr(name: &str, networks: &[&str], ready: bool) -> ServiceCIDR {
    let mut object = ServiceCIDR::default();
    object.metadata.name = name.to_owned();
    object.spec.cidrs = networks.iter().map(|network| (*network).to_owned()).collect();
    if ready {
        let condition = value!({ "type": "Ready", "status": "True" });
        object.status.conditions = vec![api_meta::v1::Condition::from_value(&condition)];
    }
    object
}

#[test]
fn free_addresses_come_from_what_is_ready() {
    let flags = ["10.96.0.0/16".to_owned()];
    let shown = |objects: &[ServiceCIDR]| -> Vec<String> {
        networks(&flags, objects.iter())
            .iter()
            .map(|network| format!("{}/{}", network.address, network.prefix))
            .collect()
    };
    assert_eq!(shown(&[]), ["10.96.0.0/16"]);
    let other = |ready| cidr("a", &["10.1.0.0/24"], ready);
    assert_eq!(shown(&[other(false), cidr("kubernetes", &["10.96.0.0/16"], false)]), ["10.96.0.0/16"]);
    assert_eq!(shown(&[other(true), cidr("kubernetes", &["10.96.0.0/16"], true)]), ["10.96.0.0/16", "10.1.0.0/24"]);
    assert_eq!(shown(&[cidr("kubernetes", &["10.0.0.0/24"], true)]), ["10.0.0.0/24"]);
}

#[test]
fn addresses_and_objects_that_do_not_fit_are_found() {
    let services = [
        with_address("good", "10.96.0.1"),
        with_address("missing", "10.96.0.2"),
        with_address("outside", "10.1.0.2"),
        with_address("second", "10.96.0.1"),
        service("headless", value!({ "type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"] })),
    ];
    let addresses = [
        object("10.96.0.1", "good", 100),
        object("10.96.0.5", "gone", 100),
        object("10.96.0.6", "new", 5),
        object("10.96.0.7", "good", 100),
    ];
    let findings = addresses_found(&services, &addresses, &[Cidr::parse("10.96.0.0/16").unwrap()], NOW);
    let told: Vec<String> = findings.iter().map(|f| format!("{} {}", f.about.name, f.reason)).collect();
    assert_eq!(
        told,
        [
            "missing ClusterIPNotAllocated",
            "outside ClusterIPOutOfRange",
            "second ClusterIPAlreadyAllocated",
            "10.96.0.5 IPAddressNotAllocated",
            "10.96.0.7 IPAddressWrongReference",
        ]
    );
    assert!(matches!(&findings[0].fix, Some(Fix::Create(object)) if object.metadata.name == "10.96.0.2"));
    assert!(matches!(&findings[3].fix, Some(Fix::Delete { .. })) && findings[2].fix.is_none());
}

#[test]
fn ports_without_a_service_are_given_back_after_some_rounds() {
    let ports = |port: i32| value!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": port }] });
    let services =
        [service("a", ports(30001)), service("b", ports(30001)), service("c", ports(80)), service("d", ports(30002))];
    let taken = BTreeSet::from([30001, 30009]);
    let mut leaks = BTreeMap::new();
    for wanted in [&[30001, 30002, 30009][..], &[30001, 30002, 30009], &[30001, 30002]] {
        let (now, findings) = ports_found(&services, &taken, (30000, 32767), &mut leaks);
        assert_eq!(now, wanted.iter().copied().collect());
        let told: Vec<String> = findings.iter().map(|f| format!("{} {}", f.about.name, f.reason)).collect();
        assert_eq!(told, ["b PortAlreadyAllocated", "c PortOutOfRange", "d PortNotAllocated"]);
    }
}
