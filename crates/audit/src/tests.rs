//! Policies as files, and events as lines.

use super::*;
use authn::UserInfo;
use schema::{MicroTime, Value};

const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ["system:kube-proxy"], verbs: [watch], resources: [{group: "", resources: [endpoints, services]}]}
- {level: None, nonResourceURLs: ["/healthz*", /version]}
- {level: Metadata, resources: [{group: "", resources: [secrets, "pods/*", "*/scale"]}]}
- {level: RequestResponse, omitManagedFields: true, resources: [{group: apps, resources: [deployments], resourceNames: [web]}], namespaces: [default]}
- {level: Request, userGroups: [admins], omitStages: [ResponseStarted]}
- {level: None, resources: [{group: batch}]}
- {level: Metadata}
"#;

/// `user/group verb group/resource/subresource namespace name` or `user/group verb path`
fn level(policy: &Policy, line: &str) -> &'static str {
    let words: Vec<&str> = line.split(' ').collect();
    let (name, group) = words[0].split_once('/').unwrap();
    let user = UserInfo::new(name, &[group]);
    let mut asked = Asked {
        user: &user,
        verb: words[1],
        is_resource: words.len() > 3,
        group: "",
        resource: "",
        subresource: "",
        name: "",
        namespace: "",
        path: words[2],
    };
    if let [_, _, what, namespace, name] = words[..] {
        let parts: Vec<&str> = what.split('/').collect();
        (asked.group, asked.resource, asked.subresource) = (parts[0], parts[1], parts[2]);
        (asked.namespace, asked.name) = (namespace, name);
    }
    policy.decide(&asked).level.name()
}

#[test]
fn the_first_rule_that_matches_decides() {
    let policy = Policy::parse(POLICY.as_bytes()).unwrap();
    let cases = [
        ("system:kube-proxy/g watch /services/ ns -", "None"),
        ("system:kube-proxy/g list /services/ ns -", "Metadata"),
        ("a/g get /healthz/etcd", "None"),
        ("a/g get /healthz", "None"),
        ("a/g get /versions", "Metadata"),
        ("a/admins get /secrets/ ns x", "Metadata"),
        ("a/admins get /pods/log ns x", "Metadata"),
        ("a/admins get /pods/ ns x", "Metadata"),
        ("a/admins get /services/scale ns x", "Metadata"),
        ("a/g update apps/deployments/ default web", "RequestResponse"),
        ("a/g update apps/deployments/ default other", "Metadata"),
        ("a/g update apps/deployments/ other web", "Metadata"),
        ("a/g update apps/deployments/scale default web", "Metadata"),
        ("a/admins get /nodes/ - n", "Request"),
        ("a/g get batch/jobs/ ns x", "None"),
    ];
    for (line, expected) in cases {
        assert_eq!(level(&policy, line), expected, "{line}");
    }
    let user = UserInfo::new("a", &["admins"]);
    let asked = Asked {
        user: &user,
        verb: "get",
        is_resource: false,
        group: "",
        resource: "",
        subresource: "",
        name: "",
        namespace: "",
        path: "/x",
    };
    assert_eq!(policy.decide(&asked).omit_stages, [Stage::RequestReceived, Stage::ResponseStarted]);
}

#[test]
fn wrong_policies_are_refused() {
    let refused = |rules: &str| {
        Policy::parse(format!("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: {rules}\n").as_bytes()).unwrap_err()
    };
    for (rules, expected) in [
        ("[]", "loaded illegal policy with 0 rules"),
        ("[{level: All}]", "rules[0].level: Unsupported value: \"All\""),
        ("[{level: None, nonResourceURLs: [x]}]", "must begin with a '/' character"),
        ("[{level: None, nonResourceURLs: ['/a*/b']}]", "must be the final character"),
        ("[{level: None, nonResourceURLs: ['/a'], namespaces: [b]}]", "rules cannot apply to both"),
        ("[{level: None, omitStages: [Never]}]", "allowed stages are"),
        ("[{level: None, user: [a]}]", "unknown field \"rules[0].user\""),
    ] {
        let error = refused(rules);
        assert!(error.contains(expected), "{rules}: {error}");
    }
}

fn event() -> Event {
    let mut status = Value::map();
    status.set(&["code"], 201i64);
    Event {
        level: Level::Request,
        audit_id: "1-2".into(),
        stage: Stage::ResponseComplete,
        request_uri: "/api/v1/namespaces/a/pods?x=<".into(),
        verb: "create".into(),
        user: UserInfo::new("u", &["g", "h"]),
        impersonated: None,
        source_ips: vec!["10.0.0.1".into()],
        user_agent: "kubectl".into(),
        object: Some(ObjectRef {
            resource: "pods".into(),
            namespace: "a".into(),
            api_version: "v1".into(),
            ..ObjectRef::default()
        }),
        response_status: Some(status),
        request_object: Some("{\"kind\":\"Pod\"}\n".into()),
        response_object: None,
        received: MicroTime::from_unix_micros(1_000_001),
        stage_time: MicroTime::from_unix_micros(2_000_000),
        annotations: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
    }
}

#[test]
fn events_are_written_as_upstream_does() {
    let mut out = Vec::new();
    event().encode(&mut out);
    let expected = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1-2","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/pods?x=\u003c","verb":"create","user":{"username":"u","groups":["g","h","system:authenticated"]},"sourceIPs":["10.0.0.1"],"userAgent":"kubectl","objectRef":{"resource":"pods","namespace":"a","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"kind":"Pod"},"requestReceivedTimestamp":"1970-01-01T00:00:01.000001Z","stageTimestamp":"1970-01-01T00:00:02.000000Z","annotations":{"a":"1","b":"2"}}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let legacy = event().legacy();
    assert_eq!(
        legacy,
        r#"1970-01-01T00:00:01.000001Z AUDIT: id="1-2" stage="ResponseComplete" ip="10.0.0.1" method="create" user="u" groups="\"g\",\"h\",\"system:authenticated\"" as="<self>" asgroups="<lookup>" user-agent="kubectl" namespace="a" uri="/api/v1/namespaces/a/pods?x=<" response="201""#
    );
    let cut = event().truncated();
    assert!(cut.request_object.is_none() && cut.annotations.contains_key("audit.k8s.io/truncated"));
}
