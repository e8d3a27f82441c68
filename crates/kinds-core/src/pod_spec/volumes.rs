//! Volumes: names, one source each, and the sources that are not files made from the API.

use super::{check, claim_template, files, legacy_volumes};
use api_core::v1::{
    CSIVolumeSource, EmptyDirVolumeSource, EphemeralVolumeSource, HostPathVolumeSource, ImageVolumeSource, Volume,
};
use api_meta::v1::ObjectMeta;
use kind::{FieldErrors, Path};

const HOST_PATH_TYPES: &[&str] =
    &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
pub const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const DRIVER_NAME_MAX: usize = 63;

/// The context of the volumes of one spec.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub meta: &'a ObjectMeta,
    pub is_pod: bool,
    pub allow_any_token_path: bool,
}

/// Validates them all; the volumes that containers may mount are those without an error.
pub fn validate<'a>(volumes: &'a [Volume], scope: Scope, path: &Path, errors: &mut FieldErrors) -> Vec<&'a Volume> {
    let mut good: Vec<&Volume> = Vec::new();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let name_path = path.child("name");
        let mut of_source = FieldErrors::new();
        validate_source(volume, scope, &path, &mut of_source);
        if volume.name.is_empty() {
            of_source.required(&name_path, "");
        } else {
            check::dns_label(&volume.name, &name_path, &mut of_source);
        }
        if good.iter().any(|other| other.name == volume.name) {
            of_source.duplicate(&name_path, &volume.name);
        }
        if of_source.is_empty() {
            good.push(volume);
        }
        errors.extend(of_source);
    }
    claims_of_ephemeral_volumes(volumes, scope, path, errors);
    good
}

/// The claim that an ephemeral volume makes cannot be used by another volume.
fn claims_of_ephemeral_volumes(volumes: &[Volume], scope: Scope, path: &Path, errors: &mut FieldErrors) {
    if scope.meta.name.is_empty() {
        return;
    }
    for (index, volume) in volumes.iter().enumerate() {
        let Some(claim) = &volume.persistent_volume_claim else { continue };
        let made = volumes.iter().any(|other| {
            other.ephemeral.is_some() && claim.claim_name == format!("{}-{}", scope.meta.name, other.name)
        });
        if made {
            errors.invalid(
                &path.index(index).child("persistentVolumeClaim").child("claimName"),
                &claim.claim_name,
                "must not reference a PVC that gets created for an ephemeral volume",
            );
        }
    }
}

/// One source of a volume: its name in errors about too many sources, its name in its own errors, its check.
type Source<'a> = (&'static str, &'static str, Box<dyn Fn(&Path, &mut FieldErrors) + 'a>);

fn validate_source(volume: &Volume, scope: Scope, path: &Path, errors: &mut FieldErrors) {
    let sources = sources(volume, scope);
    if sources.is_empty() {
        errors.required(path, "must specify a volume type");
    }
    for (index, (plain, own, check)) in sources.iter().enumerate() {
        if index > 0 {
            errors.forbidden(&path.child(plain), "may not specify more than 1 volume type");
        } else {
            check(&path.child(own), errors);
        }
    }
    if let Some(iscsi) = &volume.iscsi
        && iscsi.initiator_name.is_some()
        && volume.name.len() + 1 + iscsi.target_portal.len() > 64
    {
        let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.invalid(&path.child("name"), &volume.name, detail);
    }
    if sources.len() == 1 && volume.ephemeral.is_some() && !scope.meta.name.is_empty() && !volume.name.is_empty() {
        let claim = format!("{}-{}", scope.meta.name, volume.name);
        for problem in kind::validate::dns1123_subdomain(&claim) {
            errors.invalid(&path.child("name"), &volume.name, format!("PVC name {claim:?}: {problem}"));
        }
    }
}

