use super::super::strategy;
use super::*;
use crate::net::Cidr;
use schema::{Typed, Value, value};

fn allocators(networks: &[&str]) -> Allocators {
    let addresses = networks.iter().map(|network| Addresses::new(Cidr::parse(network).unwrap())).collect();
    Allocators { addresses, ports: Ports::new(30_000, 32_767) }
}

fn service(spec: Value) -> Service {
    let mut service = Service::from_value(&value!({ "metadata": { "name": "s", "namespace": "n" }, "spec": (spec) }));
    strategy::default(&mut service);
    service
}

fn run(new: &mut Service, old: Option<&Service>, allocators: &mut Allocators) -> Result<Changes, String> {
    let mut state = 3u64;
    let mut random = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % bound
    };
    allocate(new, old, allocators, &mut random).map_err(|error| error.to_string())
}

fn created(spec: Value, allocators: &mut Allocators) -> Service {
    let mut new = service(spec);
    run(&mut new, None, allocators).unwrap().commit(allocators);
    new
}

#[test]
fn a_reverted_write_leaves_nothing() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let mut new = service(value!({ "type": "NodePort", "ports": [{ "port": 80 }] }));
    run(&mut new, None, &mut all).unwrap().revert(&mut all);
    assert_eq!((all.addresses[0].used(), all.ports.used()), (0, 0));
}

#[test]
fn an_error_leaves_nothing() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let mut new = service(value!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 80 }] }));
    let error = run(&mut new, None, &mut all).unwrap_err();
    assert_eq!(
        error,
        "Service \"s\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
    );
    assert_eq!(all.addresses[0].used(), 0);
}

#[test]
fn a_change_of_type_gives_back() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let ports = value!([{ "name": "a", "port": 80 }, { "name": "b", "port": 81 }]);
    let old = created(value!({ "type": "NodePort", "ports": (ports) }), &mut all);
    assert_eq!((all.addresses[0].used(), all.ports.used()), (1, 2));
    let mut new = service(value!({ "ports": [{ "port": 80 }] }));
    run(&mut new, Some(&old), &mut all).unwrap().commit(&mut all);
    assert_eq!(new.spec.cluster_ip, old.spec.cluster_ip);
    assert_eq!((all.addresses[0].used(), all.ports.used()), (1, 0));
    let mut external = service(value!({ "type": "ExternalName", "externalName": "x" }));
    run(&mut external, Some(&new), &mut all).unwrap().commit(&mut all);
    assert_eq!(all.addresses[0].used(), 0);
}

#[test]
fn ports_are_kept_by_name_and_shared_by_protocols() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let ports = value!([{ "name": "u", "port": 53, "protocol": "UDP" }, { "name": "t", "port": 53 }]);
    let old = created(value!({ "type": "NodePort", "ports": (ports) }), &mut all);
    assert_eq!((old.spec.ports[0].node_port, all.ports.used()), (old.spec.ports[1].node_port, 1));
    let mut new = service(value!({ "type": "NodePort", "ports": [{ "name": "u", "port": 54, "protocol": "UDP" }] }));
    run(&mut new, Some(&old), &mut all).unwrap().commit(&mut all);
    assert_eq!((new.spec.ports[0].node_port, all.ports.used()), (old.spec.ports[0].node_port, 1));
}

#[test]
fn two_families() {
    let mut all = allocators(&["10.96.0.0/16", "fd00:96::/108"]);
    let old = created(value!({ "ipFamilyPolicy": "PreferDualStack", "ports": [{ "port": 80 }] }), &mut all);
    assert_eq!(old.spec.ip_families, ["IPv4", "IPv6"]);
    assert_eq!((all.addresses[0].used(), all.addresses[1].used()), (1, 1));
    let mut single = old.clone();
    single.spec.ip_family_policy = Some("SingleStack".into());
    run(&mut single, Some(&old), &mut all).unwrap().commit(&mut all);
    assert_eq!((single.spec.cluster_ips.len(), single.spec.ip_families.len()), (1, 1));
    assert_eq!((all.addresses[0].used(), all.addresses[1].used()), (1, 0));
    let mut both = single.clone();
    both.spec.ip_family_policy = Some("RequireDualStack".into());
    run(&mut both, Some(&single), &mut all).unwrap().commit(&mut all);
    assert_eq!((both.spec.cluster_ips.len(), both.spec.cluster_ip == old.spec.cluster_ip), (2, true));
}

#[test]
fn health_checks_have_a_port() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let spec = value!({ "type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{ "port": 80 }] });
    let old = created(spec, &mut all);
    assert!(old.spec.health_check_node_port > 0 && all.ports.used() == 2);
    let mut new = old.clone();
    new.spec.external_traffic_policy = "Cluster".into();
    run(&mut new, Some(&old), &mut all).unwrap().commit(&mut all);
    assert_eq!(all.ports.used(), 1);
    all.vacate(&new);
    assert_eq!((all.addresses[0].used(), all.ports.used()), (0, 0));
    all.occupy(&old);
    assert_eq!((all.addresses[0].used(), all.ports.used()), (1, 2));
}

#[test]
fn a_port_asked_for_later_in_the_list_is_shared_and_taken() {
    let mut all = allocators(&["10.96.0.0/16"]);
    let ports = value!([
        { "name": "u", "port": 53, "protocol": "UDP" },
        { "name": "t", "port": 53, "nodePort": 30100 }
    ]);
    let first = created(value!({ "type": "NodePort", "ports": (ports.clone()) }), &mut all);
    assert_eq!((first.spec.ports[0].node_port, all.ports.used()), (30_100, 1));
    let error = run(&mut service(value!({ "type": "NodePort", "ports": (ports) })), None, &mut all).unwrap_err();
    assert!(
        error.contains("spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated"),
        "{error}"
    );
}

#[test]
fn the_second_family_goes_only_with_the_policy() {
    let mut all = allocators(&["10.96.0.0/16", "fd00:96::/108"]);
    let old = created(value!({ "ipFamilyPolicy": "RequireDualStack", "ports": [{ "port": 80 }] }), &mut all);
    let mut new = old.clone();
    new.spec.cluster_ips.truncate(1);
    new.spec.ip_families.truncate(1);
    let error = run(&mut new, Some(&old), &mut all).unwrap_err();
    assert!(error.contains("must be 'SingleStack' to release the secondary cluster IP"), "{error}");
    assert!(error.contains("must be 'SingleStack' to release the secondary IP family"), "{error}");
}
