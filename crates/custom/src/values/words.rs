//! The words of single failures.

use super::Failure;
use kind::field::{Shown, quoted};
use kind::{FieldErrorKind, Path};

/// `spec.a in body must be of type integer: "string"`. Upstream shows what was found as the value.
pub fn wrong_type(path: &Path, wanted: &str, found: &str) -> Failure {
    let name = path.to_string();
    Failure {
        detail: format!("{name} in body must be of type {wanted}: {}", quoted(found)),
        name: Some(name),
        kind: FieldErrorKind::TypeInvalid,
        value: Some(found.shown()),
    }
}

/// `spec.a in body should be ...`
pub fn invalid(path: &Path, shown: String, what: &str) -> Failure {
    let name = path.to_string();
    Failure {
        detail: format!("{name} in body {what}"),
        name: Some(name),
        kind: FieldErrorKind::Invalid,
        value: Some(shown),
    }
}

/// `"spec" must ...`, which upstream reports without a field.
pub fn plain(path: &Path, what: &str) -> Failure {
    bare(format!("{} {what}", quoted(&path.to_string())))
}

/// An error that is not about a field.
pub fn bare(detail: String) -> Failure {
    Failure { name: None, kind: FieldErrorKind::Invalid, value: Some("".shown()), detail }
}

pub fn forbidden_property(path: &Path, key: &str) -> Failure {
    let name = path.to_string();
    let shown = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    Failure {
        detail: format!("{shown} in body is a forbidden property"),
        name: Some(name),
        kind: FieldErrorKind::Invalid,
        value: Some(key.shown()),
    }
}

pub fn too_long(max: i64) -> String {
    format!("may not be more than {max} bytes")
}

pub fn too_many(path: &Path, actual: i64, max: i64) -> Failure {
    let items = if max == 1 { "item" } else { "items" };
    Failure {
        name: Some(path.to_string()),
        kind: FieldErrorKind::TooMany,
        value: Some(actual.to_string()),
        detail: format!("must have at most {max} {items}"),
    }
}
