use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn environment(command: &str) -> Environment {
    Environment {
        command: Some(command.into()),
        container_id: Some("c1".into()),
        netns: Some("/run/netns/p".into()),
        ifname: Some("eth0".into()),
        ..Environment::default()
    }
}

fn refused(environment: Environment, config: Value, expected: Expect) {
    let error = Request::parse(environment, config).unwrap_err();
    expected.assert_eq(&error.to_json(Version::V1_0_0).to_string());
}

fn config() -> Value {
    json!({ "cniVersion": "1.0.0", "name": "pods", "type": "bridge" })
}

#[test]
fn the_environment_is_checked() {
    refused(
        Environment::default(),
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":4,"msg":"required env variables [CNI_COMMAND] missing"}"#]],
    );
    refused(
        environment("REMOVE"),
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":4,"msg":"unknown CNI_COMMAND: REMOVE"}"#]],
    );
    refused(
        Environment { container_id: None, netns: None, ..environment("ADD") },
        config(),
        expect![[
            r#"{"cniVersion":"1.0.0","code":4,"msg":"required env variables [CNI_CONTAINERID,CNI_NETNS] missing"}"#
        ]],
    );
    refused(
        Environment { container_id: Some("a/b".into()), ..environment("ADD") },
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":4,"details":"a/b","msg":"invalid characters in containerID"}"#]],
    );
    refused(
        Environment { ifname: Some("interface-of-16b".into()), ..environment("DEL") },
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":4,"details":"interface-of-16b","msg":"interface name is too long"}"#]],
    );
    refused(
        Environment { args: Some("IP".into()), ..environment("ADD") },
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":4,"msg":"CNI_ARGS: invalid pair \"IP\""}"#]],
    );
}

#[test]
fn the_configuration_is_checked() {
    refused(
        environment("ADD"),
        json!([]),
        expect![[r#"{"cniVersion":"1.0.0","code":6,"msg":"network configuration: expected an object"}"#]],
    );
    refused(
        environment("ADD"),
        json!({ "name": "pods" }),
        expect![[
            r#"{"cniVersion":"1.0.0","code":1,"details":"config is \"0.1.0\", plugin supports [\"0.3.0\", \"0.3.1\", \"0.4.0\", \"1.0.0\", \"1.1.0\"]","msg":"incompatible CNI versions"}"#
        ]],
    );
    refused(
        environment("ADD"),
        json!({ "cniVersion": "2.0.0", "name": "pods" }),
        expect![[
            r#"{"cniVersion":"1.0.0","code":1,"details":"config is \"2.0.0\", plugin supports [\"0.3.0\", \"0.3.1\", \"0.4.0\", \"1.0.0\", \"1.1.0\"]","msg":"incompatible CNI versions"}"#
        ]],
    );
    refused(
        environment("ADD"),
        json!({ "cniVersion": "1.0.0" }),
        expect![[r#"{"cniVersion":"1.0.0","code":7,"msg":"missing network name:"}"#]],
    );
    refused(
        environment("ADD"),
        json!({ "cniVersion": "1.0.0", "name": "a b" }),
        expect![[
            r#"{"cniVersion":"1.0.0","code":7,"details":"a b","msg":"invalid characters found in network name"}"#
        ]],
    );
    refused(
        environment("CHECK"),
        json!({ "cniVersion": "0.3.1", "name": "pods" }),
        expect![[r#"{"cniVersion":"1.0.0","code":1,"msg":"config version does not allow CHECK"}"#]],
    );
    refused(
        environment("GC"),
        config(),
        expect![[r#"{"cniVersion":"1.0.0","code":1,"msg":"config version does not allow GC"}"#]],
    );
}

#[test]
fn a_del_needs_no_namespace() {
    let request = Request::parse(Environment { netns: None, ..environment("DEL") }, config()).unwrap();
    assert_eq!((request.command, request.netns), (Command::Del, None));
}

#[test]
fn arguments_are_read_in_order() {
    let text = Some("IgnoreUnknown=1;K8S_POD_NAME=web;IP=10.0.0.5".to_owned());
    let request = Request::parse(Environment { args: text, ..environment("ADD") }, config()).unwrap();
    let names: Vec<&str> = request.args.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["IgnoreUnknown", "K8S_POD_NAME", "IP"]);
}
