//! Claims of devices, on their own and in templates: defaults, rules, and how messages show a whole one.
//!
//! Deliberately absent: whether a selector's expression compiles; that is decided where expressions run.

use crate::formats;
use api_misc::resource::v1;
use kind::{FieldErrors, Path, validate};
use schema::{Typed, Value, json};
use std::collections::BTreeMap;

const MODES: [&str; 2] = ["All", "ExactCount"];

pub fn default(spec: &mut v1::ResourceClaimSpec) {
    for request in &mut spec.devices.requests {
        if let Some(exactly) = &mut request.exactly {
            default_count(&mut exactly.allocation_mode, &mut exactly.count);
            exactly.tolerations.iter_mut().for_each(default_toleration);
        }
        for sub in &mut request.first_available {
            default_count(&mut sub.allocation_mode, &mut sub.count);
            sub.tolerations.iter_mut().for_each(default_toleration);
        }
    }
}

fn default_count(mode: &mut String, count: &mut i64) {
    if mode.is_empty() {
        *mode = "ExactCount".into();
    }
    if mode == "ExactCount" && *count == 0 {
        *count = 1;
    }
}

fn default_toleration(toleration: &mut v1::DeviceToleration) {
    if toleration.operator.is_empty() {
        toleration.operator = "Equal".into();
    }
}

/// On a namespace: its claims may ask for devices that others use.
const ADMIN_ACCESS: &str = "resource.kubernetes.io/admin-access";

/// Wherever the spec stands in its object, messages name the path of a claim.
pub fn validate_admin_access(
    spec: &v1::ResourceClaimSpec,
    labels: &BTreeMap<String, String>,
    errors: &mut FieldErrors,
) {
    if labels.get(ADMIN_ACCESS).is_some_and(|value| value == "true") {
        return;
    }
    let spec_path = Path::root("spec");
    let devices = spec_path.child("devices");
    let requests = devices.child("requests");
    for (index, request) in spec.devices.requests.iter().enumerate() {
        if request.exactly.as_ref().is_some_and(|exactly| exactly.admin_access == Some(true)) {
            let why = format!(
                "admin access to devices requires the `{ADMIN_ACCESS}: true` label on the containing namespace"
            );
            errors.forbidden(&requests.index(index).child("adminAccess"), why);
        }
    }
}

pub fn validate(spec: &v1::ResourceClaimSpec, path: &Path, errors: &mut FieldErrors) {
    let devices = path.child("devices");
    let requests = devices.child("requests");
    let mut seen = std::collections::BTreeSet::new();
    for (index, request) in spec.devices.requests.iter().enumerate() {
        let path = requests.index(index);
        validate_request(request, &path, errors);
        if !seen.insert(&request.name) {
            errors.duplicate(&path.child("name"), &request.name);
        }
    }
    let constraints = devices.child("constraints");
    for (index, constraint) in spec.devices.constraints.iter().enumerate() {
        let path = constraints.index(index);
        validate_names(&constraint.requests, spec, &path.child("requests"), errors);
        if let Some(attribute) = &constraint.match_attribute
            && !attribute.contains('/')
        {
            let why = "a fully qualified name must be a domain and a name separated by a slash";
            errors.invalid(&path.child("matchAttribute"), attribute, why);
        }
    }
    let config = devices.child("config");
    for (index, entry) in spec.devices.config.iter().enumerate() {
        let path = config.index(index);
        validate_names(&entry.requests, spec, &path.child("requests"), errors);
        validate_opaque(entry.opaque.as_deref(), &path, errors);
    }
}

fn validate_request(request: &v1::DeviceRequest, path: &Path, errors: &mut FieldErrors) {
    for sentence in validate::dns1123_label(&request.name) {
        errors.invalid(&path.child("name"), &request.name, sentence);
    }
    let one = "exactly one of `exactly` or `firstAvailable` is required";
    match (&request.exactly, request.first_available.is_empty()) {
        (None, true) => errors.required(path, one),
        (Some(_), false) => {
            let why = format!("{one}, but multiple fields are set");
            errors.invalid(path, kind::field::Bare("null"), why);
        }
        (Some(exactly), true) => {
            let path = path.child("exactly");
            validate_class(&exactly.device_class_name, &path.child("deviceClassName"), errors);
            validate_selectors(&exactly.selectors, &path.child("selectors"), errors);
            validate_count(&exactly.allocation_mode, exactly.count, &path, errors);
        }
        (None, false) => {
            let subs = path.child("firstAvailable");
            for (index, sub) in request.first_available.iter().enumerate() {
                let path = subs.index(index);
                for sentence in validate::dns1123_label(&sub.name) {
                    errors.invalid(&path.child("name"), &sub.name, sentence);
                }
                validate_class(&sub.device_class_name, &path.child("deviceClassName"), errors);
                validate_selectors(&sub.selectors, &path.child("selectors"), errors);
                validate_count(&sub.allocation_mode, sub.count, &path, errors);
            }
        }
    }
}

