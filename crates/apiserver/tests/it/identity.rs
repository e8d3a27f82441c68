//! Who is who and who may what, with the other servers that are asked about it.

use crate::cluster::Cluster;
use crate::desk::{Desk, rsa};
use serde_json::{Value, json};

/// A path that nobody of these tests may get: the refusal names the caller.
const PATH: &str = "/api/v1/nodes";

fn refusal_of(user: &str) -> String {
    format!("User \\\"{user}\\\" cannot list resource \\\"nodes\\\"")
}

fn authentication(desk: &Desk, prefix: &str) -> String {
    json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
        "anonymous": { "enabled": true, "conditions": [{ "path": "/healthz" }] },
        "jwt": [{
            "issuer": { "url": desk.url, "audiences": ["kube"], "certificateAuthority": desk.authority },
            "claimMappings": {
                "username": { "expression": format!("'{prefix}' + claims.sub") },
                "groups": { "claim": "groups", "prefix": "idp:" }
            },
            "claimValidationRules": [{ "expression": "claims.?team.orValue('') != 'evil'", "message": "not they" }],
            "userValidationRules": [{ "expression": "!user.username.endsWith(':root')" }]
        }]
    })
    .to_string()
}

#[tokio::test]
async fn tokens_of_every_kind_name_their_users() {
    let desk = Desk::start().await;
    let mut file = Default::default();
    let cluster = Cluster::start_with(|config| {
        file = config.data_dir.join("authentication.json");
        std::fs::write(&file, authentication(&desk, "idp:")).unwrap();
        let tokens = config.data_dir.join("tokens.csv");
        std::fs::write(&tokens, "file-token,file-eve,7,\"dev,ops\"\n").unwrap();
        config.authentication.authentication_config = Some(file.clone());
        config.authentication.token_auth_file = Some(tokens);
        config.authentication.enable_bootstrap_token_auth = true;
        config.authentication.token_webhook_config_file = Some(desk.kubeconfig(&config.data_dir, "tokens"));
    })
    .await;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
        "metadata": { "name": "bootstrap-token-abcdef", "namespace": "kube-system" },
        "stringData": {
            "token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"
        }
    });
    cluster.ok(&["create", "-f", "-"], &secret.to_string()).await;
    cluster.ok(&["create", "serviceaccount", "bot"], "").await;
    let account = cluster.ok(&["create", "token", "bot"], "").await;
    let issued = desk.token(json!({ "sub": "eve", "groups": ["dev"] }));
    for (token, user) in [
        ("file-token", "file-eve"),
        ("abcdef.0123456789abcdef", "system:bootstrap:abcdef"),
        ("webhook-token", "webhook-eve"),
        (account.trim(), "system:serviceaccount:default:bot"),
        (&issued, "idp:eve"),
    ] {
        let said = cluster.get(PATH, Some(token)).await.unwrap_err();
        assert!(said.contains(&refusal_of(user)), "{user}: {said}");
    }
    for bad in [
        "nobody's",
        "abcdef.0123456789abcdee",
        &desk.token(json!({ "sub": "eve", "aud": "other" })),
        &desk.token(json!({ "sub": "eve", "team": "evil" })),
        &desk.token(json!({ "sub": "root" })),
        &desk.token(json!({ "sub": "eve", "exp": 1 })),
        &format!("{issued}x"),
    ] {
        let said = cluster.get(PATH, Some(bad)).await.unwrap_err();
        assert!(said.contains("401"), "{bad}: {said}");
    }
    assert_eq!(cluster.get("/healthz", None).await.unwrap(), "ok");
    assert!(cluster.get("/version", None).await.unwrap_err().contains("401"));
    std::fs::write(&file, authentication(&desk, "changed:")).unwrap();
    cluster.get_until(PATH, Some(&issued), &refusal_of("changed:eve")).await;
    std::fs::write(&file, "nonsense").unwrap();
    cluster.get_until(PATH, Some(&issued), &refusal_of("changed:eve")).await;
}

fn authorization(conf: &std::path::Path, condition: &str) -> String {
    json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration",
        "authorizers": [
            { "type": "Webhook", "name": "desk", "webhook": {
                "timeout": "3s", "subjectAccessReviewVersion": "v1", "failurePolicy": "Deny",
                "matchConditionSubjectAccessReviewVersion": "v1", "authorizedTTL": "1s", "unauthorizedTTL": "1s",
                "connectionInfo": { "type": "KubeConfigFile", "kubeConfigFile": conf },
                "matchConditions": [{ "expression": condition }]
            } },
            { "type": "Node", "name": "node" },
            { "type": "RBAC", "name": "rbac" }
        ]
    })
    .to_string()
}

