//! Webhooks, policies and plugins that are chosen, with a real kubectl and a real webhook server.

use crate::cluster::{Cluster, text};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use serve::tls::server_config;
use serve::{Body, Handler, Identity, Peer};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// `/label` labels what it sees, `/deny` refuses; its certificate is its own authority.
struct Hook {
    url: String,
    certificate: String,
    /// `CREATE configmaps`, `UPDATE deployments/scale`
    seen: Arc<Mutex<Vec<String>>>,
    _stop: watch::Sender<bool>,
}

#[derive(Default)]
struct Answers(Arc<Mutex<Vec<String>>>);

impl Handler for Answers {
    fn handle(&self, request: Request<Incoming>, _peer: Peer) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let review: Value = serde_json::from_slice(&body).unwrap();
            let asked = &review["request"];
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let mut resource = word(&asked["resource"]["resource"]);
            if let Some(below) = asked["subResource"].as_str() {
                resource = format!("{resource}/{below}");
            }
            self.0.lock().push(format!("{} {resource}", word(&asked["operation"])));
            let mut response = json!({ "uid": asked["uid"], "allowed": path != "/deny" });
            if path == "/label" && asked["object"]["metadata"].is_object() {
                // [{"op":"add","path":"/metadata/labels","value":{"hooked":"yes"}}]
                let patch = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL21ldGFkYXRhL2xhYmVscyIsInZhbHVlIjp7Imhvb2tlZCI6InllcyJ9fV0=";
                response["patchType"] = json!("JSONPatch");
                response["patch"] = json!(patch);
                response["warnings"] = json!(["labelled"]);
            }
            if path == "/deny" {
                response["status"] = json!({ "message": "no way", "code": 403 });
            }
            let answer = json!({
                "apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response
            });
            let body = Full::new(Bytes::from(answer.to_string()));
            Response::new(body.map_err(|never| match never {}).boxed_unsync())
        })
    }
}

async fn hook() -> Hook {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let tls = server_config(&Identity { certificate: certificate.clone(), key: key.serialize_pem() }, "").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answers = Answers::default();
    let seen = answers.0.clone();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve::serve(listener, Arc::new(tls), Arc::new(answers), stopped));
    Hook { url, certificate, seen, _stop: stop }
}

/// A configuration with one webhook.
fn configuration(kind: &str, name: &str, client: Value, more: Value) -> String {
    let mut webhook = json!({
        "name": format!("{name}.example.com"), "clientConfig": client,
        "rules": [{ "operations": ["*"], "apiGroups": ["", "apps"], "apiVersions": ["*"],
                    "resources": ["configmaps", "deployments/scale", "pods/exec"] }],
        "admissionReviewVersions": ["v1"], "sideEffects": "None"
    });
    for (key, value) in more.as_object().unwrap() {
        webhook[key] = value.clone();
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": format!("{kind}WebhookConfiguration"),
        "metadata": { "name": name }, "webhooks": [webhook]
    })
    .to_string()
}

