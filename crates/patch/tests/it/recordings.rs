//! Replays recorded conversations with the real server without a server: each recorded object is taken as it is, the
//! request is applied to the one before, and the result must be the recorded answer.
//!
//! Checked are the answer's `managedFields` for every write, the object that a patch makes (except where the server itself
//! sets fields), and the text of apply's errors. Runs only where the recordings are present.

use patch::managed::{ApplyError, FieldManager, FieldSet};
use schema::decode::{DecodeOptions, normalize};
use schema::{Schema, Time, TypeRef, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const RECORDINGS: &str = "../../../shared/recordings";
/// Steps that differ for reasons outside this crate, one a line: `topic/scenario step check  # reason`.
const KNOWN: &str = include_str!("../data/known-differences.txt");
const USER_AGENT: &str = "apireplay";

#[test]
fn recorded_writes_replay() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDINGS);
    let Ok(topics) = std::fs::read_dir(&root) else { return };
    let mut run = Run::default();
    let mut files: Vec<PathBuf> = topics
        .filter_map(|topic| std::fs::read_dir(topic.ok()?.path()).ok())
        .flat_map(|files| files.filter_map(|file| Some(file.ok()?.path())))
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("\"<time>\"", "\"2025-01-01T00:00:00.000000Z\"").replace("\"<nodePort>\"", "30000");
        let scenario = json::parse(text.replace("\"<healthCheckNodePort>\"", "30001").as_bytes(), Default::default());
        let name = file.strip_prefix(&root).unwrap().with_extension("").display().to_string();
        Scenario { name, run: &mut run, objects: BTreeMap::new() }.play(&scenario.unwrap());
    }
    run.finish();
}

#[derive(Default)]
struct Run {
    passed: BTreeMap<&'static str, usize>,
    failed: BTreeMap<String, String>,
}

impl Run {
    fn finish(self) {
        let known: BTreeSet<&str> = KNOWN.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
        let unknown: Vec<_> = self.failed.iter().filter(|(key, _)| !known.contains(key.as_str())).collect();
        println!("passed: {:?}; failed: {}", self.passed, self.failed.len());
        for (key, why) in &unknown {
            println!("{key}\n{why}");
        }
        assert!(unknown.is_empty(), "{} recorded steps differ", unknown.len());
        assert!(self.passed.values().sum::<usize>() > 1000, "the recordings were not understood");
    }
}

struct Scenario<'r> {
    name: String,
    run: &'r mut Run,
    /// By path: the last answer.
    objects: BTreeMap<String, Value>,
}

/// One step that wrote an object.
struct Write<'a> {
    index: usize,
    ty: TypeRef<'static>,
    api_version: &'a str,
    kind: &'a str,
    subresource: &'a str,
    manager: &'a str,
    force: bool,
    live: Value,
    body: &'a Value,
    answer: Value,
}

