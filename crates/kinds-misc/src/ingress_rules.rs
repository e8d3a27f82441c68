//! What an Ingress' spec must satisfy.

use crate::formats::subdomain;
use api_misc::networking::v1;
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::net::IpAddr;

const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
/// In a path that is a prefix or exact.
const NOT_IN_PATHS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const NOT_AT_THE_END: [&str; 2] = ["/..", "/."];

pub fn validate(spec: &v1::IngressSpec, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    if spec.rules.is_empty() && spec.default_backend.is_none() {
        errors.invalid(&path, Bare("null"), "either `defaultBackend` or `rules` must be specified");
    }
    if let Some(backend) = &spec.default_backend {
        validate_backend(backend, &path.child("defaultBackend"), errors);
    }
    let rules = path.child("rules");
    for (index, rule) in spec.rules.iter().enumerate() {
        validate_rule(rule, &rules.index(index), errors);
    }
    let tls = path.child("tls");
    for (index, entry) in spec.tls.iter().enumerate() {
        let entry_path = tls.index(index);
        let hosts = entry_path.child("hosts");
        for (index, host) in entry.hosts.iter().enumerate() {
            validate_host(host, &hosts.index(index), errors);
        }
        if !entry.secret_name.is_empty() {
            subdomain(&entry.secret_name, &entry_path.child("secretName"), errors);
        }
    }
    if let Some(class) = &spec.ingress_class_name {
        subdomain(class, &path.child("ingressClassName"), errors);
    }
}

fn validate_host(host: &str, path: &Path, errors: &mut FieldErrors) {
    if host.contains('*') {
        let fits = host.strip_prefix("*.").is_some_and(|rest| validate::dns1123_subdomain(rest).is_empty());
        if !fits {
            errors.invalid(path, host, WILDCARD);
        }
        return;
    }
    subdomain(host, path, errors);
}

fn validate_rule(rule: &v1::IngressRule, path: &Path, errors: &mut FieldErrors) {
    if !rule.host.is_empty() {
        let host = path.child("host");
        if rule.host.parse::<IpAddr>().is_ok() {
            errors.invalid(&host, &rule.host, "must be a DNS name, not an IP address");
        }
        validate_host(&rule.host, &host, errors);
    }
    let Some(http) = &rule.http else { return };
    let http_path = path.child("http");
    let paths = http_path.child("paths");
    if http.paths.is_empty() {
        errors.required(&paths, "");
    }
    for (index, entry) in http.paths.iter().enumerate() {
        validate_path(entry, &paths.index(index), errors);
    }
}

fn validate_path(entry: &v1::HTTPIngressPath, path: &Path, errors: &mut FieldErrors) {
    let path_path = path.child("path");
    match entry.path_type.as_deref() {
        None => errors.required(&path.child("pathType"), "pathType must be specified"),
        Some("Exact" | "Prefix") => {
            if !entry.path.starts_with('/') {
                errors.invalid(&path_path, &entry.path, "must be an absolute path");
            }
            if !entry.path.is_empty() {
                for bad in NOT_IN_PATHS.iter().filter(|bad| entry.path.contains(**bad)) {
                    errors.invalid(&path_path, &entry.path, format!("must not contain '{bad}'"));
                }
                for bad in NOT_AT_THE_END.iter().filter(|bad| entry.path.ends_with(**bad)) {
                    errors.invalid(&path_path, &entry.path, format!("cannot end with '{bad}'"));
                }
            }
        }
        Some("ImplementationSpecific") => {
            if !entry.path.is_empty() && !entry.path.starts_with('/') {
                errors.invalid(&path_path, &entry.path, "must be an absolute path");
            }
        }
        Some(other) => errors.not_supported(&path.child("pathType"), other, &PATH_TYPES),
    }
    validate_backend(&entry.backend, &path.child("backend"), errors);
}

fn validate_backend(backend: &v1::IngressBackend, path: &Path, errors: &mut FieldErrors) {
    match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (None, None) => errors.invalid(path, "", "resource or service backend is required"),
        (Some(resource), None) => {
            let path = path.child("resource");
            for (field, text) in [("kind", &resource.kind), ("name", &resource.name)] {
                if text.is_empty() {
                    errors.required(&path.child(field), "");
                }
            }
        }
        (None, Some(service)) => validate_service(service, path, errors),
    }
}

fn validate_service(service: &v1::IngressServiceBackend, path: &Path, errors: &mut FieldErrors) {
    let service_path = path.child("service");
    let name = service_path.child("name");
    if service.name.is_empty() {
        errors.required(&name, "");
    } else {
        for sentence in validate::dns1035_label(&service.name) {
            errors.invalid(&name, &service.name, sentence);
        }
    }
    let port = service_path.child("port");
    match (service.port.name.as_str(), service.port.number) {
        ("", 0) => errors.required(&port, "port name or number is required"),
        ("", number) => {
            for sentence in validate::port_number(i64::from(number)) {
                errors.invalid(&port.child("number"), number, sentence);
            }
        }
        (text, 0) => {
            for sentence in validate::port_name(text) {
                errors.invalid(&port.child("name"), text, sentence);
            }
        }
        _ => errors.invalid(path, "", "cannot set both port name & port number"),
    }
}
