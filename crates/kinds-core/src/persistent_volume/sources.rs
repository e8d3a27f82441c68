//! Where the data is: exactly one source, with defaults and checks of its own.

use super::as_in_pods;
use crate::pod_spec::{check, legacy_volumes as pods, volumes};
use api_core::v1;
use kind::{FieldErrors, Path};

/// Defaults that depend on the source being there.
pub fn default(spec: &mut v1::PersistentVolumeSpec) {
    let set = |text: &mut String, default: &str| {
        if text.is_empty() {
            *text = default.into();
        }
    };
    if let Some(source) = &mut spec.host_path {
        source.type_.get_or_insert_default();
    }
    if let Some(source) = &mut spec.rbd {
        set(&mut source.pool, "rbd");
        set(&mut source.user, "admin");
        set(&mut source.keyring, "/etc/ceph/keyring");
    }
    if let Some(source) = &mut spec.iscsi {
        set(&mut source.iscsi_interface, "default");
    }
    if let Some(source) = &mut spec.scale_io {
        set(&mut source.storage_mode, "ThinProvisioned");
        set(&mut source.fs_type, "xfs");
    }
    if let Some(source) = &mut spec.azure_disk {
        source.caching_mode.get_or_insert_with(|| "ReadWrite".into());
        source.fs_type.get_or_insert_with(|| "ext4".into());
        source.kind.get_or_insert_with(|| "Shared".into());
        source.read_only.get_or_insert(false);
    }
}

/// Counts the sources; each but the first is refused, the first is checked.
struct Sources<'a> {
    path: &'a Path<'a>,
    count: usize,
}

impl Sources<'_> {
    fn check<T>(
        &mut self,
        source: &Option<Box<T>>,
        field: &str,
        errors: &mut FieldErrors,
        check: impl FnOnce(&T, &Path, &mut FieldErrors),
    ) {
        let Some(source) = source else { return };
        self.count += 1;
        let path = self.path.child(field);
        if self.count > 1 {
            errors.forbidden(&path, "may not specify more than 1 volume type");
        } else {
            check(source, &path, errors);
        }
    }
}

/// `has_affinity`: a local volume's node is known.
pub fn validate(spec: &v1::PersistentVolumeSpec, has_affinity: bool, path: &Path, errors: &mut FieldErrors) {
    let mut sources = Sources { path, count: 0 };
    sources.check(&spec.host_path, "hostPath", errors, volumes::host_path);
    sources.check(&spec.gce_persistent_disk, "gcePersistentDisk", errors, pods::gce_persistent_disk);
    sources.check(&spec.aws_elastic_block_store, "awsElasticBlockStore", errors, pods::aws_elastic_block_store);
    sources.check(&spec.glusterfs, "glusterfs", errors, |source, path, errors| {
        pods::glusterfs(&as_in_pods(source), path, errors);
        if let Some(namespace) = &source.endpoints_namespace {
            check::dns_label(namespace, &path.child("endpointsNamespace"), errors);
        }
    });
    sources.check(&spec.flocker, "flocker", errors, pods::flocker);
    sources.check(&spec.nfs, "nfs", errors, pods::nfs);
    sources.check(&spec.rbd, "rbd", errors, |source, path, errors| pods::rbd(&as_in_pods(source), path, errors));
    sources.check(&spec.quobyte, "quobyte", errors, pods::quobyte);
    sources.check(&spec.cephfs, "cephFS", errors, |source, path, errors| {
        pods::cephfs(&as_in_pods(source), path, errors);
    });
    sources.check(&spec.iscsi, "iscsi", errors, |source, path, errors| {
        pods::iscsi(&as_in_pods(source), path, errors);
    });
    sources.check(&spec.cinder, "cinder", errors, |source, path, errors| {
        pods::cinder(&as_in_pods(source), path, errors);
    });
    sources.check(&spec.fc, "fc", errors, pods::fc);
    if let Some(source) = &spec.flex_volume {
        // Upstream does not refuse a second source here, only counts it.
        sources.count += 1;
        pods::flex_volume(&as_in_pods(source.as_ref()), &path.child("flexVolume"), errors);
    }
    sources.check(&spec.azure_file, "azureFile", errors, |source, path, errors| {
        pods::azure_file(&as_in_pods(source), path, errors);
        if source.secret_namespace.as_ref().is_some_and(String::is_empty) {
            errors.required(&path.child("secretNamespace"), "");
        }
    });
    sources.check(&spec.vsphere_volume, "vsphereVolume", errors, pods::vsphere_volume);
    sources.check(&spec.photon_persistent_disk, "photonPersistentDisk", errors, pods::photon_persistent_disk);
    sources.check(&spec.portworx_volume, "portworxVolume", errors, pods::portworx_volume);
    sources.check(&spec.azure_disk, "azureDisk", errors, pods::azure_disk);
    sources.check(&spec.scale_io, "scaleIO", errors, |source, path, errors| {
        pods::scale_io(&as_in_pods(source), path, errors);
    });
    sources.check(&spec.local, "local", errors, |source, at, errors| {
        check::required(&source.path, &at.child("path"), errors);
        check::no_backsteps(&source.path, &at.child("path"), errors);
        if !has_affinity {
            errors.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
        }
    });
    sources.check(&spec.storageos, "storageos", errors, |source, path, errors| {
        pods::storageos(&as_in_pods(source), path, errors);
    });
    sources.check(&spec.csi, "csi", errors, csi);
    if sources.count == 0 {
        errors.required(path, "must specify a volume type");
    }
}

/// The name of a CSI driver.
pub(crate) fn driver_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    const MOST: usize = 63;
    if name.is_empty() {
        errors.required(path, "");
    }
    if name.len() > MOST {
        errors.too_long(path, MOST);
    }
    check::all(kind::validate::dns1123_subdomain(&name.to_lowercase()), name, path, errors);
}

fn csi(source: &v1::CSIPersistentVolumeSource, path: &Path, errors: &mut FieldErrors) {
    driver_name(&source.driver, &path.child("driver"), errors);
    check::required(&source.volume_handle, &path.child("volumeHandle"), errors);
    let secrets = [
        (&source.controller_publish_secret_ref, "controllerPublishSecretRef"),
        (&source.controller_expand_secret_ref, "controllerExpandSecretRef"),
        (&source.node_publish_secret_ref, "nodePublishSecretRef"),
        (&source.node_expand_secret_ref, "nodeExpandSecretRef"),
        (&source.node_stage_secret_ref, "nodeStageSecretRef"),
    ];
    for (secret, field) in secrets {
        let Some(secret) = secret else { continue };
        let at = path.child(field);
        for (text, part) in [(&secret.name, "name"), (&secret.namespace, "namespace")] {
            let at = at.child(part);
            if text.is_empty() {
                errors.required(&at, "");
            } else {
                check::dns_subdomain(text, &at, errors);
            }
        }
    }
}
