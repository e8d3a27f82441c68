//! Options of create, update, patch and delete.

use crate::error::parse_int;
use crate::query::Query;
use kind::field::Bare;
use kind::metadata::check_manager;
use kind::{ApiError, FieldErrors, Path};
use schema::{Value, value};

/// What to do about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// CreateOptions, UpdateOptions and PatchOptions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteOptions {
    pub dry_run: bool,
    pub field_manager: String,
    pub field_validation: FieldValidation,
    /// Apply only.
    pub force: Option<bool>,
    /// As the API shows them to admission.
    pub value: Value,
}

impl WriteOptions {
    /// `kind`: `CreateOptions`, `UpdateOptions` or `PatchOptions`; `apply`: of a server-side apply.
    pub fn parse(query: &Query, kind: &str, apply: bool) -> Result<WriteOptions, ApiError> {
        let mut errors = FieldErrors::new();
        let field_manager = query.get("fieldManager").unwrap_or_default().to_owned();
        let force = query.optional_flag("force");
        if kind == "PatchOptions" {
            if apply && field_manager.is_empty() {
                errors.required(&Path::root("fieldManager"), "is required for apply patch");
            }
            if !apply && force.is_some() {
                errors.forbidden(&Path::root("force"), "may not be specified for non-apply patch");
            }
        }
        check_manager(&field_manager, &Path::root("fieldManager"), &mut errors);
        let dry_run = dry_run(query.all("dryRun"), &mut errors);
        let written = query.get("fieldValidation").unwrap_or_default();
        let field_validation = match written {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                errors.not_supported(&Path::root("fieldValidation"), other, &["", "Ignore", "Strict", "Warn"]);
                FieldValidation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid("meta.k8s.io", kind, "", &errors));
        }
        let mut value = value!({ "apiVersion": "meta.k8s.io/v1", "kind": kind });
        put(&mut value, "fieldManager", &field_manager);
        put(&mut value, "fieldValidation", written);
        if dry_run {
            value.set(&["dryRun"], value!(["All"]));
        }
        if let Some(force) = force {
            value.set(&["force"], force);
        }
        Ok(WriteOptions { dry_run, field_manager, field_validation, force, value })
    }
}

fn put(options: &mut Value, key: &str, text: &str) {
    if !text.is_empty() {
        options.set(&[key], text);
    }
}

fn dry_run<'a>(given: impl Iterator<Item = &'a str>, errors: &mut FieldErrors) -> bool {
    let given: Vec<&str> = given.filter(|text| !text.is_empty()).collect();
    if given.iter().any(|text| *text != "All") {
        let quoted: Vec<String> = given.iter().map(|text| kind::field::quoted(text)).collect();
        errors.not_supported(&Path::root("dryRun"), Bare(format!("[{}]", quoted.join(","))), &["All"]);
    }
    !given.is_empty()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Foreground,
    Background,
    Orphan,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    pub uid: Option<String>,
    pub resource_version: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    pub grace_period_seconds: Option<i64>,
    pub preconditions: Preconditions,
    pub orphan_dependents: Option<bool>,
    pub propagation: Option<Propagation>,
    pub dry_run: bool,
    /// As the API shows them to admission.
    pub value: Value,
}

impl DeleteOptions {
    /// The query of a DELETE without a body, as a normal value.
    pub fn value_of(query: &Query) -> Result<Value, ApiError> {
        let mut value = value!({ "apiVersion": "meta.k8s.io/v1", "kind": "DeleteOptions" });
        if let Some(text) = query.get("gracePeriodSeconds").filter(|text| !text.is_empty()) {
            value.set(&["gracePeriodSeconds"], parse_int(text).map_err(ApiError::bad_request)?);
        }
        if let Some(orphan) = query.optional_flag("orphanDependents") {
            value.set(&["orphanDependents"], orphan);
        }
        if let Some(policy) = query.get("propagationPolicy").filter(|text| !text.is_empty()) {
            value.set(&["propagationPolicy"], policy);
        }
        let dry_run: Vec<Value> = query.all("dryRun").filter(|text| !text.is_empty()).map(Value::from).collect();
        if !dry_run.is_empty() {
            value.set(&["dryRun"], dry_run);
        }
        Ok(value)
    }

    /// From a normal value of the type DeleteOptions.
    pub fn read(mut value: Value) -> Result<DeleteOptions, ApiError> {
        let mut errors = FieldErrors::new();
        let orphan_dependents = value["orphanDependents"].as_bool();
        let path = Path::root("propagationPolicy");
        let policy = value["propagationPolicy"].as_str();
        if let (Some(_), Some(policy)) = (orphan_dependents, policy) {
            errors.invalid(&path, policy, "orphanDependents and deletionPropagation cannot be both set");
        }
        let propagation = match policy {
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Background") => Some(Propagation::Background),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                errors.not_supported(&path, other, &["Foreground", "Background", "Orphan", "nil"]);
                None
            }
            None => None,
        };
        let dry_run = dry_run(value["dryRun"].items().iter().filter_map(Value::as_str), &mut errors);
        if !errors.is_empty() {
            return Err(ApiError::invalid("meta.k8s.io", "DeleteOptions", "", &errors));
        }
        let text = |path: &[&str]| value.at(path).as_str().map(str::to_owned);
        let preconditions = Preconditions {
            uid: text(&["preconditions", "uid"]),
            resource_version: text(&["preconditions", "resourceVersion"]),
        };
        // A negative period counts as one second.
        let grace = value["gracePeriodSeconds"].as_i64().map(|seconds| if seconds < 0 { 1 } else { seconds });
        if let Some(seconds) = grace {
            value.set(&["gracePeriodSeconds"], seconds);
        }
        Ok(DeleteOptions { grace_period_seconds: grace, preconditions, orphan_dependents, propagation, dry_run, value })
    }
}
