use super::*;
use crate::json;
use crate::schema::Schema;

const TYPES: &str = "\
type io.k8s.api.core.v1.Pod
f kind 0 string omit
f apiVersion 0 string omit
f metadata 1 @io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta always
f spec 2 @io.k8s.api.core.v1.PodSpec omit
type io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta
f name 1 string omit
f creationTimestamp 8 time always
f labels 11 {}string omit
type io.k8s.api.core.v1.PodSpec
f containers 2 []@io.k8s.api.core.v1.Container always
f dnsPolicy 6 string omit go=v1.DNSPolicy
f activeDeadlineSeconds 5 i64 ptr omit
f hostUsers 37 bool ptr omit
f raw 90 raw omit
f max 91 intorstring ptr omit
f usages 92 []string omit go=[]v1.KeyUsage
type io.k8s.api.core.v1.Container
f name 1 string always
f image 2 string omit
f limits 3 {}quantity omit go=v1.ResourceList
f secret 4 bytes omit
";

fn decode(text: &str) -> Result<Decoded, String> {
    let schema = Schema::parse(TYPES).unwrap();
    let ty = schema.by_name("io.k8s.api.core.v1.Pod").unwrap();
    let options = DecodeOptions { strict: true, custom: false };
    let decoded = json::decode(ty, text.as_bytes(), &options).map_err(|error| error.to_string());
    let duplicates = decoded.as_ref().is_ok_and(|decoded| decoded.duplicate().next().is_some());
    if let (false, Ok(value)) = (duplicates, json::parse(text.as_bytes(), json::Limits::default())) {
        let other = normalize(ty, value, &options).map_err(|error| error.to_string());
        let plain = |decoded: Decoded| {
            let mut value = decoded.value;
            value.make_plain();
            value
        };
        assert_eq!(other.map(plain).ok(), decoded.clone().map(plain).ok());
    }
    decoded
}

fn encoded(text: &str) -> String {
    let schema = Schema::parse(TYPES).unwrap();
    let ty = schema.by_name("io.k8s.api.core.v1.Pod").unwrap();
    let mut out = Vec::new();
    json::encode(ty, &decode(text).unwrap().value, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn normal_form() {
    let given = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{},"creationTimestamp":null},
        "spec":{"activeDeadlineSeconds":0,"hostUsers":false,"dnsPolicy":"","raw":{"b": null,"a":""},
        "containers":[{"name":"","limits":{"cpu":"1000m","m":null,"x":0.5}},null],"max":"10%"}}"#;
    let wanted = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"activeDeadlineSeconds":0,"containers":[{"limits":{"cpu":"1","m":"0","x":"500m"}},{}],"hostUsers":false,"max":"10%","raw":{"b":null,"a":""}}}"#;
    assert_eq!(json::to_string(&decode(given).unwrap().value), wanted);
}