#[tokio::test]
async fn webhooks_change_and_refuse_what_kubectl_writes() {
    let (cluster, hook) = (Cluster::start().await, hook().await);
    let at = |path: &str| {
        use base64::Engine;
        let bundle = base64::engine::general_purpose::STANDARD.encode(&hook.certificate);
        json!({ "url": format!("{}{path}", hook.url), "caBundle": bundle })
    };
    cluster.ok(&["create", "-f", "-"], &configuration("Mutating", "label", at("/label"), json!({}))).await;
    let made = cluster.ok(&["create", "cm", "a", "--from-literal=a=b", "-o", "jsonpath={.metadata.labels}"], "").await;
    assert_eq!(made, r#"{"hooked":"yes"}"#);
    cluster.ok(&["create", "deployment", "d", "--image=i"], "").await;
    cluster.ok(&["scale", "deployment", "d", "--replicas=3"], "").await;
    assert_eq!(*hook.seen.lock(), ["CREATE configmaps", "UPDATE deployments/scale"]);

    let conditions = json!({ "matchConditions": [{ "name": "bad", "expression": "object.metadata.name == 'bad'" }] });
    cluster.ok(&["create", "-f", "-"], &configuration("Validating", "deny", at("/deny"), conditions)).await;
    cluster.ok(&["create", "cm", "good"], "").await;
    let refused = cluster.run(&["create", "cm", "bad"], "").await;
    assert!(
        text(&refused.stderr).contains("admission webhook \"deny.example.com\" denied the request: no way"),
        "{}",
        text(&refused.stderr)
    );
}

#[tokio::test]
async fn webhooks_that_cannot_be_asked_refuse_or_do_not() {
    let cluster = Cluster::start().await;
    let nowhere = json!({ "service": { "namespace": "default", "name": "none", "path": "/x" } });
    cluster.ok(&["create", "-f", "-"], &configuration("Validating", "one", nowhere.clone(), json!({}))).await;
    let refused = cluster.run(&["create", "cm", "a"], "").await;
    let expected = "failed calling webhook \"one.example.com\": failed to call webhook: Post \"https://none.default.svc:443/x?timeout=10s\": service \"none\" not found";
    assert!(text(&refused.stderr).contains(expected), "{}", text(&refused.stderr));
    let ignoring = configuration("Validating", "one", nowhere, json!({ "failurePolicy": "Ignore" }));
    cluster.ok(&["apply", "-f", "-"], &ignoring).await;
    cluster.ok(&["create", "cm", "a"], "").await;
}

#[tokio::test]
async fn policies_are_enforced_with_params_and_authorizer() {
    let cluster = Cluster::start().await;
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": { "name": "replicas" },
        "spec": {
            "paramKind": { "apiVersion": "v1", "kind": "ConfigMap" },
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["apps"], "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"], "resources": ["deployments"] }] },
            "variables": [{ "name": "max", "expression": "int(params.data.max)" }],
            "validations": [{
                "expression": "object.spec.replicas <= variables.max && authorizer.requestResource.check('delete').allowed()",
                "messageExpression": "'at most ' + string(variables.max)", "reason": "Forbidden"
            }]
        }
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": { "name": "replicas" },
        "spec": { "policyName": "replicas", "validationActions": ["Deny"],
            "paramRef": { "name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny" } }
    });
    cluster.ok(&["create", "cm", "limits", "--from-literal=max=2"], "").await;
    cluster.ok(&["create", "-f", "-"], &policy.to_string()).await;
    cluster.ok(&["create", "-f", "-"], &binding.to_string()).await;
    cluster.ok(&["create", "deployment", "small", "--image=i", "--replicas=2"], "").await;
    let refused = cluster.run(&["create", "deployment", "large", "--image=i", "--replicas=3"], "").await;
    let expected = "ValidatingAdmissionPolicy 'replicas' with binding 'replicas' denied request: at most 2";
    assert!(text(&refused.stderr).contains(expected), "{}", text(&refused.stderr));
}

#[tokio::test]
async fn plugins_are_chosen_and_configured() {
    let cluster = Cluster::start_with(|config| {
        let path = config.data_dir.join("admission.yaml");
        let configuration = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n\
            - name: PodSecurity\n  configuration:\n    apiVersion: pod-security.admission.config.k8s.io/v1\n\
            \x20   kind: PodSecurityConfiguration\n    defaults: {enforce: baseline}\n";
        std::fs::write(&path, configuration).unwrap();
        config.admission.config_file = Some(path);
        config.admission.enable = vec!["AlwaysPullImages".into(), "NamespaceAutoProvision".into()];
        config.admission.disable = vec!["ServiceAccount".into()];
    })
    .await;
    let run = ["run", "p", "-n", "made", "--image=i", "--image-pull-policy=Never", "-o", "jsonpath={.spec}"];
    let spec = cluster.ok(&run, "").await;
    assert!(spec.contains(r#""imagePullPolicy":"Always""#), "{spec}");
    cluster.ok(&["get", "namespace", "made"], "").await;
    let privileged = ["run", "q", "--image=i", "--privileged"];
    let refused = cluster.run(&privileged, "").await;
    assert!(text(&refused.stderr).contains("violates PodSecurity \"baseline:latest\": privileged"));
}
