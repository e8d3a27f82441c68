//! Custom resources: what installs them, what ends with them, and what may not be reached through their paths.

use crate::harness::Server;
use api_misc::apiextensions::v1::CustomResourceDefinition;
use custom::CustomKind;
use kind::ApiError;
use registry::{BoxFuture, Converter, KindEntry, KindRef};
use schema::decode::{DecodeOptions, normalize};
use schema::{Typed, Value, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const WIDGETS: &str = "/apis/example.com/v1/namespaces/ns/widgets";

fn definition(plural: &str, kind: &str, scope: &str, conversion: &str) -> CustomResourceDefinition {
    let version = |name: &str, storage: bool| {
        value!({
            "name": name, "served": true, "storage": storage,
            "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                "spec": { "type": "object", "properties": { "size": { "type": "integer" } } },
                "note": { "type": "string" }
            } } }
        })
    };
    let names = value!({ "plural": plural, "kind": kind, "singular": (kind.to_lowercase()), "listKind": (format!("{kind}List")) });
    let value = value!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": (format!("{plural}.example.com")) },
        "spec": {
            "group": "example.com", "scope": scope, "names": (names.clone()),
            "versions": [(version("v1", true)), (version("v2", false))],
            "conversion": { "strategy": conversion }
        },
        "status": { "acceptedNames": names }
    });
    let ty = CustomResourceDefinition::type_ref();
    CustomResourceDefinition::from_value(&normalize(ty, value, &DecodeOptions::default()).unwrap().value)
}

fn install(server: &Server, plural: &str, kind: &str, scope: &str, converter: Option<Arc<dyn Converter>>) {
    let conversion = if converter.is_some() { "Webhook" } else { "None" };
    let kind = Arc::new(CustomKind::new(&definition(plural, kind, scope, conversion)).unwrap());
    server.registry.install(KindEntry { custom: true, converter, ..KindEntry::new(KindRef::Shared(kind)) });
}

