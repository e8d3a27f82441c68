//! Warnings about likely mistakes and about what goes away.

use super::annotations::APP_ARMOR_PREFIX;
use super::containers;
use api_core::v1::{
    Container, ContainerPort, NodeSelectorTerm, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec, ProjectedVolumeSource,
};
use api_meta::v1::ObjectMeta;
use kind::{Path, validate};
use schema::Quantity;
use std::collections::{BTreeMap, BTreeSet};

const NODE_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
];
const ANNOTATIONS: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";
const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
const APP_ARMOR: &str = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// Of a pod that is created; updates are not warned about.
pub fn of_pod(pod: &Pod) -> Vec<String> {
    let mut warnings = Vec::new();
    let problems = validate::dns1123_label(&pod.metadata.name);
    if !problems.is_empty() && !pod.metadata.name.is_empty() {
        let problems = problems.join(" ");
        warnings.push(format!("metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{problems}]"));
    }
    of_spec(&pod.spec, &pod.metadata, false, &Path::object(), &mut warnings);
    for key in pod.metadata.annotations.keys().filter(|key| key.starts_with(APP_ARMOR_PREFIX)) {
        warnings.push(format!("metadata.annotations[{key}]: {APP_ARMOR}"));
    }
    warnings
}

/// Of a template; `path` is that of the template. An update that leaves the template alone is not warned about.
pub fn of_template(template: &PodTemplateSpec, path: &Path, old: Option<&PodTemplateSpec>) -> Vec<String> {
    let mut warnings = Vec::new();
    if old != Some(template) {
        of_spec(&template.spec, &template.metadata, true, path, &mut warnings);
    }
    warnings
}

fn of_spec(spec: &PodSpec, meta: &ObjectMeta, is_template: bool, parent: &Path, out: &mut Vec<String>) {
    let path = parent.child("spec");
    let annotations = parent.child("metadata");
    let annotations = annotations.child("annotations");
    of_node_labels(spec, &path, out);
    for (key, message) in ANNOTATIONS {
        if meta.annotations.contains_key(*key) {
            out.push(format!("{}: {message}", annotations.key(key)));
        }
    }
    of_volumes(spec, &path, out);
    of_lists(spec, &path, out);
    fractional(&spec.overhead, &path.child("overhead"), out);
    let context = spec.security_context.as_deref();
    if context.is_none_or(|context| context.seccomp_profile.is_none()) && meta.annotations.contains_key(SECCOMP_POD) {
        out.push(format!("{}: {SECCOMP}", annotations.key(SECCOMP_POD)));
    }
    let pod_profile = context.is_some_and(|context| context.app_armor_profile.is_some());
    containers::each(spec, &path, |container, path| {
        of_annotations(container, meta, is_template, pod_profile, &annotations, out);
        of_container(container, path, out);
    });
    of_ports(spec, &path, out);
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        let at = path.child("terminationGracePeriodSeconds");
        out.push(format!("{at}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    of_affinity(spec, &path, out);
}

fn deprecated(label: &str) -> Option<&'static str> {
    NODE_LABELS.iter().find(|(name, _)| *name == label).map(|(_, message)| *message)
}

fn of_node_labels(spec: &PodSpec, path: &Path, out: &mut Vec<String>) {
    for key in spec.node_selector.keys() {
        if let Some(message) = deprecated(key) {
            out.push(format!("{}: {message}", path.child("nodeSelector").key(key)));
        }
    }
    if let Some(nodes) = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref()) {
        let path = path.child("affinity");
        let path = path.child("nodeAffinity");
        let required = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        let required = required.child("nodeSelectorTerms");
        let terms = nodes.required_during_scheduling_ignored_during_execution.as_ref();
        for (index, term) in terms.iter().flat_map(|selector| &selector.node_selector_terms).enumerate() {
            of_node_term(term, &required.index(index), out);
        }
        let preferred = path.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in nodes.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            of_node_term(&term.preference, &preferred.index(index).child("preference"), out);
        }
    }
    let constraints = path.child("topologySpreadConstraints");
    for (index, constraint) in spec.topology_spread_constraints.iter().enumerate() {
        let at = constraints.index(index);
        if let Some(message) = deprecated(&constraint.topology_key) {
            out.push(format!("{}: {} is {message}", at.child("topologyKey"), constraint.topology_key));
        }
        if constraint.label_selector.is_none() {
            out.push(format!("{}: {NULL_SELECTOR}", at.child("labelSelector")));
        }
    }
}

fn of_node_term(term: &NodeSelectorTerm, path: &Path, out: &mut Vec<String>) {
    let at = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        if let Some(message) = deprecated(&requirement.key) {
            out.push(format!("{}: {} is {message}", at.index(index).child("key"), requirement.key));
        }
    }
}

