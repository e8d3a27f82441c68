use super::*;
use crate::openapi::version2::{self, Version2};
use crate::served::Kept;
use crate::served::tests::builtin;
use std::collections::BTreeSet;

/// A field of a message: its tag, and its bytes or number.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn read_varint(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first().expect("the varint ends");
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u32, Wire<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = read_varint(&mut bytes);
        let value = match key & 7 {
            0 => Wire::Number(read_varint(&mut bytes)),
            2 => {
                let length = read_varint(&mut bytes) as usize;
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                Wire::Bytes(value)
            }
            other => panic!("wire type {other}"),
        };
        fields.push(((key >> 3) as u32, value));
    }
    fields
}

/// The messages at a path of tags.
fn at<'a>(bytes: &'a [u8], path: &[u32]) -> Vec<&'a [u8]> {
    let Some((tag, rest)) = path.split_first() else { return vec![bytes] };
    let inner = fields(bytes).into_iter().filter(|(found, _)| found == tag);
    inner.flat_map(|(_, value)| if let Wire::Bytes(inner) = value { at(inner, rest) } else { Vec::new() }).collect()
}

/// The value of the pair of this name.
fn entry<'a>(pairs: &[&'a [u8]], name: &str) -> &'a [u8] {
    let pair = pairs.iter().find(|pair| at(pair, &[1]) == [name.as_bytes()]).expect(name);
    at(pair, &[2])[0]
}

fn version2() -> Version2 {
    version2::make(&builtin(), &mut Kept::default())
}

#[test]
fn definitions_and_operations_are_where_gnostic_has_them() {
    let bytes = version2().protobuf.body;
    assert_eq!(at(&bytes, &[1]), [b"2.0"]);
    assert_eq!(at(&bytes, &[2, 1]), [b"Kubernetes"]);
    let pod = entry(&at(&bytes, &[9, 1]), "io.k8s.api.core.v1.PodSpec");
    let containers = entry(&at(pod, &[25, 1]), "containers");
    assert_eq!(at(containers, &[22, 1]), [b"array"]);
    assert_eq!(at(containers, &[23, 1, 1]), [b"#/definitions/io.k8s.api.core.v1.Container"]);
    let extensions = at(containers, &[31]);
    assert_eq!(at(entry(&extensions, "x-kubernetes-patch-merge-key"), &[2]), [b"\"name\""]);
    assert_eq!(at(entry(&at(pod, &[25, 1]), "nodeSelector"), &[21, 1, 22, 1]), [b"string"]);
    assert!(at(pod, &[19]).contains(&&b"containers"[..]));
    let path = entry(&at(&bytes, &[8, 2]), "/api/v1/namespaces/{namespace}/configmaps/{name}");
    let patch = at(path, &[8])[0];
    assert_eq!(at(patch, &[5]), [b"patchCoreV1NamespacedConfigMap"]);
    let kind = at(entry(&at(patch, &[13]), "x-kubernetes-group-version-kind"), &[2])[0];
    assert_eq!(kind, br#"{"group":"","kind":"ConfigMap","version":"v1"}"#);
    assert!(at(patch, &[8, 1, 2, 3, 4]).contains(&&b"dryRun"[..]));
    let ok = entry(&at(patch, &[9, 1]), "200");
    assert_eq!(at(ok, &[1, 2, 1, 1]), [b"#/definitions/io.k8s.api.core.v1.ConfigMap"]);
}

#[test]
fn the_tables_name_every_member_of_the_document() {
    fn lost(of: &Message, value: &Value, found: &mut BTreeSet<String>) {
        for (name, member) in value.as_map().into_iter().flat_map(schema::Map::iter) {
            if name.starts_with("x-") {
                continue;
            }
            if let Some((_, _, of)) = &of.entries {
                lost(of, member, found);
                continue;
            }
            match of.fields.iter().find(|(known, _, _)| *known == name) {
                None => {
                    found.insert(name.to_owned());
                }
                Some((_, _, One(of) | Wrapped(_, of))) => lost(of, member, found),
                Some((_, _, Items)) => lost(&SCHEMA, member, found),
                Some((_, _, Many(of))) => member.items().iter().for_each(|item| lost(of, item, found)),
                Some((_, _, Named(Some(of)))) => {
                    member.as_map().into_iter().flat_map(schema::Map::iter).for_each(|(_, item)| lost(of, item, found));
                }
                Some((_, _, Parameters)) => member.items().iter().for_each(|item| parameter_lost(item, found)),
                Some(_) => {}
            }
        }
    }
    fn parameter_lost(item: &Value, found: &mut BTreeSet<String>) {
        let of = match (item.get("$ref"), item.str_at(&["in"])) {
            (Some(_), _) => &REFERENCE,
            (None, "body") => &BODY,
            (None, "path") => &PATH_PARAMETER,
            (None, _) => &QUERY_PARAMETER,
        };
        lost(of, item, found);
    }
    let mut found = BTreeSet::new();
    let document = json::parse(&version2().json.body, json::Limits::default()).unwrap();
    lost(&DOCUMENT, &document, &mut found);
    let shared = document.at(&["parameters"]).as_map().into_iter().flat_map(schema::Map::iter);
    shared.for_each(|(_, item)| parameter_lost(item, &mut found));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn long_lengths_and_negative_numbers_take_several_bytes() {
    let mut out = Vec::new();
    number(11, -1_i64 as u64, &mut out);
    bytes(1, &[b'x'; 300], &mut out);
    let read = fields(&out);
    assert!(matches!(read[0], (11, Wire::Number(u64::MAX))));
    assert!(matches!(read[1], (1, Wire::Bytes(bytes)) if bytes.len() == 300));
}
