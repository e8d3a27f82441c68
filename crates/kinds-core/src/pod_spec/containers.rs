//! Containers of the three sorts.

use super::probes::{Role, validate_lifecycle, validate_probe};
use super::{check, env, mounts, resources, restart, security, volumes};
use api_core::v1::{Container, ContainerPort, EphemeralContainer, PodSpec, Volume};
use kind::{FieldErrors, Path};
use schema::{Typed, Value};
use std::collections::BTreeSet;

const ONLY_SIDECARS: &str = "may not be set for init containers without restartPolicy=Always";
const NOT_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";

/// What the containers of one spec have in common.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub spec: &'a PodSpec,
    /// Those that may be mounted.
    pub volumes: &'a [&'a Volume],
    pub is_pod: bool,
}

impl Scope<'_> {
    fn host_users(&self) -> bool {
        self.spec.host_users.unwrap_or(true)
    }

    fn grace_period(&self) -> Option<i64> {
        self.spec.termination_grace_period_seconds
    }
}

pub fn validate(scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("containers");
    let containers = &scope.spec.containers;
    if containers.is_empty() {
        errors.required(&at, "");
    }
    let mut names = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = at.index(index);
        common(container, scope, &path, errors);
        restart::validate(container, &path, errors);
        if !names.insert(&container.name) {
            errors.duplicate(&path.child("name"), &container.name);
        }
        hooks_and_probes(container, scope, &path, errors);
    }
    host_port_conflicts(containers, &at, errors);
}

pub fn validate_init(scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("initContainers");
    let mut names: BTreeSet<&str> = scope.spec.containers.iter().map(|container| container.name.as_str()).collect();
    for (index, container) in scope.spec.init_containers.iter().enumerate() {
        let path = at.index(index);
        common(container, scope, &path, errors);
        restart::validate(container, &path, errors);
        if names.contains(container.name.as_str()) {
            errors.duplicate(&path.child("name"), &container.name);
        } else if !container.name.is_empty() {
            names.insert(&container.name);
        }
        host_port_conflicts(std::slice::from_ref(container), &at, errors);
        if crate::pod::is_sidecar(container) {
            hooks_and_probes(container, scope, &path, errors);
        } else {
            only_of_sidecars(container, &path, errors);
        }
    }
}

fn only_of_sidecars(container: &Container, path: &Path, errors: &mut FieldErrors) {
    let given = [
        (container.lifecycle.is_some(), "lifecycle"),
        (container.liveness_probe.is_some(), "livenessProbe"),
        (container.readiness_probe.is_some(), "readinessProbe"),
        (container.startup_probe.is_some(), "startupProbe"),
    ];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), ONLY_SIDECARS);
    }
}

fn hooks_and_probes(container: &Container, scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    if let Some(lifecycle) = &container.lifecycle {
        validate_lifecycle(lifecycle, scope.grace_period(), &path.child("lifecycle"), errors);
    }
    let probes = [
        (&container.liveness_probe, Role::Liveness, "livenessProbe"),
        (&container.readiness_probe, Role::Readiness, "readinessProbe"),
        (&container.startup_probe, Role::Startup, "startupProbe"),
    ];
    for (probe, role, name) in probes {
        if let Some(probe) = probe {
            validate_probe(probe, role, &path.child(name), errors);
        }
    }
}

/// What all sorts of containers must satisfy.
fn common(container: &Container, scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    let name = path.child("name");
    if container.name.is_empty() {
        errors.required(&name, "");
    } else {
        check::dns_label(&container.name, &name, errors);
    }
    check::required(&container.image, &path.child("image"), errors);
    check::one_of(
        &container.termination_message_policy,
        &["File", "FallbackToLogsOnError"],
        &path.child("terminationMessagePolicy"),
        errors,
    );
    ports(&container.ports, &path.child("ports"), errors);
    env::validate(&container.env, scope.volumes, &path.child("env"), errors);
    env::validate_from(&container.env_from, &path.child("envFrom"), errors);
    mounts::validate_mounts(container, scope.volumes, &path.child("volumeMounts"), errors);
    mounts::validate_devices(container, scope.volumes, &path.child("volumeDevices"), errors);
    if !scope.host_users() && !container.volume_devices.is_empty() {
        errors.forbidden(&path.child("volumeDevices"), "when `hostUsers` is false");
    }
    check::one_of(&container.image_pull_policy, volumes::PULL_POLICIES, &path.child("imagePullPolicy"), errors);
    resources::validate(&container.resources, &scope.spec.resource_claims, &path.child("resources"), errors);
    resize_policy(container, scope, &path.child("resizePolicy"), errors);
    if let Some(context) = &container.security_context {
        security::validate_container(context, scope.host_users(), &path.child("securityContext"), errors);
    }
}

fn ports(ports: &[ContainerPort], path: &Path, errors: &mut FieldErrors) {
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let name = path.child("name");
        if !port.name.is_empty() {
            let problems = kind::validate::port_name(&port.name);
            if problems.is_empty() && !names.insert(&port.name) {
                errors.duplicate(&name, &port.name);
            }
            check::all(problems, &port.name, &name, errors);
        }
        if port.container_port == 0 {
            errors.required(&path.child("containerPort"), "");
        } else {
            check::port_number(port.container_port, &path.child("containerPort"), errors);
        }
        if port.host_port != 0 {
            check::port_number(port.host_port, &path.child("hostPort"), errors);
        }
        check::one_of(&port.protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
    }
}