#[test]
fn encoding_writes_what_go_always_writes() {
    assert_eq!(encoded("{}"), r#"{"metadata":{"creationTimestamp":null}}"#);
    assert_eq!(
        encoded(r#"{"spec":{"containers":[{}],"hostUsers":false},"kind":"Pod"}"#),
        r#"{"kind":"Pod","metadata":{"creationTimestamp":null},"spec":{"containers":[{"name":""}],"hostUsers":false}}"#
    );
    assert_eq!(
        encoded(r#"{"spec":{"hostUsers":true}}"#),
        r#"{"metadata":{"creationTimestamp":null},"spec":{"containers":null,"hostUsers":true}}"#
    );
}

#[test]
fn wrong_types_are_in_the_words_of_go() {
    let go = "json: cannot unmarshal";
    for (given, wanted) in [
        (r#"[]"#, "array into Go value of type v1.Pod"),
        (r#"{"metadata":"x"}"#, "string into Go struct field Pod.metadata of type v1.ObjectMeta"),
        (r#"{"metadata":{"labels":{"a":1}}}"#, "number into Go struct field ObjectMeta.metadata.labels of type string"),
        (
            r#"{"metadata":{"labels":[]}}"#,
            "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            r#"{"metadata":{"creationTimestamp":{}}}"#,
            "object into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            r#"{"spec":{"containers":{"a":1}}}"#,
            "object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            r#"{"spec":{"containers":[{"image":{}}]}}"#,
            "object into Go struct field Container.spec.containers.image of type string",
        ),
        (r#"{"spec":{"dnsPolicy":{}}}"#, "object into Go struct field PodSpec.spec.dnsPolicy of type v1.DNSPolicy"),
        (r#"{"spec":{"usages":[1]}}"#, "number into Go struct field PodSpec.spec.usages of type v1.KeyUsage"),
        (
            r#"{"spec":{"activeDeadlineSeconds":"a"}}"#,
            "string into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64",
        ),
        (
            r#"{"spec":{"activeDeadlineSeconds":1.5}}"#,
            "number 1.5 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64",
        ),
        (r#"{"spec":{"max":{}}}"#, "object into Go struct field PodSpec.spec.max of type int32"),
        (r#"{"spec":{"max":99999999999}}"#, "number 99999999999 into Go struct field PodSpec.spec.max of type int32"),
        (
            r#"{"spec":{"containers":[{"secret":[1]}]}}"#,
            "array into Go struct field Container.spec.containers.secret of type []uint8",
        ),
        (
            r#"{"spec":{"containers":[{"limits":5}]}}"#,
            "number into Go struct field Container.spec.containers.limits of type v1.ResourceList",
        ),
    ] {
        assert_eq!(decode(given), Err(format!("{go} {wanted}")), "{given}");
    }
    assert_eq!(
        decode(r#"{"spec":{"containers":[{"limits":{"cpu":{}}}]}}"#),
        Err("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".into())
    );
    assert_eq!(
        decode(r#"{"spec":{"containers":[{"secret":"a!"}]}}"#),
        Err("illegal base64 data at input byte 1".into())
    );
    assert_eq!(
        decode(r#"{"metadata":5,}"#),
        Err("invalid character '}' looking for beginning of object key string".into())
    );
}

#[test]
fn strict_decoding_names_unknown_and_duplicate_fields() {
    let strict = |text: &str| decode(text).unwrap().strict.iter().map(Strict::to_string).collect::<Vec<_>>().join(", ");
    assert_eq!(
        strict(r#"{"metadata":{"bogus":{"x":1,"x":1}},"spec":{"containers":[{},{"Name":1}]},"KIND":1}"#),
        r#"unknown field "metadata.bogus", unknown field "spec.containers[1].Name", unknown field "KIND""#
    );
    assert_eq!(
        strict(r#"{"metadata":{"labels":{"a":"1","a":"2"}},"metadata":{"name":"x"},"kind":"a","kind":"b"}"#),
        r#"duplicate field "metadata.labels.a", duplicate field "metadata", duplicate field "kind""#
    );
    let merged = decode(r#"{"metadata":{"labels":{"a":"1"}},"metadata":{"name":"x","labels":{"b":"2"}}}"#).unwrap();
    assert_eq!(json::to_string(&merged.value), r#"{"metadata":{"labels":{"a":"1","b":"2"},"name":"x"}}"#);
    let many = format!("{{{}}}", (0..1000).map(|n| format!("\"x{n}\":1")).collect::<Vec<_>>().join(","));
    assert_eq!(decode(&many).unwrap().strict.len(), MAX_STRICT);
}

#[test]
fn depth_is_limited() {
    let deep = |n: usize| format!(r#"{{"spec":{{"raw":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(decode(&deep(500)).is_ok());
    assert_eq!(decode(&deep(100_000)), Err("exceeded max depth".into()));
    assert_eq!(decode(&"{\"x\":".repeat(100_000)), Err("exceeded max depth".into()));
}
