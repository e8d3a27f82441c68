//! Volume sources of drivers that were once in the tree. Only NFS, iSCSI and FC still have code in a kubelet; the others
//! are checked all the same, as upstream does.

use super::check;
use api_core::v1::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFileVolumeSource, CephFSVolumeSource,
    CinderVolumeSource, FCVolumeSource, FlexVolumeSource, FlockerVolumeSource, GCEPersistentDiskVolumeSource,
    GitRepoVolumeSource, GlusterfsVolumeSource, ISCSIVolumeSource, LocalObjectReference, NFSVolumeSource,
    PhotonPersistentDiskVolumeSource, PortworxVolumeSource, QuobyteVolumeSource, RBDVolumeSource, ScaleIOVolumeSource,
    StorageOSVolumeSource, VsphereVirtualDiskVolumeSource,
};
use kind::{FieldErrors, Path};
use schema::Value;

const PARTITION: &str = "must be between 1 and 255, inclusive";
const HOST_PORT: &str = "must be a host:port pair or multiple pairs separated by commas";

pub fn git_repo(source: &GitRepoVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.repository, &path.child("repository"), errors);
    check::descending_path(&source.directory, &path.child("directory"), errors);
}

pub fn gce_persistent_disk(source: &GCEPersistentDiskVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.pd_name, &path.child("pdName"), errors);
    partition(source.partition, path, errors);
}

pub fn aws_elastic_block_store(source: &AWSElasticBlockStoreVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.volume_id, &path.child("volumeID"), errors);
    partition(source.partition, path, errors);
}

fn partition(partition: i32, path: &Path, errors: &mut FieldErrors) {
    if !(0..=255).contains(&partition) {
        errors.invalid(&path.child("partition"), partition, PARTITION);
    }
}

pub fn nfs(source: &NFSVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.server, &path.child("server"), errors);
    check::required(&source.path, &path.child("path"), errors);
    if !source.path.starts_with('/') {
        errors.invalid(&path.child("path"), &source.path, "must be an absolute path");
    }
}

pub fn iscsi(source: &ISCSIVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.target_portal, &path.child("targetPortal"), errors);
    if source.iqn.is_empty() {
        errors.required(&path.child("iqn"), "");
    } else {
        initiator(&source.iqn, &path.child("iqn"), errors);
    }
    check::within(source.lun, 0..=255, &path.child("lun"), errors);
    if (source.chap_auth_discovery || source.chap_auth_session) && source.secret_ref.is_none() {
        errors.required(&path.child("secretRef"), "");
    }
    if let Some(name) = &source.initiator_name {
        initiator(name, &path.child("initiatorname"), errors);
    }
}

/// An iSCSI name: `iqn.yyyy-mm.reversed.domain[:name]`, `eui.` and 16 hexadecimal digits, `naa.` and 16 or 32.
fn initiator(name: &str, path: &Path, errors: &mut FieldErrors) {
    let hex =
        |rest: &str, lengths: &[usize]| lengths.contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = if name.starts_with("iqn") {
        is_iqn(name)
    } else if name.starts_with("eui") {
        name.strip_prefix("eui.").is_some_and(|rest| hex(rest, &[16]))
    } else if name.starts_with("naa") {
        name.strip_prefix("naa.").is_some_and(|rest| hex(rest, &[16, 32]))
    } else {
        errors.invalid(path, name, "must be valid format starting with iqn, eui, or naa");
        return;
    };
    if !fits {
        errors.invalid(path, name, "must be valid format");
    }
}

fn is_iqn(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let Some((date, authority)) = rest.split_at_checked(7) else { return false };
    let is_date = date.bytes().enumerate().all(|(at, b)| if at == 4 { b == b'-' } else { b.is_ascii_digit() });
    let Some(authority) = authority.strip_prefix('.') else { return false };
    let (authority, label) = authority.split_once(':').map_or((authority, None), |(a, label)| (a, Some(label)));
    let in_authority = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    is_date
        && !authority.is_empty()
        && authority.bytes().all(in_authority)
        && label.is_none_or(|label| !label.is_empty() && !label.contains([' ', '\n', '\t']))
}

pub fn glusterfs(source: &GlusterfsVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.endpoints, &path.child("endpoints"), errors);
    check::required(&source.path, &path.child("path"), errors);
}

pub fn flocker(source: &FlockerVolumeSource, path: &Path, errors: &mut FieldErrors) {
    match (source.dataset_name.is_empty(), source.dataset_uuid.is_empty()) {
        (true, true) => errors.required(path, "one of datasetName and datasetUUID is required"),
        (false, false) => {
            errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
        }
        _ => {}
    }
    if source.dataset_name.contains('/') {
        errors.invalid(&path.child("datasetName"), &source.dataset_name, "must not contain '/'");
    }
}

