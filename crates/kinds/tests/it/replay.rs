//! Writes that the real server answered, replayed through default, prepare and validate of the kinds: the object it stored,
//! or each cause of its refusal.
//!
//! Deliberately absent: what is the registry's alone (managedFields, conflicts, apply), and admission.

use crate::scenario::{NAMESPACE, Step, TIME, steps};
use kind::{Context, DynKind, FieldErrors, metadata};
use schema::decode::{DecodeOptions, normalize};
use schema::{Time, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// The topics whose kinds are replayed.
const TOPICS: &[&str] = &[
    "kind-admissionregistration",
    "kind-apiextensions",
    "kind-apiregistration",
    "kind-apps",
    "kind-autoscaling-v1",
    "kind-autoscaling-v2",
    "kind-batch",
    "kind-certificates",
    "kind-coordination",
    "kind-discovery",
    "kind-events",
    "kind-flowcontrol",
    "kind-networking",
    "kind-node",
    "kind-policy",
    "kind-rbac",
    "kind-resource",
    "kind-scheduling",
    "kind-storage",
];

/// Scenarios with a step that the kinds answer otherwise, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("kind-node/runtimeclass-create-full", "names of resources in an overhead"),
    ("kind-resource/resourceclaimtemplate-create-full", "metadata of a template, and the label for admin access"),
    ("kind-resource/deviceclass-create-full", "names of extended resources"),
];

#[test]
fn recorded_writes() {
    let Some(folder) = crate::beside("recordings") else { return };
    let only = std::env::var("ONLY").unwrap_or_default();
    let (mut replayed, mut failures) = (0, Vec::new());
    for topic in TOPICS {
        for file in crate::files(&folder.join(topic)) {
            let name = format!("{topic}/{}", file.file_stem().unwrap().to_string_lossy());
            if !name.contains(&only) {
                continue;
            }
            let (count, wrong) = replay(&file);
            replayed += count;
            if OTHERWISE.iter().any(|(prefix, _)| name.starts_with(prefix)) {
                continue;
            }
            failures.extend(wrong.into_iter().map(|text| format!("{name} {text}")));
        }
    }
    assert!(failures.is_empty(), "{} of {replayed} differ:\n{}", failures.len(), failures.join("\n"));
}

fn replay(file: &Path) -> (usize, Vec<String>) {
    let mut stored: BTreeMap<String, Value> = BTreeMap::new();
    let (mut count, mut failures) = (0, Vec::new());
    for (index, step) in steps(file).into_iter().enumerate() {
        let Some(kind) = step.path.kind() else { continue };
        if let Some(outcome) = write(kind, &step, &stored) {
            count += 1;
            let expected = expected(kind, &step);
            if let Some(difference) = compare(&expected, &outcome) {
                failures.push(format!("step {index} {} {}: {difference}", step.what, step.path.subresource));
            }
        }
        if step.accept.contains("as=Table")
            && step.path.subresource != "scale"
            && step.want.str_at(&["kind"]) == "Table"
        {
            count += 1;
            if let Some(difference) = table(kind, &step, &stored) {
                failures.push(format!("step {index} table: {difference}"));
            }
        }
        let dry = step.query.contains("dryRun");
        let answered = !dry && matches!(step.status, 200 | 201) && step.want.str_at(&["kind"]) == kind.names().kind;
        if let Some(object) = hub(kind, &step.want).filter(|_| answered) {
            stored.insert(object.str_at(&["metadata", "name"]).to_owned(), object);
        }
    }
    (count, failures)
}

/// The stored object, or the causes of a refusal, sorted.
type Outcome = Result<Value, Vec<String>>;

fn write(kind: &dyn DynKind, step: &Step, stored: &BTreeMap<String, Value>) -> Option<Outcome> {
    if !matches!(step.status, 200 | 201 | 422) || step.path.subresource == "scale" || is_the_registrys(step) {
        return None;
    }
    match step.what.as_str() {
        "POST" if step.path.name.is_empty() => Some(create(kind, step, decoded(kind, &step.body)?)),
        "PUT" => {
            let old = stored.get(&step.path.name)?;
            Some(update(kind, step, decoded(kind, &step.body)?, old))
        }
        "PATCH" => {
            let old = stored.get(&step.path.name)?;
            let version = format!("{}/{}", step.path.group, step.path.version);
            let mut seen = kind.convert(old.clone(), version.trim_start_matches('/')).unwrap();
            match step.content_type.as_str() {
                "application/merge-patch+json" => patch::merge::apply(&mut seen, &step.body).ok()?,
                "application/json-patch+json" => patch::json_patch::apply(&mut seen, &step.body).ok()?,
                "application/strategic-merge-patch+json" => {
                    let ty = kind.type_of(&step.path.version)?;
                    patch::strategic::apply(ty, &mut seen, &step.body).ok()?;
                }
                _ => return None,
            }
            Some(update(kind, step, decoded(kind, &seen)?, old))
        }
        _ => None,
    }
}

