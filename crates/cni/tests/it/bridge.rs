//! Pods on a bridge: they reach each other and the node, and leave nothing behind.

use expect_test::expect;
use serde_json::json;

use crate::world::{World, address_of, connect, ip, run_in, serve, tool};

#[test]
fn pods_reach_each_other_and_the_node() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({}));
    let (one, first) = world.add_pod("one", &config);
    let (two, second) = world.add_pod("two", &config);
    assert_eq!((address_of(&first).as_str(), address_of(&second).as_str()), ("10.201.0.2", "10.201.0.3"));
    serve(&two, "10.201.0.3:80");
    assert_eq!(connect(&one, "10.201.0.3:80").unwrap(), "10.201.0.2");
    assert_eq!(connect(&world.host(), "10.201.0.3:80").unwrap(), "10.201.0.1");
    serve(&world.host(), "10.201.0.1:80");
    assert_eq!(connect(&one, "10.201.0.1:80").unwrap(), "10.201.0.2");
    for (from, to) in [(&one, "10.201.0.3"), (&one, "10.201.0.1"), (&world.host(), "10.201.0.2")] {
        run_in(from, || tool("busybox", &["ping", "-c", "1", "-W", "5", to]));
    }
}

#[test]
fn the_result_tells_what_was_made() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({ "mtu": 1400 }));
    let (one, mut result) = world.add_pod("one", &config);
    let sandbox = result["interfaces"][2]["sandbox"].take();
    assert_eq!(sandbox, json!(format!("/run/netns/{one}")));
    let veth = result["interfaces"][1].take();
    assert!(veth["name"].as_str().unwrap().starts_with("veth"), "{veth}");
    expect![[r#"
        {
          "cniVersion": "1.0.0",
          "dns": {},
          "interfaces": [
            {
              "mac": "0a:58:0a:c9:00:01",
              "name": "tiphys0"
            },
            null,
            {
              "mac": "0a:58:0a:c9:00:02",
              "name": "eth0",
              "sandbox": null
            }
          ],
          "ips": [
            {
              "address": "10.201.0.2/24",
              "gateway": "10.201.0.1",
              "interface": 2
            }
          ],
          "routes": [
            {
              "dst": "0.0.0.0/0",
              "gw": "10.201.0.1"
            }
          ]
        }"#]]
    .assert_eq(&format!("{result:#}"));
    assert!(run_in(&one, || ip(&["link", "show", "eth0"])).contains("mtu 1400"));
    expect![[r#"
        default via 10.201.0.1 dev eth0 
        10.201.0.0/24 dev eth0 proto kernel scope link src 10.201.0.2 
    "#]]
    .assert_eq(&run_in(&one, || ip(&["route"])));
}

#[test]
fn older_versions_get_their_own_shape() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({ "cniVersion": "0.3.1" }));
    let (_, result) = world.add_pod("one", &config);
    assert_eq!(result["ips"][0]["version"], "4");
    assert_eq!(result["cniVersion"], "0.3.1");
}

#[test]
fn both_families_work() {
    let world = World::new();
    let mut config = world.bridge_config("10.201.0.0/24", json!({}));
    config["ipam"]["ranges"] = json!([[{ "subnet": "10.201.0.0/24" }], [{ "subnet": "fd00:201::/64" }]]);
    let (one, _) = world.add_pod("one", &config);
    let (two, result) = world.add_pod("two", &config);
    assert_eq!(result["ips"][1]["address"], "fd00:201::3/64");
    serve(&two, "[fd00:201::3]:80");
    assert_eq!(connect(&one, "[fd00:201::3]:80").unwrap(), "fd00:201::2");
    assert_eq!(connect(&world.host(), "[fd00:201::3]:80").unwrap(), "fd00:201::1");
}

#[test]
fn add_and_del_can_be_repeated() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({ "ipMasq": true }));
    let (one, first) = world.add_pod("one", &config);
    let again = world.call("bridge", "ADD", &config).container("one").netns(&one).succeed();
    assert_eq!(first, again);
    let mut with_result = config.clone();
    with_result["prevResult"] = first;
    world.call("bridge", "CHECK", &with_result).container("one").netns(&one).succeed();
    for _ in 0..2 {
        world.call("bridge", "DEL", &config).container("one").netns(&one).succeed();
    }
    assert!(!run_in(&one, || ip(&["link"])).contains("eth0"));
    assert!(!run_in(&world.host(), || ip(&["link"])).contains("veth"));
    let error = world.call("bridge", "CHECK", &with_result).container("one").netns(&one).fail();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"host-local: Failed to find address added by container one"}"#]]
        .assert_eq(&error);
}

#[test]
fn del_without_its_namespace_frees_the_address() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({}));
    let (one, _) = world.add_pod("one", &config);
    let (two, _) = world.add_pod("two", &config);
    let held = || world.data_dir().join("pods/10.201.0.2").exists();
    assert!(held());
    world.delete_namespace(&one);
    world.call("bridge", "DEL", &config).container("one").netns(&one).succeed();
    assert!(!held());
    world.call("bridge", "DEL", &config).container("two").succeed();
    assert!(!run_in(&two, || ip(&["link"])).contains("eth0"));
}

