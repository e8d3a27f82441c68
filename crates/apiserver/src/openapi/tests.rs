use super::*;
use kinds::KINDS;

fn document(path: &str) -> Value {
    let response = Documents::new(KINDS).answer(path, None, &HeaderMap::new()).unwrap();
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
    let definitions = document.at(&["definitions"]).as_map().unwrap().clone();
    fn walk(value: &Value, definitions: &Map) {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let name = target.strip_prefix("#/definitions/").unwrap();
            assert!(definitions.contains_key(name), "{name}");
        }
        value.items().iter().for_each(|item| walk(item, definitions));
        value.as_map().into_iter().flat_map(Map::iter).for_each(|(_, member)| walk(member, definitions));
    }
    walk(&document, &definitions);
}
