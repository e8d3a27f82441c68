//! Defaults of a pod's spec, wherever it stands: in a pod or in a template. What only a pod gets is in [`crate::pod`].

use super::image;
use api_core::v1::{
    Container, DownwardAPIVolumeFile, EmptyDirVolumeSource, EnvVar, EphemeralContainer, Lifecycle, LifecycleHandler,
    ObjectFieldSelector, PodSpec, Probe, ProjectedVolumeSource, ResourceRequirements, Volume,
};
use schema::Quantity;
use std::collections::BTreeMap;

const GRACE_PERIOD_SECONDS: i64 = 30;
const TOKEN_SECONDS: i64 = 3600;
const MODE: i32 = 0o644;
/// Amounts smaller than a thousandth are rounded up.
const MILLI: i32 = -3;

/// The defaults of a pod's spec.
pub fn default(spec: &mut PodSpec) {
    set_if_empty(&mut spec.dns_policy, "ClusterFirst");
    set_if_empty(&mut spec.restart_policy, "Always");
    set_if_empty(&mut spec.scheduler_name, "default-scheduler");
    spec.security_context.get_or_insert_default();
    spec.termination_grace_period_seconds.get_or_insert(GRACE_PERIOD_SECONDS);
    sync_service_account(spec);
    spec.volumes.iter_mut().for_each(default_volume);
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        default_container(container);
    }
    spec.ephemeral_containers.iter_mut().for_each(default_ephemeral_container);
    round_up(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        default_resources(resources);
    }
}

/// The deprecated name of the field always says the same.
fn sync_service_account(spec: &mut PodSpec) {
    if spec.service_account_name.is_empty() {
        spec.service_account_name.clone_from(&spec.service_account);
    }
    spec.service_account.clone_from(&spec.service_account_name);
}

fn set_if_empty(field: &mut String, value: &str) {
    if field.is_empty() {
        *field = value.to_owned();
    }
}

fn set_if_zero(field: &mut i32, value: i32) {
    if *field == 0 {
        *field = value;
    }
}

fn pull_policy(image: &str) -> &'static str {
    if image::tag(image) == Some("latest") { "Always" } else { "IfNotPresent" }
}

fn default_container(container: &mut Container) {
    set_if_empty(&mut container.image_pull_policy, pull_policy(&container.image));
    set_if_empty(&mut container.termination_message_path, "/dev/termination-log");
    set_if_empty(&mut container.termination_message_policy, "File");
    container.env.iter_mut().for_each(default_env);
    default_resources(&mut container.resources);
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    probes.into_iter().flatten().for_each(|probe| default_probe(probe));
    default_lifecycle(container.lifecycle.as_deref_mut());
}

fn default_ephemeral_container(container: &mut EphemeralContainer) {
    set_if_empty(&mut container.image_pull_policy, pull_policy(&container.image));
    set_if_empty(&mut container.termination_message_path, "/dev/termination-log");
    set_if_empty(&mut container.termination_message_policy, "File");
    container.env.iter_mut().for_each(default_env);
    default_resources(&mut container.resources);
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    probes.into_iter().flatten().for_each(|probe| default_probe(probe));
    default_lifecycle(container.lifecycle.as_deref_mut());
}

fn default_env(env: &mut EnvVar) {
    if let Some(field_ref) = env.value_from.as_deref_mut().and_then(|from| from.field_ref.as_deref_mut()) {
        default_field_ref(field_ref);
    }
}

fn default_field_ref(field_ref: &mut ObjectFieldSelector) {
    set_if_empty(&mut field_ref.api_version, "v1");
}

fn default_resources(resources: &mut ResourceRequirements) {
    round_up(&mut resources.limits);
    round_up(&mut resources.requests);
}

/// Rounds amounts up to thousandths.
pub fn round_up(amounts: &mut BTreeMap<String, Quantity>) {
    amounts.values_mut().for_each(|amount| amount.round_up(MILLI));
}

fn default_probe(probe: &mut Probe) {
    set_if_zero(&mut probe.timeout_seconds, 1);
    set_if_zero(&mut probe.period_seconds, 10);
    set_if_zero(&mut probe.success_threshold, 1);
    set_if_zero(&mut probe.failure_threshold, 3);
    if let Some(get) = &mut probe.http_get {
        set_if_empty(&mut get.path, "/");
        set_if_empty(&mut get.scheme, "HTTP");
    }
    if let Some(grpc) = &mut probe.grpc {
        grpc.service.get_or_insert_default();
    }
}

fn default_lifecycle(lifecycle: Option<&mut Lifecycle>) {
    let Some(lifecycle) = lifecycle else { return };
    let handlers = [&mut lifecycle.post_start, &mut lifecycle.pre_stop];
    handlers.into_iter().flatten().for_each(|handler| default_handler(handler));
}

fn default_handler(handler: &mut LifecycleHandler) {
    if let Some(get) = &mut handler.http_get {
        set_if_empty(&mut get.path, "/");
        set_if_empty(&mut get.scheme, "HTTP");
    }
}

fn default_volume(volume: &mut Volume) {
    let sourceless = Volume { name: volume.name.clone(), ..Volume::default() };
    if *volume == sourceless {
        volume.empty_dir = Some(Box::new(EmptyDirVolumeSource::default()));
    }
    if let Some(image) = &mut volume.image {
        set_if_empty(&mut image.pull_policy, pull_policy(&image.reference));
    }
    if let Some(secret) = &mut volume.secret {
        secret.default_mode.get_or_insert(MODE);
    }
    if let Some(config_map) = &mut volume.config_map {
        config_map.default_mode.get_or_insert(MODE);
    }
    if let Some(downward) = &mut volume.downward_api {
        downward.default_mode.get_or_insert(MODE);
        default_files(&mut downward.items);
    }
    if let Some(projected) = &mut volume.projected {
        default_projected(projected);
    }
    if let Some(host_path) = &mut volume.host_path {
        host_path.type_.get_or_insert_default();
    }
    if let Some(disk) = &mut volume.azure_disk {
        disk.read_only.get_or_insert(false);
    }
    if let Some(template) = volume.ephemeral.as_mut().and_then(|ephemeral| ephemeral.volume_claim_template.as_mut()) {
        template.spec.volume_mode.get_or_insert_with(|| "Filesystem".into());
        round_up(&mut template.spec.resources.limits);
        round_up(&mut template.spec.resources.requests);
    }
}

fn default_projected(projected: &mut ProjectedVolumeSource) {
    projected.default_mode.get_or_insert(MODE);
    for source in &mut projected.sources {
        if let Some(downward) = &mut source.downward_api {
            default_files(&mut downward.items);
        }
        if let Some(token) = &mut source.service_account_token {
            token.expiration_seconds.get_or_insert(TOKEN_SECONDS);
        }
    }
}

fn default_files(files: &mut [DownwardAPIVolumeFile]) {
    files.iter_mut().filter_map(|file| file.field_ref.as_deref_mut()).for_each(default_field_ref);
}
