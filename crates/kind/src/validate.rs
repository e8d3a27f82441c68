//! Formats that many kinds share: names, labels, ports, addresses, each as upstream's `validation.Is...` answers it.
//!
//! A function returns the sentences that say what is wrong; none: the text is good.

use crate::{FieldErrors, Path};
use api_meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use std::collections::BTreeMap;

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;
/// All annotations of an object together.
const ANNOTATIONS_MAX_BYTES: usize = 256 * 1024;

const DNS1123_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const DNS1123_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS1123_SUBDOMAIN_UNDERSCORE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const DNS1035_LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_NAME_PART: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

fn too_long_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > LABEL_MAX {
        wrong.push(too_long(LABEL_MAX));
    }
    if !is_label(text) {
        // Upstream tells a name that would do as a subdomain that dots are the trouble.
        let sentence = if is_subdomain(text) { "must not contain dots" } else { DNS1123_LABEL };
        wrong.push(sentence.into());
    }
    wrong
}

/// Labels joined by dots, 253 bytes at most: most kinds' names.
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        wrong.push(too_long(SUBDOMAIN_MAX));
    }
    if !is_subdomain(text) {
        wrong.push(DNS1123_SUBDOMAIN.into());
    }
    wrong
}

/// As a subdomain, underscores permitted: DNS search domains.
pub fn dns1123_subdomain_with_underscore(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        wrong.push(too_long(SUBDOMAIN_MAX));
    }
    let label = |part: &str| {
        let part = part.strip_prefix('_').unwrap_or(part);
        is_made_of(part, is_lower_alphanumeric, |b| is_lower_alphanumeric(b) || b == b'-' || b == b'_')
    };
    if !text.split('.').all(label) {
        wrong.push(DNS1123_SUBDOMAIN_UNDERSCORE.into());
    }
    wrong
}

/// A label that starts with a letter: names of Services until v1.34.
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > LABEL_MAX {
        wrong.push(too_long(LABEL_MAX));
    }
    if !is_label(text) || !text.as_bytes()[0].is_ascii_lowercase() {
        wrong.push(DNS1035_LABEL.into());
    }
    wrong
}

/// `[prefix/]name`: keys of labels and annotations, finalizers, resource names.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                wrong.push("prefix part must be non-empty".into());
            } else {
                wrong.extend(dns1123_subdomain(prefix).into_iter().map(|sentence| format!("prefix part {sentence}")));
            }
            name
        }
        _ => {
            let sentence = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            wrong.push(sentence.into());
            return wrong;
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".into());
    } else if name.len() > LABEL_MAX {
        wrong.push(format!("name part {}", too_long_bytes(LABEL_MAX)));
    }
    if !is_qualified_part(name) {
        wrong.push(format!("name part {QUALIFIED_NAME_PART}"));
    }
    wrong
}

pub fn label_value(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > LABEL_MAX {
        wrong.push(too_long_bytes(LABEL_MAX));
    }
    if !text.is_empty() && !is_qualified_part(text) {
        wrong.push(LABEL_VALUE.into());
    }
    wrong
}

/// The name of a path segment: no `.`, `..`, `/`, `%` (RBAC names).
pub fn path_segment_name(text: &str) -> Vec<String> {
    match text {
        "." | ".." => return vec![format!("may not be '{text}'")],
        _ => {}
    }
    ["/", "%"].iter().filter(|bad| text.contains(**bad)).map(|bad| format!("may not contain '{bad}'")).collect()
}

/// 1 to 65535
pub fn port_number(port: i64) -> Vec<String> {
    if (1..=65_535).contains(&port) { Vec::new() } else { vec!["must be between 1 and 65535, inclusive".into()] }
}

/// IANA service names: names of ports.
pub fn port_name(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |condition: bool, sentence: &str| {
        if condition {
            wrong.push(sentence.to_owned());
        }
    };
    say(text.len() > 15, "must be no more than 15 characters");
    let charset = text.bytes().all(|b| is_lower_alphanumeric(b) || b == b'-') && !text.is_empty();
    say(!charset, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    say(!text.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    say(text.contains("--"), "must not contain consecutive hyphens");
    let edges = !text.is_empty() && (text.starts_with('-') || text.ends_with('-'));
    say(edges, "must not begin or end with a hyphen");
    wrong
}

/// Keys of ConfigMaps and Secrets.
pub fn config_map_key(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        wrong.push(too_long(SUBDOMAIN_MAX));
    }
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !fits {
        wrong.push("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')".into());
    }
    match text {
        "." | ".." => wrong.push(format!("must not be '{text}'")),
        _ if text.starts_with("..") => wrong.push("must not start with '..'".into()),
        _ => {}
    }
    wrong
}

/// Names of environment variables: printable ASCII without `=`.
pub fn environment_name(text: &str) -> Vec<String> {
    let fits = !text.is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=');
    if fits {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()]
}

/// An IPv4 or IPv6 address.
pub fn ip_address(text: &str) -> Vec<String> {
    match text.parse::<std::net::IpAddr>() {
        Ok(_) => Vec::new(),
        Err(_) => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()],
    }
}

/// Labels of an object.
pub fn labels(labels: &BTreeMap<String, String>, path: &Path, errors: &mut FieldErrors) {
    for (key, value) in labels {
        label_key(key, path, errors);
        for sentence in label_value(value) {
            errors.invalid(path, value, sentence);
        }
    }
}

