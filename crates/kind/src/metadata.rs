//! What every object's metadata must satisfy, in upstream's words.
//!
//! The registry runs [`check`] and [`check_update`] for every kind, by the kind's [`MetadataRules`]. The forms of single
//! texts stand in [`crate::validate`].

use crate::field::Bare;
use crate::validate::{
    dns1035_label, dns1123_label, dns1123_subdomain, label_value, path_segment_name, qualified_name,
};
use crate::{FieldErrors, Path};
use schema::Value;

/// All keys and values of the annotations together.
const ANNOTATIONS_MAX: usize = 256 * 1024;
const MANAGER_MAX: usize = 128;
const SUBRESOURCE_MAX: usize = 128;

/// How a kind's metadata is checked.
#[derive(Clone, Copy, Debug)]
pub struct MetadataRules {
    pub name: NameFormat,
    /// A finalizer without a domain must be one of the standard ones.
    pub standard_finalizers: bool,
    /// The kind's own validation of an update checks what an update may change in the metadata a second time; upstream
    /// then gives each cause twice.
    pub repeats_update: bool,
    /// The kind's own validation of an update checks the metadata as at creation as well.
    pub repeats_create: bool,
    /// The kind's own validation of a creation does not look at the metadata, which is then checked only of an object that
    /// passes it.
    pub after_validation: bool,
}

impl MetadataRules {
    /// What most kinds have.
    pub const COMMON: MetadataRules = MetadataRules {
        name: NameFormat::Subdomain,
        standard_finalizers: true,
        repeats_update: true,
        repeats_create: false,
        after_validation: false,
    };

    pub const fn named(name: NameFormat) -> MetadataRules {
        MetadataRules { name, ..MetadataRules::COMMON }
    }
}

/// What names of a kind look like.
#[derive(Clone, Copy, Debug)]
pub enum NameFormat {
    /// RFC 1123 subdomain, with dots.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label.
    Label1035,
    /// Whatever a path can carry.
    PathSegment,
    /// What is wrong with a name; the flag is set for a `generateName`.
    Custom(fn(&str, bool) -> Vec<String>),
}

impl NameFormat {
    /// What is wrong with `name`, which is the beginning of a name if `prefix` is set.
    pub fn problems(self, name: &str, prefix: bool) -> Vec<String> {
        // A dash at the end of a prefix is followed by the generated suffix.
        let masked = match name.strip_suffix('-') {
            Some(start) if prefix && !start.is_empty() => format!("{start}a"),
            _ => name.to_owned(),
        };
        match self {
            NameFormat::Subdomain => dns1123_subdomain(&masked),
            NameFormat::Label => dns1123_label(&masked),
            NameFormat::Label1035 => dns1035_label(&masked),
            // A prefix becomes something else than dots.
            NameFormat::PathSegment if prefix && matches!(name, "." | "..") => Vec::new(),
            NameFormat::PathSegment => path_segment_name(name),
            NameFormat::Custom(check) => check(name, prefix),
        }
    }
}

/// A map of labels.
pub fn check_labels(labels: &Value, path: &Path, errors: &mut FieldErrors) {
    for (key, value) in labels.as_map().into_iter().flat_map(|map| map.iter()) {
        for problem in qualified_name(key) {
            errors.invalid(path, key, problem);
        }
        let value = value.as_str().unwrap_or_default();
        for problem in label_value(value) {
            errors.invalid(path, value, problem);
        }
    }
}

