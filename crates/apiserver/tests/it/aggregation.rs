//! A group of a second API server, reached through this one.

use crate::cluster::{Cluster, text};
use crate::wardle::{Seen, Wardle};
use base64::Engine;
use std::collections::HashSet;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const APISERVICE: &str = "apiservices/v1alpha1.wardle.example.com";
const CONDITION: &str = "jsonpath={.status.conditions[0].status} {.status.conditions[0].reason}";
const FLUNDER: &str = r#"{ "apiVersion": "wardle.example.com/v1alpha1", "kind": "Flunder",
    "metadata": { "name": "one", "namespace": "default" }, "spec": { "colour": "COLOUR" } }"#;

/// The Service by which it is called, and the APIService.
fn objects(wardle: &Wardle) -> String {
    let bundle = base64::engine::general_purpose::STANDARD.encode(&wardle.authority);
    format!(
        r#"{{ "apiVersion": "v1", "kind": "List", "items": [
            {{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "wardle", "namespace": "default" }},
              "spec": {{ "type": "ExternalName", "externalName": "localhost" }} }},
            {{ "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
              "metadata": {{ "name": "v1alpha1.wardle.example.com" }},
              "spec": {{ "group": "wardle.example.com", "version": "v1alpha1", "groupPriorityMinimum": 1500,
                "versionPriority": 10, "caBundle": "{bundle}",
                "service": {{ "name": "wardle", "namespace": "default", "port": {} }} }} }} ] }}"#,
        wardle.port
    )
}

async fn with_wardle() -> (Cluster, Wardle) {
    let cluster = Cluster::start().await;
    let wardle = Wardle::start("wardle.default.svc", &cluster.server.pki.front_proxy_ca).await;
    cluster.ok(&["apply", "-f", "-"], &objects(&wardle)).await;
    cluster.until(&["get", APISERVICE, "-o", CONDITION], "True Passed").await;
    (cluster, wardle)
}

