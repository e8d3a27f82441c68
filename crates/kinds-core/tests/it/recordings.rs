//! Plays the recorded conversations with the real server through a kind alone: defaults, strategy, validation, warnings,
//! table cells; no registry, no admission, no store.
//!
//! After each step the object is what the recording says that it became, so that one difference does not cause more.
//! Deliberately absent: steps that the kind does not decide (authorization, admission's refusals, bodies that do not
//! decode, deletes, lists); they are counted as passed over.

use kind::{ApiError, Context, DynKind, FieldErrors};
use schema::decode::DecodeOptions;
use schema::{Time, TypeRef, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How one kind's recordings are played.
pub struct Play<'a> {
    pub kind: &'a dyn DynKind,
    /// What admission adds to an object that is created or updated (then the old one is there), after the defaults.
    pub admit: fn(&mut Value, Option<&Value>),
}

#[derive(Default)]
pub struct Report {
    pub passed: usize,
    pub passed_over: usize,
    pub failures: Vec<String>,
}

impl Report {
    /// Panics with the differences, if there are any.
    pub fn assert_passed(&self, at_least: usize) {
        let counts =
            format!("{} passed, {} failed, {} passed over", self.passed, self.failures.len(), self.passed_over);
        println!("{counts}");
        assert!(self.failures.is_empty(), "{counts}\n{}", self.failures.join("\n"));
        assert!(self.passed >= at_least, "{counts}: fewer than {at_least} steps were played");
    }
}

/// The recordings, if they are on this machine.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    folder.is_dir().then_some(folder)
}

