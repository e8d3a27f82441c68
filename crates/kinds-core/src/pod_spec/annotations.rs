//! Annotations that mean something for a pod, or meant it once.

use super::{check, containers};
use api_core::v1::PodSpec;
use api_meta::v1::ObjectMeta;
use kind::{FieldErrors, Path};

pub const MIRROR: &str = "kubernetes.io/config.mirror";
pub const APP_ARMOR_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// `path`: that of the annotations.
pub fn validate(meta: &ObjectMeta, spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    for (key, value) in &meta.annotations {
        match key.as_str() {
            MIRROR if spec.node_name.is_empty() => {
                let detail = "must set spec.nodeName if mirror pod annotation is set";
                errors.invalid(&path.key(key), value, detail);
            }
            SECCOMP_POD => seccomp(value, &path.child(key), errors),
            DELETION_COST if value.parse::<i32>().is_err() || value.starts_with('+') && value.len() > 1 => {
                errors.invalid(&path.key(key), value, "must be a 32bit integer");
            }
            _ if key.starts_with(SECCOMP_CONTAINER_PREFIX) => seccomp(value, &path.child(key), errors),
            _ => {}
        }
        if let Some(container) = key.strip_prefix(APP_ARMOR_PREFIX) {
            app_armor(container, value, spec, &path.key(key), errors);
        }
    }
}

fn seccomp(profile: &str, path: &Path, errors: &mut FieldErrors) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        _ => match profile.strip_prefix("localhost/") {
            Some(file) => check::descending_path(file, path, errors),
            None => errors.invalid(path, profile, "must be a valid seccomp profile"),
        },
    }
}

fn app_armor(container: &str, profile: &str, spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let mut found = false;
    containers::each(spec, path, |each, _| found |= each.name == container);
    if !found {
        errors.invalid(path, container, "container not found");
    }
    if !matches!(profile, "" | "runtime/default" | "unconfined") && !profile.starts_with("localhost/") {
        errors.invalid(path, profile, format!("invalid AppArmor profile name: {profile:?}"));
    }
}

/// At creation an annotation and the field that replaced it must say the same. `path`: that of the spec.
pub fn validate_fields_match(meta: &ObjectMeta, spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let own = spec.security_context.as_deref();
    if let (Some(annotation), Some(profile)) =
        (meta.annotations.get(SECCOMP_POD), own.and_then(|context| context.seccomp_profile.as_deref()))
    {
        let at = path.child("securityContext");
        let file = profile.localhost_profile.as_deref();
        matches_field("seccomp", annotation, &profile.type_, file, &at.child("seccompProfile"), errors);
    }
    let windows = spec.os.as_ref().is_some_and(|os| os.name == "windows");
    containers::each(spec, path, |container, path| {
        let context = container.security_context.as_deref();
        let at = path.child("securityContext");
        let seccomp = meta.annotations.get(&format!("{SECCOMP_CONTAINER_PREFIX}{}", container.name));
        if let (Some(annotation), Some(profile)) = (seccomp, context.and_then(|c| c.seccomp_profile.as_deref())) {
            let file = profile.localhost_profile.as_deref();
            matches_field("seccomp", annotation, &profile.type_, file, &at.child("seccompProfile"), errors);
        }
        let app_armor = meta.annotations.get(&format!("{APP_ARMOR_PREFIX}{}", container.name));
        let profile = context
            .and_then(|c| c.app_armor_profile.as_deref())
            .or_else(|| own.and_then(|context| context.app_armor_profile.as_deref()));
        if let (Some(annotation), Some(profile), false) = (app_armor, profile, windows) {
            let file = profile.localhost_profile.as_deref();
            matches_field("apparmor", annotation, &profile.type_, file, &at.child("appArmorProfile"), errors);
        }
    });
}

fn matches_field(what: &str, annotation: &str, type_: &str, file: Option<&str>, path: &Path, errors: &mut FieldErrors) {
    let same_type = match type_ {
        "Unconfined" => annotation == "unconfined",
        "RuntimeDefault" => annotation == "runtime/default" || what == "seccomp" && annotation == "docker/default",
        "Localhost" => annotation.starts_with("localhost/"),
        _ => true,
    };
    if !same_type {
        errors.forbidden(&path.child("type"), format!("{what} type in annotation and field must match"));
    } else if type_ == "Localhost" && annotation.strip_prefix("localhost/") != file {
        let detail = format!("{what} profile in annotation and field must match");
        errors.forbidden(&path.child("localhostProfile"), detail);
    }
}
