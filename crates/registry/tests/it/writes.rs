//! Writes that configmaps do not show: status, generation, grace periods, races.

use crate::harness::Server;
use std::sync::Arc;

const CONTROLLERS: &str = "/api/v1/namespaces/ns/replicationcontrollers";
const BODY: &str = r#"{"metadata":{"name":"c"},"spec":{"replicas":1,"selector":{"a":"b"}},"status":{"replicas":7}}"#;

fn server() -> Server {
    let server = Server::with_namespace();
    let made = server.call("POST", CONTROLLERS, BODY);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!((made.at("/metadata/generation").as_str(), made.at("/status/replicas").as_str()), ("1", "0"));
    server
}

#[test]
fn status_and_spec_are_written_through_their_own_doors() {
    let server = server();
    let url = format!("{CONTROLLERS}/c");
    let status = server.patch(
        &format!("{url}/status"),
        "application/merge-patch+json",
        r#"{"spec":{"replicas":9},"status":{"replicas":3}}"#,
    );
    assert_eq!((status.at("/spec/replicas").as_str(), status.at("/status/replicas").as_str()), ("1", "3"));
    assert_eq!(status.at("/metadata/generation"), "1");
    assert_eq!(status.at("/metadata/managedFields/1/subresource"), "status");
    let spec = server.patch(&url, "application/merge-patch+json", r#"{"spec":{"replicas":2},"status":{"replicas":9}}"#);
    assert_eq!((spec.at("/spec/replicas").as_str(), spec.at("/status/replicas").as_str()), ("2", "3"));
    assert_eq!(spec.at("/metadata/generation"), "2");
    let selected = server.call("GET", &format!("{CONTROLLERS}?fieldSelector=status.replicas%3D3"), "");
    assert_eq!(selected.json()["items"].as_array().unwrap().len(), 1);
    let unknown = server.call("GET", &format!("{CONTROLLERS}?fieldSelector=spec.bogus%3D3"), "");
    assert_eq!(unknown.at("/message"), "field label not supported: spec.bogus");
}

#[test]
fn grace_periods_shorten_and_end() {
    let server = server();
    let url = format!("{CONTROLLERS}/c");
    let first = server.call("DELETE", &url, "");
    assert_eq!(first.at("/metadata/deletionGracePeriodSeconds"), "30");
    assert_eq!(first.at("/metadata/deletionTimestamp"), "2026-01-01T00:00:30Z");
    assert_eq!(first.at("/metadata/generation"), "2");
    let longer = server.call("DELETE", &format!("{url}?gracePeriodSeconds=60"), "");
    assert_eq!(longer.at("/status"), "Success");
    let shorter = server.call("DELETE", &format!("{url}?gracePeriodSeconds=10"), "");
    assert_eq!(shorter.at("/metadata/deletionTimestamp"), "2026-01-01T00:00:10Z");
    let ended = server.call("DELETE", &format!("{url}?gracePeriodSeconds=0"), "");
    assert_eq!(ended.at("/status"), "Success");
    assert_eq!(server.call("GET", &url, "").status, 404);
}

#[test]
fn patches_that_race_all_take_effect() {
    const WRITERS: usize = 8;
    let server = Arc::new(server());
    let url = format!("{CONTROLLERS}/c");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, url) = (server.clone(), url.clone());
            scope.spawn(move || {
                let body = format!(r#"{{"metadata":{{"labels":{{"w{writer}":"1"}}}}}}"#);
                assert_eq!(server.patch(&url, "application/merge-patch+json", &body).status, 200);
            });
        }
    });
    let labels = server.call("GET", &url, "").json()["metadata"]["labels"].clone();
    assert_eq!(labels.as_object().unwrap().len(), WRITERS);
}

#[test]
fn pretty_and_yaml_are_other_forms_of_the_same() {
    let server = server();
    let url = format!("{CONTROLLERS}/c");
    let plain = server.call("GET", &url, "");
    assert!(plain.text().starts_with(r#"{"kind":"ReplicationController","apiVersion":"v1","metadata":{"name":"c","#));
    assert!(plain.text().ends_with("}\n"));
    let pretty = server.call("GET", &format!("{url}?pretty=true"), "");
    assert!(pretty.text().starts_with("{\n  \"kind\": \"ReplicationController\","));
    assert_eq!(pretty.json(), plain.json());
    let list = server.call("GET", CONTROLLERS, "");
    assert!(
        list.text()
            .starts_with(r#"{"kind":"ReplicationControllerList","apiVersion":"v1","metadata":{"resourceVersion":""#)
    );
    assert!(list.text().contains(r#""items":[{"metadata":{"name":"c""#));
}

/// Validating admission was shown an old object that the request had changed already, so that it let pass what it should
/// have refused.
#[test]
fn cve_2021_25735_validating_admission_sees_what_is_stored() {
    let server = server();
    let url = format!("{CONTROLLERS}/c");
    let labelled = server.patch(&url, "application/merge-patch+json", r#"{"metadata":{"labels":{"protected":"yes"}}}"#);
    assert_eq!(labelled.status, 200, "{}", labelled.text());
    let mut without: serde_json::Value = labelled.json();
    without["metadata"]["labels"] = serde_json::json!({ "protected": "no" });
    let body = without.to_string();
    let answers = [
        server.call("PUT", &url, body.clone()),
        server.patch(&url, "application/merge-patch+json", r#"{"metadata":{"labels":{"protected":null}}}"#),
        server.patch(&url, "application/strategic-merge-patch+json", r#"{"metadata":{"labels":{"protected":"no"}}}"#),
        server.patch(&url, "application/json-patch+json", r#"[{"op":"remove","path":"/metadata/labels/protected"}]"#),
        server.call("PUT", &format!("{url}?dryRun=All"), body),
    ];
    for answer in answers {
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    assert_eq!(server.call("GET", &url, "").at("/metadata/labels/protected"), "yes");
}
