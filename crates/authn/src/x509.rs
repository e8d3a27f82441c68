//! Client certificates: common name to user, organizations to groups. TLS has verified the chain already.

use crate::{AuthnError, UserInfo};
use base64::Engine;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The user that a verified client certificate (DER) stands for.
pub fn user(certificate: &[u8]) -> Result<UserInfo, AuthnError> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|error| AuthnError::Certificate(error.to_string()))?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or_default();
    if name.is_empty() {
        return Err(AuthnError::Certificate("the subject has no common name".into()));
    }
    let groups: Vec<&str> = subject.iter_organization().filter_map(|group| group.as_str().ok()).collect();
    let mut user = UserInfo::new(name, &groups);
    user.extra.insert("authentication.kubernetes.io/credential-id".into(), vec![credential_id(certificate.as_raw())]);
    Ok(user)
}

/// The common name of a certificate (DER); empty if it has none.
pub fn common_name(certificate: &[u8]) -> Result<String, AuthnError> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|error| AuthnError::Certificate(error.to_string()))?;
    let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    Ok(name.unwrap_or_default().to_owned())
}

/// The groups that a certificate of a request (PEM, as base64) would stand for.
pub fn requested_groups(request: &str) -> Result<Vec<String>, AuthnError> {
    let refused = |error: &dyn std::fmt::Display| AuthnError::Certificate(error.to_string());
    let pem = base64::engine::general_purpose::STANDARD.decode(request).map_err(|error| refused(&error))?;
    let (_, block) = x509_parser::pem::parse_x509_pem(&pem).map_err(|error| refused(&error))?;
    let (_, parsed) = X509CertificationRequest::from_der(&block.contents).map_err(|error| refused(&error))?;
    let subject = &parsed.certification_request_info.subject;
    Ok(subject.iter_organization().filter_map(|group| group.as_str().ok().map(str::to_owned)).collect())
}

/// `X509SHA256=<hex of the certificate's digest>`
fn credential_id(der: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write;
    let mut id = String::from("X509SHA256=");
    for byte in Sha256::digest(der) {
        write!(id, "{byte:02x}").expect("writing to a string cannot fail");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str, groups: &[&str]) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        for group in groups {
            params.distinguished_name.push(rcgen::DnType::OrganizationName, *group);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn common_name_is_the_user_and_organizations_are_groups() {
        let user = user(&certificate("kubernetes-admin", &["system:masters"])).unwrap();
        assert_eq!(user.name, "kubernetes-admin");
        assert_eq!(user.groups, ["system:masters", "system:authenticated"]);
        assert!(user.extra["authentication.kubernetes.io/credential-id"][0].starts_with("X509SHA256="));
    }

    #[test]
    fn a_certificate_without_a_name_is_refused() {
        assert!(user(&certificate("", &["system:masters"])).is_err());
        assert!(user(b"not a certificate").is_err());
    }
}
