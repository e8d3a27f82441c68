//! Volumes whose files are made from the API: ConfigMaps, Secrets, the downward API, tokens, certificates, and projections
//! of several of them into one directory.

use super::check;
use super::env::{resource_field_ref, validate_field_ref};
use api_core::v1::{
    ClusterTrustBundleProjection, ConfigMapVolumeSource, DownwardAPIVolumeFile, DownwardAPIVolumeSource, KeyToPath,
    PodCertificateProjection, ProjectedVolumeSource, SecretVolumeSource, ServiceAccountTokenProjection,
};
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

const DOWNWARD_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;
const KEY_TYPES: &[&str] = &["ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"];

pub fn config_map(source: &ConfigMapVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.name, &path.child("name"), errors);
    check::mode(source.default_mode, &path.child("defaultMode"), errors);
    keys_to_paths(&source.items, path, errors);
}

pub fn secret(source: &SecretVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::required(&source.secret_name, &path.child("secretName"), errors);
    check::mode(source.default_mode, &path.child("defaultMode"), errors);
    keys_to_paths(&source.items, path, errors);
}

fn keys_to_paths(items: &[KeyToPath], path: &Path, errors: &mut FieldErrors) {
    let path = path.child("items");
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        check::required(&item.key, &path.child("key"), errors);
        check::required(&item.path, &path.child("path"), errors);
        check::local_path(&item.path, &path.child("path"), errors);
        check::mode(item.mode, &path.child("mode"), errors);
    }
}

pub fn downward_api(source: &DownwardAPIVolumeSource, path: &Path, errors: &mut FieldErrors) {
    check::mode(source.default_mode, &path.child("defaultMode"), errors);
    for file in &source.items {
        downward_file(file, path, errors);
    }
}

fn downward_file(file: &DownwardAPIVolumeFile, path: &Path, errors: &mut FieldErrors) {
    check::required(&file.path, &path.child("path"), errors);
    check::local_path(&file.path, &path.child("path"), errors);
    match (&file.field_ref, &file.resource_field_ref) {
        (Some(field_ref), resource) => {
            validate_field_ref(field_ref, DOWNWARD_FIELDS, &path.child("fieldRef"), errors);
            if resource.is_some() {
                errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        }
        (None, Some(resource)) => resource_field_ref(resource, true, &path.child("resourceFieldRef"), errors),
        (None, None) => errors.required(path, "one of fieldRef and resourceFieldRef is required"),
    }
    check::mode(file.mode, &path.child("mode"), errors);
}

/// Files of one projection may not lie on each other.
struct Paths<'a> {
    seen: BTreeSet<&'a str>,
}

impl<'a> Paths<'a> {
    fn add(&mut self, file: &'a str, shown: &str, path: &Path, errors: &mut FieldErrors) {
        if !file.is_empty() && !self.seen.insert(file) {
            errors.invalid(path, shown, "conflicting duplicate paths");
        }
    }
}

pub fn projected(source: &ProjectedVolumeSource, allow_any_token_path: bool, path: &Path, errors: &mut FieldErrors) {
    check::mode(source.default_mode, &path.child("defaultMode"), errors);
    let mut paths = Paths { seen: BTreeSet::new() };
    let sources = path.child("sources");
    for (index, projection) in source.sources.iter().enumerate() {
        let at = sources.index(index);
        let mut count = 0;
        if let Some(secret) = &projection.secret {
            count += 1;
            let at = at.child("secret");
            check::required(&secret.name, &at.child("name"), errors);
            keys_to_paths(&secret.items, &at, errors);
            secret.items.iter().for_each(|item| paths.add(&item.path, &secret.name, path, errors));
        }
        if let Some(config_map) = &projection.config_map {
            count += 1;
            let at = at.child("configMap");
            check::required(&config_map.name, &at.child("name"), errors);
            keys_to_paths(&config_map.items, &at, errors);
            config_map.items.iter().for_each(|item| paths.add(&item.path, &config_map.name, path, errors));
        }
        if let Some(downward) = &projection.downward_api {
            count += 1;
            let at = at.child("downwardAPI");
            for file in &downward.items {
                downward_file(file, &at, errors);
                paths.add(&file.path, &file.path, path, errors);
            }
        }
        if let Some(token) = &projection.service_account_token {
            count += 1;
            service_account_token(token, allow_any_token_path, path, &at.child("serviceAccountToken"), errors);
        }
        if let Some(bundle) = &projection.cluster_trust_bundle {
            count += 1;
            cluster_trust_bundle(bundle, &at.child("clusterTrustBundlePEM"), errors);
            paths.add(&bundle.path, &bundle.path, path, errors);
        }
        if let Some(certificate) = &projection.pod_certificate {
            count += 1;
            pod_certificate(certificate, &at.child("podCertificate"), errors);
            let files =
                [&certificate.credential_bundle_path, &certificate.key_path, &certificate.certificate_chain_path];
            files.into_iter().for_each(|file| paths.add(file, file, path, errors));
        }
        if count > 1 {
            errors.forbidden(&at, "may not specify more than 1 volume type");
        }
    }
}