/// A map of annotations.
pub fn check_annotations(annotations: &Value, path: &Path, errors: &mut FieldErrors) {
    let mut size = 0;
    for (key, value) in annotations.as_map().into_iter().flat_map(|map| map.iter()) {
        for problem in qualified_name(&key.to_lowercase()) {
            errors.invalid(path, key, problem);
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS_MAX {
        errors.too_long(path, ANNOTATIONS_MAX);
    }
}

/// The metadata of an object that comes into being.
pub fn check(metadata: &Value, namespaced: bool, rules: &MetadataRules, errors: &mut FieldErrors) {
    check_accessor(metadata, namespaced, rules.name, errors);
    if rules.standard_finalizers {
        check_standard_finalizers(metadata, errors);
    }
}

/// What holds of new metadata that replaces `old`: the checks that come before the kind's own, and those that upstream's
/// kinds repeat.
pub fn check_update(new: &Value, old: &Value, namespaced: bool, rules: &MetadataRules, errors: &mut FieldErrors) {
    check_accessor(new, namespaced, NameFormat::PathSegment, errors);
    check_accessor_update(new, old, errors);
    if rules.repeats_update {
        check_accessor_update(new, old, errors);
    }
    if rules.repeats_create {
        check(new, namespaced, rules, errors);
    }
}

fn check_accessor(metadata: &Value, namespaced: bool, format: NameFormat, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    let (generate, name) = (metadata.str_at(&["generateName"]), metadata.str_at(&["name"]));
    if !generate.is_empty() {
        for problem in format.problems(generate, true) {
            errors.invalid(&root.child("generateName"), generate, problem);
        }
    }
    if name.is_empty() {
        errors.required(&root.child("name"), "name or generateName is required");
    } else {
        for problem in format.problems(name, false) {
            errors.invalid(&root.child("name"), name, problem);
        }
    }
    let namespace = metadata.str_at(&["namespace"]);
    let path = root.child("namespace");
    match (namespaced, namespace) {
        (true, "") => errors.required(&path, ""),
        (true, _) => dns1123_label(namespace).into_iter().for_each(|problem| errors.invalid(&path, namespace, problem)),
        (false, "") => {}
        (false, _) => errors.forbidden(&path, "not allowed on this type"),
    }
    let generation = metadata["generation"].as_i64().unwrap_or_default();
    if generation < 0 {
        errors.invalid(&root.child("generation"), generation, "must be greater than or equal to 0");
    }
    check_shared(metadata, errors);
    check_finalizers(metadata, errors);
    check_managed_fields(metadata, errors);
}

/// What is checked at creation and at update alike.
fn check_shared(metadata: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    check_labels(&metadata["labels"], &root.child("labels"), errors);
    check_annotations(&metadata["annotations"], &root.child("annotations"), errors);
    check_owners(&metadata["ownerReferences"], errors);
}

fn check_accessor_update(new: &Value, old: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    if old.get("deletionTimestamp").is_some() {
        let had = old["finalizers"].items();
        let added: Vec<String> = new["finalizers"]
            .items()
            .iter()
            .filter(|finalizer| !had.contains(finalizer))
            .map(|finalizer| crate::field::quoted(finalizer.as_str().unwrap_or_default()))
            .collect();
        if !added.is_empty() {
            let mut sorted = added;
            sorted.sort();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                sorted.join(", ")
            );
            errors.forbidden(&root.child("finalizers"), detail);
        }
    }
    if new.str_at(&["resourceVersion"]).is_empty() {
        errors.invalid(&root.child("resourceVersion"), "", "must be specified for an update");
    }
    let generation = |meta: &Value| meta["generation"].as_i64().unwrap_or_default();
    if generation(new) < generation(old) {
        errors.invalid(&root.child("generation"), generation(new), "must not be decremented");
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if new[field] != old[field] {
            errors.invalid(&root.child(field), &new[field], "field is immutable");
        }
    }
    check_shared(new, errors);
    check_managed_fields(new, errors);
}

fn check_owners(owners: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    let path = root.child("ownerReferences");
    let mut controller: Option<&Value> = None;
    for owner in owners.items() {
        check_owner(owner, &path, errors);
        if owner["controller"] == Value::Bool(true) {
            if let Some(first) = controller {
                let named = |owner: &Value| format!("{}/{}", owner.str_at(&["kind"]), owner.str_at(&["name"]));
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
                    named(first),
                    named(owner)
                );
                errors.invalid(&path, Bare(owners_as_json(owners)), detail);
            } else {
                controller = Some(owner);
            }
        }
    }
}

