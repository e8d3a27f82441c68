//! Values that others encrypted, and configurations.

use super::*;
use crate::ciphers::{Cbc, Cipher, Gcm};
use crate::config::{KmsConfig, Means};
use crate::envelope::{EncryptedObject, SOURCE_KEY, SOURCE_SEED};
use crate::service::{BoxFuture, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse};
use bytes::Bytes;
use prost::Message;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use stdx::{Clock, Rng, SeededRng, SystemClock};

const KEY: &[u8] = b"/registry/secrets/default/one";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// For futures that never wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Encrypts by turning bytes round.
struct Mirror;

impl KeyService for Mirror {
    fn status(&self) -> BoxFuture<'_, Result<Status, String>> {
        let status = Status { version: "v2".into(), healthz: "ok".into(), key_id: "1".into() };
        Box::pin(async { Ok(status) })
    }

    fn encrypt(&self, request: EncryptRequest) -> BoxFuture<'_, Result<EncryptResponse, String>> {
        let ciphertext = request.plaintext.into_iter().rev().collect();
        Box::pin(async { Ok(EncryptResponse { ciphertext, key_id: "1".into(), annotations: Default::default() }) })
    }

    fn decrypt(&self, request: DecryptRequest) -> BoxFuture<'_, Result<DecryptResponse, String>> {
        Box::pin(async { Ok(DecryptResponse { plaintext: request.ciphertext.into_iter().rev().collect() }) })
    }
}

fn transformers(resources: &str) -> Result<Transformers, String> {
    let text =
        format!("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n{resources}");
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SeededRng::new(1)));
    let connect = |_: &KmsConfig| Arc::new(Mirror) as Arc<dyn KeyService>;
    EncryptionConfig::parse(text.as_bytes())?.transformers(&Means { connect: &connect, clock: &clock, rng: &rng })
}

const SECRET_1: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECRET_2: &str = "c2VjcmV0IGlzIHNlY3VyZQ==";

#[test]
fn what_openssl_encrypted_is_read() {
    let of = transformers(&format!(
        "- resources: [secrets]\n  providers: [{{aescbc: {{keys: [{{name: key1, secret: {SECRET_1}}}]}}}}]\n"
    ));
    let of = of.unwrap();
    let chain = of.for_resource("", "secrets").unwrap();
    let mut stored = b"k8s:enc:aescbc:v1:key1:".to_vec();
    stored.extend(hex(
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf966cd5b66ce3665c80eca04c848a2c7f84f7531745c6fa8477b8169d41fb74ce",
    ));
    let opened = now(chain.open(&stored.into(), KEY)).unwrap();
    assert_eq!(opened, Opened { plain: Bytes::from_static(b"k8s\0hello secret"), stale: false });
}

#[test]
fn published_vectors_of_the_ciphers_are_read() {
    let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let context = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let sealed = hex(
        "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    );
    assert_eq!(Gcm::new(&key).unwrap().open(&sealed, &context), Ok(plain));
    let secretbox =
        Cipher::secretbox(&hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")).unwrap();
    let sealed = hex(
        "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5",
    );
    let plain = hex(
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
    );
    assert_eq!(secretbox.open(&sealed, b""), Ok(plain));
}

#[test]
fn every_cipher_reads_what_it_wrote_and_refuses_what_was_changed() {
    let rng = SeededRng::new(7);
    let key = [3; 32];
    let ciphers = [
        Cipher::AesCbc(Box::new(Cbc::new(&key).unwrap())),
        Cipher::AesGcm(Gcm::new(&key[..24]).unwrap()),
        Cipher::secretbox(&key).unwrap(),
    ];
    for (at, cipher) in ciphers.iter().enumerate() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let plain = vec![5; len];
            let mut sealed = Vec::new();
            cipher.seal(&rng, &plain, KEY, &mut sealed).unwrap();
            assert_eq!(cipher.open(&sealed, KEY).as_ref(), Ok(&plain), "{at} {len}");
            *sealed.last_mut().unwrap() ^= 1;
            assert_ne!(cipher.open(&sealed, KEY), Ok(plain), "{at} {len}");
            for short in 0..sealed.len().min(64) {
                let _ = cipher.open(&sealed[..short], KEY);
            }
        }
    }
}

#[test]
fn keys_are_rotated_by_order() {
    let keys = |order: &str| {
        transformers(&format!(
            "- resources: [secrets]\n  providers:\n  - aesgcm: {{keys: [{order}]}}\n  - identity: {{}}\n"
        ))
        .unwrap()
    };
    let (one, two) = (format!("{{name: '1', secret: {SECRET_1}}}"), format!("{{name: '2', secret: {SECRET_2}}}"));
    let before = keys(&one);
    let stored: Bytes = before.for_resource("", "secrets").unwrap().seal(b"value", KEY).unwrap().into();
    assert!(stored.starts_with(b"k8s:enc:aesgcm:v1:1:"));
    let open = |of: &Transformers, data: &Bytes| now(of.for_resource("", "secrets").unwrap().open(data, KEY));
    assert!(!open(&before, &stored).unwrap().stale);
    assert!(open(&keys(&format!("{two}, {one}")), &stored).unwrap().stale);
    assert!(open(&before, &Bytes::from_static(b"{}")).unwrap().stale);
    let gone = open(&keys(&two), &stored).unwrap_err().to_string();
    assert_eq!(gone, "no matching key was found for the provided AES transformer");
    let unknown = open(&before, &Bytes::from_static(b"k8s:enc:secretbox:v1:1:")).unwrap_err().to_string();
    assert_eq!(unknown, "no matching prefix found");
}

