//! What the real server said of objects with values of wrong types and unknown fields, where its recordings are present.

use schema::decode::DecodeOptions;
use schema::{Schema, Value, json, yaml};
use std::path::{Path, PathBuf};

/// Every step of every scenario whose file name ends so.
fn steps(suffix: &str) -> Vec<(String, Value)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(root) = here.ancestors().map(|dir| dir.join("shared/recordings")).find(|dir| dir.is_dir()) else {
        return Vec::new();
    };
    let list = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let mut found = Vec::new();
    for file in list(&root).iter().flat_map(|topic| list(topic)) {
        if file.to_string_lossy().ends_with(suffix) {
            let scenario = json::parse(&std::fs::read(&file).unwrap(), json::Limits::default()).unwrap();
            found.extend(scenario["steps"].items().iter().map(|step| (file.display().to_string(), step.clone())));
        }
    }
    found
}

fn body(step: &Value) -> Vec<u8> {
    match &step["body"] {
        Value::Str(text) => text.as_bytes().to_vec(),
        other => json::to_string(other).into_bytes(),
    }
}

/// What decoding says of a request's body, as the server words it.
fn message(step: &Value) -> Option<String> {
    let bytes = body(step);
    let meta = json::type_meta(&bytes).ok()?;
    let ty = Schema::builtin().by_kind(&meta.api_version, &meta.kind)?;
    let version = meta.api_version.rsplit('/').next().unwrap_or_default();
    let what = match json::decode(ty, &bytes, &DecodeOptions { strict: true, custom: false }) {
        Err(error) => error.to_string(),
        Ok(decoded) => {
            // The recordings' own form lost the order of the body's fields.
            let mut texts: Vec<String> = decoded.strict.iter().map(ToString::to_string).collect();
            texts.sort();
            format!("strict decoding error: {}", texts.join(", "))
        }
    };
    let kind = &meta.kind;
    Some(format!("{kind} in version {version:?} cannot be handled as a {kind}: {what}"))
}

fn sorted(message: &str) -> String {
    match message.split_once("strict decoding error: ") {
        Some((head, texts)) => {
            let mut texts: Vec<&str> = texts.split(", ").collect();
            texts.sort_unstable();
            format!("{head}strict decoding error: {}", texts.join(", "))
        }
        None => message.to_owned(),
    }
}

fn check(suffix: &str) {
    let mut wrong = Vec::new();
    for (file, step) in steps(suffix) {
        let wanted = step.at(&["want", "body", "message"]).as_str().unwrap_or_default();
        if step["do"] != Value::from("POST") || !wanted.contains("cannot be handled as") {
            continue;
        }
        if let Some(got) = message(&step).filter(|got| *got != sorted(wanted)) {
            wrong.push(format!("{file}\n  got    {got}\n  wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn wrong_types() {
    check("-wrong-type.json");
}

#[test]
fn unknown_and_duplicate_fields() {
    check("-field-validation.json");
}

/// Bodies that were sent as YAML decode to the object that the server then had; answers in YAML are ours, byte for byte.
#[test]
fn yaml_answers() {
    let mut seen = 0;
    for (file, step) in steps("-yaml.json") {
        let Some(text) = step.at(&["want", "text"]).as_str() else { continue };
        // Placeholders in braces would read as flow maps.
        let text = text.replace("{ns}", "namespace").replace("<rv>", "1").replace("<time>", "2024-01-01T00:00:00Z");
        let parsed =
            yaml::parse(text.as_bytes(), json::Limits::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(yaml::write(&parsed.value), text, "{file}");
        seen += 1;
    }
    assert!(seen > 0 || steps("-yaml.json").is_empty());
}