fn check_owner(owner: &Value, path: &Path, errors: &mut FieldErrors) {
    let api_version = owner.str_at(&["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if version.is_empty() {
        errors.invalid(&path.child("apiVersion"), api_version, "version must not be empty");
    }
    for field in ["kind", "name", "uid"] {
        if owner.str_at(&[field]).is_empty() {
            errors.invalid(&path.child(field), "", "must not be empty");
        }
    }
    if (group, version, owner.str_at(&["kind"])) == ("", "v1", "Event") {
        errors.invalid(path, Bare(owner_as_json(owner)), "/v1, Kind=Event is disallowed from being an owner");
    }
}

/// In the order of Go's fields, which messages show.
fn owner_as_json(owner: &Value) -> String {
    let mut parts: Vec<String> = ["apiVersion", "kind", "name", "uid"]
        .iter()
        .map(|field| format!("\"{field}\":{}", crate::field::quoted(owner.str_at(&[field]))))
        .collect();
    for field in ["controller", "blockOwnerDeletion"] {
        if let Some(set) = owner[field].as_bool() {
            parts.push(format!("\"{field}\":{set}"));
        }
    }
    format!("{{{}}}", parts.join(","))
}

fn owners_as_json(owners: &Value) -> String {
    let all: Vec<String> = owners.items().iter().map(owner_as_json).collect();
    format!("[{}]", all.join(","))
}

fn check_finalizers(metadata: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    let path = root.child("finalizers");
    let (mut orphan, mut foreground) = (false, false);
    for finalizer in metadata["finalizers"].items() {
        let finalizer = finalizer.as_str().unwrap_or_default();
        for problem in qualified_name(finalizer) {
            errors.invalid(&path, finalizer, problem);
        }
        orphan |= finalizer == "orphan";
        foreground |= finalizer == "foregroundDeletion";
    }
    if orphan && foreground {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.invalid(&path, &metadata["finalizers"], detail);
    }
}

fn check_standard_finalizers(metadata: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    let path = root.child("finalizers");
    for (index, finalizer) in metadata["finalizers"].items().iter().enumerate() {
        let finalizer = finalizer.as_str().unwrap_or_default();
        let standard = matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion");
        if !finalizer.contains('/') && !standard {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&path.index(index), finalizer, detail);
        }
    }
}

fn check_managed_fields(metadata: &Value, errors: &mut FieldErrors) {
    let root = Path::root("metadata");
    let path = root.child("managedFields");
    for (index, entry) in metadata["managedFields"].items().iter().enumerate() {
        let path = path.index(index);
        let operation = entry.str_at(&["operation"]);
        if !matches!(operation, "Apply" | "Update") {
            errors.invalid(&path.child("operation"), operation, "must be `Apply` or `Update`");
        }
        let fields_type = entry.str_at(&["fieldsType"]);
        if !matches!(fields_type, "" | "FieldsV1") {
            errors.invalid(&path.child("fieldsType"), fields_type, "must be `FieldsV1`");
        }
        check_manager(entry.str_at(&["manager"]), &path.child("manager"), errors);
        if entry.str_at(&["subresource"]).len() > SUBRESOURCE_MAX {
            errors.too_long(&path.child("subresource"), SUBRESOURCE_MAX);
        }
    }
}

/// The name of a field manager.
pub fn check_manager(manager: &str, path: &Path, errors: &mut FieldErrors) {
    if manager.len() > MANAGER_MAX {
        errors.too_long(path, MANAGER_MAX);
    }
    if let Some((index, _)) = manager.char_indices().find(|(_, c)| c.is_control()) {
        let detail = format!("should only contain printable characters, found non-printable at position {index}");
        errors.invalid(path, manager, detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::value;

    fn checked(metadata: Value) -> String {
        let mut errors = FieldErrors::new();
        check(&metadata, true, &MetadataRules::COMMON, &mut errors);
        errors.iter().map(|e| e.to_string()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn good_metadata_passes() {
        let good = value!({
            "name": "a.b-c", "namespace": "n", "labels": { "example.com/A_b": "1.x", "e": "" },
            "annotations": { "UPPER.example.com/Key": "x" }, "finalizers": ["orphan", "example.com/f"]
        });
        assert_eq!(checked(good), "");
    }

    #[test]
    fn each_problem_is_named() {
        let bad = value!({ "name": "a..b", "finalizers": ["nodomain"], "labels": { "": "x" } });
        let text = checked(bad);
        assert!(text.contains("metadata.name: Invalid value: \"a..b\": a lowercase RFC 1123 subdomain"), "{text}");
        assert!(text.contains("metadata.namespace: Required value"), "{text}");
        assert!(text.contains("metadata.labels: Invalid value: \"\": name part must be non-empty"), "{text}");
        assert!(text.contains("metadata.finalizers[0]: Invalid value: \"nodomain\": name is neither"), "{text}");
    }

    #[test]
    fn prefixes_may_end_in_a_dash() {
        assert!(NameFormat::Subdomain.problems("gen-", true).is_empty());
        assert!(!NameFormat::Subdomain.problems("gen-", false).is_empty());
    }
}
