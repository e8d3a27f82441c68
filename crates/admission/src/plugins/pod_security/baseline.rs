//! The checks of the level baseline: nothing that is known to lead out of a container.

use super::checks::{Pod, Violation, named, plural, quoted, quoted_set, setters, violation};
use schema::Value;
use std::collections::BTreeSet;

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

pub fn app_armor(pod: &Pod) -> Option<Violation> {
    let mut values = BTreeSet::new();
    let mut is_bad = |security: &Value| {
        let profile = security.str_at(&["appArmorProfile", "type"]);
        let bad = !matches!(profile, "" | "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(profile.to_owned());
        }
        bad
    };
    let by_pod = is_bad(pod.security());
    let containers = pod.containers_that(|container| is_bad(container.at(&["securityContext"])));
    let allowed = |value: &str| matches!(value, "" | "runtime/default") || value.starts_with("localhost/");
    let annotations = pod.annotations().filter(|(key, value)| key.starts_with(APP_ARMOR_ANNOTATION) && !allowed(value));
    let annotations: Vec<String> = annotations.map(|(key, value)| format!("{key}={value:?}")).collect();
    let mut who = setters(by_pod, &containers);
    if !annotations.is_empty() {
        let word = plural("annotation", "annotations", annotations.len());
        who = if who.is_empty() { word.to_owned() } else { format!("{who} and {word}") };
        values.extend(annotations);
    }
    if who.is_empty() {
        return None;
    }
    let reason = plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len());
    violation(reason, format!("{who} must not set AppArmor profile type to {}", quoted_set(&values)))
}

const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub fn capabilities(pod: &Pod) -> Option<Violation> {
    let (containers, added) = adding(pod, DEFAULT_CAPABILITIES);
    if containers.is_empty() {
        return None;
    }
    let detail =
        format!("{} must not include {} in securityContext.capabilities.add", named(&containers), quoted_set(&added));
    violation("non-default capabilities", detail)
}

/// The containers that add capabilities beyond `allowed`, and which.
pub fn adding<'a>(pod: &Pod<'a>, allowed: &[&str]) -> (Vec<&'a str>, BTreeSet<String>) {
    let mut added = BTreeSet::new();
    let containers = pod.containers_that(|container| {
        let all = container.at(&["securityContext", "capabilities", "add"]).items().iter().filter_map(Value::as_str);
        let bad: Vec<String> = all.filter(|one| !allowed.contains(one)).map(str::to_owned).collect();
        let is_bad = !bad.is_empty();
        added.extend(bad);
        is_bad
    });
    (containers, added)
}

pub fn host_namespaces(pod: &Pod) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"];
    let used = fields.iter().filter(|field| pod.spec.at(&[field]).as_bool() == Some(true));
    let used: Vec<String> = used.map(|field| format!("{field}=true")).collect();
    if used.is_empty() { None } else { violation("host namespaces", used.join(", ")) }
}

pub fn host_path(pod: &Pod) -> Option<Violation> {
    let volumes = pod.spec.at(&["volumes"]).items().iter();
    let names: Vec<&str> =
        volumes.filter(|volume| volume.get("hostPath").is_some()).map(|volume| volume.str_at(&["name"])).collect();
    if names.is_empty() {
        return None;
    }
    let detail = format!("{} {}", plural("volume", "volumes", names.len()), quoted(names));
    violation("hostPath volumes", detail)
}

pub fn host_ports(pod: &Pod) -> Option<Violation> {
    let mut ports = BTreeSet::new();
    let containers = pod.containers_that(|container| {
        let all = container.at(&["ports"]).items().iter().filter_map(|port| port.at(&["hostPort"]).as_i64());
        let used: Vec<String> = all.filter(|port| *port != 0).map(|port| port.to_string()).collect();
        let uses = !used.is_empty();
        ports.extend(used);
        uses
    });
    if containers.is_empty() {
        return None;
    }
    let uses = plural("uses", "use", containers.len());
    let word = plural("hostPort", "hostPorts", ports.len());
    let ports = ports.into_iter().collect::<Vec<_>>().join(", ");
    violation("hostPort", format!("{} {uses} {word} {ports}", named(&containers)))
}

