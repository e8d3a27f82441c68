//! Certificates and keys that were given as files, as upstream's flags name them. What is not given is not there; only a
//! serving certificate is made then, signed by itself, as upstream does.

use super::{LEAF_VALID, Names, Pki, PkiError, open_key, paths, read, required, serving_params, set_validity, write};
use crate::config::Config;
use rcgen::KeyPair;
use serve::Identity;
use serve::tls::Named;
use std::path::{Path, PathBuf};

impl Pki {
    /// Reads what the configuration names.
    pub fn given(config: &Config, names: &Names, now_unix_s: i64) -> Result<Pki, PkiError> {
        let serving = match pair(&config.serving.tls_cert_file, &config.serving.tls_private_key_file)? {
            Some(identity) => identity,
            None => signed_by_itself(&config.data_dir, names, now_unix_s)?,
        };
        let authentication = &config.authentication;
        let authority = |path: &Option<PathBuf>| path.as_deref().map(required).transpose();
        let token_key = match &authentication.service_account_signing_key_file {
            Some(path) => {
                let bad = |error: rcgen::Error| PkiError::Bad { path: path.clone(), what: error.to_string() };
                KeyPair::from_pem(&required(path)?).map_err(bad)?
            }
            None => open_key(&config.data_dir.join("sa.key"))?,
        };
        Ok(Pki {
            directory: config.data_dir.clone(),
            authority: None,
            client_ca: authority(&authentication.client_ca_file)?.unwrap_or_default(),
            serving,
            front_proxy_ca: authority(&authentication.request_header.client_ca_file)?.unwrap_or_default(),
            front_proxy_client: pair(&config.serving.proxy_client_cert_file, &config.serving.proxy_client_key_file)?,
            kubelet_client: pair(&config.kubelets.client_certificate, &config.kubelets.client_key)?,
            kubelet_ca: authority(&config.kubelets.certificate_authority)?,
            token_key,
        })
    }
}

/// What the server shows: its own certificate, and those for names that clients ask for.
pub fn identities(config: &Config, serving: &Identity) -> Result<(Identity, Vec<Named>), PkiError> {
    let given = pair(&config.serving.tls_cert_file, &config.serving.tls_private_key_file)?;
    let named = config.serving.sni.iter().map(|sni| {
        let identity = Identity { certificate: required(&sni.cert_file)?, key: required(&sni.private_key_file)? };
        let names = match sni.names.as_slice() {
            [] => {
                names_of(&identity.certificate).map_err(|what| PkiError::Bad { path: sni.cert_file.clone(), what })?
            }
            names => names.to_vec(),
        };
        Ok(Named { identity, names })
    });
    Ok((given.unwrap_or_else(|| serving.clone()), named.collect::<Result<_, PkiError>>()?))
}

fn pair(certificate: &Option<PathBuf>, key: &Option<PathBuf>) -> Result<Option<Identity>, PkiError> {
    let (Some(certificate), Some(key)) = (certificate, key) else { return Ok(None) };
    Ok(Some(Identity { certificate: required(certificate)?, key: required(key)? }))
}

fn signed_by_itself(directory: &Path, names: &Names, now_unix_s: i64) -> Result<Identity, PkiError> {
    super::make_private_directory(directory)?;
    let (certificate_path, key_path) = paths(directory, "apiserver");
    if let (Some(certificate), Some(key)) = (read(&certificate_path)?, read(&key_path)?) {
        return Ok(Identity { certificate, key });
    }
    let mut params = serving_params(names)?;
    set_validity(&mut params, now_unix_s, LEAF_VALID);
    let key = KeyPair::generate()?;
    let identity = Identity { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() };
    write(&key_path, identity.key.as_bytes(), 0o600)?;
    write(&certificate_path, identity.certificate.as_bytes(), 0o644)?;
    Ok(identity)
}

/// The DNS names in a certificate; its common name, if there are none.
fn names_of(pem: &str) -> Result<Vec<String>, String> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    let alternatives = certificate.subject_alternative_name().map_err(|error| error.to_string())?;
    let names = alternatives.into_iter().flat_map(|extension| extension.value.general_names.iter());
    let mut names: Vec<String> = names
        .filter_map(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        names.extend(common.map(str::to_owned));
    }
    Ok(names)
}