#[test]
fn resources_find_their_chain_by_wildcards_and_order() {
    let identity = "  providers: [{identity: {}}]\n";
    let of = transformers(&format!(
        "- resources: [secrets, deployments.apps]\n{identity}- resources: ['*.apps']\n{identity}- resources: [daemonsets.apps]\n{identity}"
    ));
    let of = of.unwrap();
    let names: Vec<&str> = of.of.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["secrets", "deployments.apps", "*.apps"]);
    let has = |group: &str, plural: &str| of.for_resource(group, plural).is_some();
    assert!(has("", "secrets") && has("apps", "deployments") && has("apps", "daemonsets"));
    assert!(!has("", "configmaps") && !has("batch", "jobs"));
    let all = transformers(&format!("- resources: ['*.*']\n{identity}")).unwrap();
    assert!(all.for_resource("example.com", "widgets").is_some());
    let core = transformers(&format!("- resources: ['*.']\n{identity}")).unwrap();
    assert!(core.for_resource("", "pods").is_some() && core.for_resource("apps", "deployments").is_none());
}

#[test]
fn envelopes_are_made_as_documented() {
    let of = transformers(
        "- resources: [secrets]\n  providers: [{kms: {apiVersion: v2, name: mirror, endpoint: 'unix:///s'}}]\n",
    );
    let of = of.unwrap();
    let chain = of.for_resource("", "secrets").unwrap();
    assert!(chain.seal(b"value", KEY).is_err(), "there is no seed yet");
    now(of.envelopes[0].refresh()).unwrap();
    let stored: Bytes = chain.seal(b"value", KEY).unwrap().into();
    let object = EncryptedObject::decode(stored.strip_prefix(b"k8s:enc:kms:v2:mirror:".as_slice()).unwrap()).unwrap();
    assert_eq!((object.key_id.as_str(), object.encrypted_dek_source_type), ("1", SOURCE_SEED));
    // The key of the value by HKDF's definition, where one block is enough.
    let seed: Vec<u8> = object.encrypted_dek_source.iter().rev().copied().collect();
    let mut info = object.encrypted_data[..32].to_vec();
    info.push(1);
    let prk = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &seed);
    let derived = aws_lc_rs::hmac::sign(&prk, &info);
    let plain = Gcm::new(derived.as_ref()).unwrap().open(&object.encrypted_data[32..], KEY);
    assert_eq!(plain, Ok(b"value".to_vec()));
    assert_eq!(now(chain.open(&stored, KEY)).unwrap(), Opened { plain: Bytes::from_static(b"value"), stale: false });
    // What older servers wrote: a key instead of a seed.
    let mut encrypted_data = Vec::new();
    Gcm::new(&[9; 32]).unwrap().seal(&SeededRng::new(2), b"old", KEY, &mut encrypted_data).unwrap();
    let object = EncryptedObject {
        encrypted_data,
        key_id: "1".into(),
        encrypted_dek_source: vec![9; 32],
        annotations: Default::default(),
        encrypted_dek_source_type: SOURCE_KEY,
    };
    let stored = [b"k8s:enc:kms:v2:mirror:".as_slice(), &object.encode_to_vec()].concat();
    assert_eq!(
        now(chain.open(&stored.into(), KEY)).unwrap(),
        Opened { plain: Bytes::from_static(b"old"), stale: true }
    );
    for garbage in [b"k8s:enc:kms:v2:mirror:".as_slice(), b"k8s:enc:kms:v2:mirror:\xff\xff\xff"] {
        assert!(now(chain.open(&Bytes::from_static(garbage), KEY)).is_err());
    }
}

#[test]
fn wrong_configurations_are_refused() {
    let refused = |resources: &str| transformers(resources).err().unwrap();
    let cases = [
        (" []", "at least one resources is required"),
        ("- {resources: [secrets], providers: []}", "at least one provider is required"),
        ("- {resources: [Secrets], providers: [{identity: {}}]}", "should not contain capital letters"),
        ("- {resources: ['*'], providers: [{identity: {}}]}", "use '*.' to encrypt all the resources"),
        ("- {resources: [secrets, '*.'], providers: [{identity: {}}]}", "overlapping resources"),
        ("- {resources: [secrets], providers: [{}]}", "provider does not contain any of the expected providers"),
        (
            "- {resources: [s], providers: [{aescbc: {keys: [{name: a, secret: YWJj}]}}]}",
            "got 3, expected one of [16 24 32]",
        ),
        (
            "- {resources: [s], providers: [{secretbox: {keys: [{name: a, secret: '!'}]}}]}",
            "secrets must be base64 encoded",
        ),
        (
            "- {resources: [s], providers: [{kms: {apiVersion: v2, name: a, endpoint: 'tcp://x'}}]}",
            "only unix is supported",
        ),
        ("- {resources: [s], providers: [{kms: {name: a, endpoint: 'unix:///x'}}]}", "KMSv1 is deprecated"),
        ("- {resources: [s], providers: [{rot13: {}}]}", "unknown field"),
    ];
    for (resources, expected) in cases {
        let error = refused(resources);
        assert!(error.contains(expected), "{resources}: {error}");
        assert!(!error.contains("YWJj"), "{error}");
    }
}
