use super::*;
use crate::keys::{KeyBlock, key_block};
use serde_json::json;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

struct Cluster {
    pod: Option<&'static str>,
    deleted_at: Option<i64>,
    secret: Option<SecretToken>,
}

impl Lookup for Cluster {
    fn find(&self, resource: Resource, namespace: &str, name: &str) -> Option<Found> {
        match resource {
            Resource::ServiceAccount if namespace == "ns" && name == "sa" => {
                Some(Found { uid: "u1".into(), deleted_at: None })
            }
            Resource::Pod => self.pod.map(|uid| Found { uid: uid.into(), deleted_at: self.deleted_at }),
            _ => None,
        }
    }
    fn secret_token(&self, _namespace: &str, _name: &str) -> Option<SecretToken> {
        self.secret.clone()
    }
}

fn cluster(pod: Option<&'static str>) -> Cluster {
    Cluster { pod, deleted_at: None, secret: None }
}

fn key() -> (SigningKey, PublicKey) {
    let key = rcgen::KeyPair::generate().unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    (SigningKey::new(&key.serialize_der(), &spki).unwrap(), PublicKey::from_spki(&spki).unwrap())
}

fn verifier(keys: Vec<PublicKey>) -> Verifier {
    Verifier::new(keys, vec![ISSUER.into(), "https://old".into()], vec![ISSUER.into()], true)
}

fn signer_and_verifier() -> (Signer, Verifier) {
    let (signing, public) = key();
    (Signer::new(signing, ISSUER), verifier(vec![public]))
}

fn claims() -> Claims {
    let bound = |name: &str, uid: &str| Bound { name: name.into(), uid: uid.into() };
    Claims {
        namespace: "ns".into(),
        service_account: bound("sa", "u1"),
        pod: Some(bound("p", "u2")),
        node: Some(bound("n", "u3")),
        secret: None,
        audiences: vec![ISSUER.into()],
        issued_at: 1_000,
        expires_at: 4_600,
        warn_after: None,
        id: "id1".into(),
    }
}

fn refusal(result: Result<Option<Authenticated>, AuthnError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_token_of_ours_is_accepted_until_it_expires() {
    let (signer, verifier) = signer_and_verifier();
    let token = signer.sign(&claims()).unwrap();
    let found = verifier.verify(&token, &[], 2_000, &cluster(Some("u2"))).unwrap().unwrap();
    assert_eq!(found.user.name, "system:serviceaccount:ns:sa");
    assert_eq!(found.user.groups, ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"]);
    assert_eq!(found.user.extra["authentication.kubernetes.io/pod-name"], ["p"]);
    assert_eq!(found.audiences, [ISSUER]);
    let late = verifier.verify(&token, &[], 4_661, &cluster(Some("u2")));
    assert_eq!(refusal(late), "service account token has expired");
}

#[test]
fn a_token_dies_with_its_pod_and_is_for_its_audience_only() {
    let (signer, verifier) = signer_and_verifier();
    let token = signer.sign(&claims()).unwrap();
    let check = |cluster: Cluster| verifier.verify(&token, &[], 2_000, &cluster);
    assert_eq!(refusal(check(cluster(None))), "service account token has been invalidated");
    assert!(refusal(check(cluster(Some("another")))).contains("pod UID (another) does not match"));
    assert!(check(Cluster { deleted_at: Some(1_950), ..cluster(Some("u2")) }).is_ok());
    assert!(check(Cluster { deleted_at: Some(1_900), ..cluster(Some("u2")) }).is_err());
    let for_vault = verifier.verify(&token, &["vault".into()], 2_000, &cluster(Some("u2")));
    assert!(refusal(for_vault).ends_with("is invalid for the target audiences [\"vault\"]"));
}

#[test]
fn keys_and_issuers_rotate() {
    let (old, new, other) = (key(), key(), key());
    let verifier = verifier(vec![new.1, old.1]);
    for (key, issuer, good) in [(new.0, ISSUER, true), (old.0, "https://old", true), (other.0, ISSUER, false)] {
        let token = Signer::new(key, issuer).sign(&claims()).unwrap();
        let found = verifier.verify(&token, &[], 2_000, &cluster(Some("u2")));
        assert_eq!(found.is_ok(), good, "{found:?}");
    }
}

#[test]
fn tokens_of_others_are_left_to_others() {
    let (_, verifier) = signer_and_verifier();
    let (other, _) = key();
    let token = Signer::new(other, "https://idp").sign(&claims()).unwrap();
    for token in [token.as_str(), "abcdef.0123456789abcdef", "", "a.b.c", "{\"payload\":\"\"}"] {
        assert_eq!(verifier.verify(token, &[], 2_000, &cluster(None)), Ok(None), "{token}");
    }
}

#[test]
fn a_legacy_token_is_good_while_its_secret_holds_it() {
    let (signing, public) = key();
    let verifier = verifier(vec![public]);
    let token = signing
        .sign(&json!({
            "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:ns:sa",
            "kubernetes.io/serviceaccount/namespace": "ns", "kubernetes.io/serviceaccount/secret.name": "s",
            "kubernetes.io/serviceaccount/service-account.name": "sa",
            "kubernetes.io/serviceaccount/service-account.uid": "u1"
        }))
        .unwrap();
    let held = |secret: Option<SecretToken>| Cluster { secret, ..cluster(None) };
    let good = SecretToken { token: token.clone().into_bytes(), ..SecretToken::default() };
    let found = verifier.verify(&token, &[], 2_000, &held(Some(good.clone()))).unwrap().unwrap();
    assert_eq!((found.user.name.as_str(), found.audiences), ("system:serviceaccount:ns:sa", vec![ISSUER.to_owned()]));
    for (secret, why) in [
        (None, "Token has been invalidated"),
        (Some(SecretToken { deleted: true, ..good.clone() }), "Token has been invalidated"),
        (Some(SecretToken { token: b"x".to_vec(), ..good.clone() }), "Token does not match server's copy"),
        (Some(SecretToken { marked_invalid: true, ..good }), "has been marked invalid"),
    ] {
        assert!(refusal(verifier.verify(&token, &[], 2_000, &held(secret))).contains(why), "{why}");
    }
}

#[test]
fn keys_are_read_in_every_form() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&pair);
    let Some(KeyBlock::Public(same)) = key_block("PUBLIC KEY", &spki) else { panic!("no public key") };
    assert_eq!(PublicKey::from_spki(&same).unwrap().algorithm(), "ES256");
    assert!(matches!(key_block("PRIVATE KEY", &pair.serialize_der()), Some(KeyBlock::Private(_))));
    assert!(key_block("ENCRYPTED PRIVATE KEY", &[]).is_none());
    assert!(PublicKey::from_spki(b"garbage").is_err());
}

#[test]
fn usernames_split() {
    assert_eq!(split_username("system:serviceaccount:a:b"), Some(("a", "b")));
    for other in ["system:serviceaccount:a", "system:serviceaccount:a:b:c", "system:serviceaccount::b", "eve"] {
        assert_eq!(split_username(other), None, "{other}");
    }
}
