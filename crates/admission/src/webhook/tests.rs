use super::*;
use crate::shapes::NoShapes;
use crate::{Chain, Operation, Reinvocation};
use authn::UserInfo;
use authz::Authorizer;
use futures_util::FutureExt;
use parking_lot::Mutex;
use schema::json::{self, Limits};
use schema::{Value, value};
use std::collections::HashMap;
use stdx::SeededRng;

/// Webhooks by their URL, each with what it answers; `{uid}` stands for the question's.
#[derive(Default)]
struct Webhooks {
    answers: HashMap<String, Result<String, String>>,
    asked: Mutex<Vec<String>>,
}

impl WebhookClient for Webhooks {
    fn post<'a>(
        &'a self,
        target: &'a Target,
        body: Vec<u8>,
        _timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        let Destination::Url(url) = &target.destination else { panic!("no services here") };
        let review = json::parse(&body, Limits::default()).unwrap();
        self.asked.lock().push(format!("{url} {}", json::to_string(review.at(&["request", "object", "data"]))));
        let uid = review.str_at(&["request", "uid"]).to_owned();
        let answer = self.answers.get(url).cloned().unwrap_or_else(|| Ok(allowed("")));
        Box::pin(async move { answer.map(|text| text.replace("{uid}", &uid).into_bytes()) })
    }
}

struct Nobody;

impl Authorizer for Nobody {
    fn authorize<'a>(&'a self, _attributes: &'a authz::Attributes<'a>) -> authz::Answer<'a> {
        authz::Decision::no_opinion("").into()
    }
}

struct Configurations(Vec<Arc<Value>>);

impl Lookup for Configurations {
    fn get(&self, _group: &str, _resource: &str, _namespace: &str, _name: &str) -> Option<Arc<Value>> {
        None
    }

    fn list(&self, _group: &str, resource: &str, _namespace: &str) -> Vec<Arc<Value>> {
        let kind = if resource.starts_with("mutating") { "Mutating" } else { "Validating" };
        self.0.iter().filter(|object| object.str_at(&["kind"]).starts_with(kind)).cloned().collect()
    }
}

/// The members of a response, after `uid` and `allowed`.
fn response(allowed: bool, more: &str) -> String {
    format!(
        "{{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\
         \"response\":{{\"uid\":\"{{uid}}\",\"allowed\":{allowed}{more}}}}}"
    )
}

fn allowed(more: &str) -> String {
    response(true, more)
}

fn patching(patch: &str) -> String {
    let patch = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, patch);
    allowed(&format!(",\"patchType\":\"JSONPatch\",\"patch\":\"{patch}\""))
}

/// A configuration of one hook at `url`, for everything; `more` are further members of the hook.
fn configuration(kind: &str, name: &str, url: &str, more: Value) -> Arc<Value> {
    let mut hook = value!({
        "name": (format!("{name}.example.com")), "clientConfig": { "url": url },
        "rules": [{ "operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"] }],
        "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5
    });
    for (key, value) in more.as_map().unwrap().iter() {
        hook.set(&[key], value.clone());
    }
    Arc::new(value!({
        "kind": (format!("{kind}WebhookConfiguration")), "apiVersion": "admissionregistration.k8s.io/v1",
        "metadata": { "name": name }, "webhooks": [(hook)]
    }))
}

struct Admitted {
    object: Value,
    asked: Vec<String>,
    warnings: Vec<String>,
    annotations: Vec<(String, String)>,
    error: Option<ApiError>,
}