impl Scenario<'_> {
    fn play(&mut self, scenario: &Value) {
        for (index, step) in scenario["steps"].items().iter().enumerate() {
            self.step(index, step);
        }
    }

    fn step(&mut self, index: usize, step: &Value) {
        let (path, query) = step.str_at(&["path"]).split_once('?').unwrap_or((step.str_at(&["path"]), ""));
        let param = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let answer = step.at(&["want", "body"]);
        let status = step.at(&["want", "status"]).as_i64().unwrap_or_default();
        if step["pick"] != Value::Null || query.contains("watch") || !step["headers"]["Accept"].is_null() {
            return;
        }
        let patch_type = step.str_at(&["headers", "Content-Type"]).trim_start_matches("application/");
        let patch_type = if step.str_at(&["do"]) == "PATCH" { patch_type } else { "" };
        let (api_version, kind) = match (status, patch_type) {
            (200 | 201, _) => (answer.str_at(&["apiVersion"]), answer.str_at(&["kind"])),
            (409 | 500, "apply-patch+yaml") => (step.str_at(&["body", "apiVersion"]), step.str_at(&["body", "kind"])),
            _ => return,
        };
        let Some(ty) = Schema::builtin().by_kind(api_version, kind) else { return };
        if ty.field("metadata").is_none() || kind.ends_with("List") || kind == "Scale" {
            return;
        }
        let decode = |value: &Value| normalize(ty, value.clone(), &DecodeOptions::default()).map(|found| found.value);
        let decoded = match status {
            200 | 201 => decode(answer).unwrap_or_else(|error| panic!("{} {index}: {error}", self.name)),
            _ => Value::Null,
        };
        let (object_path, subresource) = split_subresource(path);
        let key = match step.str_at(&["do"]) {
            "POST" => format!("{path}/{}", answer.str_at(&["metadata", "name"])),
            _ => object_path.to_owned(),
        };
        let live = self.objects.get(&key).cloned().unwrap_or_default();
        let is_write = matches!(step.str_at(&["do"]), "POST" | "PUT" | "PATCH") && subresource != "eviction";
        let known_live = step.str_at(&["do"]) == "POST" || !live.is_null() || status == 201;
        let body = &step["body"];
        let is_write = is_write && body.as_str().is_none() && !json::to_string(body).contains("managedFields");
        if is_write && known_live && step["as"].is_null() {
            let write = Write {
                index,
                ty,
                api_version,
                kind,
                subresource,
                manager: param("fieldManager").unwrap_or(USER_AGENT),
                force: param("force").is_some_and(|force| !matches!(force, "false" | "0")),
                live: if status == 201 || subresource == "token" { Value::Null } else { live },
                body,
                answer: decoded.clone(),
            };
            match (patch_type, status) {
                ("apply-patch+yaml", 200 | 201) => self.apply(&write),
                ("apply-patch+yaml", _) => self.apply_error(&write, answer),
                _ => self.write(&write, patch_type),
            }
        }
        if matches!(status, 200 | 201) && param("dryRun").is_none() && step.str_at(&["do"]) != "DELETE" {
            self.objects.insert(key, decoded);
        }
    }

    /// Create, update and the three plain patches.
    fn write(&mut self, write: &Write, patch_type: &str) {
        let reset = write.reset();
        let mut new = write.answer.clone();
        new.remove(&["metadata", "managedFields"]);
        write.manager(&reset).on_update(&write.live, &mut new, write.manager, Time::from_unix(0));
        let check = if patch_type.is_empty() { "entries" } else { "entries of patch" };
        self.count(write.index, check, entries_among(&new, &write.answer));
        let mut target = patch::written::form(write.ty, &write.live);
        let result = match patch_type {
            "merge-patch+json" => patch::merge::apply(&mut target, write.body),
            "json-patch+json" => patch::json_patch::apply(&mut target, write.body),
            "strategic-merge-patch+json" => patch::strategic::apply(write.ty, &mut target, write.body),
            _ => return,
        };
        let check = ["merge", "json", "strategic"].into_iter().find(|kind| patch_type.starts_with(kind)).unwrap();
        let result = result.map_err(|error| error.to_string()).and_then(|()| write.same_object(target));
        self.count(write.index, check, result);
    }

    fn apply(&mut self, write: &Write) {
        let reset = write.reset();
        let applied =
            write.manager(&reset).on_apply(&write.live, write.body, write.manager, write.force, Time::from_unix(0));
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) => return self.count(write.index, "apply", Err(error.to_string())),
        };
        self.count(write.index, "entries of apply", same_entries(&applied, &write.answer));
        if !write.live.is_null() {
            self.count(write.index, "apply", write.same_object(applied));
        }
    }

    fn apply_error(&mut self, write: &Write, answer: &Value) {
        let reset = write.reset();
        let message = answer.str_at(&["message"]);
        if message.starts_with("Operation cannot be fulfilled") {
            return;
        }
        let result =
            write.manager(&reset).on_apply(&write.live, write.body, write.manager, write.force, Time::from_unix(0));
        let result = match result {
            Err(ApplyError::Conflicts(conflicts)) => same_lines(&conflicts.to_string(), message)
                .and_then(|()| same(conflicts.len(), answer.at(&["details", "causes"]).items().len())),
            Err(error) => same(error.to_string().as_str(), message),
            Ok(_) => Err(format!("applied in spite of: {message}")),
        };
        self.count(write.index, "apply error", result);
    }

    fn count(&mut self, step: usize, check: &'static str, result: Result<(), String>) {
        match result {
            Ok(()) => *self.run.passed.entry(check).or_default() += 1,
            Err(why) => {
                self.run.failed.insert(format!("{} {step} {check}", self.name), why);
            }
        }
    }
}