fn host_port_conflicts(containers: &[Container], path: &Path, errors: &mut FieldErrors) {
    let mut taken = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let at = path.index(index);
        let at = at.child("ports");
        for (index, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let key = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            if !taken.insert(key.clone()) {
                errors.duplicate(&at.index(index).child("hostPort"), key);
            }
        }
    }
}

/// With the host's network the port of the host is the container's.
pub fn validate_host_network_ports(scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    if !scope.spec.host_network {
        return;
    }
    let at = path.child("containers");
    for (index, container) in scope.spec.containers.iter().enumerate() {
        let path = at.index(index);
        let path = path.child("ports");
        for (index, port) in container.ports.iter().enumerate() {
            if (scope.is_pod || port.host_port != 0) && port.host_port != port.container_port {
                errors.invalid(
                    &path.index(index).child("hostPort"),
                    port.host_port,
                    "must match `containerPort` when `hostNetwork` is true",
                );
            }
        }
    }
}

fn resize_policy(container: &Container, scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, policy) in container.resize_policy.iter().enumerate() {
        if !seen.insert(&policy.resource_name) {
            errors.duplicate(&path.index(index), &policy.resource_name);
        }
        check::one_of(&policy.resource_name, &["cpu", "memory"], path, errors);
        check::one_of(&policy.restart_policy, &["NotRequired", "RestartContainer"], path, errors);
        if scope.spec.restart_policy == "Never" && policy.restart_policy != "NotRequired" {
            let detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.invalid(path, &policy.restart_policy, detail);
        }
    }
}

/// Names of images of pods have no spaces around them; in templates old ones may.
pub fn validate_images_of_pod(containers: &[Container], path: &Path, errors: &mut FieldErrors) {
    for (index, container) in containers.iter().enumerate() {
        image_of_pod(&container.image, &path.index(index), errors);
    }
}

fn image_of_pod(image: &str, path: &Path, errors: &mut FieldErrors) {
    if image.trim() != image {
        errors.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
    }
}

pub fn validate_ephemeral(scope: &Scope, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("ephemeralContainers");
    let others = scope.spec.containers.iter().chain(&scope.spec.init_containers);
    let others: BTreeSet<&str> = others.map(|container| container.name.as_str()).collect();
    let mut names = others.clone();
    for (index, ephemeral) in scope.spec.ephemeral_containers.iter().enumerate() {
        let path = at.index(index);
        let container = as_container(ephemeral);
        common(&container, scope, &path, errors);
        image_of_pod(&container.image, &path, errors);
        if !names.insert(&ephemeral.name) {
            errors.duplicate(&path.child("name"), &ephemeral.name);
        }
        let target = ephemeral.target_container_name.as_str();
        if !target.is_empty() && !others.contains(target) {
            errors.not_found(&path.child("targetContainerName"), target);
        }
        not_of_ephemeral(&container, &path, errors);
    }
}

fn not_of_ephemeral(container: &Container, path: &Path, errors: &mut FieldErrors) {
    let given = [
        (!container.ports.is_empty(), "ports"),
        (container.resources.to_value() != Value::map(), "resources"),
        (!container.resize_policy.is_empty(), "resizePolicy"),
        (container.restart_policy.is_some(), "restartPolicy"),
        (!container.restart_policy_rules.is_empty(), "restartPolicyRules"),
        (container.liveness_probe.is_some(), "livenessProbe"),
        (container.readiness_probe.is_some(), "readinessProbe"),
        (container.startup_probe.is_some(), "startupProbe"),
        (container.lifecycle.is_some(), "lifecycle"),
    ];
    for (_, field) in given.into_iter().filter(|(given, _)| *given) {
        errors.forbidden(&path.child(field), NOT_EPHEMERAL);
    }
    let at = path.child("volumeMounts");
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let path = at.index(index);
        if !mount.sub_path.is_empty() {
            errors.forbidden(&path.child("subPath"), NOT_EPHEMERAL);
        }
        if !mount.sub_path_expr.is_empty() {
            errors.forbidden(&path.child("subPathExpr"), NOT_EPHEMERAL);
        }
    }
}

/// An ephemeral container has all the fields of a container, and one more.
pub fn as_container(ephemeral: &EphemeralContainer) -> Container {
    Container::from_value(&ephemeral.to_value())
}

/// Each container of a spec with its path, of all sorts.
pub fn each(spec: &PodSpec, path: &Path, mut visit: impl FnMut(&Container, &Path)) {
    for (containers, name) in [(&spec.init_containers, "initContainers"), (&spec.containers, "containers")] {
        let at = path.child(name);
        for (index, container) in containers.iter().enumerate() {
            visit(container, &at.index(index));
        }
    }
    let at = path.child("ephemeralContainers");
    for (index, ephemeral) in spec.ephemeral_containers.iter().enumerate() {
        visit(&as_container(ephemeral), &at.index(index));
    }
}
