//! What the status of a CertificateSigningRequest must satisfy: decisions are final and exclude each other.

use api_misc::certificates::v1::{CertificateSigningRequestCondition, CertificateSigningRequestStatus};
use kind::{FieldErrors, Path};
use std::collections::BTreeSet;

const APPROVED: &str = "Approved";
const DENIED: &str = "Denied";
const FAILED: &str = "Failed";

pub fn validate_update(
    new: &CertificateSigningRequestStatus,
    old: &CertificateSigningRequestStatus,
    errors: &mut FieldErrors,
) {
    let root = Path::root("status");
    let path = root.child("conditions");
    validate_conditions(&new.conditions, &path, errors);
    let certificate = String::from_utf8_lossy(&new.certificate);
    if !certificate.is_empty() && !certificate.contains("-----BEGIN CERTIFICATE-----") {
        let why = "must contain at least one CERTIFICATE PEM block";
        errors.invalid(&root.child("certificate"), "<certificate data>", why);
    }
    for decision in [APPROVED, DENIED, FAILED] {
        let count = |conditions: &[CertificateSigningRequestCondition]| {
            conditions.iter().filter(|condition| condition.type_ == decision).count()
        };
        if count(&new.conditions) < count(&old.conditions) {
            errors.forbidden(&path, format!("updates may not remove a condition of type \"{decision}\""));
        }
    }
}

fn validate_conditions(conditions: &[CertificateSigningRequestCondition], path: &Path, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        let (type_path, status) = (path.child("type"), path.child("status"));
        let type_ = condition.type_.as_str();
        if type_.is_empty() {
            errors.required(&type_path, "");
        }
        match condition.status.as_str() {
            "" => errors.required(&status, ""),
            "True" => {}
            other if matches!(type_, APPROVED | DENIED | FAILED) => errors.not_supported(&status, other, &["True"]),
            "False" | "Unknown" => {}
            other => errors.not_supported(&status, other, &["False", "True", "Unknown"]),
        }
        let excludes = (type_ == APPROVED && seen.contains(DENIED)) || (type_ == DENIED && seen.contains(APPROVED));
        if excludes {
            errors.invalid(&type_path, type_, "Approved and Denied conditions are mutually exclusive");
        }
        if !seen.insert(type_) {
            errors.duplicate(&type_path, type_);
        }
    }
}