impl Play<'_> {
    /// All recordings of a topic whose file names start with `prefix`. `None`: there are no recordings here.
    pub fn topic(&self, topic: &str, prefix: &str) -> Option<Report> {
        let folder = folder()?.join(topic);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .expect("the topic's folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let mut report = Report::default();
        for file in files {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(prefix) {
                self.scenario(&file, &format!("{topic}/{name}"), &mut report);
            }
        }
        Some(report)
    }

    fn scenario(&self, file: &Path, name: &str, report: &mut Report) {
        let text = std::fs::read_to_string(file).expect("a readable recording");
        let scenario = parse(
            &text.replace("\"<time>\"", &format!("\"{TIME}\"")).replace("{ns}", NAMESPACE).replace("<gen>", "gen"),
        );
        let mut objects = BTreeMap::new();
        for (index, step) in scenario["steps"].items().iter().enumerate() {
            match self.step(step, &mut objects) {
                Outcome::Passed => report.passed += 1,
                Outcome::PassedOver => report.passed_over += 1,
                Outcome::Failed(what) => {
                    let path = step.str_at(&["path"]);
                    report.failures.push(format!("{name}[{index}] {} {path}: {what}", step.str_at(&["do"])));
                }
            }
        }
    }

    fn step(&self, step: &Value, objects: &mut BTreeMap<String, Value>) -> Outcome {
        let Some(target) = Target::of(step.str_at(&["path"]), self.kind) else {
            // Another resource's write may have changed the object of that name (a binding).
            objects.remove(step.at(&["body", "metadata"]).str_at(&["name"]));
            return Outcome::PassedOver;
        };
        let want = step.at(&["want", "body"]);
        let status = step.at(&["want", "status"]).as_i64().unwrap_or_default();
        let outcome = match (step.str_at(&["do"]), status) {
            ("GET", 200) if want.str_at(&["kind"]) == "Table" && target.subresource != "scale" => {
                self.table(want, objects)
            }
            ("POST", 201 | 422) if target.name.is_empty() => self.create(step, want, status),
            ("PUT" | "PATCH", 200 | 422) if !target.name.is_empty() => match objects.get(&target.name) {
                Some(old) => self.update(step, want, status, old, &target.subresource),
                None => Outcome::PassedOver,
            },
            _ => Outcome::PassedOver,
        };
        let is_object = want.str_at(&["kind"]) == self.kind.names().kind;
        let dry = step.str_at(&["path"]).contains("dryRun");
        if is_object && !dry && (200..300).contains(&status) {
            objects.insert(want.str_at(&["metadata", "name"]).to_owned(), self.decoded(want));
        }
        outcome
    }

    fn ty(&self) -> TypeRef<'_> {
        self.kind.type_of(self.kind.names().versions[0].name).expect("the stored version's type")
    }

    fn decoded(&self, value: &Value) -> Value {
        let text = json::to_string(value);
        json::decode(self.ty(), text.as_bytes(), &DecodeOptions::default()).expect("a recorded object").value
    }

    fn context<'c>(&self, subresource: &'c str) -> Context<'c> {
        let now = Time::parse(TIME).expect("a time");
        Context {
            now,
            user: "kubernetes-admin",
            groups: &[],
            uid: "",
            extra: &kind::NO_EXTRA,
            api_version: "v1",
            subresource,
        }
    }

    fn create(&self, step: &Value, want: &Value, status: i64) -> Outcome {
        let body = &step["body"];
        if body.as_map().is_none()
            || step.at(&["headers", "Content-Type"]).as_str().is_some_and(|t| t != "application/json")
        {
            return Outcome::PassedOver;
        }
        let Ok(decoded) = json::decode(self.ty(), json::to_string(body).as_bytes(), &DecodeOptions::default()) else {
            return Outcome::PassedOver;
        };
        let mut value = decoded.value;
        if self.kind.names().namespaced() {
            value.set(&["metadata", "namespace"], NAMESPACE);
        }
        if value.str_at(&["metadata", "name"]).is_empty() && !value.str_at(&["metadata", "generateName"]).is_empty() {
            return Outcome::PassedOver;
        }
        self.kind.default(&mut value);
        (self.admit)(&mut value, None);
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"] {
            value.remove(&["metadata", field]);
        }
        self.kind.prepare_create(&mut value, &self.context(""));
        if self.kind.spec_changed(&value, &value).is_some() {
            value.set(&["metadata", "generation"], 1);
        }
        let mut errors = FieldErrors::new();
        let names = self.kind.names();
        kind::metadata::check(&value["metadata"], names.namespaced(), &self.kind.metadata_rules(), &mut errors);
        self.kind.validate_create(&value, &mut errors);
        let outcome = self.compare(value.clone(), errors, want, status);
        if !matches!(outcome, Outcome::Passed) || status != 201 {
            return outcome;
        }
        let mut warnings: Vec<String> = self.kind.deprecation().into_iter().map(str::to_owned).collect();
        warnings.extend(self.kind.warnings(&value, None));
        compare_warnings(&warnings, step.at(&["want", "headers", "Warning"]))
    }

    fn update(&self, step: &Value, want: &Value, status: i64, old: &Value, subresource: &str) -> Outcome {
        let body = &step["body"];
        let mut written = patch::written::form(self.ty(), old);
        let applied = match step.at(&["headers", "Content-Type"]).as_str().unwrap_or("application/json") {
            "application/json" => {
                written = body.clone();
                Ok(())
            }
            "application/merge-patch+json" => patch::merge::apply(&mut written, body),
            "application/strategic-merge-patch+json" => patch::strategic::apply(self.ty(), &mut written, body),
            "application/json-patch+json" => patch::json_patch::apply(&mut written, body),
            _ => return Outcome::PassedOver,
        };
        let text = json::to_string(&written);
        let decoded = json::decode(self.ty(), text.as_bytes(), &DecodeOptions::default());
        let (Ok(()), Ok(decoded)) = (applied, decoded) else { return Outcome::PassedOver };
        let mut new = decoded.value;
        let mut old = old.clone();
        for value in [&mut new, &mut old] {
            value.remove(&["metadata", "managedFields"]);
        }
        for field in ["namespace", "uid", "creationTimestamp", "resourceVersion", "deletionTimestamp", "generation"] {
            if new.at(&["metadata", field]).is_null() && !old.at(&["metadata", field]).is_null() {
                new.set(&["metadata", field], old.at(&["metadata", field]).clone());
            }
        }
        self.kind.default(&mut new);
        (self.admit)(&mut new, Some(&old));
        let context = self.context(subresource);
        let given = new.clone();
        self.kind.prepare_update(&mut new, &old, &context);
        // The registry's: deletion cannot be undone, changes that count are counted.
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
            new.make_map();
            match old.at(&["metadata", field]).clone() {
                Value::Null => drop(new.remove(&["metadata", field])),
                value => new.set(&["metadata", field], value),
            }
        }
        let generation = old.at(&["metadata", "generation"]).as_i64().unwrap_or_default();
        match self.kind.spec_changed(&new, &old) {
            Some(changed) => new.set(&["metadata", "generation"], generation + i64::from(changed)),
            None => drop(given),
        }
        let mut errors = FieldErrors::new();
        let names = self.kind.names();
        let rules = self.kind.metadata_rules();
        let (new_meta, old_meta) = (&new["metadata"], &old["metadata"]);
        kind::metadata::check_update(new_meta, old_meta, names.namespaced(), &rules, &mut errors);
        self.kind.validate_update(&new, &old, &context, &mut errors);
        self.compare(new, errors, want, status)
    }

    fn compare(&self, got: Value, errors: FieldErrors, want: &Value, status: i64) -> Outcome {
        if status == 422 {
            let names = self.kind.names();
            if want.at(&["details", "kind"]).as_str() != Some(names.kind) {
                return Outcome::PassedOver;
            }
            let name = got.str_at(&["metadata", "name"]).to_owned();
            let error = ApiError::invalid(names.group, names.kind, &name, &errors);
            let details = error.0.details.clone().unwrap_or_default();
            let ours: Vec<String> =
                sorted(details.causes.iter().map(|c| format!("{}: {} ({})", c.field, c.message, c.reason)));
            let theirs: Vec<String> =
                sorted(want.at(&["details", "causes"]).items().iter().map(|c| {
                    format!("{}: {} ({})", c.str_at(&["field"]), c.str_at(&["message"]), c.str_at(&["reason"]))
                }));
            return compare_causes(theirs, ours);
        }
        if !errors.is_empty() {
            return Outcome::Failed(format!("refused: {errors}"));
        }
        if want.str_at(&["kind"]) != self.kind.names().kind {
            return Outcome::PassedOver;
        }
        let (mut ours, theirs) = (comparable(got), comparable(self.decoded(want)));
        // A name that the server made itself.
        if theirs.str_at(&["metadata", "name"]).starts_with("<uid") {
            ours.set(&["metadata", "name"], theirs.str_at(&["metadata", "name"]));
        }
        let mut differences = Vec::new();
        compare_values("", &theirs, &ours, &mut differences);
        if differences.is_empty() { Outcome::Passed } else { Outcome::Failed(differences.join("\n    ")) }
    }

    fn table(&self, want: &Value, objects: &BTreeMap<String, Value>) -> Outcome {
        let now = Time::parse(TIME).expect("a time");
        for row in want["rows"].items() {
            let name = row["cells"].items()[0].as_str().unwrap_or_default();
            let Some(object) = objects.get(name) else { return Outcome::PassedOver };
            let theirs: Vec<String> = row["cells"].items().iter().map(json::to_string).collect();
            let mut ours: Vec<String> = self.kind.cells(object, now).iter().map(json::to_string).collect();
            for (ours, theirs) in ours.iter_mut().zip(&theirs) {
                if theirs.contains("age") {
                    ours.clone_from(theirs);
                }
            }
            if ours != theirs {
                return differ(&theirs.join(" "), &ours.join(" "));
            }
        }
        for (index, column) in want["columnDefinitions"].items().iter().enumerate() {
            let ours = self.kind.column(index);
            let theirs = ["name", "type", "format", "description"].map(|field| column.str_at(&[field]));
            if theirs != [ours.name, ours.kind, ours.format, ours.description] {
                return differ(&format!("{theirs:?}"), &format!("{ours:?}"));
            }
        }
        Outcome::Passed
    }
}