/// A refusal that has nothing to do with the kind, or a name that the server made.
fn is_the_registrys(step: &Step) -> bool {
    const FIELDS: &[&str] =
        &["dryRun", "fieldValidation", "fieldManager", "patch", "propagationPolicy", "metadata.resourceVersion"];
    let causes = step.want["details"]["causes"].items();
    causes.iter().any(|cause| FIELDS.contains(&cause.str_at(&["field"])))
        || (!causes.is_empty() && causes.iter().all(|cause| is_tested_elsewhere(cause.str_at(&["message"]))))
        || !step.body["metadata"]["generateName"].is_null()
        // Upstream compares the bytes of a revision's data, whose white space a patch does not keep.
        || (step.path.plural == "controllerrevisions" && step.what == "PATCH")
}

/// What the rules of pod specs say is tested with pods, expressions where they run.
fn is_tested_elsewhere(text: &str) -> bool {
    const CEL: &[&str] = &["compilation failed", "must evaluate to", "valid CEL identifier"];
    if CEL.iter().any(|words| text.contains(words)) {
        return true;
    }
    text.contains("emplate.spec.") && !text.contains("restartPolicy") && !text.contains("activeDeadlineSeconds")
}

/// Of the version that the kind's logic works on, normal, with defaults; none for what cannot be decoded.
fn decoded(kind: &dyn DynKind, body: &Value) -> Option<Value> {
    let mut value = hub(kind, body)?;
    kind.default(&mut value);
    Some(value)
}

fn hub(kind: &dyn DynKind, body: &Value) -> Option<Value> {
    let body = match body {
        Value::Str(text) => json::parse(text.as_bytes(), json::Limits::default()).ok()?,
        other => other.clone(),
    };
    let version = body.str_at(&["apiVersion"]).rsplit('/').next().unwrap_or_default();
    let ty = kind.type_of(version)?;
    let mut value = normalize(ty, body.clone(), &DecodeOptions::default()).ok()?.value;
    value.set(&["apiVersion"], body.str_at(&["apiVersion"]));
    value.set(&["kind"], kind.names().kind);
    kind.convert(value, &kind.names().api_version(kind.names().versions[0].name)).ok()
}

fn context(step: &Step) -> Context<'_> {
    static GROUPS: OnceLock<Vec<String>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| ["system:masters", "system:authenticated"].map(String::from).to_vec());
    let now = Time::parse(TIME).unwrap();
    Context {
        now,
        user: "kubernetes-admin",
        uid: "",
        groups,
        extra: &kind::NO_EXTRA,
        api_version: "",
        subresource: &step.path.subresource,
    }
}

fn create(kind: &dyn DynKind, step: &Step, mut object: Value) -> Outcome {
    let namespaced = kind.names().namespaced();
    if namespaced {
        object.set(&["metadata", "namespace"], NAMESPACE);
    } else {
        object.remove(&["metadata", "namespace"]);
    }
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        object.remove(&["metadata", field]);
    }
    let uid = Some(step.want.str_at(&["metadata", "uid"])).filter(|uid| !uid.is_empty()).unwrap_or("uid1");
    object.set(&["metadata", "uid"], uid);
    object.set(&["metadata", "creationTimestamp"], Time::parse(TIME).unwrap().to_text());
    if object.at(&["metadata", "name"]).is_null() && !object.at(&["metadata", "generateName"]).is_null() {
        let name = step.want.str_at(&["metadata", "name"]).replace(['<', '>'], "");
        object.set(&["metadata", "name"], name);
    }
    object.remove(&["metadata", "managedFields"]);
    kind.prepare_create(&mut object, &context(step));
    if kind.spec_changed(&object, &object).is_some() {
        object.set(&["metadata", "generation"], 1i64);
    }
    let mut errors = FieldErrors::new();
    metadata::check(&object["metadata"], namespaced, &kind.metadata_rules(), &mut errors);
    kind.validate_create(&object, &mut errors);
    outcome(object, &errors)
}

fn update(kind: &dyn DynKind, step: &Step, mut new: Value, old: &Value) -> Outcome {
    let namespaced = kind.names().namespaced();
    if namespaced {
        new.set(&["metadata", "namespace"], NAMESPACE);
    }
    let keep = |new: &mut Value, field: &str| match old.at(&["metadata", field]) {
        Value::Null => drop(new.remove(&["metadata", field])),
        kept => new.set(&["metadata", field], kept.clone()),
    };
    new.remove(&["metadata", "managedFields"]);
    keep(&mut new, "generation");
    let context = context(step);
    if new.str_at(&["metadata", "resourceVersion"]).is_empty() && kind.updates_unconditionally() {
        keep(&mut new, "resourceVersion");
    }
    kind.prepare_update(&mut new, old, &context);
    if kind.spec_changed(&new, old) == Some(true) {
        let generation = old.at(&["metadata", "generation"]).as_i64().unwrap_or_default();
        new.set(&["metadata", "generation"], generation + 1);
    }
    if new.at(&["metadata", "uid"]).is_null() {
        keep(&mut new, "uid");
    }
    keep(&mut new, "creationTimestamp");
    if !old.at(&["metadata", "deletionTimestamp"]).is_null() {
        keep(&mut new, "deletionTimestamp");
        keep(&mut new, "deletionGracePeriodSeconds");
    }
    let mut errors = FieldErrors::new();
    metadata::check_update(&new["metadata"], &old["metadata"], namespaced, &kind.metadata_rules(), &mut errors);
    kind.validate_update(&new, old, &context, &mut errors);
    outcome(new, &errors)
}

