//! What one operating system has and the other has not.

use super::{check, containers};
use api_core::v1::{PodSecurityContext, PodSpec, SecurityContext};
use kind::{FieldErrors, Path};

const NOT_WINDOWS: &str = "cannot be set for a windows pod";
const NOT_LINUX: &str = "windows options cannot be set for a linux pod";

pub fn validate(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    host_process(spec, path, errors);
    let Some(os) = &spec.os else { return };
    match os.name.as_str() {
        "linux" => linux(spec, path, errors),
        "windows" => windows(spec, path, errors),
        "" => errors.required(&path.child("os").child("name"), "cannot be empty"),
        name => check::known(name, &["linux", "windows"], &path.child("os"), errors),
    }
}

fn linux(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    if spec.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
        errors.forbidden(&path.child("securityContext").child("windowsOptions"), NOT_LINUX);
    }
    containers::each(spec, path, |container, path| {
        if container.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
            errors.forbidden(&path.child("securityContext").child("windowsOptions"), NOT_LINUX);
        }
    });
}

fn windows(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let beside = [
        (spec.resources.is_some(), "resources"),
        (spec.host_users.is_some(), "hostUsers"),
        (spec.host_pid, "hostPID"),
        (spec.host_ipc, "hostIPC"),
        (spec.share_process_namespace.is_some(), "shareProcessNamespace"),
    ];
    forbid(beside, path, errors);
    if let Some(context) = &spec.security_context {
        forbid(linux_fields_of_pod(context), &path.child("securityContext"), errors);
    }
    containers::each(spec, path, |container, path| {
        if let Some(context) = &container.security_context {
            forbid(linux_fields_of_container(context), &path.child("securityContext"), errors);
        }
    });
}

fn linux_fields_of_pod(context: &PodSecurityContext) -> [(bool, &'static str); 11] {
    [
        (context.app_armor_profile.is_some(), "appArmorProfile"),
        (context.se_linux_options.is_some(), "seLinuxOptions"),
        (context.seccomp_profile.is_some(), "seccompProfile"),
        (context.fs_group.is_some(), "fsGroup"),
        (context.fs_group_change_policy.is_some(), "fsGroupChangePolicy"),
        (!context.sysctls.is_empty(), "sysctls"),
        (context.run_as_user.is_some(), "runAsUser"),
        (context.run_as_group.is_some(), "runAsGroup"),
        (!context.supplemental_groups.is_empty(), "supplementalGroups"),
        (context.supplemental_groups_policy.is_some(), "supplementalGroupsPolicy"),
        (context.se_linux_change_policy.is_some(), "seLinuxChangePolicy"),
    ]
}

fn linux_fields_of_container(context: &SecurityContext) -> [(bool, &'static str); 10] {
    [
        (context.app_armor_profile.is_some(), "appArmorProfile"),
        (context.se_linux_options.is_some(), "seLinuxOptions"),
        (context.seccomp_profile.is_some(), "seccompProfile"),
        (context.capabilities.is_some(), "capabilities"),
        (context.read_only_root_filesystem.is_some(), "readOnlyRootFilesystem"),
        (context.privileged.is_some(), "privileged"),
        (context.allow_privilege_escalation.is_some(), "allowPrivilegeEscalation"),
        (context.proc_mount.is_some(), "procMount"),
        (context.run_as_user.is_some(), "runAsUser"),
        (context.run_as_group.is_some(), "runAsGroup"),
    ]
}

fn forbid<const N: usize>(fields: [(bool, &'static str); N], path: &Path, errors: &mut FieldErrors) {
    for (_, field) in fields.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), NOT_WINDOWS);
    }
}

/// Windows' containers that are processes of the host: all of a pod or none, and with the host's network.
fn host_process(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let of_pod = spec
        .security_context
        .as_ref()
        .and_then(|context| context.windows_options.as_ref())
        .and_then(|options| options.host_process);
    let (mut count, mut on_host) = (0, 0);
    containers::each(spec, path, |container, path| {
        count += 1;
        let own = container
            .security_context
            .as_ref()
            .and_then(|context| context.windows_options.as_ref())
            .and_then(|options| options.host_process);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            let detail = format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
            let at = path.child("securityContext");
            errors.invalid(&at.child("windowsOptions").child("hostProcess"), own, detail);
        }
        on_host += usize::from(own.or(of_pod) == Some(true));
    });
    if on_host == 0 {
        return;
    }
    if on_host != count {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid(path, "", detail);
    }
    if !spec.host_network {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.invalid(&path.child("hostNetwork"), false, detail);
    }
}

/// A user namespace of its own cannot be had together with the host's other namespaces.
pub fn validate_host_users(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    const WITH_OWN_USERS: &str = "when `hostUsers` is false";
    if spec.host_users != Some(false) {
        return;
    }
    let given = [(spec.host_network, "hostNetwork"), (spec.host_pid, "hostPID"), (spec.host_ipc, "hostIPC")];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), WITH_OWN_USERS);
    }
}
