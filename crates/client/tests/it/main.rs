//! The client against a server of its own, over TLS and HTTP/2.

mod server;

use api_core::v1::{ConfigMap, Pod};
use api_meta::v1::{DeleteOptions, ListOptions, ObjectMeta, Preconditions};
use bytes::Bytes;
use client::{Client, ConnectionConfig, EventKind, HttpTransport, Patch};
use informer::Resource;
use schema::{Schema, Typed, Value, json, protobuf, value};
use server::Server;
use std::sync::Arc;

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

fn pod(name: &str) -> Pod {
    Pod {
        metadata: ObjectMeta {
            name: name.into(),
            namespace: "default".into(),
            resource_version: "7".into(),
            ..ObjectMeta::default()
        },
        ..Pod::default()
    }
}

fn envelope(value: &Value) -> Vec<u8> {
    let (version, kind) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
    let mut body = Vec::new();
    protobuf::encode(Schema::builtin().by_kind(version, kind).unwrap(), value, &mut body);
    protobuf::envelope(version, kind, &body)
}

fn opened(bytes: &[u8]) -> Value {
    let envelope = protobuf::open_envelope(bytes).unwrap();
    let ty = Schema::builtin().by_kind(&envelope.api_version, &envelope.kind).unwrap();
    protobuf::decode(ty, envelope.raw).unwrap()
}

#[tokio::test]
async fn built_in_objects_travel_as_protobuf_over_http2_with_a_certificate() {
    let server = Server::start().await;
    server.script.answer(201, PROTOBUF, envelope(&pod("a").to_value()));
    let created = server.client().create(&pod("a")).await.unwrap();
    assert_eq!(created, pod("a"));
    let seen = server.script.seen.lock();
    assert_eq!(seen[0].line, "POST /api/v1/namespaces/default/pods");
    assert_eq!(seen[0].version, http::Version::HTTP_2);
    assert!(seen[0].certified);
    let header = |name: &str| seen[0].headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), PROTOBUF);
    assert_eq!(header("accept"), "application/vnd.kubernetes.protobuf, application/json");
    assert_eq!(header("user-agent"), "test/1");
    assert_eq!(header("authorization"), "Bearer secret");
    assert_eq!(opened(&seen[0].body).str_at(&["metadata", "name"]), "a");
}

#[tokio::test]
async fn the_servers_no_is_an_api_error() {
    let server = Server::start().await;
    let status = value!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": "pods \"a\" not found"
    });
    server.script.answer(404, JSON, json::to_string(&status));
    server.script.answer(404, PROTOBUF, envelope(&status));
    server.script.answer(502, "text/plain", "bad gateway\n");
    let client = server.client();
    for _ in 0..2 {
        let error = client.get::<Pod>("default", "a").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.to_string(), "pods \"a\" not found");
    }
    let error = client.get::<Pod>("default", "a").await.unwrap_err();
    assert_eq!((error.api().unwrap().code(), error.to_string().as_str()), (502, "bad gateway"));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = Server::start().await;
    let page = |names: &[&str], next: &str| {
        let items: Vec<Value> = names.iter().map(|name| pod(name).to_value()).collect();
        envelope(&value!({
            "apiVersion": "v1", "kind": "PodList", "items": items,
            "metadata": { "resourceVersion": "9", "continue": next }
        }))
    };
    server.script.answer(200, PROTOBUF, page(&["a", "b"], "token/1"));
    server.script.answer(200, PROTOBUF, page(&["c"], ""));
    let options =
        ListOptions { label_selector: "app in (a,b)".into(), resource_version: "0".into(), ..Default::default() };
    let list = server.client().list::<Pod>("", &options).await.unwrap();
    let names: Vec<_> = list.items.iter().map(|pod| pod.metadata.name.as_str()).collect();
    assert_eq!((names, list.resource_version.as_str()), (vec!["a", "b", "c"], "9"));
    assert_eq!(
        server.script.lines(),
        [
            "GET /api/v1/pods?labelSelector=app%20in%20%28a,b%29&limit=500&resourceVersion=0",
            "GET /api/v1/pods?continue=token/1&labelSelector=app%20in%20%28a,b%29&limit=500",
        ]
    );
}