fn outcome(object: Value, errors: &FieldErrors) -> Outcome {
    if errors.is_empty() {
        return Ok(object);
    }
    let mut causes: Vec<String> = errors.iter().map(|error| cause(&error.cause().reason, &error.to_string())).collect();
    causes.retain(|cause| !is_tested_elsewhere(cause));
    causes.sort();
    Err(causes)
}

fn cause(reason: &str, text: &str) -> String {
    format!("{reason} {text}")
}

fn expected(kind: &dyn DynKind, step: &Step) -> Outcome {
    if step.status != 422 {
        return Ok(hub(kind, &step.want).unwrap_or_default());
    }
    let causes = step.want["details"]["causes"].items();
    let mut causes: Vec<String> = causes
        .iter()
        .map(|found| {
            let text = format!("{}: {}", found.str_at(&["field"]), found.str_at(&["message"]));
            cause(found.str_at(&["reason"]), &text)
        })
        .collect();
    causes.retain(|cause| !is_tested_elsewhere(cause));
    causes.sort();
    Err(causes)
}

fn compare(expected: &Outcome, outcome: &Outcome) -> Option<String> {
    match (expected, outcome) {
        (Ok(expected), Ok(found)) => {
            let (mut expected, mut found) = (expected.clone(), found.clone());
            for value in [&mut expected, &mut found] {
                for field in ["managedFields", "name", "resourceVersion", "uid", "ownerReferences"] {
                    value.remove(&["metadata", field]);
                }
                // What else the server knows of who asks for a certificate.
                value.remove(&["spec", "extra"]);
            }
            let mut differences = Vec::new();
            differ("", &expected, &found, &mut differences);
            (!differences.is_empty()).then(|| differences.join("; "))
        }
        (Err(expected), Err(found)) if expected == found => None,
        (Err(expected), Err(found)) => {
            let missing: Vec<&String> = expected.iter().filter(|cause| !found.contains(cause)).collect();
            let extra: Vec<&String> = found.iter().filter(|cause| !expected.contains(cause)).collect();
            match (missing.is_empty(), extra.is_empty()) {
                (true, true) => Some(format!("counts differ: want {expected:#?}, found {found:#?}")),
                _ => Some(format!("causes missing {missing:#?}\n   extra {extra:#?}")),
            }
        }
        (Ok(_), Err(found)) => Some(format!("refused: {found:#?}")),
        (Err(expected), Ok(_)) => Some(format!("let pass, want {expected:#?}")),
    }
}

fn differ(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    let placeholder = |text: &str| text.starts_with('<') || text == "2026-01-02T03:04:05Z" || text == TIME;
    match (expected, found) {
        (Value::Map(a), Value::Map(b)) => {
            let keys: std::collections::BTreeSet<&str> = a.keys().chain(b.keys()).collect();
            for key in keys {
                differ(&format!("{path}.{key}"), &expected[key], &found[key], differences);
            }
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{path}[{index}]"), a, b, differences);
            }
        }
        (Value::Str(text), Value::Str(_)) if placeholder(text) => {}
        (a, b) if a == b => {}
        (a, b) => differences.push(format!("{path}: want {}, found {}", json::to_string(a), json::to_string(b))),
    }
}

fn table(kind: &dyn DynKind, step: &Step, stored: &BTreeMap<String, Value>) -> Option<String> {
    let columns: Vec<_> = (0..kind.column_count()).map(|index| kind.column(index)).collect();
    let ours: Vec<Value> = columns
        .iter()
        .filter(|column| !column.name.is_empty())
        .map(|column| {
            schema::value!({
                "name": (column.name), "type": (column.kind), "format": (column.format),
                "description": (column.description), "priority": (column.priority)
            })
        })
        .collect();
    let wanted = step.want["columnDefinitions"].items();
    if !wanted.is_empty() && wanted != ours.as_slice() {
        return Some(format!("columns differ: want {wanted:?}\nfound {ours:?}"));
    }
    for row in step.want["rows"].items() {
        let Some(object) = stored.get(row.at(&["object", "metadata", "name"]).as_str()?) else { continue };
        let cells = kind.cells(object, Time::parse(TIME).unwrap());
        let mut differences = Vec::new();
        differ("cells", &row["cells"], &Value::List(cells), &mut differences);
        if !differences.is_empty() {
            return Some(differences.join("; "));
        }
    }
    None
}