pub fn rbd(source: &RBDVolumeSource, path: &Path, errors: &mut FieldErrors) {
    if source.monitors.is_empty() {
        errors.required(&path.child("monitors"), "");
    }
    check::required(&source.image, &path.child("image"), errors);
}

pub fn cinder(source: &CinderVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.volume_id, &path.child("volumeID"), errors);
    secret_ref(source.secret_ref.as_deref(), path, errors);
}

fn secret_ref(secret: Option<&LocalObjectReference>, path: &Path, errors: &mut FieldErrors) {
    if let Some(secret) = secret {
        check::required(&secret.name, &path.child("secretRef").child("name"), errors);
    }
}

pub fn cephfs(source: &CephFSVolumeSource, path: &Path, errors: &mut FieldErrors) {
    if source.monitors.is_empty() {
        errors.required(&path.child("monitors"), "");
    }
}

pub fn quobyte(source: &QuobyteVolumeSource, path: &Path, errors: &mut FieldErrors) {
    if source.registry.is_empty() {
        errors.required(&path.child("registry"), HOST_PORT);
    } else if source.tenant.len() >= 65 {
        errors.required(&path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
    } else {
        let is_pair = |pair: &str| {
            pair.rsplit_once(':')
                .is_some_and(|(host, _)| !host.contains(':') || (host.starts_with('[') && host.ends_with(']')))
        };
        for _ in source.registry.split(',').filter(|pair| !is_pair(pair)) {
            errors.invalid(&path.child("registry"), &source.registry, HOST_PORT);
        }
    }
    check::required(&source.volume, &path.child("volume"), errors);
}

pub fn fc(source: &FCVolumeSource, path: &Path, errors: &mut FieldErrors) {
    let targets = path.child("targetWWNs");
    match (source.target_wwns.is_empty(), source.wwids.is_empty()) {
        (true, true) => errors.required(&targets, "must specify either targetWWNs or wwids, but not both"),
        (false, false) => {
            let shown = Value::List(source.target_wwns.iter().map(|wwn| Value::from(wwn.as_str())).collect());
            errors.invalid(&targets, &shown, "targetWWNs and wwids can not be specified simultaneously");
        }
        _ => {}
    }
    if !source.target_wwns.is_empty() {
        match source.lun {
            None => errors.required(&path.child("lun"), "lun is required if targetWWNs is specified"),
            Some(lun) => check::within(lun, 0..=255, &path.child("lun"), errors),
        }
    }
}

pub fn flex_volume(source: &FlexVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.driver, &path.child("driver"), errors);
    for key in source.options.keys() {
        let namespace = key.split('/').next().unwrap_or_default().to_lowercase();
        let reserved = ["kubernetes.io", "k8s.io"]
            .iter()
            .any(|domain| namespace == **domain || namespace.ends_with(&format!(".{domain}")));
        if reserved {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            errors.invalid(&path.child("options").key(key), key, detail);
        }
    }
}

pub fn azure_file(source: &AzureFileVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.secret_name, &path.child("secretName"), errors);
    check::required(&source.share_name, &path.child("shareName"), errors);
}

pub fn vsphere_volume(source: &VsphereVirtualDiskVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.volume_path, &path.child("volumePath"), errors);
}

pub fn photon_persistent_disk(source: &PhotonPersistentDiskVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.pd_id, &path.child("pdID"), errors);
}

pub fn portworx_volume(source: &PortworxVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.volume_id, &path.child("volumeID"), errors);
}

pub fn azure_disk(source: &AzureDiskVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.disk_name, &path.child("diskName"), errors);
    let uri = path.child("diskURI");
    check::required(&source.disk_uri, &uri, errors);
    if let Some(mode) = &source.caching_mode {
        check::known(mode, &["None", "ReadOnly", "ReadWrite"], &path.child("cachingMode"), errors);
    }
    let Some(kind) = &source.kind else { return };
    check::known(kind, &["Dedicated", "Managed", "Shared"], &path.child("kind"), errors);
    let (prefix, form) = if kind == "Managed" {
        (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        )
    } else {
        ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd")
    };
    if !source.disk_uri.starts_with(prefix) {
        errors.not_supported(&uri, &source.disk_uri, &[form]);
    }
}

pub fn storageos(source: &StorageOSVolumeSource, path: &Path, errors: &mut FieldErrors) {
    if source.volume_name.is_empty() {
        errors.required(&path.child("volumeName"), "");
    } else {
        check::dns_label(&source.volume_name, &path.child("volumeName"), errors);
    }
    if !source.volume_namespace.is_empty() {
        check::dns_label(&source.volume_namespace, &path.child("volumeNamespace"), errors);
    }
    secret_ref(source.secret_ref.as_deref(), path, errors);
}

pub fn scale_io(source: &ScaleIOVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.gateway, &path.child("gateway"), errors);
    check::required(&source.system, &path.child("system"), errors);
    check::required(&source.volume_name, &path.child("volumeName"), errors);
}
