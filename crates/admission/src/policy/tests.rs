use super::*;
use crate::shapes::{Endpoint, GroupVersionKind, ResourceOf, Shapes};
use crate::{BoxFuture, Chain, Operation, Reinvocation};
use authn::UserInfo;
use authz::{Answer, Authorizer, Decision};
use futures_util::FutureExt;
use schema::decode::{DecodeOptions, normalize};
use schema::{Schema, TypeRef, value};
use std::collections::HashMap;

/// The built-in kinds that the tests use.
struct Builtin;

impl Shapes for Builtin {
    fn equivalents(&self, _group: &str, _resource: &str, _subresource: &str) -> Vec<Endpoint> {
        Vec::new()
    }

    fn resource_of(&self, api_version: &str, kind: &str) -> Option<ResourceOf> {
        let found = GroupVersionKind::of(api_version, kind);
        (kind == "ConfigMap").then(|| ResourceOf {
            group: found.group,
            resource: "configmaps".into(),
            namespaced: true,
        })
    }

    fn type_of(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        Schema::builtin().by_kind(api_version, kind)
    }

    fn convert<'a>(&'a self, object: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(async move { Ok(object) })
    }

    fn settle<'a>(&'a self, written: Value, _api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        let ty = self.type_of(written.str_at(&["apiVersion"]), written.str_at(&["kind"])).unwrap();
        Box::pin(async move { Ok(normalize(ty, written, &DecodeOptions::default()).unwrap().value) })
    }
}

/// Allows what is asked for `allowed`, but only after a while.
struct Slow;

impl Authorizer for Slow {
    fn authorize<'a>(&'a self, attributes: &'a authz::Attributes<'a>) -> Answer<'a> {
        let decision = match attributes.name {
            "allowed" => Decision::allow("because"),
            _ => Decision::no_opinion(""),
        };
        Answer::later(async move { decision })
    }
}

#[derive(Default)]
struct Cluster(HashMap<(String, String), Vec<Arc<Value>>>);

impl Cluster {
    fn with(mut self, resource: &str, namespace: &str, object: Value) -> Cluster {
        self.0.entry((resource.into(), namespace.into())).or_default().push(Arc::new(object));
        self
    }
}

impl Lookup for Cluster {
    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.list(group, resource, namespace).into_iter().find(|object| object.str_at(&["metadata", "name"]) == name)
    }

    fn list(&self, _group: &str, resource: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.0.get(&(resource.into(), namespace.into())).cloned().unwrap_or_default()
    }
}

/// A policy of everything, with these further members of its spec.
fn policy(kind: &str, spec: Value) -> Value {
    let mut policy = value!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": { "name": "p" },
        "spec": { "failurePolicy": "Fail", "matchConstraints": { "resourceRules": [
            { "operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"] }
        ] } }
    });
    for (key, value) in spec.as_map().unwrap().iter() {
        policy.set(&["spec", key], value.clone());
    }
    policy
}

fn binding(spec: Value) -> Value {
    let mut binding = value!({ "metadata": { "name": "b" }, "spec": { "policyName": "p" } });
    for (key, value) in spec.as_map().unwrap().iter() {
        binding.set(&["spec", key], value.clone());
    }
    binding
}

fn cluster() -> Cluster {
    Cluster::default().with("namespaces", "", value!({ "metadata": { "name": "ns", "labels": { "team": "a" } } }))
}

fn config_map() -> Value {
    value!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x", "namespace": "ns" }, "data": { "n": "1" }
    })
}

struct Admitted {
    object: Value,
    warnings: Vec<String>,
    annotations: Vec<(String, String)>,
    error: Option<ApiError>,
}

fn create(cluster: &Cluster, object: Value) -> Admitted {
    let mut chain = Chain::default();
    chain.push_waiting(MutatingAdmissionPolicy::new(Arc::new(Slow)));
    chain.push_waiting(ValidatingAdmissionPolicy::new(Arc::new(Slow)));
    let user = UserInfo::new("eve", &[]);
    let mut attributes = Attributes {
        operation: Operation::Create,
        group: "",
        version: "v1",
        kind: object.str_at(&["kind"]).to_owned().leak(),
        kind_group: "",
        kind_version: "v1",
        resource: "configmaps",
        subresource: "",
        namespace: "ns",
        name: "x",
        object,
        old: &Value::Null,
        options: &Value::Null,
        dry_run: false,
        user: &user,
        shapes: &Builtin,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Reinvocation::default(),
    };
    let admitted = chain.admit(&mut attributes, cluster).now_or_never().unwrap();
    let result = match admitted {
        Ok(()) => chain.validate(&mut attributes, cluster).now_or_never().unwrap(),
        refused => refused,
    };
    Admitted {
        object: attributes.object,
        warnings: attributes.warnings,
        annotations: attributes.annotations,
        error: result.err(),
    }
}

