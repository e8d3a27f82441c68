//! The reference data as it stands in its files, parsed and looked up by name; nothing is concluded here.

use anyhow::Context;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub struct Facts {
    /// Go type to its fields, in the order in which they are declared.
    pub go_types: BTreeMap<String, Vec<GoField>>,
    /// Go's other named types, and what they stand for.
    pub go_named: BTreeMap<String, String>,
    /// Protobuf message to its fields.
    pub messages: BTreeMap<String, Map<String, Value>>,
    /// OpenAPI's definitions of every group version that the server can serve.
    pub definitions: BTreeMap<String, Value>,
    /// Names of the definitions that the server publishes with default settings.
    pub default_definitions: Vec<String>,
    /// `apiVersion` and `kind` of the objects in roundtrip/.
    pub fixtures: Vec<(String, String)>,
    /// What the server with default settings serves.
    pub resources: Vec<Resource>,
}

pub struct GoField {
    /// Empty: inlined. `None`: not written as JSON.
    pub json: Option<String>,
    pub written_type: String,
    pub inline: bool,
    pub omitted_when_empty: bool,
    pub patch_strategy: Option<String>,
    pub patch_merge_key: Option<String>,
}

pub struct Resource {
    pub group: String,
    pub version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
}

impl Facts {
    pub fn read(dir: &Path) -> anyhow::Result<Facts> {
        let go = json(&dir.join("go-emptiness.json"))?;
        let mut go_types = BTreeMap::new();
        for (name, fields) in object(&go["types"])? {
            let fields = fields.as_array().with_context(|| format!("{name} has no list of fields"))?;
            go_types.insert(name.clone(), fields.iter().map(GoField::read).collect());
        }
        let mut go_named = BTreeMap::new();
        for (name, base) in object(&go["named"])? {
            go_named.insert(name.clone(), text(base).with_context(|| format!("{name} stands for nothing"))?);
        }
        let mut messages = BTreeMap::new();
        for (name, fields) in object(&json(&dir.join("proto-tags.json"))?)? {
            messages.insert(name.clone(), object(fields)?.clone());
        }
        let default_v2 = json(&dir.join("openapi/v2.json"))?;
        let default_definitions = object(&default_v2["definitions"])?.keys().cloned().collect();
        Ok(Facts {
            go_types,
            go_named,
            messages,
            definitions: definitions(dir, &default_v2)?,
            default_definitions,
            fixtures: fixtures(dir)?,
            resources: resources(dir)?,
        })
    }
}

impl GoField {
    fn read(facts: &Value) -> GoField {
        GoField {
            json: text(&facts["json"]),
            written_type: text(&facts["type"]).unwrap_or_default(),
            inline: facts["inline"] == true,
            omitted_when_empty: facts["omittedWhenEmpty"] == true,
            patch_strategy: text(&facts["patchStrategy"]),
            patch_merge_key: text(&facts["patchMergeKey"]),
        }
    }
}

/// v3 has the defaults, v2 the kinds that several groups share; the server with default settings wins.
fn definitions(dir: &Path, default_v2: &Value) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for folder in ["openapi/v3", "all-apis/openapi/v3"] {
        for path in files(&dir.join(folder), "json")? {
            if !path.file_name().is_some_and(|name| name.to_string_lossy().contains("__")) {
                continue;
            }
            let document = json(&path)?;
            for (name, definition) in document["components"]["schemas"].as_object().into_iter().flatten() {
                found.entry(name.clone()).or_insert_with(|| definition.clone());
            }
        }
    }
    let all_v2 = json(&dir.join("all-apis/openapi/v2.json"))?;
    for document in [default_v2, &all_v2] {
        for (name, definition) in object(&document["definitions"])? {
            let known = found.entry(name.clone()).or_insert_with(|| definition.clone());
            known["x-kubernetes-group-version-kind"] = merged_kinds(known, definition);
        }
    }
    Ok(found)
}

fn merged_kinds(one: &Value, other: &Value) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for definition in [one, other] {
        for kind in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
            if !all.contains(kind) {
                all.push(kind.clone());
            }
        }
    }
    Value::Array(all)
}

fn fixtures(dir: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in files(&dir.join("roundtrip"), "json")? {
        let object = json(&path)?;
        if let (Some(version), Some(kind)) = (text(&object["apiVersion"]), text(&object["kind"])) {
            found.push((version, kind));
        }
    }
    Ok(found)
}

fn resources(dir: &Path) -> anyhow::Result<Vec<Resource>> {
    let mut found = Vec::new();
    for path in files(&dir.join("discovery"), "json")? {
        let document = json(&path)?;
        let Some(group_version) = document["groupVersion"].as_str() else { continue };
        let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
        for resource in document["resources"].as_array().into_iter().flatten() {
            let plural = text(&resource["name"]).context("a resource without a name")?;
            if plural.contains('/') {
                continue;
            }
            found.push(Resource {
                group: group.into(),
                version: version.into(),
                kind: text(&resource["kind"]).context("a resource without a kind")?,
                plural,
                namespaced: resource["namespaced"] == true,
            });
        }
    }
    Ok(found)
}

fn files(dir: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|have| have == extension));
    paths.sort();
    Ok(paths)
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("in {}", path.display()))
}

fn object(value: &Value) -> anyhow::Result<&Map<String, Value>> {
    value.as_object().context("an object is expected")
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