fn service_account_token(
    token: &ServiceAccountTokenProjection,
    allow_any_path: bool,
    volume: &Path,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let seconds = token.expiration_seconds.unwrap_or_default();
    if seconds < TOKEN_SECONDS_MIN {
        let detail = "may not specify a duration less than 10 minutes";
        errors.invalid(&path.child("expirationSeconds"), seconds, detail);
    }
    if seconds > TOKEN_SECONDS_MAX {
        let detail = "may not specify a duration larger than 2^32 seconds";
        errors.invalid(&path.child("expirationSeconds"), seconds, detail);
    }
    if token.path.is_empty() {
        errors.required(&volume.child("path"), "");
    } else if !allow_any_path {
        check::local_path(&token.path, &volume.child("path"), errors);
    }
}

fn cluster_trust_bundle(bundle: &ClusterTrustBundleProjection, path: &Path, errors: &mut FieldErrors) {
    match (&bundle.name, &bundle.signer_name) {
        (Some(_), Some(_)) => {
            let shown = super::go::json("ClusterTrustBundleProjection", &schema::Typed::to_value(bundle));
            errors.invalid(path, Bare(shown), "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                errors.required(&path.child("name"), "must be a valid object name");
            }
            for problem in validate::path_segment_name(name) {
                let detail = format!("not a valid clustertrustbundlename: {problem}");
                errors.invalid(&path.child("name"), name, detail);
            }
            if bundle.label_selector.is_some() {
                let detail = "labelSelector must be unset if name is specified";
                errors.invalid(&path.child("labelSelector"), &schema::Typed::to_value(bundle)["labelSelector"], detail);
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                errors.required(&path.child("signerName"), "must be a valid signer name");
            }
            signer_name(signer, &path.child("signerName"), errors);
            if let Some(selector) = &bundle.label_selector {
                validate::label_selector(selector, false, &path.child("labelSelector"), errors);
            }
        }
        (None, None) => errors.required(path, "either name or signerName must be specified"),
    }
    check::required(&bundle.path, &path.child("path"), errors);
    check::local_path(&bundle.path, &path.child("path"), errors);
}

fn pod_certificate(certificate: &PodCertificateProjection, path: &Path, errors: &mut FieldErrors) {
    signer_name(&certificate.signer_name, &path.child("signerName"), errors);
    check::known(&certificate.key_type, KEY_TYPES, &path.child("keyType"), errors);
    let files = [
        (&certificate.credential_bundle_path, "credentialBundlePath"),
        (&certificate.key_path, "keyPath"),
        (&certificate.certificate_chain_path, "certificateChainPath"),
    ];
    if files.iter().all(|(file, _)| file.is_empty()) {
        errors.required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath");
    }
    for (file, name) in files {
        check::local_path(file, &path.child(name), errors);
    }
}

/// `domain/path`, as of CertificateSigningRequests.
fn signer_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    match name.split_once('/') {
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() && !rest.contains('/') => {
            check::all(validate::dns1123_subdomain(domain), name, path, errors);
            check::all(validate::dns1123_subdomain(rest), name, path, errors);
        }
        _ => errors.invalid(
            path,
            name,
            "must be a fully qualified domain and path of the form 'example.com/signer-name'",
        ),
    }
}
