//! A pod's sandbox.

use api_core::v1::Pod;
use cri::v1;
use kubelet_core::spec;

use crate::config::KubeletConfig;
use crate::names;

use super::{dns, namespaces, security};

/// What surrounds the pod on this node.
#[derive(Debug, Clone, Copy)]
pub struct SandboxContext<'a> {
    pub config: &'a KubeletConfig,
    /// The node's own resolv.conf.
    pub resolv_conf: &'a str,
    /// See [`crate::cgroups::pod_parent`].
    pub cgroup_parent: &'a str,
}

pub fn config(pod: &Pod, attempt: u32, context: SandboxContext<'_>) -> v1::PodSandboxConfig {
    let meta = &pod.metadata;
    let kubelet = context.config;
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            namespace: meta.namespace.clone(),
            attempt,
        }),
        hostname: if pod.spec.host_network { String::new() } else { hostname(pod, &kubelet.cluster_domain) },
        log_directory: kubelet.pod_log_dir(&meta.namespace, &meta.name, &meta.uid).to_string_lossy().into_owned(),
        dns_config: Some(dns::config(pod, kubelet, context.resolv_conf)),
        port_mappings: port_mappings(pod),
        labels: labels(pod),
        annotations: meta.annotations.clone().into_iter().collect(),
        linux: Some(linux(pod, context.cgroup_parent)),
        ..v1::PodSandboxConfig::default()
    }
}

/// The pod's own labels and the three by which the pod is known again.
pub fn labels(pod: &Pod) -> std::collections::HashMap<String, String> {
    let mut labels: std::collections::HashMap<_, _> = pod.metadata.labels.clone().into_iter().collect();
    labels.extend(identity(pod));
    labels
}

/// The labels that say whose a sandbox or container is.
pub fn identity(pod: &Pod) -> [(String, String); 3] {
    let meta = &pod.metadata;
    [(names::POD_NAME, &meta.name), (names::POD_NAMESPACE, &meta.namespace), (names::POD_UID, &meta.uid)]
        .map(|(key, value)| (key.to_owned(), value.clone()))
}

/// The name that the pod's processes see as the machine's.
pub fn hostname(pod: &Pod, cluster_domain: &str) -> String {
    if let Some(own) = &pod.spec.hostname_override {
        return own.clone();
    }
    let own = if pod.spec.hostname.is_empty() { &pod.metadata.name } else { &pod.spec.hostname };
    let short = own.get(..MAX_HOSTNAME_BYTES).unwrap_or(own).trim_end_matches(['-', '.']);
    if pod.spec.set_hostname_as_fqdn == Some(true) && !pod.spec.subdomain.is_empty() {
        return format!("{short}.{}.{}.svc.{cluster_domain}", pod.spec.subdomain, pod.metadata.namespace);
    }
    short.to_owned()
}

fn port_mappings(pod: &Pod) -> Vec<v1::PortMapping> {
    if pod.spec.host_network {
        return Vec::new();
    }
    let sidecars = pod.spec.init_containers.iter().filter(|c| spec::init_role(c) == spec::Role::Sidecar);
    let ports = sidecars.chain(&pod.spec.containers).flat_map(|container| &container.ports);
    ports
        .map(|port| v1::PortMapping {
            protocol: match port.protocol.as_str() {
                "UDP" => v1::Protocol::Udp.into(),
                "SCTP" => v1::Protocol::Sctp.into(),
                _ => v1::Protocol::Tcp.into(),
            },
            container_port: port.container_port,
            host_port: port.host_port,
            host_ip: port.host_ip.clone(),
        })
        .collect()
}

fn linux(pod: &Pod, cgroup_parent: &str) -> v1::LinuxPodSandboxConfig {
    let own = pod.spec.security_context.as_deref();
    let int = |value: Option<i64>| value.map(|value| v1::Int64Value { value });
    let privileged = |c: &api_core::v1::Container| {
        c.security_context.as_ref().is_some_and(|context| context.privileged == Some(true))
    };
    let context = v1::LinuxSandboxSecurityContext {
        namespace_options: Some(namespaces(pod)),
        run_as_user: int(own.and_then(|own| own.run_as_user)),
        run_as_group: int(own.and_then(|own| own.run_as_user.and(own.run_as_group))),
        supplemental_groups: security::supplemental_groups(pod),
        supplemental_groups_policy: security::supplemental_groups_policy(pod),
        privileged: pod.spec.containers.iter().chain(&pod.spec.init_containers).any(privileged),
        seccomp: Some(v1::SecurityProfile {
            profile_type: v1::security_profile::ProfileType::RuntimeDefault.into(),
            localhost_ref: String::new(),
        }),
        ..v1::LinuxSandboxSecurityContext::default()
    };
    let sysctls = own.map(|own| own.sysctls.iter().map(|s| (s.name.clone(), s.value.clone())).collect());
    v1::LinuxPodSandboxConfig {
        cgroup_parent: cgroup_parent.to_owned(),
        security_context: Some(context),
        sysctls: sysctls.unwrap_or_default(),
        ..v1::LinuxPodSandboxConfig::default()
    }
}

/// What the kernel takes as a host name, less one.
const MAX_HOSTNAME_BYTES: usize = 63;
