//! The list of checks, and what they share.

use super::policy::{Level, Standard};
use super::{baseline, restricted};
use schema::Value;
use std::collections::BTreeSet;

/// A pod, or a template of pods, as the checks see it.
pub struct Pod<'a> {
    pub metadata: &'a Value,
    pub spec: &'a Value,
}

/// One rule that a pod breaks.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub reason: String,
    pub detail: String,
}

pub type CheckFn = fn(&Pod) -> Option<Violation>;

/// A rule of the standards.
struct Check {
    id: &'static str,
    level: Level,
    /// From which minor version on which form of it holds, oldest first.
    versions: &'static [(u32, CheckFn)],
    /// The check of the baseline that it makes superfluous.
    replaces: &'static str,
}

const fn check(id: &'static str, level: Level, versions: &'static [(u32, CheckFn)], replaces: &'static str) -> Check {
    Check { id, level, versions, replaces }
}

use Level::{Baseline, Restricted};

/// In upstream's order, which is that of the messages: first the baseline.
const CHECKS: &[Check] = &[
    check("appArmorProfile", Baseline, &[(0, baseline::app_armor)], ""),
    check("capabilities_baseline", Baseline, &[(0, baseline::capabilities)], ""),
    check("hostNamespaces", Baseline, &[(0, baseline::host_namespaces)], ""),
    check("hostPathVolumes", Baseline, &[(0, baseline::host_path)], ""),
    check("hostPorts", Baseline, &[(0, baseline::host_ports)], ""),
    check("hostProbesAndHostLifecycle", Baseline, &[(34, baseline::host_probes)], ""),
    check("privileged", Baseline, &[(0, baseline::privileged)], ""),
    check("procMount", Baseline, &[(0, baseline::proc_mount), (35, baseline::proc_mount_1_35)], ""),
    check("seLinuxOptions", Baseline, &[(0, baseline::se_linux), (31, baseline::se_linux_1_31)], ""),
    check("seccompProfile_baseline", Baseline, &[(0, baseline::seccomp), (19, baseline::seccomp_1_19)], ""),
    check(
        "sysctls",
        Baseline,
        &[
            (0, baseline::sysctls),
            (27, baseline::sysctls_1_27),
            (29, baseline::sysctls_1_29),
            (32, baseline::sysctls_1_32),
        ],
        "",
    ),
    check("windowsHostProcess", Baseline, &[(0, baseline::windows_host_process)], ""),
    check(
        "allowPrivilegeEscalation",
        Restricted,
        &[(8, restricted::privilege_escalation), (25, restricted::privilege_escalation_1_25)],
        "",
    ),
    check(
        "capabilities_restricted",
        Restricted,
        &[(22, restricted::capabilities), (25, restricted::capabilities_1_25)],
        "capabilities_baseline",
    ),
    check("procMount_restricted", Restricted, &[(35, baseline::proc_mount)], "procMount"),
    check("restrictedVolumes", Restricted, &[(0, restricted::volumes)], "hostPathVolumes"),
    check("runAsNonRoot", Restricted, &[(0, restricted::non_root), (35, restricted::non_root_1_35)], ""),
    check("runAsUser", Restricted, &[(23, restricted::root_user), (35, restricted::root_user_1_35)], ""),
    check(
        "seccompProfile_restricted",
        Restricted,
        &[(19, restricted::seccomp), (25, restricted::seccomp_1_25)],
        "seccompProfile_baseline",
    ),
];

impl Check {
    /// The form of the check in a version; none: the version does not have it yet.
    fn of(&self, standard: Standard) -> Option<CheckFn> {
        let minor = standard.version.unwrap_or(u32::MAX);
        let holding = self.versions.iter().rev().find(|(from, _)| *from <= minor);
        holding.filter(|_| self.level <= standard.level).map(|(_, run)| *run)
    }
}

/// What of a standard a pod breaks.
pub fn violations(standard: Standard, pod: &Pod) -> Vec<Violation> {
    let replaced = |id: &str| CHECKS.iter().any(|check| check.replaces == id && check.of(standard).is_some());
    let checks = CHECKS.iter().filter(|check| !replaced(check.id)).filter_map(|check| check.of(standard));
    checks.filter_map(|run| run(pod)).collect()
}

/// Reasons with their details, for people.
pub fn told(violations: &[Violation]) -> String {
    let one = |violation: &Violation| match violation.detail.as_str() {
        "" => violation.reason.clone(),
        detail => format!("{} ({detail})", violation.reason),
    };
    violations.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub fn violation(reason: impl Into<String>, detail: impl Into<String>) -> Option<Violation> {
    Some(Violation { reason: reason.into(), detail: detail.into() })
}

impl<'a> Pod<'a> {
    pub fn of(object: &'a Value) -> Pod<'a> {
        Pod { metadata: object.at(&["metadata"]), spec: object.at(&["spec"]) }
    }

    /// All containers, in upstream's order.
    pub fn containers(&self) -> impl Iterator<Item = &'a Value> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let spec = self.spec;
        lists.into_iter().flat_map(move |list| spec.at(&[list]).items())
    }

    /// Names of the containers of which `is_bad` holds.
    pub fn containers_that(&self, mut is_bad: impl FnMut(&Value) -> bool) -> Vec<&'a str> {
        self.containers().filter(|container| is_bad(container)).map(|container| container.str_at(&["name"])).collect()
    }

    pub fn security(&self) -> &'a Value {
        self.spec.at(&["securityContext"])
    }

    pub fn runs_windows(&self) -> bool {
        self.spec.str_at(&["os", "name"]) == "windows"
    }

    /// In a user namespace of its own, root is nobody outside.
    pub fn has_own_users(&self) -> bool {
        self.spec.at(&["hostUsers"]).as_bool() == Some(false)
    }

    pub fn annotations(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let map = self.metadata.at(&["annotations"]).as_map();
        map.into_iter().flat_map(|map| map.iter()).map(|(key, value)| (key, value.as_str().unwrap_or_default()))
    }
}

/// `"a", "b"`, without escapes.
pub fn quoted<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    texts.into_iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

pub fn plural(one: &'static str, several: &'static str, count: usize) -> &'static str {
    if count == 1 { one } else { several }
}

/// `container "a"`, `containers "a", "b"`
pub fn named(names: &[&str]) -> String {
    format!("{} {}", plural("container", "containers", names.len()), quoted(names.iter().copied()))
}

/// Who sets something bad: `pod and containers "a", "b"`; empty if nobody.
pub fn setters(pod: bool, containers: &[&str]) -> String {
    let pod = pod.then(|| "pod".to_owned());
    let containers = (!containers.is_empty()).then(|| named(containers));
    pod.into_iter().chain(containers).collect::<Vec<_>>().join(" and ")
}

pub fn quoted_set(values: &BTreeSet<String>) -> String {
    quoted(values.iter().map(String::as_str))
}
