use super::*;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

struct Cluster {
    pod: Option<&'static str>,
}

impl Lookup for Cluster {
    fn service_account_uid(&self, namespace: &str, name: &str) -> Option<String> {
        (namespace == "ns" && name == "sa").then(|| "u1".into())
    }
    fn pod_uid(&self, _: &str, _: &str) -> Option<String> {
        self.pod.map(str::to_owned)
    }
    fn node_uid(&self, _: &str) -> Option<String> {
        None
    }
    fn secret_uid(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

fn keys() -> (Signer, Verifier) {
    let key = rcgen::KeyPair::generate().unwrap();
    let signer =
        Signer::new(&key.serialize_pem(), &rcgen::PublicKeyData::subject_public_key_info(&key), ISSUER).unwrap();
    (signer, Verifier::new(&[&key.public_key_pem()], ISSUER, &[ISSUER]).unwrap())
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

#[test]
fn a_token_of_ours_is_accepted_until_it_expires() {
    let (signer, verifier) = keys();
    let token = signer.sign(&claims()).unwrap();
    assert!(verifier.claims_to_be_ours(&token));
    let (user, audiences) = verifier.verify(&token, &[], 2_000, &Cluster { pod: Some("u2") }).unwrap();
    assert_eq!(user.name, "system:serviceaccount:ns:sa");
    assert_eq!(user.groups, ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"]);
    assert_eq!(user.extra["authentication.kubernetes.io/pod-name"], ["p"]);
    assert_eq!(audiences, [ISSUER]);
    assert!(verifier.verify(&token, &[], 4_600, &Cluster { pod: Some("u2") }).is_err());
}

#[test]
fn a_token_dies_with_its_pod_and_is_for_its_audience_only() {
    let (signer, verifier) = keys();
    let token = signer.sign(&claims()).unwrap();
    assert!(verifier.verify(&token, &[], 2_000, &Cluster { pod: None }).is_err());
    assert!(verifier.verify(&token, &[], 2_000, &Cluster { pod: Some("another") }).is_err());
    assert!(verifier.verify(&token, &["vault".into()], 2_000, &Cluster { pod: Some("u2") }).is_err());
}

#[test]
fn a_token_signed_by_another_key_is_refused() {
    let (signer, _) = keys();
    let (_, verifier) = keys();
    assert!(verifier.verify(&signer.sign(&claims()).unwrap(), &[], 2_000, &Cluster { pod: Some("u2") }).is_err());
}

#[test]
fn usernames_split() {
    assert_eq!(split_username("system:serviceaccount:a:b"), Some(("a", "b")));
    for other in ["system:serviceaccount:a", "system:serviceaccount:a:b:c", "system:serviceaccount::b", "eve"] {
        assert_eq!(split_username(other), None, "{other}");
    }
}