fn of_volumes(spec: &PodSpec, path: &Path, out: &mut Vec<String>) {
    let at = path.child("volumes");
    for (index, volume) in spec.volumes.iter().enumerate() {
        let path = at.index(index);
        let gone = [
            (volume.photon_persistent_disk.is_some(), "photonPersistentDisk", "v1.11, non-functional in v1.16+"),
            (volume.git_repo.is_some(), "gitRepo", "v1.11, and disabled by default in v1.33+"),
            (volume.scale_io.is_some(), "scaleIO", "v1.16, non-functional in v1.22+"),
            (volume.flocker.is_some(), "flocker", "v1.22, non-functional in v1.25+"),
            (volume.storageos.is_some(), "storageOS", "v1.22, non-functional in v1.25+"),
            (volume.quobyte.is_some(), "quobyte", "v1.22, non-functional in v1.25+"),
            (volume.glusterfs.is_some(), "glusterfs", "v1.25, non-functional in v1.26+"),
            (volume.cephfs.is_some(), "cephfs", "v1.28, non-functional in v1.31+"),
            (volume.rbd.is_some(), "rbd", "v1.28, non-functional in v1.31+"),
        ];
        for (_, name, since) in gone.into_iter().filter(|(given, ..)| *given) {
            out.push(format!("{}: deprecated in {since}", path.child(name)));
        }
        let template = volume.ephemeral.as_ref().and_then(|ephemeral| ephemeral.volume_claim_template.as_ref());
        if let Some(storage) = template.and_then(|template| template.spec.resources.requests.get("storage"))
            && is_fractional(storage)
        {
            let at = path.child("ephemeral");
            let at = at.child("volumeClaimTemplate");
            let at = at.child("spec");
            let at = at.child("resources");
            out.push(format!(
                "{}: fractional byte value \"{storage}\" is invalid, must be an integer",
                at.child("requests").key("storage")
            ));
        }
    }
    let projections =
        || spec.volumes.iter().enumerate().filter_map(|(at, volume)| Some((at, volume.projected.as_ref()?)));
    let tokens: BTreeSet<&str> = projections()
        .flat_map(|(_, projected)| &projected.sources)
        .filter_map(|source| source.service_account_token.as_ref())
        .map(|token| token.path.as_str())
        .collect();
    for (index, projected) in projections() {
        of_projection(projected, &tokens, &at.index(index), out);
    }
}

/// Files that hide a token.
fn of_projection(projected: &ProjectedVolumeSource, tokens: &BTreeSet<&str>, path: &Path, out: &mut Vec<String>) {
    let path = path.child("projected");
    let path = path.child("sources");
    let mut add = |at: String, file: &str| {
        if tokens.contains(file) {
            out.push(format!("{at}: has duplicated path with ServiceAccountToken {file:?}"));
        }
    };
    for source in &projected.sources {
        let config_map = source.config_map.iter().flat_map(|source| &source.items);
        for (index, item) in config_map.enumerate() {
            add(path.child("configMap").index(index).to_string(), &item.path);
        }
        let secret = source.secret.iter().flat_map(|source| &source.items);
        for (index, item) in secret.enumerate() {
            add(path.child("secrets").index(index).to_string(), &item.path);
        }
        let downward = source.downward_api.iter().flat_map(|source| &source.items);
        for (index, item) in downward.enumerate() {
            add(path.child("downwardAPI").index(index).to_string(), &item.path);
        }
        if let Some(bundle) = &source.cluster_trust_bundle {
            add(path.child("ClusterTrustBundle").to_string(), &bundle.path);
        }
    }
}

fn of_lists(spec: &PodSpec, path: &Path, out: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let aliases = path.child("hostAliases");
    for (index, alias) in spec.host_aliases.iter().enumerate() {
        if !seen.insert(&alias.ip) {
            out.push(format!("{}: duplicate ip {:?}", aliases.index(index).child("ip"), alias.ip));
        }
    }
    let mut seen = BTreeSet::new();
    let secrets = path.child("imagePullSecrets");
    for (index, secret) in spec.image_pull_secrets.iter().enumerate() {
        if !seen.insert(&secret.name) {
            out.push(format!("{}: duplicate name {:?}", secrets.index(index).child("name"), secret.name));
        }
    }
    for (index, secret) in spec.image_pull_secrets.iter().enumerate() {
        if secret.name.is_empty() {
            out.push(format!("{}: invalid empty name \"\"", secrets.index(index).child("name")));
        }
    }
}

fn is_fractional(amount: &Quantity) -> bool {
    amount.milli_value() % 1000 != 0
}

