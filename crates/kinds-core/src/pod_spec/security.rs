//! Security contexts of containers and of the pod.

use super::{check, go};
use api_core::v1::{
    AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext, WindowsSecurityContextOptions,
};
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use schema::Typed;
use std::collections::BTreeSet;

const PROFILE_TYPES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];
const PROFILE_PATH_MAX: usize = 4095;
const SYSCTL_MAX: usize = 253;
const SYSCTL_WORDS: &str = "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const GMSA_SPEC_MAX: usize = 64 * 1024;
const USER_NAME_MAX: usize = 104;
const USER_DOMAIN_MAX: usize = 256;

pub fn validate_container(context: &SecurityContext, host_users: bool, path: &Path, errors: &mut FieldErrors) {
    check::id(context.run_as_user, &path.child("runAsUser"), errors);
    check::id(context.run_as_group, &path.child("runAsGroup"), errors);
    if let Some(mount) = &context.proc_mount {
        let at = path.child("procMount");
        check::known(mount, &["Default", "Unmasked"], &at, errors);
        if host_users && mount == "Unmasked" {
            errors.invalid(&at, mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp_profile(context.seccomp_profile.as_deref(), &path.child("seccompProfile"), errors);
    if context.allow_privilege_escalation == Some(false) {
        let shown = || Bare(go::json("SecurityContext", &context.to_value()));
        if context.privileged == Some(true) {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid(path, shown(), detail);
        }
        let added = context.capabilities.as_ref().map_or(&[][..], |capabilities| &capabilities.add);
        for _ in added.iter().filter(|capability| *capability == "CAP_SYS_ADMIN") {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.invalid(path, shown(), detail);
        }
    }
    windows_options(context.windows_options.as_deref(), &path.child("windowsOptions"), errors);
    app_armor_profile(context.app_armor_profile.as_deref(), &path.child("appArmorProfile"), errors);
}

/// `spec_path` is that of the spec: some of what upstream keeps in the security context is beside it in the API.
pub fn validate_pod(spec: &PodSpec, allow_host_sysctls: bool, spec_path: &Path, errors: &mut FieldErrors) {
    let Some(context) = &spec.security_context else { return };
    let path = spec_path.child("securityContext");
    check::id(context.fs_group, &path.child("fsGroup"), errors);
    check::id(context.run_as_user, &path.child("runAsUser"), errors);
    check::id(context.run_as_group, &path.child("runAsGroup"), errors);
    let groups = path.child("supplementalGroups");
    for (index, group) in context.supplemental_groups.iter().enumerate() {
        check::id(Some(*group), &groups.index(index), errors);
    }
    if spec.share_process_namespace == Some(true) && spec.host_pid {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.child("shareProcessNamespace"), true, detail);
    }
    sysctls(spec, context, allow_host_sysctls, &path.child("sysctls"), errors);
    let choices: [(&Option<String>, &[&str], &str); 3] = [
        (&context.fs_group_change_policy, &["Always", "OnRootMismatch"], "fsGroupChangePolicy"),
        (&context.supplemental_groups_policy, &["Merge", "Strict"], "supplementalGroupsPolicy"),
        (&context.se_linux_change_policy, &["Recursive"], "seLinuxChangePolicy"),
    ];
    for (choice, valid, name) in choices {
        if let Some(choice) = choice {
            check::known(choice, valid, &path.child(name), errors);
        }
    }
    seccomp_profile(context.seccomp_profile.as_deref(), &path.child("seccompProfile"), errors);
    windows_options(context.windows_options.as_deref(), &path.child("windowsOptions"), errors);
    app_armor_profile(context.app_armor_profile.as_deref(), &path.child("appArmorProfile"), errors);
}

fn sysctls(spec: &PodSpec, context: &PodSecurityContext, allow_host: bool, path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, sysctl) in context.sysctls.iter().enumerate() {
        let (at, name) = (path.index(index), sysctl.name.as_str());
        let at = at.child("name");
        if name.is_empty() {
            errors.required(&at, "");
        } else if !is_sysctl(name) {
            errors.invalid(&at, name, SYSCTL_WORDS);
        } else if seen.contains(name) {
            errors.duplicate(&at, name);
        }
        seen.insert(name);
        if !allow_host {
            match sysctl_namespace(name) {
                "net" if spec.host_network => {
                    errors.invalid(&at, name, "may not be specified when 'hostNetwork' is true");
                }
                "ipc" if spec.host_ipc => {
                    errors.invalid(&at, name, "may not be specified when 'hostIPC' is true");
                }
                _ => {}
            }
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let segment = |segment: &str| {
        segment.bytes().next().is_some_and(word)
            && segment.bytes().last().is_some_and(word)
            && segment.bytes().all(|b| word(b) || matches!(b, b'-' | b'_'))
    };
    name.len() <= SYSCTL_MAX && name.split(['.', '/']).all(segment)
}

/// The Linux namespace that a sysctl belongs to.
fn sysctl_namespace(name: &str) -> &'static str {
    // The first separator decides which one parts the name.
    let dotted = match name.find(['.', '/']) {
        Some(at) if name.as_bytes()[at] == b'/' => name.replace('/', "."),
        _ => name.to_owned(),
    };
    if dotted.starts_with("net.") {
        "net"
    } else if dotted == "kernel.sem"
        || ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|prefix| dotted.starts_with(prefix))
    {
        "ipc"
    } else {
        ""
    }
}

fn seccomp_profile(profile: Option<&SeccompProfile>, path: &Path, errors: &mut FieldErrors) {
    let Some(profile) = profile else { return };
    profile_type(&profile.type_, "type is required when seccompProfile is set", &path.child("type"), errors);
    let at = path.child("localhostProfile");
    match (profile.type_.as_str(), &profile.localhost_profile) {
        ("Localhost", None) => errors.required(&at, "must be set when seccomp type is Localhost"),
        ("Localhost", Some(file)) => check::descending_path(file, &at, errors),
        (_, Some(_)) => {
            let shown = go::json("SeccompProfile", &profile.to_value());
            errors.invalid(&at, Bare(shown), "can only be set when seccomp type is Localhost");
        }
        (_, None) => {}
    }
}

fn profile_type(type_: &str, required: &str, path: &Path, errors: &mut FieldErrors) {
    if type_.is_empty() {
        errors.required(path, required);
    } else {
        check::known(type_, PROFILE_TYPES, path, errors);
    }
}

fn app_armor_profile(profile: Option<&AppArmorProfile>, path: &Path, errors: &mut FieldErrors) {
    const REQUIRED: &str = "must be set when AppArmor type is Localhost";
    let Some(profile) = profile else { return };
    profile_type(&profile.type_, "type is required when appArmorProfile is set", &path.child("type"), errors);
    let at = path.child("localhostProfile");
    match (profile.type_.as_str(), &profile.localhost_profile) {
        ("Localhost", None) => errors.required(&at, REQUIRED),
        ("Localhost", Some(name)) => {
            if name.trim() != name {
                errors.invalid(&at, name, "must not be padded with whitespace");
            } else if name.is_empty() {
                errors.required(&at, REQUIRED);
            }
            if name.len() > PROFILE_PATH_MAX {
                errors.too_long(&at, PROFILE_PATH_MAX);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(name)) => {
            errors.invalid(&at, name, "can only be set when AppArmor type is Localhost");
        }
        _ => {}
    }
}

fn windows_options(options: Option<&WindowsSecurityContextOptions>, path: &Path, errors: &mut FieldErrors) {
    let Some(options) = options else { return };
    if let Some(name) = &options.gmsa_credential_spec_name {
        check::dns_subdomain(name, &path.child("gmsaCredentialSpecName"), errors);
    }
    if let Some(spec) = &options.gmsa_credential_spec {
        let at = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            errors.invalid(&at, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > GMSA_SPEC_MAX {
            let detail = format!("gmsaCredentialSpec size must be under {} KiB", GMSA_SPEC_MAX / 1024);
            errors.invalid(&at, spec, detail);
        }
    }
    if let Some(user) = &options.run_as_user_name {
        windows_user(user, &path.child("runAsUserName"), errors);
    }
}

/// `[DOMAIN\]user`
fn windows_user(name: &str, path: &Path, errors: &mut FieldErrors) {
    let mut wrong = |detail: String| errors.invalid(path, name, detail);
    if name.is_empty() {
        wrong("runAsUserName cannot be an empty string".into());
        return;
    }
    if name.contains(|c: char| c.is_ascii_control()) {
        wrong("runAsUserName cannot contain control characters".into());
    }
    let parts: Vec<&str> = name.split('\\').collect();
    if parts.len() > 2 {
        wrong("runAsUserName cannot contain more than one backslash".into());
    }
    let (domain, user) = if let [domain, user, ..] = parts.as_slice() { (Some(*domain), *user) } else { (None, name) };
    if let Some(domain) = domain {
        if domain.len() >= USER_DOMAIN_MAX {
            wrong(format!("runAsUserName's Domain length must be under {USER_DOMAIN_MAX} characters"));
        }
        let netbios = !domain.is_empty()
            && domain.len() <= 15
            && !domain.starts_with('.')
            && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']);
        let dns = domain.split('.').all(|label| validate::dns1123_label(&label.to_lowercase()).is_empty());
        if !(netbios || dns) {
            wrong("runAsUserName's Domain doesn't match the NetBios nor the DNS format".into());
        }
    }
    if user.is_empty() {
        wrong("runAsUserName's User cannot be empty".into());
    } else if user.len() > USER_NAME_MAX {
        wrong(format!("runAsUserName's User length must not be longer than {USER_NAME_MAX} characters"));
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        wrong("runAsUserName's User cannot contain only periods or spaces".into());
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        wrong("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]".into());
    }
}
