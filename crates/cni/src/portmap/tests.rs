use expect_test::expect;
use serde_json::json;

use super::*;
use crate::request::Environment;

fn request(runtime_config: Value) -> Request {
    let environment = Environment {
        command: Some("ADD".into()),
        container_id: Some("c1".into()),
        netns: Some("/run/netns/p".into()),
        ifname: Some("eth0".into()),
        ..Environment::default()
    };
    let config = json!({ "cniVersion": "1.0.0", "name": "pods", "runtimeConfig": runtime_config });
    Request::parse(environment, config).unwrap()
}

#[test]
fn rules_of_a_container() {
    let request = request(json!({ "portMappings": [
        { "hostPort": 8080, "containerPort": 80, "protocol": "TCP" },
        { "hostPort": 53, "containerPort": 5353, "protocol": "udp", "hostIP": "192.0.2.1" },
        { "hostPort": 0, "containerPort": 9000 },
    ] }));
    let mappings = parse(&request).unwrap();
    let pods = ["10.88.0.5/16".parse().unwrap(), "fd00::5/64".parse().unwrap()];
    let text = nft::replace_text(&chains(&request, &mappings, &pods));
    expect![[r#"
        add table inet tiphys-cni
        add chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-pre { type nat hook prerouting priority -100; policy accept; }
        flush chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-pre
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-pre meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to 10.88.0.5:80
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-pre ip daddr 192.0.2.1 udp dport 53 dnat ip to 10.88.0.5:5353
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-pre ip6 daddr != ::1 fib daddr type local tcp dport 8080 dnat ip6 to [fd00::5]:80
        add chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-out { type nat hook output priority -100; policy accept; }
        flush chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-out
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-out meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to 10.88.0.5:80
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-out ip daddr 192.0.2.1 udp dport 53 dnat ip to 10.88.0.5:5353
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-out ip6 daddr != ::1 fib daddr type local tcp dport 8080 dnat ip6 to [fd00::5]:80
        add chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post { type nat hook postrouting priority 100; policy accept; }
        flush chain inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post ip saddr 10.88.0.0/16 ip daddr 10.88.0.5 tcp dport 80 ct status dnat ct original proto-dst 8080 masquerade
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post ip saddr 127.0.0.0/8 ip daddr 10.88.0.5 tcp dport 80 ct status dnat ct original proto-dst 8080 masquerade
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post ip saddr 10.88.0.0/16 ip daddr 10.88.0.5 udp dport 5353 ct status dnat ct original proto-dst 53 masquerade
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post ip saddr 127.0.0.0/8 ip daddr 10.88.0.5 udp dport 5353 ct status dnat ct original proto-dst 53 masquerade
        add rule inet tiphys-cni hp-a86a3c2d-c1-7a25a404-post ip6 saddr fd00::/64 ip6 daddr fd00::5 tcp dport 80 ct status dnat ct original proto-dst 8080 masquerade
    "#]]
    .assert_eq(&text);
}

#[test]
fn wrong_ports_are_refused() {
    let code = |mapping: Value| parse(&request(json!({ "portMappings": [mapping] }))).unwrap_err().code;
    assert_eq!(code(json!({ "hostPort": 70000, "containerPort": 80 })), Code::InvalidConfig);
    assert_eq!(code(json!({ "hostPort": 80, "containerPort": 0 })), Code::InvalidConfig);
    assert_eq!(code(json!({ "hostPort": 80, "containerPort": 80, "protocol": "icmp" })), Code::InvalidConfig);
    assert_eq!(code(json!({ "hostPort": "80", "containerPort": 80 })), Code::Decode);
    assert_eq!(code(json!({ "hostPort": 80, "containerPort": 80, "hostIP": "nowhere" })), Code::Decode);
}

#[test]
fn long_identifiers_still_fit_a_chain_name() {
    let names = chain_names("pods", &"a".repeat(300), "eth0");
    assert!(names.iter().all(|name| name.len() < 128));
    assert_ne!(names, chain_names("pods", &"a".repeat(301), "eth0"));
}
