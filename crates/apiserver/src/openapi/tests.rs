use super::*;
use crate::served::tests::{Changing, builtin as served, with_custom};
use definitions::Dialect;
use schema::Map;
use schema::value;

fn document(path: &str) -> Value {
    document_of(&Documents::new(Arc::new(served())), path)
}

fn document_of(documents: &Documents, path: &str) -> Value {
    let response = documents.answer(path, None, &HeaderMap::new()).unwrap().unwrap();
    let bytes = response.into_body().into_bytes().unwrap();
    json::parse(&bytes, json::Limits::default()).unwrap()
}

#[test]
fn version_three_has_a_document_for_each_group_version_with_the_kinds_paths() {
    let index = document("/openapi/v3");
    assert!(
        index.at(&["paths", "api/v1", "serverRelativeURL"]).as_str().unwrap().starts_with("/openapi/v3/api/v1?hash=")
    );
    let core = document("/openapi/v3/api/v1");
    let get = core.at(&["paths", "/api/v1/namespaces/{namespace}/configmaps/{name}", "get"]);
    assert_eq!(get.str_at(&["x-kubernetes-group-version-kind", "kind"]), "ConfigMap");
    assert_eq!(get.str_at(&["operationId"]), "readCoreV1NamespacedConfigMap");
    let pod = core.at(&["components", "schemas", "io.k8s.api.core.v1.PodSpec", "properties", "containers"]);
    assert_eq!(pod.str_at(&["x-kubernetes-list-type"]), "map");
}

#[test]
fn version_two_holds_everything_and_every_reference_leads_somewhere() {
    let document = document("/openapi/v2");
    fn walk(value: &Value, document: &Value) {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let (part, name) = target.strip_prefix("#/").unwrap().split_once('/').unwrap();
            assert!(document.at(&[part]).get(name).is_some(), "{target}");
        }
        value.items().iter().for_each(|item| walk(item, document));
        value.as_map().into_iter().flat_map(Map::iter).for_each(|(_, member)| walk(member, document));
    }
    walk(&document, &document);
    let update = document.at(&["paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale", "put"]);
    let scale = "#/definitions/io.k8s.api.autoscaling.v1.Scale";
    assert_eq!(update.str_at(&["responses", "201", "schema", "$ref"]), scale);
    let exec = document.at(&["paths", "/api/v1/namespaces/{namespace}/pods/{name}/exec", "get", "operationId"]);
    assert_eq!(exec.as_str(), Some("connectCoreV1GetNamespacedPodExec"));
    let watch = document.at(&["paths", "/api/v1/watch/pods", "get", "operationId"]);
    assert_eq!(watch.as_str(), Some("watchCoreV1PodListForAllNamespaces"));
}

fn ask(path: &str, hash: Option<&str>, headers: &[(header::HeaderName, &str)]) -> Response<Body> {
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    Documents::new(Arc::new(served())).answer(path, hash, &headers).unwrap().unwrap()
}

