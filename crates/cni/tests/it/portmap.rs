//! Ports of the node that lead to pods.

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, address_of, connect, ip, run_in, serve, tool};

/// A world with one pod that listens on port 80, and another beside it.
struct Ported {
    world: World,
    one: String,
    two: String,
    result: Value,
}

impl Ported {
    fn new(forward: bool) -> Self {
        let world = World::new();
        run_in(&world.host(), || {
            ip(&["link", "add", "up0", "type", "bridge"]);
            ip(&["addr", "add", "10.202.0.1/24", "dev", "up0"]);
            ip(&["link", "set", "up0", "up"]);
            std::fs::write("/proc/sys/net/ipv4/ip_forward", if forward { "1" } else { "0" }).unwrap();
        });
        let config = world.bridge_config("10.201.0.0/24", json!({}));
        let (one, result) = world.add_pod("one", &config);
        let (two, _) = world.add_pod("two", &config);
        serve(&one, "10.201.0.2:80");
        Self { world, one, two, result }
    }

    fn config(&self, mappings: Value) -> Value {
        json!({
            "cniVersion": "1.0.0", "name": "pods", "type": "portmap",
            "runtimeConfig": { "portMappings": mappings }, "prevResult": self.result,
        })
    }

    fn add(&self, mappings: Value) {
        let config = self.config(mappings);
        let passed_on = self.world.call("portmap", "ADD", &config).container("one").netns(&self.one).succeed();
        assert_eq!(passed_on, self.result);
    }

    fn rules(&self) -> String {
        run_in(&self.world.host(), || tool("nft", &["list", "ruleset"]))
    }
}

#[test]
fn the_node_reaches_its_own_port_without_forwarding() {
    let ported = Ported::new(false);
    ported.add(json!([{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]));
    let host = ported.world.host();
    assert_eq!(connect(&host, "127.0.0.1:8080").unwrap(), "10.201.0.1");
    assert_eq!(connect(&host, "10.201.0.1:8080").unwrap(), "10.201.0.1");
    connect(&host, "10.202.0.1:8080").unwrap();
    assert_eq!(connect(&host, "127.0.0.1:80").unwrap_err(), "connection refused");
}

#[test]
fn pods_reach_the_port_and_their_own() {
    let ported = Ported::new(true);
    ported.add(json!([{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]));
    assert_eq!(connect(&ported.two, "10.202.0.1:8080").unwrap(), "10.201.0.1");
    assert_eq!(connect(&ported.one, "10.202.0.1:8080").unwrap(), "10.201.0.1");
    assert_eq!(connect(&ported.two, "10.201.0.2:80").unwrap(), "10.201.0.3");
}

#[test]
fn a_port_may_belong_to_one_address_of_the_node() {
    let ported = Ported::new(false);
    ported.add(json!([{ "hostPort": 8080, "containerPort": 80, "hostIP": "10.202.0.1" }]));
    let host = ported.world.host();
    connect(&host, "10.202.0.1:8080").unwrap();
    assert_eq!(connect(&host, "127.0.0.1:8080").unwrap_err(), "connection refused");
}

#[test]
fn del_removes_exactly_the_containers_rules() {
    let ported = Ported::new(false);
    ported.add(json!([{ "hostPort": 8080, "containerPort": 80 }]));
    let other = ported.config(json!([{ "hostPort": 8081, "containerPort": 80, "protocol": "udp" }]));
    ported.world.call("portmap", "ADD", &other).container("two").netns(&ported.two).succeed();
    let checked = ported.config(json!([{ "hostPort": 8080, "containerPort": 80 }]));
    ported.world.call("portmap", "CHECK", &checked).container("one").netns(&ported.one).succeed();
    let config = json!({ "cniVersion": "1.0.0", "name": "pods", "type": "portmap" });
    for _ in 0..2 {
        ported.world.call("portmap", "DEL", &config).container("one").succeed();
    }
    let rules = ported.rules();
    assert!(!rules.contains("8080"), "{rules}");
    assert!(rules.contains("8081"), "{rules}");
    assert_eq!(connect(&ported.world.host(), "127.0.0.1:8080").unwrap_err(), "connection refused");
    ported.world.call("portmap", "CHECK", &checked).container("one").netns(&ported.one).fail();
}

#[test]
fn gc_removes_the_rules_of_lost_containers() {
    let ported = Ported::new(false);
    ported.add(json!([{ "hostPort": 8080, "containerPort": 80 }]));
    let other = ported.config(json!([{ "hostPort": 8081, "containerPort": 80 }]));
    ported.world.call("portmap", "ADD", &other).container("two").netns(&ported.two).succeed();
    let gc = json!({
        "cniVersion": "1.1.0", "name": "pods", "type": "portmap",
        "cni.dev/valid-attachments": [{ "containerID": "one", "ifname": "eth0" }],
    });
    ported.world.call("portmap", "GC", &gc).succeed();
    let rules = ported.rules();
    assert!(rules.contains("8080") && !rules.contains("8081"), "{rules}");
}

#[test]
fn no_ports_make_no_rules() {
    let ported = Ported::new(false);
    ported.add(json!([]));
    assert_eq!(ported.rules(), "");
}

/// Answers every datagram to port 53 of the pod with `name`.
fn answer_datagrams(netns: &str, address: &str, name: &'static str) {
    let socket = run_in(netns, || UdpSocket::bind((address, 53)).unwrap());
    std::thread::spawn(move || {
        let mut buffer = [0; 16];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(name.as_bytes(), from).ok();
        }
    });
}

#[test]
fn a_udp_flow_follows_its_port_to_another_pod() {
    let ported = Ported::new(false);
    answer_datagrams(&ported.one, "10.201.0.2", "one");
    answer_datagrams(&ported.two, "10.201.0.3", "two");
    let host = ported.world.host();
    let client = run_in(&host, || UdpSocket::bind("127.0.0.1:0").unwrap());
    client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ask = || {
        client.send_to(b"?", "127.0.0.1:5300").unwrap();
        let mut buffer = [0; 16];
        let length = client.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mappings = json!([{ "hostPort": 5300, "containerPort": 53, "protocol": "udp" }]);
    ported.add(mappings.clone());
    assert_eq!(ask(), "one");
    let mut config = ported.config(mappings);
    ported.world.call("portmap", "DEL", &config).container("one").succeed();
    config["prevResult"]["ips"][0]["address"] = json!("10.201.0.3/24");
    ported.world.call("portmap", "ADD", &config).container("two").netns(&ported.two).succeed();
    assert_eq!(ask(), "two");
}

#[test]
fn ports_lead_to_ipv6_addresses_too() {
    let world = World::new();
    run_in(&world.host(), || {
        ip(&["link", "add", "up0", "type", "bridge"]);
        ip(&["addr", "add", "fd00:202::1/64", "dev", "up0", "nodad"]);
        ip(&["link", "set", "up0", "up"]);
    });
    let mut config = world.bridge_config("", json!({}));
    config["ipam"]["ranges"] = json!([[{ "subnet": "fd00:201::/64" }]]);
    let (one, result) = world.add_pod("one", &config);
    assert_eq!(address_of(&result), "fd00:201::2");
    serve(&one, "[fd00:201::2]:80");
    let config = json!({
        "cniVersion": "1.0.0", "name": "pods", "type": "portmap", "prevResult": result,
        "runtimeConfig": { "portMappings": [{ "hostPort": 8080, "containerPort": 80 }] },
    });
    world.call("portmap", "ADD", &config).container("one").netns(&one).succeed();
    connect(&world.host(), "[fd00:202::1]:8080").unwrap();
}