/// In upstream's order; the first one counts.
fn sources<'a>(volume: &'a Volume, scope: Scope<'a>) -> Vec<Source<'a>> {
    let mut found: Vec<Source<'a>> = Vec::new();
    macro_rules! source {
        ($field:ident, $plain:literal, $own:literal, $check:expr) => {
            if let Some(source) = &volume.$field {
                found.push((
                    $plain,
                    $own,
                    Box::new(move |path: &Path, errors: &mut FieldErrors| $check(source, path, errors)),
                ));
            }
        };
        ($field:ident, $name:literal, $check:expr) => {
            source!($field, $name, $name, $check)
        };
    }
    source!(empty_dir, "emptyDir", empty_dir);
    source!(host_path, "hostPath", host_path);
    source!(git_repo, "gitRepo", legacy_volumes::git_repo);
    source!(gce_persistent_disk, "gcePersistentDisk", "persistentDisk", legacy_volumes::gce_persistent_disk);
    source!(aws_elastic_block_store, "awsElasticBlockStore", legacy_volumes::aws_elastic_block_store);
    source!(secret, "secret", files::secret);
    source!(nfs, "nfs", legacy_volumes::nfs);
    source!(iscsi, "iscsi", legacy_volumes::iscsi);
    source!(glusterfs, "glusterfs", legacy_volumes::glusterfs);
    source!(flocker, "flocker", legacy_volumes::flocker);
    source!(
        persistent_volume_claim,
        "persistentVolumeClaim",
        |claim: &api_core::v1::PersistentVolumeClaimVolumeSource, path: &Path, errors: &mut FieldErrors| {
            check::required(&claim.claim_name, &path.child("claimName"), errors);
        }
    );
    source!(rbd, "rbd", legacy_volumes::rbd);
    source!(cinder, "cinder", legacy_volumes::cinder);
    source!(cephfs, "cephFS", "cephfs", legacy_volumes::cephfs);
    source!(quobyte, "quobyte", legacy_volumes::quobyte);
    source!(downward_api, "downwarAPI", "downwardAPI", files::downward_api);
    source!(fc, "fc", legacy_volumes::fc);
    source!(flex_volume, "flexVolume", legacy_volumes::flex_volume);
    source!(config_map, "configMap", files::config_map);
    source!(azure_file, "azureFile", legacy_volumes::azure_file);
    source!(vsphere_volume, "vsphereVolume", legacy_volumes::vsphere_volume);
    source!(photon_persistent_disk, "photonPersistentDisk", legacy_volumes::photon_persistent_disk);
    source!(portworx_volume, "portworxVolume", legacy_volumes::portworx_volume);
    source!(azure_disk, "azureDisk", legacy_volumes::azure_disk);
    source!(storageos, "storageos", legacy_volumes::storageos);
    source!(projected, "projected", |projected: &_, path: &Path, errors: &mut FieldErrors| {
        files::projected(projected, scope.allow_any_token_path, path, errors);
    });
    source!(scale_io, "scaleIO", legacy_volumes::scale_io);
    source!(csi, "csi", csi);
    source!(ephemeral, "ephemeral", ephemeral);
    source!(image, "image", |image: &_, path: &Path, errors: &mut FieldErrors| image_volume(
        image, scope, path, errors
    ));
    found
}

fn empty_dir(source: &EmptyDirVolumeSource, path: &Path, errors: &mut FieldErrors) {
    if source.size_limit.as_ref().is_some_and(schema::Quantity::is_negative) {
        errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
    }
}

pub fn host_path(source: &HostPathVolumeSource, path: &Path, errors: &mut FieldErrors) {
    let where_ = path.child("path");
    if source.path.is_empty() {
        errors.required(&where_, "");
        return;
    }
    check::no_backsteps(&source.path, &where_, errors);
    if let Some(type_) = &source.type_ {
        check::known(type_, HOST_PATH_TYPES, &path.child("type"), errors);
    }
}

fn csi(source: &CSIVolumeSource, path: &Path, errors: &mut FieldErrors) {
    let driver = path.child("driver");
    check::required(&source.driver, &driver, errors);
    if source.driver.len() > DRIVER_NAME_MAX {
        errors.too_long(&driver, DRIVER_NAME_MAX);
    }
    if !source.driver.is_empty() {
        let problems = kind::validate::dns1123_subdomain(&source.driver.to_lowercase());
        check::all(problems, &source.driver, &driver, errors);
    }
    if let Some(secret) = &source.node_publish_secret_ref {
        let (reference, name) = (path.child("nodePublishSecretRef"), path.child("name"));
        if secret.name.is_empty() {
            errors.required(&reference.child("name"), "");
        } else {
            check::dns_subdomain(&secret.name, &name, errors);
        }
    }
}

fn ephemeral(source: &EphemeralVolumeSource, path: &Path, errors: &mut FieldErrors) {
    let path = path.child("volumeClaimTemplate");
    match &source.volume_claim_template {
        Some(template) => claim_template::validate(template, &path, errors),
        None => errors.required(&path, ""),
    }
}

fn image_volume(source: &ImageVolumeSource, scope: Scope, path: &Path, errors: &mut FieldErrors) {
    if scope.is_pod {
        check::required(&source.reference, &path.child("reference"), errors);
    }
    check::one_of(&source.pull_policy, PULL_POLICIES, &path.child("pullPolicy"), errors);
}