#[test]
fn the_client_chooses_the_form() {
    let type_of = |accept: &str| {
        let response = ask("/openapi/v2", None, &[(header::ACCEPT, accept)]);
        response.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(type_of("").as_deref(), Some(JSON));
    assert_eq!(type_of("application/*").as_deref(), Some(JSON));
    let spellings = ["application/com.github.proto-openapi.spec.v2@v1.0+protobuf", PROTOBUF];
    for spelling in spellings {
        assert_eq!(type_of(spelling).as_deref(), Some(PROTOBUF));
    }
    assert_eq!(type_of(&format!("application/json;q=0.5, {PROTOBUF}")).as_deref(), Some(PROTOBUF));
    assert_eq!(ask("/openapi/v2", None, &[(header::ACCEPT, "text/plain")]).status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(ask("/openapi/v3/api/v1", None, &[(header::ACCEPT, "text/plain")]).status(), StatusCode::NOT_ACCEPTABLE);
}

#[test]
fn what_the_client_has_is_not_sent_again_and_an_old_hash_leads_to_the_new() {
    let first = ask("/openapi/v3/apis/apps/v1", None, &[]);
    let etag = first.headers().get(header::ETAG).unwrap().to_str().unwrap();
    let again = ask("/openapi/v3/apis/apps/v1", None, &[(header::IF_NONE_MATCH, etag)]);
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let moved = ask("/openapi/v3/apis/apps/v1", Some("0"), &[]);
    assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY);
    let location = moved.headers().get(header::LOCATION).unwrap().to_str().unwrap();
    let hash = location.split_once("?hash=").unwrap().1;
    assert_eq!(ask("/openapi/v3/apis/apps/v1", Some(hash), &[]).status(), StatusCode::OK);
    assert_eq!(ask("/openapi/v3/apis/none/v1", None, &[]).status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_custom_resource_appears_in_both_versions() {
    let source = Arc::new(Changing(Mutex::new(served())));
    let documents = Documents::new(source.clone());
    let tag = |path: &str| {
        let response = documents.answer(path, None, &HeaderMap::new()).unwrap().unwrap();
        response.headers().get(header::ETAG).unwrap().clone()
    };
    let (v2, v3) = (tag("/openapi/v2"), tag("/openapi/v3"));
    *source.0.lock() = with_custom(&served());
    assert!(tag("/openapi/v2") != v2 && tag("/openapi/v3") != v3);
    let path = "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}";
    let of_v2 = document_of(&documents, "/openapi/v2");
    assert_eq!(of_v2.at(&["paths", path, "patch", "operationId"]).as_str(), Some("patchExampleComV1NamespacedWidget"));
    let object = of_v2.at(&["definitions", "com.example.v1.Widget", "x-kubernetes-group-version-kind"]);
    assert_eq!(object.items()[0].str_at(&["group"]), "example.com");
    assert!(of_v2.at(&["definitions", "io.k8s.api.core.v1.Pod"]).as_map().is_some());
    let of_v3 = document_of(&documents, "/openapi/v3/apis/example.com/v1");
    let body = of_v3.at(&["paths", path, "put", "requestBody", "content", "application/yaml", "schema", "$ref"]);
    assert_eq!(body.as_str(), Some("#/components/schemas/com.example.v1.Widget"));
    let schemas = of_v3.at(&["components", "schemas"]);
    for name in ["com.example.v1.WidgetList", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"] {
        assert!(schemas.get(name).is_some(), "{name}");
    }
    let response =
        documents.answer("/openapi/v2", None, &HeaderMap::from_iter([(header::ACCEPT, PROTOBUF.parse().unwrap())]));
    let protobuf = response.unwrap().unwrap().into_body().into_bytes().unwrap();
    let holds = |text: &str| protobuf.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("com.example.v1.WidgetList") && holds("io.k8s.api.core.v1.PodSpec"));
}

#[test]
fn what_an_author_wrote_is_published_as_each_version_can_say_it() {
    let written = value!({
        "type": "object",
        "properties": { "spec": { "type": "object", "properties": {
            "maybe": { "type": "string", "nullable": true, "maxLength": 3 },
            "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }], "x-kubernetes-int-or-string": true },
            "template": { "type": "object", "x-kubernetes-embedded-resource": true }
        } } }
    });
    let of = |dialect| custom::object(Some(written.clone()), dialect);
    let (v2, v3) = (of(Dialect::V2), of(Dialect::V3));
    let spec = ["properties", "spec", "properties"];
    assert_eq!(v3.at(&spec).at(&["maybe"]), written.at(&spec).at(&["maybe"]));
    assert_eq!(*v2.at(&spec).at(&["maybe"]), value!({ "maxLength": 3 }));
    assert_eq!(*v2.at(&spec).at(&["either"]), value!({ "x-kubernetes-int-or-string": true }));
    assert_eq!(v2.at(&spec).str_at(&["template", "properties", "kind", "type"]), "string");
    let reference = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    assert_eq!(v3.at(&["properties", "metadata", "allOf"]).items()[0].str_at(&["$ref"]), reference);
    let open =
        custom::object(Some(value!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })), Dialect::V2);
    assert_eq!(open, value!({ "type": "object" }));
}
