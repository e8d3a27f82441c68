//! Small checks that many fields of a pod share, in upstream's words.

use kind::{FieldErrors, Path, validate};
use schema::IntOrString;

const MAX_MODE: i32 = 0o777;

/// One error for each of the sentences that say what is wrong with `text`.
pub fn all(problems: Vec<String>, text: &str, path: &Path, errors: &mut FieldErrors) {
    for problem in problems {
        errors.invalid(path, text, problem);
    }
}

pub fn required(text: &str, path: &Path, errors: &mut FieldErrors) {
    if text.is_empty() {
        errors.required(path, "");
    }
}

/// Neither empty nor anything but one of `valid`, which are in the order that the message shows.
pub fn one_of(text: &str, valid: &[&str], path: &Path, errors: &mut FieldErrors) {
    if text.is_empty() {
        errors.required(path, "");
    } else {
        known(text, valid, path, errors);
    }
}

/// As [`one_of`]; an empty text is an unknown one.
pub fn known(text: &str, valid: &[&str], path: &Path, errors: &mut FieldErrors) {
    if !valid.contains(&text) {
        errors.not_supported(path, text, valid);
    }
}

pub fn dns_label(text: &str, path: &Path, errors: &mut FieldErrors) {
    all(validate::dns1123_label(text), text, path, errors);
}

pub fn dns_subdomain(text: &str, path: &Path, errors: &mut FieldErrors) {
    all(validate::dns1123_subdomain(text), text, path, errors);
}

pub fn qualified_name(text: &str, path: &Path, errors: &mut FieldErrors) {
    all(validate::qualified_name(text), text, path, errors);
}

/// No `..` between slashes.
pub fn no_backsteps(text: &str, path: &Path, errors: &mut FieldErrors) {
    if has_backsteps(text) {
        errors.invalid(path, text, "must not contain '..'");
    }
}

pub fn has_backsteps(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}

/// Relative and without `..`.
pub fn descending_path(text: &str, path: &Path, errors: &mut FieldErrors) {
    if text.starts_with('/') {
        errors.invalid(path, text, "must be a relative path");
    }
    no_backsteps(text, path, errors);
}

/// As [`descending_path`], and not beginning with `..`, which the kubelet keeps for itself.
pub fn local_path(text: &str, path: &Path, errors: &mut FieldErrors) {
    descending_path(text, path, errors);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.invalid(path, text, "must not start with '..'");
    }
}

/// The permission bits of a file.
pub fn mode(mode: Option<i32>, path: &Path, errors: &mut FieldErrors) {
    if let Some(mode) = mode.filter(|mode| !(0..=MAX_MODE).contains(mode)) {
        errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

pub fn port(port: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    match port {
        IntOrString::Int(number) => port_number(*number, path, errors),
        IntOrString::String(name) => all(validate::port_name(name), name, path, errors),
    }
}

pub fn port_number(number: i32, path: &Path, errors: &mut FieldErrors) {
    for problem in validate::port_number(number.into()) {
        errors.invalid(path, number, problem);
    }
}

/// A user or a group: 0 to 2147483647.
pub fn id(id: Option<i64>, path: &Path, errors: &mut FieldErrors) {
    if let Some(id) = id.filter(|id| !(0..=i32::MAX.into()).contains(id)) {
        errors.invalid(path, id, "must be between 0 and 2147483647, inclusive");
    }
}

pub fn within(number: i32, range: std::ops::RangeInclusive<i32>, path: &Path, errors: &mut FieldErrors) {
    if !range.contains(&number) {
        let detail = format!("must be between {} and {}, inclusive", range.start(), range.end());
        errors.invalid(path, number, detail);
    }
}
