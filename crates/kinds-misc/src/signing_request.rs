//! What the spec of a CertificateSigningRequest must satisfy.
//!
//! Deliberately absent: parsing of the request inside the PEM block; signers and admission do that.

pub mod status;

use api_misc::certificates::v1::CertificateSigningRequestSpec;
use kind::field::Bare;
use kind::{FieldErrors, Path, validate};
use std::collections::BTreeSet;

const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];
const MIN_SECONDS: i32 = 600;
const SIGNER_MAX: usize = 571;

pub fn validate(spec: &CertificateSigningRequestSpec, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    if !String::from_utf8_lossy(&spec.request).contains("-----BEGIN CERTIFICATE REQUEST-----") {
        let text = spec.request.to_base64();
        let shown = if text.is_empty() { "null".to_owned() } else { format!("\"{text}\"") };
        errors.invalid(&path.child("request"), Bare(shown), "PEM block type must be CERTIFICATE REQUEST");
    }
    let usages = path.child("usages");
    if spec.usages.is_empty() {
        errors.required(&usages, "");
    }
    let mut seen = BTreeSet::new();
    for (index, usage) in spec.usages.iter().enumerate() {
        if !USAGES.contains(&usage.as_str()) {
            errors.not_supported(&usages.index(index), usage, USAGES);
        }
        if !seen.insert(usage) {
            errors.duplicate(&usages.index(index), usage);
        }
    }
    let signer = path.child("signerName");
    if spec.signer_name == "kubernetes.io/legacy-unknown" {
        errors.invalid(&signer, &spec.signer_name, "the legacy signerName is not allowed via this API version");
    } else {
        validate_signer(&spec.signer_name, &signer, errors);
    }
    if let Some(seconds) = spec.expiration_seconds.filter(|seconds| *seconds < MIN_SECONDS) {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.invalid(&path.child("expirationSeconds"), seconds, why);
    }
}

fn validate_signer(name: &str, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        return errors.required(path, "");
    }
    let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    let Some((domain, rest)) = name.split_once('/').filter(|(_, rest)| !rest.contains('/')) else {
        return errors.invalid(path, name, why);
    };
    if name.len() > SIGNER_MAX {
        errors.too_long(path, SIGNER_MAX);
    }
    for sentence in validate::dns1123_subdomain(domain) {
        errors.invalid(path, domain, format!("validating label \"{domain}\": {sentence}"));
    }
    if domain.split('.').count() < 2 {
        errors.invalid(path, domain, "should be a domain with at least two segments separated by dots");
    }
    for sentence in validate::dns1123_subdomain(rest) {
        errors.invalid(path, rest, format!("validating label \"{rest}\": {sentence}"));
    }
}