/// With one validating policy, its binding, and further objects.
fn validated(spec: Value, bound: Value, more: Cluster) -> Admitted {
    let cluster = more.with("validatingadmissionpolicies", "", policy("ValidatingAdmissionPolicy", spec)).with(
        "validatingadmissionpolicybindings",
        "",
        binding(bound),
    );
    create(&cluster, config_map())
}

fn message(admitted: &Admitted) -> &str {
    admitted.error.as_ref().map_or("", |error| &error.0.message)
}

const DENIED: &str = "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";

fn deny() -> Value {
    value!({ "validationActions": ["Deny"] })
}

#[test]
fn expressions_decide_in_upstreams_words() {
    let cases: &[(&str, &str)] = &[
        ("object.data.n == '1'", ""),
        ("request.operation == 'CREATE' && request.userInfo.username == 'eve' && !request.dryRun", ""),
        ("namespaceObject.metadata.labels.team == 'a' && oldObject == null", ""),
        ("variables.twice == 2", ""),
        ("object.data.n == '2'", "failed expression: object.data.n == '2'"),
        ("object.data.m == '2'", "expression 'object.data.m == '2'' resulted in error: no such key: m"),
        (
            "variables.bad == 1",
            "expression 'variables.bad == 1' resulted in error: composited variable \"bad\" fails to evaluate: no such key: nope",
        ),
        ("authorizer.group('').resource('configmaps').name('allowed').check('get').allowed()", ""),
        (
            "authorizer.group('').resource('configmaps').name('other').check('get').allowed()",
            "failed expression: authorizer.group('').resource('configmaps').name('other').check('get').allowed()",
        ),
    ];
    for (expression, expected) in cases {
        let variables = value!([
            { "name": "n", "expression": "int(object.data.n)" },
            { "name": "twice", "expression": "variables.n * 2" },
            { "name": "bad", "expression": "object.data.nope" }
        ]);
        let spec = value!({ "variables": variables, "validations": [{ "expression": (*expression) }] });
        let admitted = validated(spec, deny(), cluster());
        let expected = if expected.is_empty() { String::new() } else { format!("{DENIED}{expected}") };
        assert_eq!(message(&admitted), expected, "{expression}");
        assert!(admitted.error.is_none_or(|error| error.code() == 422 && error.reason() == "Invalid"));
    }
}

#[test]
fn messages_and_reasons_are_the_policys() {
    let spec = value!({ "validations": [
        { "expression": "false", "messageExpression": "'n is ' + object.data.n", "message": "m", "reason": "Forbidden" }
    ] });
    let admitted = validated(spec, deny(), cluster());
    assert_eq!(message(&admitted), format!("{DENIED}n is 1"));
    assert_eq!(admitted.error.unwrap().code(), 403);
    let spec =
        value!({ "validations": [{ "expression": "false", "messageExpression": "object.no", "message": " m " }] });
    assert_eq!(message(&validated(spec, deny(), cluster())), format!("{DENIED}m"));
}

#[test]
fn bindings_may_warn_and_audit_instead() {
    let spec = value!({
        "validations": [{ "expression": "false", "message": "no" }],
        "auditAnnotations": [{ "key": "k", "valueExpression": "'v' + object.data.n" }]
    });
    let admitted = validated(spec, value!({ "validationActions": ["Warn", "Audit"] }), cluster());
    assert_eq!(message(&admitted), "");
    assert_eq!(admitted.warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]);
    assert_eq!(
        admitted.annotations,
        [
            (
                "validation.policy.admission.k8s.io/validation_failure".into(),
                r#"[{"message":"no","policy":"p","binding":"b","expressionIndex":0,"validationActions":["Warn","Audit"]}]"#
                    .into()
            ),
            ("p/k".into(), "v1".into())
        ]
    );
}

#[test]
fn conditions_and_failure_policies_let_writes_pass() {
    for spec in [
        value!({ "matchConditions": [{ "name": "c", "expression": "object.data.n != '1'" }] }),
        value!({ "failurePolicy": "Ignore", "validations": [{ "expression": "object.nope == 1" }] }),
    ] {
        let mut spec = spec;
        if spec.get("validations").is_none() {
            spec.set(&["validations"], value!([{ "expression": "false" }]));
        }
        assert_eq!(message(&validated(spec, deny(), cluster())), "");
    }
}

