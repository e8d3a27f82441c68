//! Environment variables and where their values come from.

use super::check;
use api_core::v1::{
    EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector, Volume,
};
use kind::{FieldErrors, Path, validate};

const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// All that the downward API knows, for volumes and variables together.
const CONVERTIBLE: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const BYTES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

pub fn validate(env: &[EnvVar], volumes: &[&Volume], path: &Path, errors: &mut FieldErrors) {
    for (index, variable) in env.iter().enumerate() {
        let path = path.index(index);
        if variable.name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            check::all(validate::environment_name(&variable.name), &variable.name, &path.child("name"), errors);
        }
        if let Some(source) = &variable.value_from {
            value_from(variable, source, volumes, &path.child("valueFrom"), errors);
        }
    }
}

fn value_from(variable: &EnvVar, source: &EnvVarSource, volumes: &[&Volume], path: &Path, errors: &mut FieldErrors) {
    let mut count = 0;
    if let Some(field_ref) = &source.field_ref {
        count += 1;
        validate_field_ref(field_ref, FIELDS, &path.child("fieldRef"), errors);
    }
    if let Some(resource) = &source.resource_field_ref {
        count += 1;
        resource_field_ref(resource, false, &path.child("resourceFieldRef"), errors);
    }
    if let Some(selector) = &source.config_map_key_ref {
        count += 1;
        key_selector(&selector.name, &selector.key, &path.child("configMapKeyRef"), errors);
    }
    if let Some(selector) = &source.secret_key_ref {
        count += 1;
        key_selector(&selector.name, &selector.key, &path.child("secretKeyRef"), errors);
    }
    if let Some(selector) = &source.file_key_ref {
        count += 1;
        file_key_selector(selector, volumes, &path.child("fileKeyRef"), errors);
    }
    let wrong = match count {
        0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        _ if !variable.value.is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.invalid(path, "", wrong);
}

fn key_selector(name: &str, key: &str, path: &Path, errors: &mut FieldErrors) {
    check::dns_subdomain(name, &path.child("name"), errors);
    if key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        check::all(validate::config_map_key(key), key, &path.child("key"), errors);
    }
}

fn file_key_selector(selector: &FileKeySelector, volumes: &[&Volume], path: &Path, errors: &mut FieldErrors) {
    if selector.key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        check::all(validate::environment_name(&selector.key), &selector.key, &path.child("key"), errors);
    }
    let volume = path.child("volumeName");
    if selector.volume_name.is_empty() {
        errors.required(&volume, "");
    } else {
        check::dns_label(&selector.volume_name, &volume, errors);
        match volumes.iter().find(|volume| volume.name == selector.volume_name) {
            None => errors.not_found(&volume, &selector.volume_name),
            Some(found) if found.empty_dir.is_none() => {
                errors.invalid(&volume, &selector.volume_name, "referenced volume must be of type emptyDir");
            }
            Some(_) => {}
        }
    }
    check::required(&selector.path, &path.child("path"), errors);
    check::local_path(&selector.path, &path.child("path"), errors);
}

/// A field of the pod, `metadata.labels['key']` included; without a key it must be one of `fields`.
pub fn validate_field_ref(selector: &ObjectFieldSelector, fields: &[&str], path: &Path, errors: &mut FieldErrors) {
    let field_path = path.child("fieldPath");
    if selector.api_version.is_empty() {
        errors.required(&path.child("apiVersion"), "");
        return;
    }
    if selector.field_path.is_empty() {
        errors.required(&field_path, "");
        return;
    }
    if selector.api_version != "v1" {
        let detail = format!("error converting fieldPath: unsupported pod version: {}", selector.api_version);
        errors.invalid(&field_path, &selector.field_path, detail);
        return;
    }
    let name = selector.field_path.as_str();
    match split_subscript(name) {
        Some(("metadata.annotations", key)) => check::qualified_name(&key.to_lowercase(), path, errors),
        Some(("metadata.labels", key)) => check::qualified_name(key, path, errors),
        Some((base, _)) => {
            let detail = format!("error converting fieldPath: field label does not support subscript: {name}");
            if CONVERTIBLE.contains(&base) {
                errors.invalid(&field_path, name, detail);
            } else {
                unknown_field(name, &field_path, errors);
            }
        }
        None if !CONVERTIBLE.contains(&name) && name != "spec.host" => unknown_field(name, &field_path, errors),
        // An old name that is still converted.
        None => check::known(if name == "spec.host" { "spec.nodeName" } else { name }, fields, &field_path, errors),
    }
}

fn unknown_field(name: &str, path: &Path, errors: &mut FieldErrors) {
    errors.invalid(path, name, format!("error converting fieldPath: field label not supported: {name}"));
}

/// `a.b['key']`
fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']").and_then(|start| start.split_once("['")).filter(|(base, _)| !base.is_empty())
}

/// A request or limit of a container; in a volume the container has to be named.
pub fn resource_field_ref(selector: &ResourceFieldSelector, in_volume: bool, path: &Path, errors: &mut FieldErrors) {
    let resource = selector.resource.as_str();
    let huge_pages = resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if in_volume && selector.container_name.is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !huge_pages {
        check::known(resource, RESOURCES, &path.child("resource"), errors);
    }
    if selector.divisor.is_zero() {
        return;
    }
    let (valid, amounts, name): (&[&str], _, _) = match resource.split_once('.').map(|(_, name)| name) {
        Some("cpu") => (&["1m", "1"], "1m and 1", "cpu"),
        Some("memory") => (BYTES, "", "memory"),
        Some("ephemeral-storage") => (BYTES, "", "local ephemeral storage"),
        _ if huge_pages => (BYTES, "", "hugepages"),
        _ => return,
    };
    if !valid.contains(&selector.divisor.to_string().as_str()) {
        let amounts = if amounts.is_empty() { BYTES.join(", ") } else { amounts.to_owned() };
        let detail = format!("only divisor's values {amounts} are supported with the {name} resource");
        errors.invalid(&path.child("divisor"), resource, detail);
    }
}

pub fn validate_from(sources: &[EnvFromSource], path: &Path, errors: &mut FieldErrors) {
    for (index, source) in sources.iter().enumerate() {
        let at = path.index(index);
        if !source.prefix.is_empty() {
            check::all(validate::environment_name(&source.prefix), &source.prefix, &at.child("prefix"), errors);
        }
        let config_map = source.config_map_ref.as_ref().map(|reference| ("configMapRef", &reference.name));
        let secret = source.secret_ref.as_ref().map(|reference| ("secretRef", &reference.name));
        for (kind, name) in [config_map, secret].into_iter().flatten() {
            let at = at.child(kind);
            if name.is_empty() {
                errors.required(&at.child("name"), "");
            } else {
                let problems = kind::NameFormat::Subdomain.problems(name, true);
                check::all(problems, name, &at.child("name"), errors);
            }
        }
        match (config_map, secret) {
            (None, None) => errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            (Some(_), Some(_)) => errors.invalid(path, "", "may not have more than one field specified at a time"),
            _ => {}
        }
    }
}