fn last(wardle: &Wardle, path: &str) -> Seen {
    wardle.seen.lock().iter().rev().find(|seen| seen.path.ends_with(path)).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_works_with_a_group_of_another_server() {
    let (cluster, wardle) = with_wardle().await;
    cluster.until(&["api-resources", "--api-group", "wardle.example.com"], "flunders").await;
    cluster.until(&["get", "--raw", "/openapi/v3"], "apis/wardle.example.com/v1alpha1").await;
    let aggregated = cluster.ok(&["get", "--raw", "/openapi/v2"], "").await;
    assert!(aggregated.contains("com.example.wardle.v1alpha1.Flunder"));
    cluster.ok(&["apply", "-f", "-"], &FLUNDER.replace("COLOUR", "red")).await;
    cluster.ok(&["apply", "-f", "-"], &FLUNDER.replace("COLOUR", "blue")).await;
    assert_eq!(cluster.ok(&["get", "fl", "one", "-o", "jsonpath={.spec.colour}"], "").await, "blue");
    cluster.ok(&["get", "flunders", "--as", "jane", "--as-group", "system:masters"], "").await;
    let seen = last(&wardle, "/flunders");
    assert_eq!(seen.headers["x-remote-user"], "jane");
    let groups: Vec<_> = seen.headers.get_all("x-remote-group").iter().collect();
    assert_eq!(groups, [authn::MASTERS, authn::AUTHENTICATED]);
    assert_eq!(seen.headers["x-forwarded-for"], "127.0.0.1");
    let refused = cluster.run(&["get", "flunders", "--as", "jane"], "").await;
    let said = text(&refused.stderr);
    assert!(
        said.contains("User \"jane\" cannot list resource \"flunders\" in API group \"wardle.example.com\""),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_passed_on_whole_and_redirects_are_not() {
    let (cluster, wardle) = with_wardle().await;
    let raw = |path: &str| format!("/apis/wardle.example.com/v1alpha1{path}");
    let long = "x".repeat(5 << 20);
    let object = FLUNDER.replace("COLOUR", &long);
    cluster.ok(&["create", "--raw", &raw("/namespaces/default/flunders"), "-f", "-"], &object).await;
    assert!(last(&wardle, "/flunders").body_bytes > 5 << 20, "more than this server takes for itself");
    let moved = cluster.run(&["get", "--raw", &raw("/moved")], "").await;
    let said = text(&moved.stderr);
    assert!(!moved.status.success() && !said.contains("elsewhere"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_go_over_connections_that_are_kept() {
    let (cluster, wardle) = with_wardle().await;
    for _ in 0..3 {
        cluster.ok(&["get", "--raw", "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders"], "").await;
    }
    let seen = wardle.seen.lock();
    let peers: HashSet<SocketAddr> = seen.iter().filter(|s| s.path.ends_with("/flunders")).map(|s| s.peer).collect();
    assert_eq!(peers.len(), 1, "{peers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_reaches_the_other_server() {
    let (cluster, wardle) = with_wardle().await;
    let mut stream = cluster.connect().await;
    let ask = "GET /apis/wardle.example.com/v1alpha1/connect HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = text(&head);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream.write_all(b"hello").await.unwrap();
    let mut back = [0; 5];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"hello");
    assert_eq!(last(&wardle, "/connect").headers["x-remote-user"], "kubernetes-admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_unavailable_and_its_group_goes_with_its_object() {
    let (cluster, wardle) = with_wardle().await;
    wardle.stop.send_replace(true);
    // A change of the Service has it looked at again at once.
    cluster.until(&["get", "--raw", "/apis/wardle.example.com/v1alpha1"], "ServiceUnavailable").await;
    cluster.ok(&["annotate", "service", "wardle", "looked=at"], "").await;
    cluster.until(&["get", APISERVICE, "-o", CONDITION], "False FailedDiscoveryCheck").await;
    cluster.until(&["get", "--raw", "/apis/wardle.example.com/v1alpha1/flunders"], "ServiceUnavailable").await;
    cluster.ok(&["delete", "service", "wardle"], "").await;
    cluster.until(&["get", APISERVICE, "-o", CONDITION], "False ServiceNotFound").await;
    cluster.ok(&["delete", APISERVICE], "").await;
    cluster.until(&["get", "--raw", "/apis/wardle.example.com"], "NotFound").await;
    let groups = cluster.ok(&["get", "--raw", "/apis"], "").await;
    assert!(!groups.contains("wardle"));
}

const DEFINITION: &str = r#"{ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": { "name": "widgets.example.com" },
    "spec": { "group": "example.com", "scope": "Namespaced", "names": { "plural": "widgets", "kind": "Widget" },
      "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": { "type": "object",
        "properties": { "spec": { "type": "object", "properties": { "a": { "type": "string" } } } } } } }] } }"#;
const WIDGET: &str = r#"{ "apiVersion": "example.com/v1", "kind": "Widget",
    "metadata": { "name": "w", "namespace": "default" }, "spec": { "a": "VALUE" } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_of_this_program_serves_its_custom_resources_through_the_first() {
    let first = Cluster::start().await;
    let second = first.start_behind().await;
    second.ok(&["apply", "-f", "-"], DEFINITION).await;
    let objects = format!(
        r#"{{ "apiVersion": "v1", "kind": "List", "items": [
            {{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "second", "namespace": "default" }},
              "spec": {{ "type": "ExternalName", "externalName": "localhost" }} }},
            {{ "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {{ "name": "v1.example.com" }},
              "spec": {{ "group": "example.com", "version": "v1", "groupPriorityMinimum": 1500, "versionPriority": 10,
                "insecureSkipTLSVerify": true,
                "service": {{ "name": "second", "namespace": "default", "port": {} }} }} }} ] }}"#,
        second.port
    );
    first.ok(&["apply", "-f", "-"], &objects).await;
    first.until(&["get", "apiservices/v1.example.com", "-o", CONDITION], "True Passed").await;
    first.until(&["explain", "widget.spec"], "a\t<string>").await;
    first.ok(&["apply", "-f", "-"], &WIDGET.replace("VALUE", "one")).await;
    first.ok(&["apply", "-f", "-"], &WIDGET.replace("VALUE", "two")).await;
    assert_eq!(second.ok(&["get", "widget", "w", "-o", "jsonpath={.spec.a}"], "").await, "two");
    let wrong = first.run(&["apply", "-f", "-"], &WIDGET.replace("\"a\"", "\"b\"")).await;
    let said = text(&wrong.stderr);
    assert!(said.contains("unknown field \"spec.b\""), "{said}");
    let refused = second.run(&["get", "widgets", "--as", "jane"], "").await;
    assert!(text(&refused.stderr).contains("User \"jane\" cannot list"), "each server asks who may");
    first.ok(&["delete", "widget", "w"], "").await;
    first.until(&["get", "widget", "w"], "widgets.example.com \"w\" not found").await;
}
