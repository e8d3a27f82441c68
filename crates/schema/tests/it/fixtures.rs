//! Every object of reference/roundtrip, where that is present: JSON, YAML and protobuf are the same object, byte for byte.

use schema::decode::DecodeOptions;
use schema::{Schema, TypeRef, Value, json, protobuf, yaml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The reference data: named by the environment, or beside the work tree.
fn fixtures() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = option_env!("TIPHYS_REFERENCE").map(PathBuf::from);
    let beside = here.ancestors().map(|dir| dir.join("shared/reference"));
    named.into_iter().chain(beside).map(|dir| dir.join("roundtrip")).find(|dir| dir.is_dir())
}

struct Fixture {
    name: String,
    json: Vec<u8>,
    yaml: Vec<u8>,
    pb: Vec<u8>,
}

fn all() -> Vec<Fixture> {
    let Some(dir) = fixtures() else { return Vec::new() };
    let mut names = BTreeMap::new();
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), path);
        }
    }
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    let with = |path: &Path, extension: &str| {
        let mut file = path.with_extension("").into_os_string();
        file.push(extension);
        PathBuf::from(file)
    };
    names
        .into_iter()
        .map(|(name, path)| {
            let base = dir.join(format!("{name}.x"));
            Fixture { name, json: read(path), yaml: read(base.with_extension("yaml")), pb: read(with(&base, ".pb")) }
        })
        .collect()
}

fn decoded(ty: TypeRef<'_>, bytes: &[u8]) -> Result<Value, String> {
    let options = DecodeOptions { strict: true, custom: false };
    let decoded = json::decode(ty, bytes, &options).map_err(|error| error.to_string())?;
    match decoded.strict.first() {
        Some(found) => Err(found.to_string()),
        None => Ok(decoded.value),
    }
}

fn pretty(ty: TypeRef<'_>, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    json::encode_pretty(ty, value, &mut out);
    out
}

fn enveloped(ty: TypeRef<'_>, meta: &protobuf::Envelope<'_>, value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    protobuf::encode(ty, value, &mut body);
    protobuf::envelope(&meta.api_version, &meta.kind, &body)
}

fn opened(ty: TypeRef<'_>, bytes: &[u8]) -> Result<Value, String> {
    let envelope = protobuf::open_envelope(bytes).map_err(|error| error.to_string())?;
    let mut value = protobuf::decode(ty, envelope.raw).map_err(|error| error.to_string())?;
    if ty.field("kind").is_some() {
        value.set(&["apiVersion"], envelope.api_version);
        value.set(&["kind"], envelope.kind);
    }
    Ok(value)
}

/// The first place where two texts differ, with what surrounds it.
fn same(what: &str, got: &[u8], wanted: &[u8]) -> Result<(), String> {
    if got == wanted {
        return Ok(());
    }
    let at = got.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    let around = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[at.saturating_sub(60).min(bytes.len())..(at + 60).min(bytes.len())]).into_owned()
    };
    Err(format!("{what} differs at {at}:\n  got    {:?}\n  wanted {:?}", around(got), around(wanted)))
}

fn check(fixture: &Fixture) -> Result<(), String> {
    let wanted_json = fixture.json.trim_ascii_end();
    let meta = protobuf::open_envelope(&fixture.pb).map_err(|error| error.to_string())?;
    // A watch event does not say what it is, and so is no registered kind.
    let kind = fixture.name.rsplit('.').next().unwrap_or_default();
    let unnamed = || Schema::builtin().by_name(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"));
    let ty = Schema::builtin().by_kind(&meta.api_version, &meta.kind).or_else(unnamed).ok_or("no such kind")?;

    let mut value = decoded(ty, wanted_json)?;
    same("json -> json", &pretty(ty, &value), wanted_json)?;
    // The fixture's text has line ends, which the object that it was made from did not have.
    value.make_plain();
    same("json -> pb", &enveloped(ty, &meta, &value), &fixture.pb)?;

    let from_pb = opened(ty, &fixture.pb)?;
    same("pb -> json", &pretty(ty, &from_pb), wanted_json)?;
    same("pb -> pb", &enveloped(ty, &meta, &from_pb), &fixture.pb)?;

    let parsed = yaml::parse(&fixture.yaml, json::Limits::default()).map_err(|error| error.to_string())?;
    let from_yaml = schema::decode::normalize(ty, parsed.value, &DecodeOptions { strict: true, custom: false });
    let from_yaml = from_yaml.map_err(|error| error.to_string())?;
    if let Some(found) = from_yaml.strict.first() {
        return Err(format!("yaml: {found}"));
    }
    same("yaml -> json", &pretty(ty, &from_yaml.value), wanted_json)?;
    let mut text = Vec::new();
    yaml::encode(ty, &value, &mut text);
    same("json -> yaml", &text, &fixture.yaml)?;
    if value != from_pb || value != from_yaml.value {
        return Err("the values differ".into());
    }
    Ok(())
}

#[test]
fn every_golden_object_goes_round() {
    let all = all();
    let failed: Vec<String> = all
        .iter()
        .filter_map(|fixture| check(fixture).err().map(|error| format!("{}: {error}", fixture.name)))
        .collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), all.len(), failed.join("\n"));
}
