//! Mounts and devices of a container.

use super::check;
use api_core::v1::{Container, Volume, VolumeMount};
use kind::{FieldErrors, Path};
use std::collections::BTreeSet;

/// `container`: whose mounts they are; `volumes`: those without errors.
pub fn validate_mounts(container: &Container, volumes: &[&Volume], path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    let devices = &container.volume_devices;
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let at = path.index(index);
        let (name_path, mount_path) = (at.child("name"), at.child("mountPath"));
        check::required(&mount.name, &name_path, errors);
        if !volumes.iter().any(|volume| volume.name == mount.name) {
            errors.not_found(&name_path, &mount.name);
        }
        check::required(&mount.mount_path, &mount_path, errors);
        if !seen.insert(&mount.mount_path) {
            errors.invalid(&mount_path, &mount.mount_path, "must be unique");
        }
        if devices.iter().any(|device| device.name == mount.name) {
            errors.invalid(&name_path, &mount.name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device.device_path == mount.mount_path) {
            errors.invalid(&mount_path, &mount.mount_path, "must not already exist as a path in volumeDevices");
        }
        sub_paths(mount, path, &at, errors);
        propagation(mount, container, &path.child("mountPropagation"), errors);
        recursive_read_only(mount, &path.child("recursiveReadOnly"), errors);
    }
}

fn sub_paths(mount: &VolumeMount, path: &Path, at: &Path, errors: &mut FieldErrors) {
    if !mount.sub_path.is_empty() {
        check::descending_path(&mount.sub_path, &path.child("subPath"), errors);
    }
    if !mount.sub_path_expr.is_empty() {
        if !mount.sub_path.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&at.child("subPathExpr"), &mount.sub_path_expr, detail);
        }
        check::descending_path(&mount.sub_path_expr, &path.child("subPathExpr"), errors);
    }
}

fn propagation(mount: &VolumeMount, container: &Container, path: &Path, errors: &mut FieldErrors) {
    let Some(propagation) = &mount.mount_propagation else { return };
    check::known(propagation, &["Bidirectional", "HostToContainer", "None"], path, errors);
    let privileged = container.security_context.as_ref().is_some_and(|context| context.privileged == Some(true));
    if propagation == "Bidirectional" && !privileged {
        errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

fn recursive_read_only(mount: &VolumeMount, path: &Path, errors: &mut FieldErrors) {
    match mount.recursive_read_only.as_deref() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !mount.read_only {
                errors.forbidden(path, "may only be specified when readOnly is true");
            }
            if mount.mount_propagation.as_deref().is_some_and(|propagation| propagation != "None") {
                errors.forbidden(path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        Some(other) => errors.not_supported(path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

pub fn validate_devices(container: &Container, volumes: &[&Volume], path: &Path, errors: &mut FieldErrors) {
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    let mounts = &container.volume_mounts;
    for (index, device) in container.volume_devices.iter().enumerate() {
        let at = path.index(index);
        let (name_path, device_path) = (at.child("name"), at.child("devicePath"));
        let (name, file) = (device.name.as_str(), device.device_path.as_str());
        check::required(name, &name_path, errors);
        if names.contains(name) {
            errors.invalid(&name_path, name, "must be unique");
        }
        match volumes.iter().find(|volume| volume.name == name) {
            None => errors.not_found(&name_path, name),
            Some(volume) if volume.persistent_volume_claim.is_none() && volume.ephemeral.is_none() => {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name_path, name, detail);
            }
            Some(_) => {}
        }
        check::required(file, &device_path, errors);
        if paths.contains(file) {
            errors.invalid(&device_path, file, "must be unique");
        }
        if check::has_backsteps(file) {
            errors.invalid(&device_path, file, "can not contain backsteps ('..')");
        } else {
            paths.insert(file);
        }
        if mounts.iter().any(|mount| mount.name == name) {
            errors.invalid(&name_path, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.mount_path == file) {
            errors.invalid(&device_path, file, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