fn validate_class(name: &str, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.required(path, "");
    } else {
        formats::subdomain(name, path, errors);
    }
}

fn validate_count(mode: &str, count: i64, path: &Path, errors: &mut FieldErrors) {
    match mode {
        "All" => {
            if count != 0 {
                errors.invalid(&path.child("count"), count, "must not be specified when allocationMode is 'All'");
            }
        }
        "ExactCount" => {
            if count <= 0 {
                errors.invalid(&path.child("count"), count, "must be greater than zero");
            }
        }
        other => errors.not_supported(&path.child("allocationMode"), other, &MODES),
    }
}

/// Names of requests of the claim: `r`, or `r/sub`.
fn validate_names(names: &[String], spec: &v1::ResourceClaimSpec, path: &Path, errors: &mut FieldErrors) {
    for (index, name) in names.iter().enumerate() {
        let path = path.index(index);
        for part in name.split('/') {
            for sentence in validate::dns1123_label(part) {
                errors.invalid(&path, part, sentence);
            }
        }
        let known = spec.devices.requests.iter().any(|request| match name.split_once('/') {
            None => request.name == *name,
            Some((main, sub)) => {
                request.name == main && request.first_available.iter().any(|available| available.name == sub)
            }
        });
        if !known {
            let why =
                "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
            errors.invalid(&path, name, why);
        }
    }
}

/// In bytes.
const MAX_SELECTOR: usize = 10 * 1024;

pub fn validate_selectors(selectors: &[v1::DeviceSelector], path: &Path, errors: &mut FieldErrors) {
    for (index, selector) in selectors.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("cel");
        match &selector.cel {
            None => errors.required(&path, ""),
            Some(cel) => validate_selector(&cel.expression, &path.child("expression"), errors),
        }
    }
}

fn validate_selector(expression: &str, path: &Path, errors: &mut FieldErrors) {
    if expression.len() > MAX_SELECTOR {
        errors.too_long(path, MAX_SELECTOR);
    } else if let Err(why) = policy::compile_device_selector(expression) {
        errors.invalid(path, expression, why);
    }
}

pub fn validate_opaque(opaque: Option<&v1::OpaqueDeviceConfiguration>, path: &Path, errors: &mut FieldErrors) {
    let path = path.child("opaque");
    let Some(opaque) = opaque else { return errors.required(&path, "") };
    formats::csi_driver(&opaque.driver, &path.child("driver"), errors);
    if opaque.parameters.is_null() {
        errors.required(&path.child("parameters"), "");
    }
}

/// A claim's spec as messages show it.
pub fn shown(spec: &v1::ResourceClaimSpec) -> String {
    let requests: Vec<String> = spec.devices.requests.iter().map(request_shown).collect();
    let requests = if requests.is_empty() { "null".to_owned() } else { format!("[{}]", requests.join(",")) };
    let value = spec.devices.to_value();
    let rest = |field: &str| json::to_string(value.get(field).unwrap_or(&Value::Null));
    let (constraints, config) = (rest("constraints"), rest("config"));
    format!("{{\"Devices\":{{\"Requests\":{requests},\"Constraints\":{constraints},\"Config\":{config}}}}}")
}

fn request_shown(request: &v1::DeviceRequest) -> String {
    let value = request.to_value();
    let text = |path: &[&str]| json::to_string(value.at(path));
    let exactly = if request.exactly.is_none() {
        "null".to_owned()
    } else {
        let part = |field: &str| text(&["exactly", field]);
        let count = request.exactly.as_ref().map_or(0, |exactly| exactly.count);
        let (class, selectors, mode) = (part("deviceClassName"), part("selectors"), part("allocationMode"));
        let (admin, tolerations, capacity) = (part("adminAccess"), part("tolerations"), part("capacity"));
        format!(
            "{{\"DeviceClassName\":{class},\"Selectors\":{selectors},\"AllocationMode\":{mode},\"Count\":{count},\"AdminAccess\":{admin},\"Tolerations\":{tolerations},\"Capacity\":{capacity}}}"
        )
    };
    let (name, first) = (text(&["name"]), text(&["firstAvailable"]));
    format!("{{\"Name\":{name},\"Exactly\":{exactly},\"FirstAvailable\":{first}}}")
}