/// Creates a config map with these hooks.
fn create(configurations: Vec<Arc<Value>>, answers: Vec<(&str, Result<String, String>)>, dry_run: bool) -> Admitted {
    let answers = answers.into_iter().map(|(url, answer)| (url.to_owned(), answer)).collect();
    let webhooks = Arc::new(Webhooks { answers, ..Webhooks::default() });
    let caller = || Caller { client: webhooks.clone(), rng: Arc::new(SeededRng::new(1)), authorizer: Arc::new(Nobody) };
    let mut chain = Chain::default();
    chain.push_waiting(MutatingAdmissionWebhook::new(caller()));
    chain.push_waiting(ValidatingAdmissionWebhook::new(caller()));
    let (user, lookup) = (UserInfo::new("eve", &["g"]), Configurations(configurations));
    let object = value!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x" }, "data": { "a": "1" } });
    let mut attributes = Attributes {
        operation: Operation::Create,
        group: "",
        version: "v1",
        kind: "ConfigMap",
        kind_group: "",
        kind_version: "v1",
        resource: "configmaps",
        subresource: "",
        namespace: "ns",
        name: "x",
        object,
        old: &Value::Null,
        options: &Value::Null,
        dry_run,
        user: &user,
        shapes: &NoShapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Reinvocation::default(),
    };
    let admitted = chain.admit(&mut attributes, &lookup).now_or_never().unwrap();
    let result = match admitted {
        Ok(()) => chain.validate(&mut attributes, &lookup).now_or_never().unwrap(),
        refused => refused,
    };
    let asked = std::mem::take(&mut *webhooks.asked.lock());
    Admitted {
        object: attributes.object,
        asked,
        warnings: attributes.warnings,
        annotations: attributes.annotations,
        error: result.err(),
    }
}

fn message(result: &Admitted) -> &str {
    result.error.as_ref().map_or("", |error| &error.0.message)
}

const ADD_B: &str = r#"[{"op":"add","path":"/data/b","value":"2"}]"#;

