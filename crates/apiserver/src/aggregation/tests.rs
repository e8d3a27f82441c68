use super::availability::{Verdict, before_asking, with_condition};
use super::registration::{Action, keep_defined, plan};
use super::resolve::{Address, by_endpoints, by_service};
use super::table::{Documents, Service, Spec, Table};
use super::*;
use api_misc::apiextensions::v1::{CustomResourceDefinition, CustomResourceDefinitionVersion};
use api_misc::apiregistration::v1::{APIService, ServiceReference};
use schema::{Time, Value, value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn wanted(port: u16) -> Service {
    Service { namespace: "ns".into(), name: "api".into(), port }
}

fn service(kind: &str) -> Value {
    value!({
        "metadata": { "namespace": "ns", "name": "api" },
        "spec": { "type": kind, "clusterIP": "10.96.0.7", "externalName": "localhost", "ports": [{ "name": "https", "port": 443 }] }
    })
}

fn slice(ready: bool, port_name: &str) -> Arc<Value> {
    Arc::new(value!({
        "metadata": { "labels": { "kubernetes.io/service-name": "api" } },
        "endpoints": [{ "addresses": ["10.0.0.1"], "conditions": { "ready": ready } }],
        "ports": [{ "name": port_name, "port": 8443 }]
    }))
}

#[test]
fn a_server_is_asked_only_when_it_can_be_there() {
    let check = |service: Option<&Value>, slices: &[Arc<Value>], port: u16| {
        before_asking(&wanted(port), service, slices).map(|verdict| format!("{}: {}", verdict.reason, verdict.message))
    };
    let local = service("ClusterIP");
    let unready = "endpointslices for service/api in \"ns\" have no addresses with port name \"https\"";
    let unready = format!("MissingEndpoints: {unready}");
    let said = |service: Option<&Value>, slices: &[Arc<Value>], port, said: &str| {
        assert_eq!(check(service, slices, port).unwrap_or_default(), said);
    };
    said(None, &[], 443, "ServiceNotFound: service/api in \"ns\" is not present");
    said(Some(&local), &[], 444, "ServicePortError: service/api in \"ns\" is not listening on port 444");
    said(Some(&local), &[], 443, "EndpointsNotFound: cannot find endpointslices for service/api in \"ns\"");
    said(Some(&local), &[slice(false, "https")], 443, &unready);
    said(Some(&local), &[slice(true, "other")], 443, &unready);
    said(Some(&local), &[slice(true, "https")], 443, "");
    said(Some(&service("ExternalName")), &[], 7443, "");
}

#[test]
fn the_condition_is_written_only_when_it_says_something_else() {
    let at = |seconds| Time::from_unix(seconds);
    let missing = before_asking(&wanted(443), None, &[]).unwrap();
    let first = with_condition(&APIService::default(), &missing, at(1)).unwrap();
    assert_eq!(with_condition(&first, &missing, at(2)), None);
    let unanswered = Verdict::unanswered("no answer".into());
    let second = with_condition(&first, &unanswered, at(2)).unwrap();
    let condition = &second.status.conditions[0];
    assert_eq!((condition.reason.as_str(), condition.last_transition_time), ("FailedDiscoveryCheck", Some(at(1))));
    let third = with_condition(&second, &Verdict::passed(), at(3)).unwrap();
    let condition = &third.status.conditions[0];
    assert_eq!((condition.status.as_str(), condition.last_transition_time), ("True", Some(at(3))));
    assert_eq!(third.status.conditions.len(), 1);
}

#[test]
fn a_service_leads_to_its_own_address_or_to_an_endpoint() {
    let at = |host: &str, port| Ok(Address { host: host.into(), port });
    let by_service =
        |service: &Value, port| by_service(&wanted(port), Some(service)).map_err(|error| error.to_string());
    assert_eq!(by_service(&service("ClusterIP"), 443), at("10.96.0.7", 443));
    assert_eq!(by_service(&service("NodePort"), 1), Err("no service port 1 found for service \"api\"".into()));
    assert_eq!(by_service(&service("ExternalName"), 7443), at("localhost", 7443));
    let mut headless = service("ClusterIP");
    headless.set(&["spec", "clusterIP"], "None");
    assert_eq!(by_service(&headless, 443), Err("cannot route to service with ClusterIP \"None\"".into()));
    let by_endpoints = |service: &Value, slices: &[Arc<Value>]| {
        by_endpoints(&wanted(443), Some(service), slices, 5).map_err(|error| error.to_string())
    };
    assert_eq!(by_endpoints(&headless, &[slice(false, "https"), slice(true, "https")]), at("10.0.0.1", 8443));
    assert_eq!(by_endpoints(&headless, &[]), Err("no endpoints available for service \"api\"".into()));
    assert_eq!(by_endpoints(&service("ExternalName"), &[]), Err("unsupported service type \"ExternalName\"".into()));
}

fn object(group: &str, remote: bool) -> APIService {
    let mut object = APIService::default();
    object.metadata.name = format!("v1.{group}");
    object.spec.group = group.into();
    object.spec.version = "v1".into();
    let service = ServiceReference { namespace: "ns".into(), name: "api".into(), port: None };
    object.spec.service = remote.then(|| Box::new(service));
    object
}

#[test]
fn paths_of_other_servers_are_known_and_groups_of_the_program_stay() {
    let objects = [object("example.com", true), object("local.example.com", false), object("apps", true)];
    let builtin = |of: &(String, String)| of.0 == "apps";
    let table = Table::of(&objects, builtin, &Table::default());
    let at = |path: &str| table.at(path).map(|remote| remote.spec.name.as_str());
    for path in ["/apis/example.com/v1", "/apis/example.com/v1/", "/apis/example.com/v1/namespaces/a/things/b"] {
        assert_eq!(at(path), Some("v1.example.com"), "{path}");
    }
    for path in [
        "/apis/example.com",
        "/apis/example.com/v2",
        "/apis/apps/v1",
        "/apis/local.example.com/v1",
        "//apis/example.com/v1",
        "/api/v1",
    ] {
        assert_eq!(at(path), None, "{path}");
    }
    let spec = Spec::of(&objects[0]).unwrap();
    let documents = Arc::new(Documents { resources: Some(Value::from("known")), ..Documents::default() });
    let known = table.with(&spec, documents).unwrap();
    let again = Table::of(&objects, builtin, &known);
    assert!(again.at("/apis/example.com/v1").unwrap().documents.resources.is_some());
    let mut moved = object("example.com", true);
    moved.spec.insecure_skip_tls_verify = true;
    let after = Table::of([&moved], builtin, &known);
    assert!(
        after.at("/apis/example.com/v1").unwrap().documents.resources.is_none(),
        "another server says something else"
    );
    assert!(after.with(&spec, Arc::default()).is_none());
}

#[test]
fn versions_of_custom_resources_have_objects_that_come_and_go() {
    let served = BTreeSet::from([("example.com".to_owned(), "v1".to_owned())]);
    let none = BTreeMap::new();
    let made = plan(&served, &none);
    let [Action::Create(created)] = &made[..] else { panic!("{made:?}") };
    assert_eq!(created.metadata.name, "v1.example.com");
    assert_eq!((created.spec.group_priority_minimum, created.spec.version_priority), (1000, 100));
    let objects = BTreeMap::from([(created.metadata.name.clone(), (**created).clone())]);
    assert_eq!(plan(&served, &objects), []);
    let mut changed = objects.clone();
    changed.get_mut("v1.example.com").unwrap().spec.version_priority = 7;
    assert!(matches!(&plan(&served, &changed)[..], [Action::Update(object)] if object.spec.version_priority == 100));
    let mut gone = plan(&BTreeSet::new(), &objects);
    assert!(matches!(&gone[..], [Action::Delete { name, .. }] if name == "v1.example.com"));
    let mut definition = CustomResourceDefinition::default();
    definition.spec.group = "example.com".into();
    let version = CustomResourceDefinitionVersion { name: "v1".into(), served: true, ..Default::default() };
    definition.spec.versions = vec![version];
    keep_defined(&mut gone, &[definition]);
    assert_eq!(gone, []);
    let own = BTreeMap::from([("v1.example.com".to_owned(), object("example.com", true))]);
    assert_eq!(plan(&served, &own), [], "somebody's own object is left alone");
    assert_eq!(plan(&BTreeSet::new(), &own), []);
}

#[test]
fn old_discovery_is_read_as_the_new() {
    let list = value!({ "resources": [
        { "name": "flunders", "singularName": "flunder", "namespaced": true, "kind": "Flunder", "verbs": ["get"], "shortNames": ["fl"] },
        { "name": "flunders/status", "singularName": "", "namespaced": true, "kind": "Flunder", "verbs": ["get", "update"] },
        { "name": "fischers", "singularName": "fischer", "namespaced": false, "kind": "Fischer", "verbs": ["list"] }
    ] });
    let read = documents::resources_of_plain(&list);
    let [flunders, fischers] = read.items() else { panic!("{read:?}") };
    assert_eq!(flunders.str_at(&["scope"]), "Namespaced");
    assert_eq!(flunders.at(&["subresources"]).items()[0].str_at(&["subresource"]), "status");
    assert_eq!(fischers.str_at(&["responseKind", "kind"]), "Fischer");
    let aggregated = value!({ "items": [{
        "metadata": { "name": "wardle" }, "versions": [{ "version": "v1", "resources": (read.clone()) }]
    }] });
    let found = documents::resources_of_aggregated(&aggregated, &("wardle".into(), "v1".into()));
    assert_eq!(found, Some(read));
    assert_eq!(documents::resources_of_aggregated(&aggregated, &("wardle".into(), "v2".into())), None);
}

#[test]
fn of_a_foreign_document_only_what_its_paths_need_is_taken() {
    let reference = |name: &str| value!({ "$ref": (format!("#/definitions/{name}")) });
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    let mut definitions = value!({
        "a.Flunder": { "properties": { "metadata": (reference(meta)), "next": (reference("a.Flunder")) } },
        "a.Unused": { "type": "object" }
    });
    definitions.make_map().insert(meta, value!({ "type": "object" }));
    let document = value!({
        "paths": {
            "/apis/wardle/v1/": {},
            "/apis/wardle/v1/flunders": { "get": { "responses": { "200": { "schema": (reference("a.Flunder")) } } } },
            "/apis/wardle/v1beta1/flunders": {},
            "/version/": {}
        },
        "definitions": definitions
    });
    let read = documents::openapi2(&document, "/apis/wardle/v1");
    let keys = |value: &Value| value.as_map().unwrap().keys().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(keys(&read.paths), ["/apis/wardle/v1/", "/apis/wardle/v1/flunders"]);
    assert_eq!(keys(&read.definitions), ["a.Flunder"]);
    let index = value!({ "paths": { "apis/wardle/v1": { "serverRelativeURL": "/openapi/v3/apis/wardle/v1?hash=1" } } });
    assert_eq!(documents::openapi3_url(&index, "/apis/wardle/v1"), Some("/openapi/v3/apis/wardle/v1?hash=1"));
    let elsewhere = value!({ "paths": { "apis/wardle/v1": { "serverRelativeURL": "http://elsewhere" } } });
    assert_eq!(documents::openapi3_url(&elsewhere, "/apis/wardle/v1"), None);
}
