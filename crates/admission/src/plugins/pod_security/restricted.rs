//! The checks that the level restricted adds: as little as a good program needs.

use super::baseline::{adding, seccomp_1_19};
use super::checks::{Pod, Violation, named, plural, quoted, quoted_set, setters, violation};
use schema::Value;
use std::collections::BTreeSet;

pub fn privilege_escalation(pod: &Pod) -> Option<Violation> {
    let lets =
        |container: &Value| container.at(&["securityContext", "allowPrivilegeEscalation"]).as_bool() != Some(false);
    let containers = pod.containers_that(lets);
    if containers.is_empty() {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", named(&containers));
    violation("allowPrivilegeEscalation != false", detail)
}

pub fn privilege_escalation_1_25(pod: &Pod) -> Option<Violation> {
    if pod.runs_windows() { None } else { privilege_escalation(pod) }
}

pub fn capabilities(pod: &Pod) -> Option<Violation> {
    let keeps = |container: &Value| {
        let dropped = container.at(&["securityContext", "capabilities", "drop"]).items();
        !dropped.iter().any(|one| one.as_str() == Some("ALL"))
    };
    let keeping = pod.containers_that(keeps);
    let (adding, added) = adding(pod, &["NET_BIND_SERVICE"]);
    let mut details = Vec::new();
    if !keeping.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", named(&keeping)));
    }
    if !adding.is_empty() {
        details.push(format!(
            "{} must not include {} in securityContext.capabilities.add",
            named(&adding),
            quoted_set(&added)
        ));
    }
    if details.is_empty() { None } else { violation("unrestricted capabilities", details.join("; ")) }
}

pub fn capabilities_1_25(pod: &Pod) -> Option<Violation> {
    if pod.runs_windows() { None } else { capabilities(pod) }
}

const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub fn volumes(pod: &Pod) -> Option<Violation> {
    let mut types = BTreeSet::new();
    let mut names = Vec::new();
    for volume in pod.spec.at(&["volumes"]).items() {
        let sources = volume.as_map().into_iter().flat_map(|map| map.keys()).filter(|key| *key != "name");
        let source = sources.into_iter().next().unwrap_or("unknown");
        if !VOLUMES.contains(&source) {
            types.insert(source.to_owned());
            names.push(volume.str_at(&["name"]));
        }
    }
    if names.is_empty() {
        return None;
    }
    let (volumes, use_) = (plural("volume", "volumes", names.len()), plural("uses", "use", names.len()));
    let word = plural("restricted volume type", "restricted volume types", types.len());
    violation("restricted volume types", format!("{volumes} {} {use_} {word} {}", quoted(names), quoted_set(&types)))
}

pub fn non_root(pod: &Pod) -> Option<Violation> {
    let of = |security: &Value| security.at(&["runAsNonRoot"]).as_bool();
    let of_pod = of(pod.security());
    let of_container = |container: &Value| of(container.at(&["securityContext"]));
    let saying_no = pod.containers_that(|container| of_container(container) == Some(false));
    let who = setters(of_pod == Some(false), &saying_no);
    if !who.is_empty() {
        return violation("runAsNonRoot != true", format!("{who} must not set securityContext.runAsNonRoot=false"));
    }
    let silent = pod.containers_that(|container| of_pod != Some(true) && of_container(container).is_none());
    if silent.is_empty() {
        return None;
    }
    let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", named(&silent));
    violation("runAsNonRoot != true", detail)
}

pub fn non_root_1_35(pod: &Pod) -> Option<Violation> {
    if pod.has_own_users() { None } else { non_root(pod) }
}

pub fn root_user(pod: &Pod) -> Option<Violation> {
    let is_root = |security: &Value| security.at(&["runAsUser"]).as_i64() == Some(0);
    let containers = pod.containers_that(|container| is_root(container.at(&["securityContext"])));
    let who = setters(is_root(pod.security()), &containers);
    if who.is_empty() {
        return None;
    }
    violation("runAsUser=0", format!("{who} must not set runAsUser=0"))
}

pub fn root_user_1_35(pod: &Pod) -> Option<Violation> {
    if pod.has_own_users() { None } else { root_user(pod) }
}

pub fn seccomp(pod: &Pod) -> Option<Violation> {
    let bad = seccomp_1_19(pod);
    let pod_sets = !pod.security().at(&["seccompProfile"]).is_null();
    if bad.is_some() || pod_sets {
        return bad;
    }
    let silent = pod.containers_that(|container| container.at(&["securityContext", "seccompProfile"]).is_null());
    if silent.is_empty() {
        return None;
    }
    let detail = format!(
        "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
        named(&silent)
    );
    violation("seccompProfile", detail)
}

pub fn seccomp_1_25(pod: &Pod) -> Option<Violation> {
    if pod.runs_windows() { None } else { seccomp(pod) }
}
