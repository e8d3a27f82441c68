//! What an object of a custom resource must satisfy, in upstream's order.

use super::version::{Scale, VersionInfo};
use crate::{embedded, lists, values};
use kind::field::{Shown, quoted};
use kind::{FieldError, FieldErrorKind, FieldErrors, Path};
use schema::Value;

pub fn create(version: &VersionInfo, value: &Value, errors: &mut FieldErrors) {
    values::validate(&version.node, value, "", errors);
    check_scale(version, value, true, errors);
    check_structure(version, value, None, errors);
}

pub fn update(version: &VersionInfo, new: &Value, old: &Value, errors: &mut FieldErrors) {
    values::validate_update(&version.node, new, old, "", errors);
    check_scale(version, new, true, errors);
    check_structure(version, new, Some(old), errors);
}

/// Of the status alone.
pub fn update_status(version: &VersionInfo, new: &Value, old: &Value, errors: &mut FieldErrors) {
    if let (Some(node), Some(status)) = (version.node.property("status"), new.get("status")) {
        match old.get("status") {
            Some(old) => values::validate_update(node, status, old, "status", errors),
            None => values::validate(node, status, "status", errors),
        }
    }
    check_scale(version, new, false, errors);
    check_structure(version, new, Some(old), errors);
}

/// Embedded objects, and lists whose items are told apart; an old object that is wrong may stay so.
fn check_structure(version: &VersionInfo, new: &Value, old: Option<&Value>, errors: &mut FieldErrors) {
    embedded::validate(&version.node, new, errors);
    let lists_of = |value: &Value| {
        let mut errors = FieldErrors::new();
        lists::validate(&version.node, value, &Path::object(), &mut errors);
        errors
    };
    if old.is_none_or(|old| lists_of(old).is_empty()) {
        errors.extend(lists_of(new));
    }
    let Some(rules) = &version.rules else { return };
    if errors.iter().any(|error| BLOCKING.contains(&error.kind)) {
        let detail = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation".into();
        let (kind, field, value) = (FieldErrorKind::Invalid, "<nil>".into(), Some("null".into()));
        return errors.push(FieldError { kind, field, value, detail });
    }
    errors.extend(rules.validate(new, old).errors);
}

/// What keeps rules from being evaluated: they could not rely on what the schema says.
const BLOCKING: &[FieldErrorKind] = &[
    FieldErrorKind::NotSupported,
    FieldErrorKind::Required,
    FieldErrorKind::TooLong,
    FieldErrorKind::TooMany,
    FieldErrorKind::TypeInvalid,
];

/// What an update leaves wrong, which the client is told of.
pub fn rule_warnings(version: &VersionInfo, new: &Value, old: &Value) -> Vec<String> {
    version.rules.as_ref().map(|rules| rules.validate(new, Some(old)).warnings).unwrap_or_default()
}

fn check_scale(version: &VersionInfo, value: &Value, with_spec: bool, errors: &mut FieldErrors) {
    let Some(scale) = &version.scale else { return };
    if with_spec {
        check_replicas(value, &scale.spec_replicas, errors);
        check_selector(value, scale, errors);
    }
    check_replicas(value, &scale.status_replicas, errors);
    if !with_spec {
        check_selector(value, scale, errors);
    }
}

fn check_replicas(value: &Value, path: &str, errors: &mut FieldErrors) {
    let why = match nested(value, path, "int64", |value| value.as_i64()) {
        Ok(None) => return,
        Ok(Some(number)) if number < 0 => (number, "should be a non-negative integer".to_owned()),
        Ok(Some(number)) if number > i64::from(i32::MAX) => {
            (number, format!("should be less than or equal to {}", i32::MAX))
        }
        Ok(Some(_)) => return,
        Err(why) => (0, why),
    };
    errors.push(FieldError {
        kind: FieldErrorKind::Invalid,
        field: path.to_owned(),
        value: Some(why.0.shown()),
        detail: why.1,
    });
}

fn check_selector(value: &Value, scale: &Scale, errors: &mut FieldErrors) {
    if scale.label_selector.is_empty() {
        return;
    }
    let found = nested(value, &scale.label_selector, "string", |value| value.as_str().map(str::to_owned));
    if let Err(why) = found {
        errors.push(FieldError {
            kind: FieldErrorKind::Invalid,
            field: scale.label_selector.clone(),
            value: Some("".shown()),
            detail: why,
        });
    }
}

/// As Go's `unstructured.Nested...` reads a value: absent is fine, another type is not.
fn nested<T>(value: &Value, path: &str, wanted: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, String> {
    let mut at = value;
    let names: Vec<&str> = path.trim_start_matches('.').split('.').collect();
    for (depth, name) in names.iter().enumerate() {
        let so_far = || format!(".{}", names[..depth].join("."));
        match at {
            Value::Map(map) => match map.get(name) {
                Some(next) => at = next,
                None => return Ok(None),
            },
            Value::Null => return Ok(None),
            other => {
                let why = format!(
                    "{} accessor error: {} is of the type {}, expected map[string]interface{{}}",
                    so_far(),
                    shown(other),
                    go_type(other)
                );
                return Err(why);
            }
        }
    }
    match read(at) {
        Some(found) => Ok(Some(found)),
        None => Err(format!(
            ".{} accessor error: {} is of the type {}, expected {wanted}",
            names.join("."),
            shown(at),
            go_type(at)
        )),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Null => "<nil>".into(),
        other => other.shown(),
    }
}

pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) | Value::Verbatim(_) => "map[string]interface {}",
    }
}

/// Finalizers without a domain may be someone else's too.
pub fn finalizer_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    const STANDARD: &[&str] = &["foregroundDeletion", "kubernetes", "orphan"];
    let finalizers = |object: &Value| -> Vec<String> {
        let items = object.at(&["metadata", "finalizers"]).items();
        items.iter().filter_map(|finalizer| finalizer.as_str().map(str::to_owned)).collect()
    };
    let had = old.map(finalizers).unwrap_or_default();
    let mut added: Vec<String> = finalizers(new).into_iter().filter(|finalizer| !had.contains(finalizer)).collect();
    added.sort();
    added
        .iter()
        .filter(|finalizer| !finalizer.contains('/') && !STANDARD.contains(&finalizer.as_str()))
        .map(|finalizer| {
            format!(
                "metadata.finalizers: {}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers",
                quoted(finalizer)
            )
        })
        .collect()
}