#[test]
fn a_failed_add_leaves_nothing() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({}));
    let netns = world.namespace("one");
    run_in(&netns, || ip(&["link", "add", "eth0", "type", "veth", "peer", "name", "other"]));
    let error = world.call("bridge", "ADD", &config).container("one").netns(&netns).fail();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"container veth name provided (eth0) already exists"}"#]]
        .assert_eq(&error);
    assert!(!world.data_dir().join("pods/10.201.0.2").exists());
    run_in(&world.host(), || ip(&["link", "add", "odd0", "type", "veth", "peer", "name", "odd1"]));
    let config = world.bridge_config("10.201.0.0/24", json!({ "bridge": "odd0" }));
    let error = world.call("bridge", "ADD", &config).container("one").netns(&netns).fail();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"\"odd0\" already exists but is not a bridge"}"#]]
        .assert_eq(&error);
}

#[test]
fn only_what_leaves_the_network_is_masqueraded() {
    let world = World::new();
    let extra = json!({ "ipMasq": true, "ipForward": true, "noMasqueradeCIDRs": ["10.203.0.0/24"] });
    let config = world.bridge_config("10.201.0.0/24", extra);
    let outside = world.namespace("outside");
    run_in(&world.host(), || {
        ip(&["link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", &outside]);
        ip(&["addr", "add", "10.202.0.1/24", "dev", "up0"]);
        ip(&["addr", "add", "10.203.0.1/24", "dev", "up0"]);
        ip(&["link", "set", "up0", "up"]);
    });
    run_in(&outside, || {
        ip(&["addr", "add", "10.202.0.2/24", "dev", "eth0"]);
        ip(&["addr", "add", "10.203.0.2/24", "dev", "eth0"]);
        ip(&["link", "set", "eth0", "up"]);
        ip(&["route", "add", "10.201.0.0/24", "via", "10.202.0.1"]);
    });
    let (one, _) = world.add_pod("one", &config);
    let (two, _) = world.add_pod("two", &config);
    serve(&outside, "0.0.0.0:80");
    serve(&two, "10.201.0.3:80");
    assert_eq!(connect(&one, "10.202.0.2:80").unwrap(), "10.202.0.1");
    assert_eq!(connect(&one, "10.203.0.2:80").unwrap(), "10.201.0.2");
    assert_eq!(connect(&one, "10.201.0.3:80").unwrap(), "10.201.0.2");
    let rules = run_in(&world.host(), || tool("nft", &["list", "ruleset"]));
    assert_eq!(rules.matches(" masquerade").count(), 1, "{rules}");
}

#[test]
fn tables_of_others_are_left_alone() {
    let world = World::new();
    run_in(&world.host(), || tool("nft", &["add table ip theirs; add chain ip theirs kept"]));
    let config = world.bridge_config("10.201.0.0/24", json!({ "ipMasq": true }));
    world.add_pod("one", &config);
    world.call("bridge", "DEL", &config).container("one").succeed();
    let rules = run_in(&world.host(), || tool("nft", &["list", "ruleset"]));
    assert!(rules.contains("chain kept"), "{rules}");
}

#[test]
fn forwarding_is_switched_on_only_when_asked() {
    let world = World::new();
    let forwarding = || run_in(&world.host(), || std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap());
    run_in(&world.host(), || std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap());
    world.add_pod("one", &world.bridge_config("10.201.0.0/24", json!({})));
    assert_eq!(forwarding().trim(), "0");
    world.add_pod("two", &world.bridge_config("10.201.0.0/24", json!({ "ipForward": true })));
    assert_eq!(forwarding().trim(), "1");
}

#[test]
fn gc_frees_what_no_longer_exists() {
    let world = World::new();
    let config = world.bridge_config("10.201.0.0/24", json!({ "cniVersion": "1.1.0" }));
    world.add_pod("one", &config);
    world.add_pod("two", &config);
    let mut valid = config.clone();
    valid["cni.dev/valid-attachments"] = json!([{ "containerID": "two", "ifname": "eth0" }]);
    world.call("bridge", "GC", &valid).succeed();
    assert!(!world.data_dir().join("pods/10.201.0.2").exists());
    assert!(world.data_dir().join("pods/10.201.0.3").exists());
    world.call("bridge", "STATUS", &config).succeed();
}

#[test]
fn loopback_is_set_up() {
    let world = World::new();
    let one = world.namespace("one");
    let config = json!({ "cniVersion": "1.0.0", "name": "lo", "type": "loopback" });
    let result = world.call("loopback", "ADD", &config).netns(&one).succeed();
    assert_eq!(result["ips"][0], json!({ "address": "127.0.0.1/8", "interface": 0 }));
    world.call("loopback", "CHECK", &config).netns(&one).succeed();
    serve(&one, "127.0.0.1:80");
    assert_eq!(connect(&one, "127.0.0.1:80").unwrap(), "127.0.0.1");
    world.call("loopback", "DEL", &config).netns(&one).succeed();
    let error = world.call("loopback", "CHECK", &config).netns(&one).fail();
    expect![[r#"{"cniVersion":"1.0.0","code":999,"msg":"loopback interface is down"}"#]].assert_eq(&error);
}