#[test]
fn hooks_run_in_the_order_of_configurations_and_see_what_others_made() {
    let configurations = vec![
        configuration("Mutating", "two", "https://two", Value::map()),
        configuration("Mutating", "one", "https://one", Value::map()),
    ];
    let result = create(configurations, vec![("https://one", Ok(patching(ADD_B)))], false);
    assert_eq!(message(&result), "");
    assert_eq!(result.asked, [r#"https://one {"a":"1"}"#, r#"https://two {"a":"1","b":"2"}"#]);
    assert_eq!(result.object.str_at(&["data", "b"]), "2");
    assert_eq!(
        result.annotations[0],
        (
            "mutation.webhook.admission.k8s.io/round_0_index_0".into(),
            r#"{"configuration":"one","webhook":"one.example.com","mutated":true}"#.into()
        )
    );
}

#[test]
fn a_hook_that_asks_for_it_runs_again_when_another_changed_the_object_after_it() {
    let again = value!({ "reinvocationPolicy": "IfNeeded" });
    let configurations = vec![
        configuration("Mutating", "one", "https://one", again.clone()),
        configuration("Mutating", "three", "https://three", again),
        configuration("Mutating", "two", "https://two", Value::map()),
    ];
    let result = create(configurations, vec![("https://two", Ok(patching(ADD_B)))], false);
    assert_eq!(
        result.asked,
        [
            r#"https://one {"a":"1"}"#,
            r#"https://three {"a":"1"}"#,
            r#"https://two {"a":"1"}"#,
            r#"https://one {"a":"1","b":"2"}"#,
            r#"https://three {"a":"1","b":"2"}"#
        ]
    );
}

#[test]
fn answers_decide_in_upstreams_words() {
    let call = "Internal error occurred: failed calling webhook \"one.example.com\": ";
    let status = |status: &str| Ok(response(false, &format!(",\"status\":{status}")));
    for (answer, code, expected) in [
        (
            Ok(response(false, "")),
            400,
            "admission webhook \"one.example.com\" denied the request without explanation".into(),
        ),
        (
            status(r#"{"message":"no","code":403}"#),
            403,
            "admission webhook \"one.example.com\" denied the request: no".into(),
        ),
        (status(r#"{"reason":"Why"}"#), 400, "admission webhook \"one.example.com\" denied the request: Why".into()),
        (Err("EOF".into()), 500, format!("{call}failed to call webhook: EOF")),
        (
            Ok(allowed("").replace("{uid}", "other")),
            500,
            format!(
                "{call}received invalid webhook response: expected response.uid=\"e99ff867-dbf6-42f6-8e1b-2a8b7b6a9a5e\", got \"other\""
            ),
        ),
        (
            Ok(r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.into()),
            500,
            format!("{call}received invalid webhook response: webhook response was absent"),
        ),
        (
            Ok(allowed(",\"patch\":\"W10=\"")),
            500,
            format!(
                "{call}received invalid webhook response: webhook returned response.patch but not response.patchType"
            ),
        ),
    ] {
        let configurations = vec![configuration("Mutating", "one", "https://one", Value::map())];
        let result = create(configurations, vec![("https://one", answer)], false);
        let got = message(&result).to_owned();
        let same = match expected.find("expected response.uid") {
            Some(at) => got.starts_with(&expected[..at]) && got.ends_with("got \"other\""),
            None => got == expected,
        };
        assert!(same, "{got}\n{expected}");
        assert_eq!(result.error.unwrap().code(), code, "{expected}");
    }
}

#[test]
fn failures_are_ignored_where_the_policy_says_so() {
    let ignore = value!({ "failurePolicy": "Ignore" });
    for (kind, annotation) in [("Mutating", "failed-open.mutating"), ("Validating", "failed-open.validating")] {
        let configurations = vec![configuration(kind, "one", "https://one", ignore.clone())];
        let result = create(configurations, vec![("https://one", Err("EOF".into()))], false);
        assert_eq!(message(&result), "");
        assert!(result.annotations[0].0.starts_with(annotation));
        let configurations = vec![configuration(kind, "one", "https://one", ignore.clone())];
        let result = create(configurations, vec![("https://one", Ok(response(false, "")))], false);
        assert!(message(&result).contains("denied the request"));
    }
}

#[test]
fn dry_runs_ask_only_hooks_without_effects() {
    let configurations = vec![configuration("Validating", "one", "https://one", value!({ "sideEffects": "Some" }))];
    let result = create(configurations, vec![], true);
    assert_eq!(message(&result), "admission webhook \"one.example.com\" does not support dry run");
    assert!(result.asked.is_empty());
}

#[test]
fn warnings_and_annotations_are_passed_on() {
    let configurations = vec![
        configuration("Validating", "one", "https://one", Value::map()),
        configuration("Validating", "two", "https://two", Value::map()),
    ];
    let one = allowed(r#","warnings":["w"],"auditAnnotations":{"k":"v"}"#);
    let result = create(configurations, vec![("https://one", Ok(one))], false);
    assert_eq!(result.warnings, ["w"]);
    assert_eq!(result.annotations, [("one.example.com/k".into(), "v".into())]);
    assert_eq!(result.asked.len(), 2);
}

#[test]
fn a_review_says_everything() {
    let user = UserInfo::new("eve", &["g"]);
    let (old, options) = (Value::Null, value!({ "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" }));
    let attributes = Attributes {
        operation: Operation::Create,
        group: "",
        version: "v1",
        kind: "Eviction",
        kind_group: "policy",
        kind_version: "v1",
        resource: "pods",
        subresource: "eviction",
        namespace: "ns",
        name: "x",
        object: value!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "x" } }),
        old: &old,
        options: &options,
        dry_run: true,
        user: &user,
        shapes: &NoShapes,
        warnings: Vec::new(),
        annotations: Vec::new(),
        reinvocation: Reinvocation::default(),
    };
    let seen = attributes.as_requested();
    let asking = review::request(&attributes, &seen, "u", config::ReviewVersion::V1);
    let body = asking.now_or_never().unwrap().unwrap().body;
    let wanted = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
        "dryRun":true,"kind":{"group":"policy","kind":"Eviction","version":"v1"},"name":"x","namespace":"ns",
        "object":{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"x"}},"oldObject":null,
        "operation":"CREATE","options":{"apiVersion":"meta.k8s.io/v1","kind":"CreateOptions"},
        "requestKind":{"group":"policy","kind":"Eviction","version":"v1"},
        "requestResource":{"group":"","resource":"pods","version":"v1"},"requestSubResource":"eviction",
        "resource":{"group":"","resource":"pods","version":"v1"},"subResource":"eviction","uid":"u",
        "userInfo":{"groups":["g","system:authenticated"],"username":"eve"}}}"#;
    let parse = |text: &[u8]| json::parse(text, Limits::default()).unwrap();
    assert_eq!(parse(&body), parse(wanted.as_bytes()));
}
