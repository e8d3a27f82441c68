//! Watches and lists over the cache: order, replay, bookmarks, slow readers, sharing.

use crate::harness::Server;
use std::time::Duration;

const MAPS: &str = "/api/v1/namespaces/ns/configmaps";

fn create(server: &Server, name: &str, labels: &str) -> String {
    let body = format!(r#"{{"metadata":{{"name":"{name}","labels":{{{labels}}}}},"data":{{"v":"1"}}}}"#);
    let made = server.call("POST", MAPS, body);
    assert_eq!(made.status, 201, "{}", made.text());
    made.at("/metadata/resourceVersion")
}

fn summary(frames: &[serde_json::Value]) -> Vec<String> {
    let text = |frame: &serde_json::Value, pointer: &str| {
        frame.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    frames.iter().map(|frame| format!("{} {}", text(frame, "/type"), text(frame, "/object/metadata/name"))).collect()
}

#[test]
fn a_write_is_seen_by_the_next_list_and_get() {
    let server = Server::with_namespace();
    for round in 0..50 {
        let name = format!("c{round:02}");
        let version = create(&server, &name, "");
        let list = server.call("GET", MAPS, "");
        assert_eq!(list.json()["items"].as_array().unwrap().len(), round + 1);
        assert!(list.at("/metadata/resourceVersion").parse::<u64>().unwrap() >= version.parse().unwrap());
        assert_eq!(server.call("GET", &format!("{MAPS}/{name}"), "").at("/metadata/resourceVersion"), version);
    }
}

#[test]
fn live_events_come_in_order_through_selectors() {
    let server = Server::with_namespace();
    let mut watch = server.call("GET", &format!("{MAPS}?watch=1&labelSelector=t%3Dx"), "");
    create(&server, "a", r#""t":"x""#);
    create(&server, "b", r#""t":"y""#);
    server.patch(&format!("{MAPS}/b"), "application/merge-patch+json", r#"{"metadata":{"labels":{"t":"x"}}}"#);
    server.patch(&format!("{MAPS}/a"), "application/merge-patch+json", r#"{"metadata":{"labels":{"t":null}}}"#);
    server.patch(&format!("{MAPS}/b"), "application/merge-patch+json", r#"{"data":{"v":"2"}}"#);
    server.call("DELETE", &format!("{MAPS}/b"), "");
    let frames = watch.frames(5);
    assert_eq!(summary(&frames), ["ADDED a", "ADDED b", "DELETED a", "MODIFIED b", "DELETED b"]);
}

#[test]
fn watches_replay_beyond_the_window_from_the_store() {
    let server = Server::with_namespace();
    let first = create(&server, "a", "");
    // More than the window holds.
    for round in 0..1_100 {
        let body = format!(r#"{{"data":{{"v":"{round}"}}}}"#);
        assert_eq!(server.patch(&format!("{MAPS}/a"), "application/merge-patch+json", &body).status, 200);
    }
    let mut watch = server.call("GET", &format!("{MAPS}?watch=1&resourceVersion={first}"), "");
    let frames = watch.frames(1_100);
    assert_eq!(frames[0]["object"]["data"]["v"], "0");
    assert_eq!(frames[1_099]["object"]["data"]["v"], "1099");
    create(&server, "b", "");
    assert_eq!(summary(&watch.frames(1)), ["ADDED b"]);
}

#[test]
fn a_compacted_version_is_told_as_expired() {
    let server = Server::with_namespace();
    let first = create(&server, "a", "");
    for round in 0..1_100 {
        let body = format!(r#"{{"data":{{"v":"{round}"}}}}"#);
        server.patch(&format!("{MAPS}/a"), "application/merge-patch+json", &body);
    }
    let last: u64 = server.call("GET", MAPS, "").at("/metadata/resourceVersion").parse().unwrap();
    crate::harness::block_on(server.store.compact(last)).unwrap();
    let mut watch = server.call("GET", &format!("{MAPS}?watch=1&resourceVersion={first}"), "");
    let frames = watch.frames(1);
    assert_eq!((&frames[0]["type"], &frames[0]["object"]["code"]), (&"ERROR".into(), &410.into()));
    assert_eq!(frames[0]["object"]["reason"], "Expired");
}

#[test]
fn a_slow_watcher_is_closed_and_never_skipped() {
    let server = Server::with_namespace();
    let mut watch =
        server.call("GET", &format!("{MAPS}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"), "");
    create(&server, "a", "");
    for round in 0..1_200 {
        let body = format!(r#"{{"data":{{"v":"{round}"}}}}"#);
        server.patch(&format!("{MAPS}/a"), "application/merge-patch+json", &body);
    }
    server.call("GET", MAPS, "");
    let registry::Body::Watch(stream) = &mut watch.body else { panic!("no watch") };
    let mut values = Vec::new();
    while let Some(frame) = crate::harness::block_on(stream.next()) {
        let frame: serde_json::Value = serde_json::from_slice(&frame).unwrap();
        values.push(frame["object"]["data"]["v"].as_str().unwrap().to_owned());
    }
    let wanted: Vec<String> = std::iter::once("1".to_owned()).chain((0..999).map(|n| n.to_string())).collect();
    assert_eq!(values, wanted);
}

#[test]
fn bookmarks_and_the_end_come_by_the_timer() {
    let server = Server::with_namespace();
    create(&server, "a", "");
    let url = format!(
        "{MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=90"
    );
    let mut watch = server.call("GET", &url, "");
    let frames = watch.ready_frames();
    assert_eq!(summary(&frames), ["ADDED a", "BOOKMARK "]);
    assert_eq!(frames[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    server.timer.advance(Duration::from_secs(61));
    let frames = watch.frames(1);
    assert_eq!(frames[0]["type"], "BOOKMARK");
    assert!(frames[0]["object"]["metadata"].get("annotations").is_none());
    server.timer.advance(Duration::from_secs(61));
    let registry::Body::Watch(stream) = &mut watch.body else { panic!("no watch") };
    assert!(crate::harness::block_on(stream.next()).is_none());
}

#[test]
fn pages_and_exact_versions_are_consistent() {
    let server = Server::with_namespace();
    let versions: Vec<String> = (0..7).map(|n| create(&server, &format!("c{n}"), "")).collect();
    let first = server.call("GET", &format!("{MAPS}?limit=3"), "");
    assert_eq!(first.at("/metadata/remainingItemCount"), "4");
    let token = first.at("/metadata/continue");
    server.call("DELETE", &format!("{MAPS}/c4"), "");
    let second = server.call("GET", &format!("{MAPS}?limit=3&continue={token}"), "");
    let names: Vec<_> =
        second.json()["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["c3", "c4", "c5"]);
    let exact = server.call("GET", &format!("{MAPS}?resourceVersion={}&resourceVersionMatch=Exact", versions[1]), "");
    assert_eq!(exact.json()["items"].as_array().unwrap().len(), 2);
}

/// Nothing is decoded or encoded for what was asked before: bytes are made once and shared.
#[test]
fn repeated_lists_and_watches_make_nothing_again() {
    let server = Server::with_namespace();
    let counts = || server.registry.counts("", "configmaps").unwrap();
    for name in ["a", "b", "c"] {
        create(&server, name, "");
    }
    let partial = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let medias = ["application/json", "application/vnd.kubernetes.protobuf", partial];
    let list = |accept| server.send("GET", MAPS, &[("accept", accept)], bytes::Bytes::new()).bytes();
    let first: Vec<_> = medias.map(list).into();
    let after_first = counts();
    assert!(after_first.encoded >= 9, "{after_first:?}");
    for _ in 0..10 {
        assert_eq!(first, medias.map(list));
    }
    assert_eq!(counts(), after_first);

    let watch = || server.send("GET", &format!("{MAPS}?watch=1&resourceVersion=0"), &[], bytes::Bytes::new());
    let mut watches: Vec<_> = (0..20).map(|_| watch()).collect();
    let mut frames = watches.iter_mut().map(|watch| {
        let registry::Body::Watch(stream) = &mut watch.body else { panic!("no watch") };
        (0..3).map(|_| crate::harness::block_on(stream.next()).unwrap()).collect::<Vec<_>>()
    });
    let one = frames.next().unwrap();
    assert!(frames.all(|other| other == one));
    let after_watches = counts();
    assert_eq!((after_watches.decoded, after_watches.encoded), (after_first.decoded, after_first.encoded));
}

#[test]
fn protobuf_lists_and_frames_are_well_formed() {
    let server = Server::with_namespace();
    create(&server, "a", r#""t":"x""#);
    create(&server, "b", "");
    let accept = [("accept", "application/vnd.kubernetes.protobuf")];
    let list = server.send("GET", MAPS, &accept, bytes::Bytes::new());
    let bytes = list.bytes();
    let envelope = schema::protobuf::open_envelope(&bytes).unwrap();
    assert_eq!((envelope.api_version.as_str(), envelope.kind.as_str()), ("v1", "ConfigMapList"));
    let ty = schema::Schema::builtin().by_name("io.k8s.api.core.v1.ConfigMapList").unwrap();
    let value = schema::protobuf::decode(ty, envelope.raw).unwrap();
    assert_eq!(value["items"].items().len(), 2);
    assert_eq!(value["items"].items()[0].str_at(&["metadata", "name"]), "a");
    assert!(!value["items"].items()[0].str_at(&["metadata", "resourceVersion"]).is_empty());
    let mut watch = server.send("GET", &format!("{MAPS}?watch=1"), &accept, bytes::Bytes::new());
    assert_eq!(watch.headers["content-type"], "application/vnd.kubernetes.protobuf;stream=watch");
    let registry::Body::Watch(stream) = &mut watch.body else { panic!("no watch") };
    let frame = crate::harness::block_on(stream.next()).unwrap();
    assert_eq!(u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize, frame.len() - 4);
    let event = schema::Schema::builtin().by_name("io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent").unwrap();
    assert_eq!(schema::protobuf::decode(event, &frame[4..]).unwrap().str_at(&["type"]), "ADDED");
}
