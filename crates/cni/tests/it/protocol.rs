//! The protocol itself: versions, malformed input, and the codes of errors.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::world::World;

fn refused(world: &World, plugin: &str, config: Value, expected: Expect) {
    let one = "missing";
    expected.assert_eq(&world.call(plugin, "ADD", &config).netns(one).fail());
}

#[test]
fn versions_are_told() {
    let world = World::new();
    let answer = world.call("bridge", "VERSION", &json!({ "cniVersion": "0.4.0" })).succeed();
    expect![[r#"{"cniVersion":"0.4.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}"#]]
        .assert_eq(&answer.to_string());
}

#[test]
fn errors_have_the_specifications_codes() {
    let world = World::new();
    let bridge = |extra: Value| world.bridge_config("10.201.0.0/24", extra);
    refused(
        &world,
        "bridge",
        json!("text"),
        expect![[r#"{"cniVersion":"1.1.0","code":6,"msg":"network configuration: expected an object"}"#]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({ "cniVersion": "0.2.0" })),
        expect![[
            r#"{"cniVersion":"1.1.0","code":1,"details":"config is \"0.2.0\", plugin supports [\"0.3.0\", \"0.3.1\", \"0.4.0\", \"1.0.0\", \"1.1.0\"]","msg":"incompatible CNI versions"}"#
        ]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({ "mtu": "big" })),
        expect![[
            r#"{"cniVersion":"1.0.0","code":6,"msg":"network configuration: field \"mtu\": expected a whole number"}"#
        ]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({ "vlan": 100 })),
        expect![[r#"{"cniVersion":"1.0.0","code":2,"msg":"the field \"vlan\" is not supported"}"#]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({ "promiscMode": true })),
        expect![[
            r#"{"cniVersion":"1.0.0","code":7,"msg":"cannot set hairpin mode and promiscuous mode at the same time"}"#
        ]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({ "bridge": "a-name-that-is-too-long" })),
        expect![[
            r#"{"cniVersion":"1.0.0","code":7,"details":"a-name-that-is-too-long","msg":"interface name is too long"}"#
        ]],
    );
    refused(
        &world,
        "bridge",
        bridge(json!({})),
        expect![[
            r#"{"cniVersion":"1.0.0","code":3,"msg":"failed to open netns \"/run/netns/missing\": No such file or directory (os error 2)"}"#
        ]],
    );
    refused(
        &world,
        "host-local",
        json!({ "cniVersion": "1.0.0", "name": "pods" }),
        expect![[r#"{"cniVersion":"1.0.0","code":7,"msg":"IPAM config missing 'ipam' key"}"#]],
    );
    refused(
        &world,
        "portmap",
        json!({ "cniVersion": "1.0.0", "name": "pods" }),
        expect![[r#"{"cniVersion":"1.0.0","code":7,"msg":"must be called as chained plugin"}"#]],
    );
    refused(
        &world,
        "tiphys-cni",
        json!({ "cniVersion": "1.0.0", "name": "pods" }),
        expect![[r#"{"cniVersion":"1.0.0","code":7,"msg":"missing plugin type"}"#]],
    );
    refused(
        &world,
        "tiphys-cni",
        json!({ "cniVersion": "1.0.0", "name": "pods", "type": "vxlan" }),
        expect![[r#"{"cniVersion":"1.0.0","code":7,"msg":"there is no plugin \"vxlan\" in this program"}"#]],
    );
}

#[test]
fn an_unknown_address_manager_is_looked_for_in_the_path() {
    let world = World::new();
    let netns = world.namespace("one");
    let config = world.bridge_config("10.201.0.0/24", json!({ "ipam": { "type": "dhcp" } }));
    let error = world.call("bridge", "ADD", &config).netns(&netns).fail();
    assert!(error.contains("failed to find plugin \\\"dhcp\\\" in path"), "{error}");
    let config = world.bridge_config("10.201.0.0/24", json!({ "ipam": { "type": "static" } }));
    let program = world.bin_dir().join("static");
    std::fs::write(&program, "#!/bin/sh\ncat >/dev/null\necho '{\"ips\":[{\"address\":\"10.201.0.9/24\"}]}'\n")
        .unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let result = world.call("bridge", "ADD", &config).netns(&netns).succeed();
    assert_eq!(result["ips"][0], json!({ "address": "10.201.0.9/24", "gateway": "10.201.0.1", "interface": 2 }));
}