const TIME: &str = "2024-06-01T00:00:00Z";
const NAMESPACE: &str = "abcdefghijkl";

enum Outcome {
    Passed,
    PassedOver,
    Failed(String),
}

/// The object and subresource of a request path.
struct Target {
    name: String,
    subresource: String,
}

impl Target {
    fn of(path: &str, kind: &dyn DynKind) -> Option<Target> {
        let names = kind.names();
        let api = names.api_version(names.versions[0].name);
        let root = if names.group.is_empty() { format!("/api/{api}/") } else { format!("/apis/{api}/") };
        let path = path.split('?').next().unwrap_or_default().strip_prefix(&root)?;
        let path = path.strip_prefix(&format!("namespaces/{NAMESPACE}/")).unwrap_or(path);
        let mut steps = path.split('/');
        (steps.next() == Some(names.plural)).then(|| Target {
            name: steps.next().unwrap_or_default().to_owned(),
            subresource: steps.next().unwrap_or_default().to_owned(),
        })
    }
}

fn parse(text: &str) -> Value {
    json::parse(text.as_bytes(), json::Limits::default()).expect("a recording is JSON")
}

/// Both sorted; each that only one side has is named.
fn compare_causes(theirs: Vec<String>, ours: Vec<String>) -> Outcome {
    let (mut missing, mut extra) = (theirs, Vec::new());
    for cause in ours {
        match missing.iter().position(|other| *other == cause) {
            Some(at) => drop(missing.remove(at)),
            None => extra.push(cause),
        }
    }
    if missing.is_empty() && extra.is_empty() {
        return Outcome::Passed;
    }
    Outcome::Failed(format!("\n  missing {}\n  extra   {}", missing.join("\n    "), extra.join("\n    ")))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

fn differ(theirs: &str, ours: &str) -> Outcome {
    Outcome::Failed(format!("\n  want {theirs}\n  got  {ours}"))
}

/// Without what the registry sets.
fn comparable(mut value: Value) -> Value {
    for field in ["managedFields", "uid", "resourceVersion", "creationTimestamp", "namespace", "generation", "selfLink"]
    {
        if field != "generation" || value.at(&["metadata", "generation"]) == &Value::Int(1) {
            value.remove(&["metadata", field]);
        }
    }
    value
}

/// The paths where two values differ.
fn compare_values(path: &str, want: &Value, got: &Value, out: &mut Vec<String>) {
    match (want, got) {
        (Value::Map(a), Value::Map(b)) => {
            let keys: std::collections::BTreeSet<&str> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let null = Value::Null;
                compare_values(&format!("{path}.{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), out);
            }
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare_values(&format!("{path}[{index}]"), a, b, out);
            }
        }
        _ if json::to_string(want) == json::to_string(got) => {}
        _ => out.push(format!("{path}: want {}, got {}", json::to_string(want), json::to_string(got))),
    }
}

fn compare_warnings(ours: &[String], want: &Value) -> Outcome {
    let ours: Vec<String> =
        ours.iter().map(|w| format!("299 - \"{}\"", w.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    let theirs: Vec<String> = want
        .items()
        .iter()
        .filter_map(Value::as_str)
        .filter(|warning| !warning.contains("unknown field") && !warning.contains("duplicate field"))
        .map(str::to_owned)
        .collect();
    if ours == theirs { Outcome::Passed } else { differ(&theirs.join("\n"), &ours.join("\n")) }
}