#[tokio::test]
async fn a_webhook_decides_where_its_conditions_hold() {
    let desk = Desk::start().await;
    let (mut file, mut conf) = (Default::default(), Default::default());
    let cluster = Cluster::start_with(|config| {
        conf = desk.kubeconfig(&config.data_dir, "access");
        file = config.data_dir.join("authorization.json");
        std::fs::write(&file, authorization(&conf, "request.user.startsWith('hook-')")).unwrap();
        let tokens = config.data_dir.join("tokens.csv");
        std::fs::write(&tokens, "good,hook-good,1\nbad,hook-bad,2\nplain,plain,3\n").unwrap();
        config.authorization.config_file = Some(file.clone());
        config.authentication.token_auth_file = Some(tokens);
    })
    .await;
    let listed = cluster.get("/api/v1/nodes?fieldSelector=metadata.name%3Dn", Some("good")).await.unwrap();
    assert!(listed.contains("NodeList"), "{listed}");
    let refused = cluster.get(PATH, Some("bad")).await.unwrap_err();
    assert!(refused.contains("says the desk"), "{refused}");
    let plain = cluster.get(PATH, Some("plain")).await.unwrap_err();
    assert!(plain.contains(&refusal_of("plain")) && !plain.contains("desk"), "{plain}");
    let seen: Vec<Value> = desk.seen.lock().clone();
    assert!(seen.iter().all(|review| review["spec"]["user"] != "plain"), "{seen:?}");
    let asked = &seen[0]["spec"]["resourceAttributes"];
    assert_eq!((asked["resource"].as_str(), asked["verb"].as_str()), (Some("nodes"), Some("list")));
    let selector = json!({ "key": "metadata.name", "operator": "In", "values": ["n"] });
    assert_eq!(asked["fieldSelector"]["requirements"][0], selector);
    let rules = cluster.ok(&["auth", "can-i", "--list", "--as", "plain"], "").await;
    assert!(rules.contains("selfsubjectreviews"), "{rules}");
    std::fs::write(&file, authorization(&conf, "request.user == 'plain'")).unwrap();
    cluster.get_until(PATH, Some("plain"), "says the desk").await;
    cluster.get_until(PATH, Some("good"), &refusal_of("hook-good")).await;
}

#[tokio::test]
async fn keys_of_service_accounts_rotate() {
    let old = rcgen::KeyPair::generate().unwrap();
    let cluster = Cluster::start_with(|config| {
        let write = |name: &str, pem: &str| {
            let path = config.data_dir.join(name);
            std::fs::write(&path, pem).unwrap();
            path
        };
        let pair = rsa();
        let signing = write("signing.key", &pair.serialize_pem());
        let verifying = [write("signing.pub", &pair.public_key_pem()), write("old.pub", &old.public_key_pem())];
        config.authentication.service_account_signing_key_file = Some(signing);
        config.authentication.service_account_key_files = verifying.into();
        config.authentication.service_account_issuers = vec!["https://new".into(), "https://old".into()];
    })
    .await;
    cluster.ok(&["create", "serviceaccount", "bot"], "").await;
    let token = cluster.ok(&["create", "token", "bot"], "").await;
    let user = refusal_of("system:serviceaccount:default:bot");
    assert!(cluster.get(PATH, Some(token.trim())).await.unwrap_err().contains(&user));
    let uid = cluster.ok(&["get", "serviceaccount", "bot", "-o", "jsonpath={.metadata.uid}"], "").await;
    let spki = rcgen::PublicKeyData::subject_public_key_info(&old);
    let old_key = authn::keys::SigningKey::new(&old.serialize_der(), &spki).unwrap();
    let by_old = |issuer: &str| {
        let claims = json!({
            "iss": issuer, "aud": ["https://new"], "exp": 4_000_000_000_i64,
            "sub": "system:serviceaccount:default:bot",
            "kubernetes.io": { "namespace": "default", "serviceaccount": { "name": "bot", "uid": uid } }
        });
        old_key.sign(&claims).unwrap()
    };
    assert!(cluster.get(PATH, Some(&by_old("https://old"))).await.unwrap_err().contains(&user));
    assert!(cluster.get(PATH, Some(&by_old("https://other"))).await.unwrap_err().contains("401"));
    let keys: Value = serde_json::from_str(&cluster.ok(&["get", "--raw", "/openid/v1/jwks"], "").await).unwrap();
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    let document = cluster.ok(&["get", "--raw", "/.well-known/openid-configuration"], "").await;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["issuer"], "https://new");
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256", "RS256"]));
}

#[tokio::test]
async fn impersonation_may_be_for_one_action_alone() {
    let cluster = Cluster::start_with(|config| {
        let tokens = config.data_dir.join("tokens.csv");
        std::fs::write(&tokens, "support,support,1\n").unwrap();
        config.authentication.token_auth_file = Some(tokens);
    })
    .await;
    let rights = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: support}
rules:
- {apiGroups: [authentication.k8s.io], resources: [users], resourceNames: [eve], verbs: ["impersonate:user-info"]}
- {apiGroups: [""], resources: [configmaps], verbs: ["impersonate-on:user-info:list"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: support}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: support}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: support}]
"#;
    cluster.ok(&["create", "-f", "-"], rights).await;
    cluster.ok(&["create", "clusterrole", "reader", "--verb=list", "--resource=configmaps"], "").await;
    cluster.ok(&["create", "clusterrolebinding", "eve", "--clusterrole=reader", "--user=eve"], "").await;
    let ca = cluster.directory().join("ca.crt");
    std::fs::write(&ca, cluster.server.pki.ca()).unwrap();
    let plain = cluster.directory().join("plain.conf");
    std::fs::write(&plain, "apiVersion: v1\nkind: Config\n").unwrap();
    let as_eve = |verb: &'static str, what: &'static str| {
        let arguments: Vec<String> = [
            "--kubeconfig",
            plain.to_str().unwrap(),
            "--server",
            &cluster.server.url,
            "--token",
            "support",
            "--certificate-authority",
            ca.to_str().unwrap(),
            "--as",
            "eve",
            verb,
            what,
        ]
        .map(str::to_owned)
        .into();
        arguments
    };
    let run = async |arguments: Vec<String>, wanted: &str| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        cluster.until(&arguments, wanted).await;
    };
    run(as_eve("get", "configmaps"), "No resources found").await;
    run(as_eve("get", "pods"), "cannot impersonate-on:user-info:list resource \"pods\"").await;
}
