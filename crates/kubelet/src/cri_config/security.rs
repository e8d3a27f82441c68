//! Who a container's processes are and what they may do.

use api_core::v1::{Capabilities, Container, Pod, PodSecurityContext, SeccompProfile, SecurityContext};
use cri::v1;
use kubelet_core::spec::format_pod;

use super::namespaces;

/// The user that an image names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageUser {
    pub uid: Option<i64>,
    pub name: String,
}

/// Why a container may not run as its image wants, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NonRootError(String);

/// `runAsNonRoot` is checked before the container is made.
pub fn check_non_root(pod: &Pod, container: &Container, image: &ImageUser) -> Result<(), NonRootError> {
    let of_pod = pod.spec.security_context.as_deref();
    let own = container.security_context.as_deref();
    let non_root = own.and_then(|own| own.run_as_non_root).or(of_pod.and_then(|pod| pod.run_as_non_root));
    if non_root != Some(true) {
        return Ok(());
    }
    let named = format!("(pod: \"{}\", container: {})", format_pod(pod), container.name);
    match (run_as_user(pod, container), image) {
        (Some(0), _) => Err(NonRootError(format!("container's runAsUser breaks non-root policy {named}"))),
        (Some(_), _) => Ok(()),
        (None, ImageUser { uid: Some(0), .. }) => {
            Err(NonRootError(format!("container has runAsNonRoot and image will run as root {named}")))
        }
        (None, ImageUser { uid: None, name }) if !name.is_empty() => Err(NonRootError(format!(
            "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {named}"
        ))),
        (None, ImageUser { uid: None, .. }) => {
            Err(NonRootError(format!("container has runAsNonRoot and image will run as root {named}")))
        }
        (None, _) => Ok(()),
    }
}

fn run_as_user(pod: &Pod, container: &Container) -> Option<i64> {
    let of_pod = pod.spec.security_context.as_deref();
    let own = container.security_context.as_deref();
    own.and_then(|own| own.run_as_user).or(of_pod.and_then(|pod| pod.run_as_user))
}

pub fn context(pod: &Pod, container: &Container, image: &ImageUser) -> v1::LinuxContainerSecurityContext {
    let of_pod = pod.spec.security_context.as_deref();
    let own = container.security_context.as_deref().cloned().unwrap_or_default();
    let privileged = own.privileged == Some(true);
    let user = run_as_user(pod, container).or(image.uid);
    let group = own.run_as_group.or(of_pod.and_then(|pod| pod.run_as_group));
    let int = |value: Option<i64>| value.map(|value| v1::Int64Value { value });
    let profile = own.seccomp_profile.as_deref().or(of_pod.and_then(|pod| pod.seccomp_profile.as_deref()));
    let unmasked = own.proc_mount.as_deref() == Some("Unmasked");
    let paths = |paths: &[&str]| {
        if privileged || unmasked { Vec::new() } else { paths.iter().map(|path| (*path).to_owned()).collect() }
    };
    v1::LinuxContainerSecurityContext {
        capabilities: own.capabilities.as_deref().map(capabilities),
        privileged,
        namespace_options: Some(namespaces(pod)),
        run_as_user: int(user),
        run_as_username: if user.is_none() { image.name.clone() } else { String::new() },
        run_as_group: int(group),
        readonly_rootfs: own.read_only_root_filesystem == Some(true),
        supplemental_groups: supplemental_groups(pod),
        supplemental_groups_policy: supplemental_groups_policy(pod),
        // A process that may do everything anyway cannot be kept from gaining more.
        no_new_privs: own.allow_privilege_escalation == Some(false) && !privileged,
        masked_paths: paths(MASKED_PATHS),
        readonly_paths: paths(READONLY_PATHS),
        seccomp: Some(seccomp(profile, privileged)),
        apparmor: app_armor(of_pod, &own),
        ..v1::LinuxContainerSecurityContext::default()
    }
}

pub fn supplemental_groups(pod: &Pod) -> Vec<i64> {
    let own = pod.spec.security_context.as_deref();
    own.map(|own| own.supplemental_groups.iter().copied().chain(own.fs_group).collect()).unwrap_or_default()
}

pub fn supplemental_groups_policy(pod: &Pod) -> i32 {
    let own = pod.spec.security_context.as_deref().and_then(|own| own.supplemental_groups_policy.as_deref());
    if own == Some("Strict") {
        v1::SupplementalGroupsPolicy::Strict.into()
    } else {
        v1::SupplementalGroupsPolicy::Merge.into()
    }
}

fn capabilities(own: &Capabilities) -> v1::Capability {
    let named = |list: &[String]| list.iter().map(|name| name.trim_start_matches("CAP_").to_owned()).collect();
    v1::Capability {
        add_capabilities: named(&own.add),
        drop_capabilities: named(&own.drop),
        add_ambient_capabilities: Vec::new(),
    }
}

fn seccomp(profile: Option<&SeccompProfile>, privileged: bool) -> v1::SecurityProfile {
    use v1::security_profile::ProfileType;
    let (profile_type, localhost_ref) = match profile {
        _ if privileged => (ProfileType::Unconfined, String::new()),
        Some(profile) if profile.type_ == "RuntimeDefault" => (ProfileType::RuntimeDefault, String::new()),
        Some(profile) if profile.type_ == "Localhost" => {
            let name = profile.localhost_profile.clone().unwrap_or_default();
            (ProfileType::Localhost, format!("{SECCOMP_ROOT}/{name}"))
        }
        _ => (ProfileType::Unconfined, String::new()),
    };
    v1::SecurityProfile { profile_type: profile_type.into(), localhost_ref }
}

/// Without a profile of its own, a container has the runtime's default.
fn app_armor(of_pod: Option<&PodSecurityContext>, own: &SecurityContext) -> Option<v1::SecurityProfile> {
    use v1::security_profile::ProfileType;
    let profile = own.app_armor_profile.as_deref().or(of_pod.and_then(|pod| pod.app_armor_profile.as_deref()))?;
    let profile_type = match profile.type_.as_str() {
        "Localhost" => ProfileType::Localhost,
        "Unconfined" => ProfileType::Unconfined,
        _ => ProfileType::RuntimeDefault,
    };
    let localhost_ref = profile.localhost_profile.clone().unwrap_or_default();
    Some(v1::SecurityProfile { profile_type: profile_type.into(), localhost_ref })
}

/// Where upstream keeps the profiles that pods name.
const SECCOMP_ROOT: &str = "/var/lib/kubelet/seccomp";

const MASKED_PATHS: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];
const READONLY_PATHS: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
