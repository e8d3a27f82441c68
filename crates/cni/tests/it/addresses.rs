//! Addresses: unique, freed, and refused when there are none left.

use std::collections::HashSet;
use std::fs;

use expect_test::expect;
use serde_json::{Value, json};

use crate::world::{World, address_of};

fn config(world: &World, subnet: &str) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "pods", "type": "host-local",
        "ipam": { "type": "host-local", "subnet": subnet, "dataDir": world.data_dir(),
                  "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

fn add(world: &World, config: &Value, container: &str) -> Value {
    world.call("host-local", "ADD", config).container(container).netns("unused").succeed()
}

#[test]
fn files_are_in_upstreams_layout() {
    let world = World::new();
    let config = config(&world, "10.1.2.0/24");
    let result = add(&world, &config, "c1");
    expect![[r#"{"cniVersion":"1.0.0","dns":{},"ips":[{"address":"10.1.2.2/24","gateway":"10.1.2.1"}],"routes":[{"dst":"0.0.0.0/0"}]}"#]].assert_eq(&result.to_string());
    let read = |name: &str| fs::read_to_string(world.data_dir().join("pods").join(name)).unwrap();
    assert_eq!(read("10.1.2.2"), "c1\r\neth0");
    assert_eq!(read("last_reserved_ip.0"), "10.1.2.2");
}

#[test]
fn an_address_is_freed_and_given_again_last() {
    let world = World::new();
    let config = config(&world, "10.1.2.0/29");
    let given: Vec<String> = (0..5).map(|n| address_of(&add(&world, &config, &format!("c{n}")))).collect();
    assert_eq!(given, ["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"]);
    let error = world.call("host-local", "ADD", &config).container("late").netns("unused").fail();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"no IP addresses available in range set: 10.1.2.1-10.1.2.6"}"#]]
        .assert_eq(&error);
    world.call("host-local", "DEL", &config).container("c2").succeed();
    assert_eq!(address_of(&add(&world, &config, "late")), "10.1.2.4");
    assert_eq!(address_of(&add(&world, &config, "late")), "10.1.2.4");
}

#[test]
fn an_address_can_be_asked_for() {
    let world = World::new();
    let config = config(&world, "10.1.2.0/24");
    let ask = |container, args| {
        let call = world.call("host-local", "ADD", &config).container(container).netns("unused");
        call.args(args).output()
    };
    let text = String::from_utf8(ask("c1", "IgnoreUnknown=1;IP=10.1.2.77").stdout).unwrap();
    assert!(text.contains("10.1.2.77/24"), "{text}");
    let refused = |container, args| String::from_utf8(ask(container, args).stdout).unwrap();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"requested IP address 10.1.2.77 is not available in range set 10.1.2.1-10.1.2.254"}"#]].assert_eq(&refused("c2", "IP=10.1.2.77"));
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"requested ip 10.1.2.1 is subnet's gateway"}"#]]
        .assert_eq(&refused("c2", "IP=10.1.2.1"));
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"failed to allocate all requested IPs: 10.9.9.9"}"#]]
        .assert_eq(&refused("c2", "IP=10.9.9.9"));
    assert_eq!(address_of(&add(&world, &config, "c2")), "10.1.2.78");
}

#[test]
fn a_torn_reservation_counts_as_free() {
    let world = World::new();
    let config = config(&world, "10.1.2.0/24");
    let dir = world.data_dir().join("pods");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("10.1.2.2"), "").unwrap();
    fs::write(dir.join("last_reserved_ip.0"), "").unwrap();
    fs::write(dir.join(".new"), "half").unwrap();
    assert_eq!(address_of(&add(&world, &config, "c1")), "10.1.2.2");
}

#[test]
fn parallel_calls_get_different_addresses() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({ "ipMasq": true }));
    let names: Vec<String> = (0..20).map(|n| format!("pod{n}")).collect();
    let addresses: Vec<String> = std::thread::scope(|scope| {
        let add = |name| address_of(&world.add_pod(name, &config).1);
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || add(name))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(addresses.iter().collect::<HashSet<_>>().len(), names.len(), "{addresses:?}");
}