#[test]
fn params_are_found_by_name_and_selector() {
    let spec = || {
        value!({
            "paramKind": { "apiVersion": "v1", "kind": "ConfigMap" },
            "validations": [{ "expression": "params.data.max > object.data.n", "messageExpression": "string(params.metadata.name)" }]
        })
    };
    let param = |name: &str, max: &str| {
        value!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "labels": { "kind": "limit" } },
            "data": { "max": max }
        })
    };
    let with = |reference: Value| {
        let cluster =
            cluster().with("configmaps", "ns", param("high", "5")).with("configmaps", "ns", param("low", "0"));
        let bound = value!({ "validationActions": ["Deny"], "paramRef": reference });
        message(&validated(spec(), bound, cluster)).to_owned()
    };
    assert_eq!(with(value!({ "name": "high", "parameterNotFoundAction": "Deny" })), "");
    assert_eq!(with(value!({ "name": "low", "parameterNotFoundAction": "Deny" })), format!("{DENIED}low"));
    let all = value!({ "selector": { "matchLabels": { "kind": "limit" } }, "parameterNotFoundAction": "Deny" });
    assert_eq!(with(all), format!("{DENIED}low"));
    assert_eq!(
        with(value!({ "name": "none", "parameterNotFoundAction": "Deny" })),
        format!(
            "{DENIED}failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
        )
    );
    assert_eq!(with(value!({ "name": "none", "parameterNotFoundAction": "Allow" })), "");
}

fn mutated(mutations: Value) -> Admitted {
    let spec = value!({ "mutations": mutations, "reinvocationPolicy": "Never" });
    let cluster = cluster().with("mutatingadmissionpolicies", "", policy("MutatingAdmissionPolicy", spec)).with(
        "mutatingadmissionpolicybindings",
        "",
        binding(Value::map()),
    );
    create(&cluster, config_map())
}

fn apply(expression: &str) -> Value {
    value!({ "patchType": "ApplyConfiguration", "applyConfiguration": { "expression": expression } })
}

fn patch(expression: &str) -> Value {
    value!({ "patchType": "JSONPatch", "jsonPatch": { "expression": expression } })
}

#[test]
fn mutations_merge_or_patch_one_after_the_other() {
    let merging = apply("Object{metadata: Object.metadata{labels: {'a': 'b'}}}");
    let patching = patch(
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('x/y'), value: object.metadata.labels.a}]",
    );
    let admitted = mutated(Value::List(vec![merging, patching]));
    assert_eq!(message(&admitted), "");
    assert_eq!(admitted.object.at(&["metadata", "labels"]), &value!({ "a": "b", "x/y": "b" }));
}

#[test]
fn a_patch_whose_test_fails_changes_nothing() {
    let expression = "[JSONPatch{op: 'test', path: '/data/n', value: '2'}, JSONPatch{op: 'remove', path: '/data/n'}]";
    let admitted = mutated(Value::List(vec![patch(expression)]));
    assert_eq!((message(&admitted), admitted.object.str_at(&["data", "n"])), ("", "1"));
}

#[test]
fn mutations_that_fail_refuse_in_upstreams_words() {
    for (mutation, expected) in [
        (
            patch("[JSONPatch{op: 'replace', path: '/metadata/labels/a', value: 'x'}]"),
            "JSON Patch: replace operation does not apply: doc is missing path: /metadata/labels/a: missing value",
        ),
        (
            apply("Object{metadata: Object.spec{name: 'x'}}"),
            "type mismatch: unexpected type name \"Object.spec\", expected \"Object.metadata\", which matches field name path from root Object type",
        ),
        (
            apply("Object{data: {'a': object.data.nope}}"),
            "expression 'Object{data: {'a': object.data.nope}}' resulted in error: no such key: nope",
        ),
    ] {
        let admitted = mutated(Value::List(vec![mutation]));
        assert_eq!(message(&admitted), format!("policy 'p' with binding 'b' denied request: {expected}"));
        assert_eq!(admitted.error.unwrap().code(), 403);
    }
}

#[test]
fn what_is_atomic_is_not_mutated_in_part() {
    let mut pod = config_map();
    pod.set(&["kind"], "Pod");
    pod.remove(&["data"]);
    let expression = "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'c', command: ['x']}]}}";
    let spec = value!({ "mutations": [(apply(expression))], "reinvocationPolicy": "Never" });
    let cluster = cluster().with("mutatingadmissionpolicies", "", policy("MutatingAdmissionPolicy", spec)).with(
        "mutatingadmissionpolicybindings",
        "",
        binding(Value::map()),
    );
    assert_eq!(
        message(&create(&cluster, pod)),
        "policy 'p' with binding 'b' denied request: error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].command"
    );
}

#[test]
fn policies_do_not_apply_to_themselves() {
    for (group, resource) in [
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("authorization.k8s.io", "subjectaccessreviews"),
    ] {
        let user = UserInfo::default();
        let attributes = Attributes {
            operation: Operation::Create,
            group,
            version: "v1",
            kind: "",
            kind_group: group,
            kind_version: "v1",
            resource,
            subresource: "",
            namespace: "",
            name: "x",
            object: Value::Null,
            old: &Value::Null,
            options: &Value::Null,
            dry_run: false,
            user: &user,
            shapes: &Builtin,
            warnings: Vec::new(),
            annotations: Vec::new(),
            reinvocation: Reinvocation::default(),
        };
        assert!(is_exempt(&attributes), "{group}/{resource}");
    }
}
