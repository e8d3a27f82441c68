use super::*;
use crate::config::{ClaimRule, Issuer, Mapping, UserRule};
use crate::keys::{PublicKey, SigningKey};
use serde_json::json;

/// Knows one form: the name of a claim, or of a field of the user.
struct Names;

struct Name(String);

impl Expressions for Names {
    fn compile(&self, text: &str, _over: Over) -> Result<Box<dyn Expression>, String> {
        let name = text.split_once('.').map(|(_, name)| name.to_owned()).ok_or("no name")?;
        Ok(Box::new(Name(name)))
    }
}

impl Expression for Name {
    fn evaluate(&self, over: &Value) -> Result<Value, String> {
        Ok(over[&self.0].clone())
    }

    fn reads_claim(&self, name: &str) -> bool {
        self.0 == name
    }
}

fn config() -> JwtAuthenticator {
    let mapping =
        |claim: &str, prefix: &str| Mapping { claim: claim.into(), prefix: Some(prefix.into()), ..Mapping::default() };
    JwtAuthenticator {
        issuer: Issuer { url: "https://idp".into(), audiences: vec!["kube".into()], ..Issuer::default() },
        username: mapping("sub", "idp:"),
        groups: mapping("groups", "idp:"),
        ..JwtAuthenticator::default()
    }
}

fn user(config: JwtAuthenticator, claims: Value) -> Result<UserInfo, String> {
    let authenticator = Authenticator::new(config, &[], &Names).map_err(|error| error.to_string())?;
    authenticator.user(&claims).map_err(|error| error.to_string())
}

#[test]
fn claims_become_a_user() {
    let found = user(config(), json!({ "sub": "eve", "groups": ["dev", "ops"] })).unwrap();
    assert_eq!(found.name, "idp:eve");
    assert_eq!(found.groups, ["idp:dev", "idp:ops", "system:authenticated"]);
    assert_eq!(user(config(), json!({ "sub": "eve", "groups": "dev" })).unwrap().groups[0], "idp:dev");
    let missing = user(config(), json!({})).unwrap_err();
    assert_eq!(missing, "oidc: parse username claims \"sub\": claim not present");
}

#[test]
fn rules_must_hold() {
    let mut strict = config();
    strict.claim_validation_rules =
        vec![ClaimRule { claim: "hd".into(), required_value: "example.com".into(), ..ClaimRule::default() }];
    strict.user_validation_rules = vec![UserRule { expression: "user.uid".into(), message: "no uid".into() }];
    strict.uid = Mapping { expression: "claims.uid".into(), ..Mapping::default() };
    let other = user(strict.clone(), json!({ "sub": "eve", "uid": "7", "hd": "evil" })).unwrap_err();
    assert_eq!(other, "oidc: required claim hd value does not match. Got = evil, want = example.com");
    let user = user(strict, json!({ "sub": "eve", "uid": "7", "hd": "example.com" })).unwrap_err();
    assert_eq!(user, "oidc: error evaluating user info validation rule: validation expression must return true");
}

#[test]
fn an_unverified_email_is_nobodys_name() {
    let mut by_email = config();
    by_email.username.claim = "email".into();
    assert!(user(by_email.clone(), json!({ "email": "a@b", "email_verified": false })).is_err());
    assert_eq!(user(by_email, json!({ "email": "a@b" })).unwrap().name, "idp:a@b");
    let mut by_expression = config();
    by_expression.username = Mapping { expression: "claims.email".into(), ..Mapping::default() };
    assert!(user(by_expression, json!({ "email": "a@b" })).unwrap_err().contains("email_verified must be used"));
}

#[test]
fn tokens_are_checked_whole() {
    for algorithm in [Some(&rcgen::PKCS_ECDSA_P256_SHA256), Some(&rcgen::PKCS_ECDSA_P384_SHA384), None] {
        let pair = match algorithm {
            Some(algorithm) => rcgen::KeyPair::generate_for(algorithm).unwrap(),
            None => {
                let size = rcgen::RsaKeySize::_2048;
                rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap()
            }
        };
        let spki = rcgen::PublicKeyData::subject_public_key_info(&pair);
        let signer = SigningKey::new(&pair.serialize_der(), &spki).unwrap();
        let published = json!({ "keys": [PublicKey::from_spki(&spki).unwrap().jwk()] }).to_string();
        let keys = KeySet::parse(published.as_bytes()).unwrap();
        let sign = |change: (&str, Value)| {
            let mut claims = json!({ "iss": "https://idp", "aud": "kube", "sub": "eve", "exp": 2000 });
            claims[change.0] = change.1;
            signer.sign(&claims).unwrap()
        };
        let authenticator = Authenticator::new(config(), &[], &Names).unwrap();
        let good = sign(("sub", json!("eve")));
        assert!(authenticator.is_of(&good) && keys.may_hold(&good));
        assert_eq!(authenticator.verify(&good, &keys, 1000).unwrap()["sub"], "eve");
        for bad in [("aud", json!("other")), ("exp", json!(900)), ("nbf", json!(5000)), ("exp", Value::Null)] {
            assert!(authenticator.verify(&sign(bad.clone()), &keys, 1000).is_err(), "{bad:?}");
        }
        assert!(!authenticator.is_of(&sign(("iss", json!("https://other")))));
        assert!(authenticator.verify(&good, &KeySet::default(), 1000).is_err());
        let limited = Authenticator::new(config(), &["PS256".into()], &Names).unwrap();
        assert!(limited.verify(&good, &keys, 1000).is_err());
    }
}

#[test]
fn a_discovery_document_must_be_of_its_issuer() {
    let document = br#"{"issuer":"https://idp","jwks_uri":"https://idp/keys"}"#;
    assert_eq!(Metadata::parse(document, "https://idp").unwrap().jwks_uri, "https://idp/keys");
    assert!(Metadata::parse(document, "https://other").is_err());
    assert!(Metadata::parse(br#"{"issuer":"https://idp","jwks_uri":"http://idp/keys"}"#, "https://idp").is_err());
}