pub fn host_probes(pod: &Pod) -> Option<Violation> {
    const HANDLERS: &[&[&str]] = &[
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    let mut hosts = BTreeSet::new();
    let containers = pod.containers_that(|container| {
        let actions = HANDLERS.iter().flat_map(|path| {
            let handler = container.at(path);
            ["httpGet", "tcpSocket"].map(|action| handler.str_at(&[action, "host"]))
        });
        let named: Vec<String> = actions.filter(|host| !host.is_empty()).map(str::to_owned).collect();
        let names = !named.is_empty();
        hosts.extend(named);
        names
    });
    if containers.is_empty() {
        return None;
    }
    let uses = plural("uses", "use", containers.len());
    let word = plural("host", "hosts", hosts.len());
    let detail = format!("{} {uses} probe or lifecycle {word} {}", named(&containers), quoted_set(&hosts));
    violation("probe or lifecycle host", detail)
}

pub fn privileged(pod: &Pod) -> Option<Violation> {
    let is_privileged = |container: &Value| container.at(&["securityContext", "privileged"]).as_bool() == Some(true);
    let containers = pod.containers_that(is_privileged);
    if containers.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", named(&containers)))
}

pub fn proc_mount(pod: &Pod) -> Option<Violation> {
    let mut types = BTreeSet::new();
    let containers = pod.containers_that(|container| {
        let mount = container.str_at(&["securityContext", "procMount"]);
        let bad = !matches!(mount, "" | "Default");
        if bad {
            types.insert(mount.to_owned());
        }
        bad
    });
    if containers.is_empty() {
        return None;
    }
    let detail = format!("{} must not set securityContext.procMount to {}", named(&containers), quoted_set(&types));
    violation("procMount", detail)
}

pub fn proc_mount_1_35(pod: &Pod) -> Option<Violation> {
    if pod.has_own_users() { None } else { proc_mount(pod) }
}

pub fn se_linux(pod: &Pod) -> Option<Violation> {
    se_linux_types(pod, &["", "container_t", "container_init_t", "container_kvm_t"])
}

pub fn se_linux_1_31(pod: &Pod) -> Option<Violation> {
    se_linux_types(pod, &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"])
}

fn se_linux_types(pod: &Pod, allowed: &[&str]) -> Option<Violation> {
    let (mut types, mut user, mut role) = (BTreeSet::new(), false, false);
    let mut is_bad = |security: &Value| {
        let options = security.at(&["seLinuxOptions"]);
        let kind = options.str_at(&["type"]);
        if !allowed.contains(&kind) {
            types.insert(kind.to_owned());
        }
        let (sets_user, sets_role) = (!options.str_at(&["user"]).is_empty(), !options.str_at(&["role"]).is_empty());
        user |= sets_user;
        role |= sets_role;
        !allowed.contains(&kind) || sets_user || sets_role
    };
    let by_pod = is_bad(pod.security());
    let containers = pod.containers_that(|container| is_bad(container.at(&["securityContext"])));
    let who = setters(by_pod, &containers);
    if who.is_empty() {
        return None;
    }
    let mut what = Vec::new();
    if !types.is_empty() {
        what.push(format!("{} {}", plural("type", "types", types.len()), quoted_set(&types)));
    }
    what.extend(user.then(|| "user may not be set".to_owned()));
    what.extend(role.then(|| "role may not be set".to_owned()));
    let detail = format!("{who} set forbidden securityContext.seLinuxOptions: {}", what.join("; "));
    violation("seLinuxOptions", detail)
}

/// Before fields, annotations told the profile.
pub fn seccomp(pod: &Pod) -> Option<Violation> {
    const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
    let allowed =
        |value: &str| matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/");
    let names: Vec<&str> = pod.containers().map(|container| container.str_at(&["name"])).collect();
    let about = |key: &str| key == OF_POD || key.strip_prefix(OF_CONTAINER).is_some_and(|name| names.contains(&name));
    let bad = pod.annotations().filter(|(key, value)| about(key) && !allowed(value));
    let bad: BTreeSet<String> = bad.map(|(key, value)| format!("{key}={value:?}")).collect();
    if bad.is_empty() {
        return None;
    }
    let word = plural("annotation", "annotations", bad.len());
    violation("seccompProfile", format!("forbidden {word} {}", bad.into_iter().collect::<Vec<_>>().join(", ")))
}

pub fn seccomp_1_19(pod: &Pod) -> Option<Violation> {
    let mut values = BTreeSet::new();
    let mut is_bad = |security: &Value| {
        let profile = security.at(&["seccompProfile"]);
        let kind = profile.str_at(&["type"]);
        let bad = !profile.is_null() && !matches!(kind, "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(kind.to_owned());
        }
        bad
    };
    let by_pod = is_bad(pod.security());
    let containers = pod.containers_that(|container| is_bad(container.at(&["securityContext"])));
    let who = setters(by_pod, &containers);
    if who.is_empty() {
        return None;
    }
    let detail = format!("{who} must not set securityContext.seccompProfile.type to {}", quoted_set(&values));
    violation("seccompProfile", detail)
}

const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
];
const SYSCTLS_1_27: &[&str] = &["net.ipv4.ip_local_reserved_ports"];
const SYSCTLS_1_29: &[&str] = &[
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];
const SYSCTLS_1_32: &[&str] = &["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"];

pub fn sysctls(pod: &Pod) -> Option<Violation> {
    sysctls_beyond(pod, &[SYSCTLS])
}

pub fn sysctls_1_27(pod: &Pod) -> Option<Violation> {
    sysctls_beyond(pod, &[SYSCTLS, SYSCTLS_1_27])
}

pub fn sysctls_1_29(pod: &Pod) -> Option<Violation> {
    sysctls_beyond(pod, &[SYSCTLS, SYSCTLS_1_27, SYSCTLS_1_29])
}

pub fn sysctls_1_32(pod: &Pod) -> Option<Violation> {
    sysctls_beyond(pod, &[SYSCTLS, SYSCTLS_1_27, SYSCTLS_1_29, SYSCTLS_1_32])
}

fn sysctls_beyond(pod: &Pod, allowed: &[&[&str]]) -> Option<Violation> {
    let names = pod.security().at(&["sysctls"]).items().iter().map(|sysctl| sysctl.str_at(&["name"]));
    let bad: Vec<&str> = names.filter(|name| !allowed.iter().any(|list| list.contains(name))).collect();
    if bad.is_empty() { None } else { violation("forbidden sysctls", bad.join(", ")) }
}

pub fn windows_host_process(pod: &Pod) -> Option<Violation> {
    let is_bad = |security: &Value| security.at(&["windowsOptions", "hostProcess"]).as_bool() == Some(true);
    let containers = pod.containers_that(|container| is_bad(container.at(&["securityContext"])));
    let who = setters(is_bad(pod.security()), &containers);
    if who.is_empty() {
        return None;
    }
    violation("hostProcess", format!("{who} must not set securityContext.windowsOptions.hostProcess=true"))
}
