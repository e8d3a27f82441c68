use super::*;
use crate::shapes::{NoShapes, ResourceOf, Shapes};
use crate::{BoxFuture, Reinvocation};
use authn::UserInfo;
use schema::{TypeRef, value};
use std::sync::Arc;

/// Deployments in two versions.
struct TwoVersions;

impl Shapes for TwoVersions {
    fn equivalents(&self, group: &str, resource: &str, _subresource: &str) -> Vec<Endpoint> {
        let version = |version: &str| Endpoint {
            group: group.into(),
            version: version.into(),
            resource: resource.into(),
            kind: GroupVersionKind { group: group.into(), version: version.into(), kind: "Deployment".into() },
        };
        vec![version("v1"), version("v2")]
    }

    fn resource_of(&self, _api_version: &str, _kind: &str) -> Option<ResourceOf> {
        None
    }

    fn type_of(&self, _api_version: &str, _kind: &str) -> Option<TypeRef<'_>> {
        None
    }

    fn convert<'a>(&'a self, object: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(async move { Ok(object) })
    }

    fn settle<'a>(&'a self, written: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(async move { Ok(written) })
    }
}

struct Namespaces;

impl Lookup for Namespaces {
    fn get(&self, _group: &str, resource: &str, _namespace: &str, name: &str) -> Option<Arc<Value>> {
        (resource == "namespaces" && name == "ns")
            .then(|| Arc::new(value!({ "metadata": { "name": "ns", "labels": { "team": "a" } } })))
    }

    fn list(&self, _group: &str, _resource: &str, _namespace: &str) -> Vec<Arc<Value>> {
        Vec::new()
    }
}

/// `CREATE apps/v1/deployments/scale in ns`
fn with<T>(write: &str, object: Value, shapes: &dyn Shapes, act: impl FnOnce(&Attributes) -> T) -> T {
    let words: Vec<&str> = write.split(' ').collect();
    let parts: Vec<&str> = words[1].split('/').collect();
    let operation = match words[0] {
        "CREATE" => Operation::Create,
        "UPDATE" => Operation::Update,
        "DELETE" => Operation::Delete,
        _ => Operation::Connect,
    };
    act(&Attributes {
        operation,
        group: parts[0],
        version: parts[1],
        kind: "Deployment",
        kind_group: parts[0],
        kind_version: parts[1],
        resource: parts[2],
        subresource: parts.get(3).unwrap_or(&""),
        namespace: words.get(3).unwrap_or(&""),
        name: "x",
        object,
        old: &Value::Null,
        options: &Value::Null,
        dry_run: false,
        user: &UserInfo::default(),
        shapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Reinvocation::default(),
    })
}

/// `CREATE,UPDATE apps v1 deployments,deployments/scale [Namespaced]`
fn rule(text: &str) -> Rule {
    let words: Vec<&str> = text.split(' ').collect();
    let list =
        |text: &str| text.split(',').map(|item| if item == "core" { String::new() } else { item.into() }).collect();
    Rule {
        operations: list(words[0]),
        groups: list(words[1]),
        versions: list(words[2]),
        resources: list(words[3]),
        names: Vec::new(),
        scope: Scope::of(words.get(4).copied()),
    }
}

#[test]
fn rules_match_what_they_say() {
    for (rule_text, write, expected) in [
        ("CREATE apps v1 deployments", "CREATE apps/v1/deployments in ns", true),
        ("CREATE apps v1 deployments", "UPDATE apps/v1/deployments in ns", false),
        ("UPDATE,CREATE apps v1 deployments", "CREATE apps/v1/deployments in ns", true),
        ("* * * *", "DELETE apps/v1/deployments in ns", true),
        ("* * * *", "UPDATE apps/v1/deployments/scale in ns", false),
        ("* * * */*", "UPDATE apps/v1/deployments/scale in ns", true),
        ("* * * */*", "UPDATE apps/v1/deployments in ns", true),
        ("* * * */scale", "UPDATE apps/v1/deployments/scale in ns", true),
        ("* * * deployments/*", "UPDATE apps/v1/deployments/scale in ns", true),
        ("* * * deployments/*", "UPDATE apps/v1/deployments in ns", true),
        ("* * * deployments", "UPDATE apps/v1/deployments/scale in ns", false),
        ("* core v1 *", "CREATE apps/v1/deployments in ns", false),
        ("* * v2 deployments", "CREATE apps/v1/deployments in ns", false),
        ("* * * * Namespaced", "CREATE apps/v1/deployments in ns", true),
        ("* * * * Cluster", "CREATE apps/v1/deployments in ns", false),
        ("* * * * Cluster", "CREATE rbac/v1/clusterroles", true),
        ("* * * * Namespaced", "CREATE rbac/v1/clusterroles", false),
        ("* * * * Cluster", "CREATE /v1/namespaces in ns", true),
        ("* * * * Namespaced", "CREATE /v1/namespaces in ns", false),
        ("CONNECT core v1 pods/exec", "CONNECT /v1/pods/exec in ns", true),
    ] {
        let found = with(write, Value::Null, &NoShapes, |attributes| first_match(&[rule(rule_text)], true, attributes));
        assert_eq!(found.is_some(), expected, "{rule_text}: {write}");
    }
}

#[test]
fn a_rule_of_another_version_matches_what_is_equivalent() {
    let rules = [rule("* apps v2 deployments")];
    let seen = |equivalent| {
        with("CREATE apps/v1/deployments in ns", Value::Null, &TwoVersions, |attributes| {
            first_match(&rules, equivalent, attributes).map(|seen| seen.kind.api_version())
        })
    };
    assert_eq!(seen(true).as_deref(), Some("apps/v2"));
    assert_eq!(seen(false), None);
}

#[test]
fn selectors_of_namespaces_and_objects() {
    let selector = |key: &str, value: &str| {
        let mut selector = Value::map();
        selector.set(&["matchLabels", key], value);
        Selector::read(&selector).unwrap()
    };
    let namespace = |selector: &Selector, write: &str, object: Value| {
        with(write, object, &NoShapes, |attributes| {
            namespace_selected(selector, attributes, &Namespaces).map_err(|error| error.0.message)
        })
    };
    let labelled = value!({ "metadata": { "name": "x", "labels": { "team": "b" } } });
    assert_eq!(namespace(&selector("team", "a"), "CREATE apps/v1/deployments in ns", Value::Null), Ok(true));
    assert_eq!(namespace(&selector("team", "b"), "CREATE apps/v1/deployments in ns", Value::Null), Ok(false));
    assert_eq!(namespace(&selector("team", "b"), "CREATE rbac/v1/clusterroles", Value::Null), Ok(true));
    assert_eq!(namespace(&selector("team", "b"), "CREATE /v1/namespaces in x", labelled.clone()), Ok(true));
    assert_eq!(
        namespace(&selector("team", "b"), "CREATE apps/v1/deployments in none", Value::Null),
        Err("namespaces \"none\" not found".into())
    );
    let object = |selector: &Selector, object: Value| {
        with("CREATE apps/v1/deployments in ns", object, &NoShapes, |attributes| object_selected(selector, attributes))
    };
    assert!(object(&selector("team", "b"), labelled.clone()));
    assert!(!object(&selector("team", "a"), labelled));
    assert!(object(&Selector::default(), Value::Null));
    assert!(!object(&selector("team", "a"), Value::Null));
}