fn made(server: &Server, url: &str, kind: &str) {
    let body =
        format!(r#"{{"apiVersion":"example.com/v1","kind":"{kind}","metadata":{{"name":"a"}},"spec":{{"size":1}}}}"#);
    let answer = server.call("POST", url, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn cve_2019_11247_cluster_wide_objects_are_not_reached_through_a_namespace() {
    let server = Server::with_namespace();
    install(&server, "engines", "Engine", "Cluster", None);
    made(&server, "/apis/example.com/v1/engines", "Engine");
    let body = r#"{"apiVersion":"example.com/v1","kind":"Engine","metadata":{"name":"a"},"spec":{"size":2}}"#;
    let collection = "/apis/example.com/v1/namespaces/ns/engines";
    let object = format!("{collection}/a");
    for (method, url, body) in [
        ("GET", object.as_str(), ""),
        ("PUT", &object, body),
        ("DELETE", &object, ""),
        ("GET", collection, ""),
        ("POST", collection, body),
        ("DELETE", collection, ""),
        ("GET", &format!("{collection}?watch=1"), ""),
        ("GET", &format!("{object}/status"), ""),
        ("GET", &format!("{object}/scale"), ""),
    ] {
        assert_eq!(server.call(method, url, body).status, 404, "{method} {url}");
    }
    let patched = server.patch(&object, "application/merge-patch+json", r#"{"spec":{"size":2}}"#);
    assert_eq!(patched.status, 404);
    assert_eq!(server.call("GET", "/apis/example.com/v1/engines/a", "").at("/spec/size"), "1");
}

#[test]
fn objects_of_a_namespace_are_not_reached_without_it() {
    let server = Server::with_namespace();
    install(&server, "widgets", "Widget", "Namespaced", None);
    made(&server, WIDGETS, "Widget");
    for method in ["GET", "DELETE"] {
        assert_eq!(server.call(method, "/apis/example.com/v1/widgets/a", "").status, 404, "{method}");
    }
    assert_eq!(server.call("GET", &format!("{WIDGETS}/a"), "").status, 200);
}

#[test]
fn cve_2022_3162_paths_do_not_lead_to_other_custom_resources() {
    let server = Server::with_namespace();
    install(&server, "widgets", "Widget", "Namespaced", None);
    install(&server, "engines", "Engine", "Cluster", None);
    made(&server, "/apis/example.com/v1/engines", "Engine");
    made(&server, WIDGETS, "Widget");
    for (method, url) in [
        ("GET", "/apis/example.com/v1/namespaces/..%2Fengines/widgets"),
        ("GET", "/apis/example.com/v1/namespaces/../widgets"),
        ("GET", "/apis/example.com/v1/namespaces/../widgets/a"),
        ("GET", "/apis/example.com/v1/namespaces/..%2Fengines/widgets/a"),
        ("GET", "/apis/example.com/v1/namespaces/ns/widgets/..%2F..%2Fengines%2Fa"),
        ("GET", "/apis/example.com/v1/namespaces/ns/widgets/.."),
        ("GET", "/apis/example.com/v1/engines/..%2Fwidgets%2Fns%2Fa"),
        ("GET", "/apis/example.com/v1/engines/..%2Fwidgets?watch=1"),
        ("DELETE", "/apis/example.com/v1/engines/..%2Fwidgets%2Fns%2Fa"),
        ("DELETE", "/apis/example.com/v1/namespaces/..%2Fengines/widgets/a"),
        ("GET", "/apis/example.com%2F..%2F/v1/engines/a"),
    ] {
        let answer = server.call(method, url, "");
        let found = answer.status < 300 && answer.text().contains(r#""name":"a""#);
        assert!(!found, "{method} {url}: {} {}", answer.status, answer.text());
    }
    for url in ["/apis/example.com/v1/engines/a", "/apis/example.com/v1/namespaces/ns/widgets/a"] {
        assert_eq!(server.call("GET", url, "").status, 200, "{url}");
    }
}

#[test]
fn a_changed_or_removed_definition_ends_its_watches() {
    let server = Server::with_namespace();
    install(&server, "widgets", "Widget", "Namespaced", None);
    let mut watch = server.call("GET", &format!("{WIDGETS}?watch=1"), "");
    made(&server, WIDGETS, "Widget");
    assert_eq!(watch.frames(1)[0]["type"], "ADDED");
    install(&server, "widgets", "Widget", "Namespaced", None);
    assert!(watch.ended());
    assert_eq!(server.call("GET", &format!("{WIDGETS}/a"), "").at("/spec/size"), "1");
    let mut watch = server.call("GET", &format!("{WIDGETS}?watch=1"), "");
    assert_eq!(watch.frames(1)[0]["object"]["metadata"]["name"], "a");
    server.registry.uninstall("example.com", "widgets");
    assert!(watch.ended());
    assert_eq!(server.call("GET", WIDGETS, "").status, 404);
}

/// `spec.size` is `note` in the second version.
#[derive(Default)]
struct SizeIsNote(AtomicUsize);

impl Converter for SizeIsNote {
    fn convert<'a>(
        &'a self,
        values: Vec<Value>,
        to_api_version: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Value>, ApiError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let convert = move |mut value: Value| {
            if value.str_at(&["apiVersion"]) != to_api_version {
                match to_api_version {
                    "example.com/v2" => {
                        let size = value.remove(&["spec"]).and_then(|spec| spec["size"].as_i64()).unwrap_or_default();
                        value.set(&["note"], size.to_string());
                    }
                    _ => {
                        let note = value.remove(&["note"]).unwrap_or_default();
                        let size: i64 = note.as_str().and_then(|note| note.parse().ok()).unwrap_or_default();
                        value.set(&["spec"], value!({ "size": size }));
                    }
                }
                value.set(&["apiVersion"], to_api_version);
            }
            value
        };
        Box::pin(async move { Ok(values.into_iter().map(convert).collect()) })
    }
}

#[test]
fn objects_are_shown_stored_and_managed_in_each_version() {
    let server = Server::with_namespace();
    install(&server, "widgets", "Widget", "Namespaced", Some(Arc::new(SizeIsNote::default())));
    let second = WIDGETS.replace("/v1/", "/v2/");
    let mut watch = server.call("GET", &format!("{second}?watch=1"), "");
    made(&server, WIDGETS, "Widget");
    assert_eq!(watch.frames(1)[0]["object"]["note"], "1");
    let object = server.call("GET", &format!("{second}/a"), "");
    assert_eq!((object.at("/apiVersion").as_str(), object.at("/note").as_str()), ("example.com/v2", "1"));
    let list = server.call("GET", &second, "");
    assert_eq!(list.at("/items/0/note"), "1");
    // A conflict is seen across versions, since the managed fields of the first are compared in the first.
    let applied = r#"{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"a"},"note":"5"}"#;
    let apply = |url: &str| server.patch(url, "application/apply-patch+yaml", applied);
    let done = apply(&format!("{second}/a?fieldManager=second&force=true"));
    assert_eq!(done.status, 200, "{}", done.text());
    let first = server.call("GET", &format!("{WIDGETS}/a"), "");
    assert_eq!(first.at("/spec/size"), "5");
    let managed = first.json()["metadata"]["managedFields"].to_string();
    assert!(managed.contains(r#""fieldsV1":{"f:note":{}}"#), "{managed}");
    assert!(!managed.contains("f:size"), "{managed}");
}