#[tokio::test]
async fn watches_are_cut_into_events_wherever_the_chunks_end() {
    let server = Server::start().await;
    let text: String = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
        .iter()
        .map(|kind| json::to_string(&value!({ "type": (*kind), "object": (pod("a").to_value()) })) + "\n")
        .collect();
    let pieces = text.as_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
    server.script.chunks(200, "application/json;stream=watch", pieces);
    let mut watch = server.client().watch::<Pod>("default", &ListOptions::default()).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(event) = watch.next().await {
        let event = event.unwrap();
        assert_eq!(event.object, pod("a"));
        kinds.push(event.kind);
    }
    assert_eq!(kinds, [EventKind::Added, EventKind::Modified, EventKind::Deleted, EventKind::Bookmark]);
    assert_eq!(server.script.lines(), ["GET /api/v1/namespaces/default/pods?watch=true"]);
}

#[tokio::test]
async fn watches_in_protobuf_end_with_the_servers_error() {
    let server = Server::start().await;
    let frame = |kind: &str, object: &Value| {
        let raw = envelope(object);
        let field = |tag: u8, bytes: &[u8]| {
            let mut out = vec![tag << 3 | 2];
            let mut length = bytes.len();
            while length >= 0x80 {
                out.push(length as u8 | 0x80);
                length >>= 7;
            }
            out.push(length as u8);
            out.extend_from_slice(bytes);
            out
        };
        let event = [field(1, kind.as_bytes()), field(2, &field(1, &raw))].concat();
        [(event.len() as u32).to_be_bytes().to_vec(), event].concat()
    };
    let status = kind::ApiError::expired("too old").0.to_value();
    let bytes = [frame("ADDED", &pod("a").to_value()), frame("ERROR", &status)].concat();
    let pieces = bytes.chunks(11).map(Bytes::copy_from_slice).collect();
    server.script.chunks(200, "application/vnd.kubernetes.protobuf;stream=watch", pieces);
    let mut watch = server.client().watch::<Pod>("", &ListOptions::default()).await.unwrap();
    assert_eq!(watch.next().await.unwrap().unwrap().object, pod("a"));
    assert!(watch.next().await.unwrap().unwrap_err().is_expired());
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let server = Server::start().await;
    server.script.answer(429, JSON, "");
    server.script.answer(429, JSON, "");
    server.script.answer(200, PROTOBUF, envelope(&pod("a").to_value()));
    assert_eq!(server.client().get::<Pod>("default", "a").await.unwrap(), pod("a"));
    assert_eq!(server.script.lines().len(), 3);
}