fn fractional(amounts: &BTreeMap<String, Quantity>, path: &Path, out: &mut Vec<String>) {
    for name in ["memory", "ephemeral-storage"] {
        if let Some(amount) = amounts.get(name).filter(|amount| is_fractional(amount)) {
            let at = path.key(name);
            out.push(format!("{at}: fractional byte value \"{amount}\" is invalid, must be an integer"));
        }
    }
}

fn of_annotations(
    container: &Container,
    meta: &ObjectMeta,
    is_template: bool,
    pod_profile: bool,
    annotations: &Path,
    out: &mut Vec<String>,
) {
    let context = container.security_context.as_deref();
    let seccomp = format!("{SECCOMP_PREFIX}{}", container.name);
    if context.is_none_or(|context| context.seccomp_profile.is_none()) && meta.annotations.contains_key(&seccomp) {
        out.push(format!("{}: {SECCOMP}", annotations.key(&seccomp)));
    }
    let profile = pod_profile || context.is_some_and(|context| context.app_armor_profile.is_some());
    let app_armor = format!("{APP_ARMOR_PREFIX}{}", container.name);
    if is_template && !profile && meta.annotations.contains_key(&app_armor) {
        let at = annotations.key(&app_armor);
        out.push(format!("{at}: {APP_ARMOR}"));
    }
}

fn of_container(container: &Container, path: &Path, out: &mut Vec<String>) {
    let resources = path.child("resources");
    let sides = [(&container.resources.limits, "limits"), (&container.resources.requests, "requests")];
    for name in ["memory", "ephemeral-storage"] {
        for (amounts, side) in sides {
            let one: BTreeMap<_, _> =
                amounts.get_key_value(name).map(|(k, v)| (k.clone(), v.clone())).into_iter().collect();
            fractional(&one, &resources.child(side), out);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, variable) in container.env.iter().enumerate() {
        if seen.insert(&variable.name) {
            continue;
        }
        let reference = format!("$({})", variable.name);
        let builds_on_it =
            variable.value_from.is_none() && variable.value != reference && variable.value.contains(&reference);
        if !builds_on_it {
            let at = path.child("env");
            out.push(format!(
                "{}: hides previous definition of {:?}, which may be dropped when using apply",
                at.index(index),
                variable.name
            ));
        }
    }
}

fn of_ports(spec: &PodSpec, path: &Path, out: &mut Vec<String>) {
    let mut all: BTreeMap<String, Vec<(String, ContainerPort)>> = BTreeMap::new();
    containers::each(spec, path, |container, path| {
        let at = path.child("ports");
        for (index, port) in container.ports.iter().enumerate() {
            let at = at.index(index).to_string();
            if !port.host_ip.is_empty() && port.host_port == 0 {
                out.push(format!(
                    "{at}: hostIP set without hostPort: {{Name:{} HostPort:0 ContainerPort:{} Protocol:{} HostIP:{}}}",
                    port.name, port.container_port, port.protocol, port.host_ip
                ));
            }
            let others = all.entry(format!("{}/{}", port.container_port, port.protocol)).or_default();
            for (other_at, other) in others.iter() {
                let what = if port.host_ip == other.host_ip && port.host_port == other.host_port {
                    "duplicate"
                } else if port.host_port == 0 || other.host_port == 0 {
                    "overlapping"
                } else if port.host_port == other.host_port && (port.host_ip.is_empty() != other.host_ip.is_empty()) {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                out.push(format!("{at}: {what} port definition with {other_at}"));
            }
            others.push((at, port.clone()));
        }
    });
}

fn of_affinity(spec: &PodSpec, path: &Path, out: &mut Vec<String>) {
    let Some(affinity) = &spec.affinity else { return };
    let path = path.child("affinity");
    let mut terms = |required: &[PodAffinityTerm], preferred: Vec<&PodAffinityTerm>, path: &Path| {
        let at = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        for (index, _) in required.iter().enumerate().filter(|(_, term)| term.label_selector.is_none()) {
            out.push(format!("{}: {NULL_SELECTOR}", at.index(index).child("labelSelector")));
        }
        let at = path.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (index, _) in preferred.iter().enumerate().filter(|(_, term)| term.label_selector.is_none()) {
            let at = at.index(index);
            out.push(format!("{}: {NULL_SELECTOR}", at.child("podAffinityTerm").child("labelSelector")));
        }
    };
    if let Some(pods) = &affinity.pod_affinity {
        let preferred = &pods.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.iter().map(|term| &term.pod_affinity_term).collect();
        let required = &pods.required_during_scheduling_ignored_during_execution;
        terms(required, preferred, &path.child("podAffinity"));
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        let preferred = &pods.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.iter().map(|term| &term.pod_affinity_term).collect();
        let required = &pods.required_during_scheduling_ignored_during_execution;
        terms(required, preferred, &path.child("podAntiAffinity"));
    }
}