impl Write<'_> {
    fn manager<'m>(&'m self, reset: &'m [Vec<String>]) -> FieldManager<'m> {
        FieldManager {
            ty: self.ty,
            api_version: self.api_version,
            kind: self.kind,
            subresource: self.subresource,
            reset,
            versions: None,
        }
    }

    /// What most kinds reset: the status with the object, the spec with the status.
    fn reset(&self) -> Vec<Vec<String>> {
        match self.subresource {
            "" => vec![vec!["status".into()]],
            "status" => vec![vec!["spec".into()]],
            _ => vec![],
        }
    }

    /// Compares all that the server does not set by itself.
    fn same_object(&self, found: Value) -> Result<(), String> {
        let found = normalize(self.ty, found, &DecodeOptions::default()).map_err(|error| error.to_string())?;
        let mut found = found.value;
        schema::defaults::apply(self.ty, &mut found);
        let mut want = self.answer.clone();
        for object in [&mut found, &mut want] {
            for name in ["managedFields", "resourceVersion", "generation"] {
                object.remove(&["metadata", name]);
            }
            let other = if self.subresource.is_empty() { "status" } else { "spec" };
            object.remove(&[other]);
        }
        same_value(&found, &want)
    }
}

fn split_subresource(path: &str) -> (&str, &str) {
    for name in
        ["status", "scale", "eviction", "approval", "finalize", "binding", "ephemeralcontainers", "resize", "token"]
    {
        if let Some(object) = path.strip_suffix(name).and_then(|rest| rest.strip_suffix('/')) {
            return (object, name);
        }
    }
    (path, "")
}

/// What the server sets after field management (admission, strategies) belongs to no one, but stands in the answer: so
/// each recorded entry must be among the fields found for it.
fn entries_among(found: &Value, want: &Value) -> Result<(), String> {
    let by_id = |object: &Value| -> BTreeMap<String, FieldSet> {
        let entries = object.at(&["metadata", "managedFields"]).items().iter();
        let id = |entry: &Value| {
            ["manager", "operation", "apiVersion", "subresource"].map(|name| entry.str_at(&[name]).to_owned())
        };
        entries.map(|entry| (id(entry).join(" "), FieldSet::from_fields_v1(&entry["fieldsV1"]).unwrap())).collect()
    };
    let (found, want) = (by_id(found), by_id(want));
    for (id, want) in &want {
        let missing = want.difference(found.get(id).unwrap_or(&FieldSet::new()));
        if !missing.is_empty() {
            return Err(format!("    {id} lacks {}", json::to_string(&missing.to_fields_v1())));
        }
    }
    Ok(())
}

fn same_entries(found: &Value, want: &Value) -> Result<(), String> {
    let sorted = |object: &Value| {
        let mut entries: Vec<String> = object
            .at(&["metadata", "managedFields"])
            .items()
            .iter()
            .map(|entry| {
                let mut entry = entry.clone();
                entry.remove(&["time"]);
                json::to_string(&entry)
            })
            .collect();
        entries.sort();
        entries
    };
    let (found, want) = (sorted(found), sorted(want));
    if found == want {
        return Ok(());
    }
    let only = |these: &[String], those: &[String]| {
        these.iter().filter(|entry| !those.contains(entry)).cloned().collect::<Vec<_>>().join("\n         ")
    };
    Err(format!("   found {}\n    want {}", only(&found, &want), only(&want, &found)))
}

fn same_value(found: &Value, want: &Value) -> Result<(), String> {
    if found == want {
        return Ok(());
    }
    let mut differences = Vec::new();
    differ("", found, want, &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn differ(path: &str, found: &Value, want: &Value, out: &mut Vec<String>) {
    match (found, want) {
        (Value::Map(a), Value::Map(b)) => {
            let names: BTreeSet<&str> = a.keys().chain(b.keys()).collect();
            names.into_iter().for_each(|name| differ(&format!("{path}.{name}"), &found[name], &want[name], out));
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(at, (a, b))| differ(&format!("{path}[{at}]"), a, b, out));
        }
        _ if found == want => {}
        // A default that depends on the kind.
        (Value::Null, _) => {}
        _ => out.push(format!("    {path}: found {} want {}", json::to_string(found), json::to_string(want))),
    }
}

/// Compares without regard to the order of lines: conflicts come in no particular order.
fn same_lines(found: &str, want: &str) -> Result<(), String> {
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    if sorted(found) == sorted(want) { Ok(()) } else { Err(format!("   found {found}\n    want {want}")) }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, want: T) -> Result<(), String> {
    if found == want { Ok(()) } else { Err(format!("   found {found:?}\n    want {want:?}")) }
}