/// The metadata of what is made later from a template: labels and annotations alone may be given.
pub fn template_metadata(meta: &ObjectMeta, path: &Path, why: &str, errors: &mut FieldErrors) {
    labels(&meta.labels, &path.child("labels"), errors);
    annotations(&meta.annotations, &path.child("annotations"), errors);
    let given = [
        (meta.creation_timestamp.is_some(), "creationTimestamp"),
        (meta.deletion_grace_period_seconds.is_some(), "deletionGracePeriodSeconds"),
        (meta.deletion_timestamp.is_some(), "deletionTimestamp"),
        (!meta.finalizers.is_empty(), "finalizers"),
        (!meta.generate_name.is_empty(), "generateName"),
        (meta.generation != 0, "generation"),
        (!meta.managed_fields.is_empty(), "managedFields"),
        (!meta.name.is_empty(), "name"),
        (!meta.namespace.is_empty(), "namespace"),
        (!meta.owner_references.is_empty(), "ownerReferences"),
        (!meta.resource_version.is_empty(), "resourceVersion"),
        (!meta.self_link.is_empty(), "selfLink"),
        (!meta.uid.is_empty(), "uID"),
    ];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), why);
    }
}

/// The key of a label, as an error of the whole map.
pub fn label_key(key: &str, path: &Path, errors: &mut FieldErrors) {
    for sentence in qualified_name(key) {
        errors.invalid(path, key, sentence);
    }
}

pub fn annotations(annotations: &BTreeMap<String, String>, path: &Path, errors: &mut FieldErrors) {
    for key in annotations.keys() {
        for sentence in qualified_name(&key.to_lowercase()) {
            errors.invalid(path, key, sentence);
        }
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > ANNOTATIONS_MAX_BYTES {
        errors.too_long(path, ANNOTATIONS_MAX_BYTES);
    }
}

/// A label selector; `allow_invalid_values`: values that no label can have are let pass, as in objects stored long ago.
pub fn label_selector(selector: &LabelSelector, allow_invalid_values: bool, path: &Path, errors: &mut FieldErrors) {
    labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let expressions = path.child("matchExpressions");
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        label_selector_requirement(requirement, allow_invalid_values, &expressions.index(index), errors);
    }
}

fn label_selector_requirement(
    requirement: &LabelSelectorRequirement,
    allow_invalid_values: bool,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let values = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.is_empty() => {
            errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    label_key(&requirement.key, &path.child("key"), errors);
    if !allow_invalid_values {
        for (index, value) in requirement.values.iter().enumerate() {
            for sentence in label_value(value) {
                errors.invalid(&values.index(index), value, sentence);
            }
        }
    }
}

/// `field is immutable`, where the two differ.
pub fn immutable<T: PartialEq + crate::field::Shown>(new: &T, old: &T, path: &Path, errors: &mut FieldErrors) {
    if new != old {
        errors.invalid(path, Ref(new), "field is immutable");
    }
}

/// `must be greater than or equal to 0`
pub fn not_negative(number: i64, path: &Path, errors: &mut FieldErrors) {
    if number < 0 {
        errors.invalid(path, number, "must be greater than or equal to 0");
    }
}

struct Ref<'a, T>(&'a T);

impl<T: crate::field::Shown> crate::field::Shown for Ref<'_, T> {
    fn shown(&self) -> String {
        self.0.shown()
    }
}

fn is_lower_alphanumeric(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Non-empty, first and last byte of one class, those between of another.
fn is_made_of(text: &str, edge: impl Fn(u8) -> bool, middle: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => edge(first) && edge(last) && bytes.iter().all(|&b| middle(b)),
        _ => false,
    }
}

fn is_label(text: &str) -> bool {
    is_made_of(text, is_lower_alphanumeric, |b| is_lower_alphanumeric(b) || b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_qualified_part(text: &str) -> bool {
    is_made_of(text, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, label, subdomain) in
            [("a", true, true), ("a-b", true, true), ("a.b", false, true), ("A", false, false), ("-a", false, false)]
        {
            assert_eq!(dns1123_label(text).is_empty(), label, "{text}");
            assert_eq!(dns1123_subdomain(text).is_empty(), subdomain, "{text}");
        }
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert!(dns1035_label("1a").len() == 1 && dns1035_label("a1").is_empty());
        assert!(dns1123_label("").len() == 1 && dns1035_label("").len() == 1);
    }

    #[test]
    fn qualified_names() {
        assert!(qualified_name("example.com/My_Name").is_empty());
        assert_eq!(qualified_name("")[0], "name part must be non-empty");
        assert_eq!(qualified_name("/a")[0], "prefix part must be non-empty");
        assert_eq!(qualified_name("a/b/c").len(), 1);
        assert_eq!(qualified_name(&"x".repeat(64)), ["name part must be no more than 63 bytes"]);
    }

    #[test]
    fn port_names() {
        assert!(port_name("http-1").is_empty());
        for bad in ["", "HTTP", "123", "a--b", "-a", "a-name-that-is-too-long"] {
            assert!(!port_name(bad).is_empty(), "{bad}");
        }
    }
}