#[tokio::test]
async fn deletes_say_what_they_mean() {
    let server = Server::start().await;
    server.script.answer(200, PROTOBUF, envelope(&pod("a").to_value()));
    server.script.answer(200, JSON, r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#);
    let client = server.client();
    let options = DeleteOptions {
        grace_period_seconds: Some(0),
        preconditions: Some(Box::new(Preconditions { uid: Some("u".into()), ..Preconditions::default() })),
        ..DeleteOptions::default()
    };
    assert_eq!(client.delete::<Pod>("default", "a", &options).await.unwrap(), Some(pod("a")));
    assert_eq!(client.delete::<Pod>("default", "a", &options).await.unwrap(), None);
    let body = opened(&server.script.seen.lock()[0].body);
    assert_eq!(DeleteOptions::from_value(&body), options);
}

#[tokio::test]
async fn patches_and_subresources_have_their_paths_and_media_types() {
    let server = Server::start().await;
    for _ in 0..4 {
        server.script.answer(200, PROTOBUF, envelope(&pod("a").to_value()));
    }
    let client = server.client();
    let body = value!({ "metadata": { "labels": { "a": "b" } } });
    client.patch::<Pod>("default", "a", "", &Patch::StrategicMerge(body.clone())).await.unwrap();
    client.patch::<Pod>("default", "a", "status", &Patch::Merge(body)).await.unwrap();
    client.apply(&pod("a"), "me and you", true).await.unwrap();
    client.update_status(&pod("a")).await.unwrap();
    let seen = server.script.seen.lock();
    let asked: Vec<_> =
        seen.iter().map(|seen| (seen.line.as_str(), seen.headers["content-type"].to_str().unwrap())).collect();
    assert_eq!(
        asked,
        [
            ("PATCH /api/v1/namespaces/default/pods/a", "application/strategic-merge-patch+json"),
            ("PATCH /api/v1/namespaces/default/pods/a/status", "application/merge-patch+json"),
            (
                "PATCH /api/v1/namespaces/default/pods/a?fieldManager=me%20and%20you&force=true",
                "application/apply-patch+yaml"
            ),
            ("PUT /api/v1/namespaces/default/pods/a/status", PROTOBUF),
        ]
    );
}

#[tokio::test]
async fn custom_resources_travel_as_json() {
    let server = Server::start().await;
    let tab = value!({ "apiVersion": "example.com/v1", "kind": "CronTab", "metadata": { "name": "tab" }, "x": 1 });
    server.script.answer(201, JSON, json::to_string(&tab));
    server.script.answer(
        200,
        JSON,
        json::to_string(&value!({ "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1", "metadata": { "name": "tab" } })),
    );
    let resource = Resource {
        group: "example.com".into(),
        version: "v1".into(),
        plural: "crontabs".into(),
        kind: "CronTab".into(),
        namespaced: true,
    };
    let client = server.client();
    assert_eq!(client.api(&resource).create("ns", &tab).await.unwrap(), tab);
    client.api(&resource).metadata().get("ns", "tab").await.unwrap();
    let seen = server.script.seen.lock();
    assert_eq!(seen[0].line, "POST /apis/example.com/v1/namespaces/ns/crontabs");
    assert_eq!(seen[0].headers["content-type"], JSON);
    assert_eq!(
        seen[1].headers["accept"],
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json"
    );
}

#[tokio::test]
async fn another_authority_is_not_believed() {
    let (server, other) = (Server::start().await, Server::start().await);
    let config = ConnectionConfig { certificate_authority: other.config().certificate_authority, ..server.config() };
    let client = Client::new(Arc::new(HttpTransport::new(&config).unwrap()), "test");
    let error = client.get::<Pod>("default", "a").await.unwrap_err().to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");
    let config = ConnectionConfig { insecure_skip_tls_verify: true, ..config };
    server.script.answer(200, PROTOBUF, envelope(&ConfigMap::default().to_value()));
    let client = Client::new(Arc::new(HttpTransport::new(&config).unwrap()), "test");
    client.get::<ConfigMap>("default", "a").await.unwrap();
}

#[test]
fn kubeconfigs_say_what_is_missing() {
    let read = |text: &str| ConnectionConfig::from_yaml(text.as_bytes(), "/etc".as_ref(), None);
    let text = "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n\
                clusters: [{name: c, cluster: {server: 'https://x:1'}}]\nusers: [{name: u, user: {tokenFile: t}}]\n";
    let config = read(text).unwrap();
    assert!(matches!(config.auth, client::Auth::TokenFile(path) if path == std::path::Path::new("/etc/t")));
    let missing = read(&text.replace("name: c", "name: d")).unwrap_err();
    assert_eq!(missing.to_string(), "kubeconfig: no cluster named \"c\"");
    let unread = read(&text.replace("tokenFile", "client-certificate")).unwrap_err();
    assert!(unread.to_string().starts_with("reading /etc/t: "), "{unread}");
}
