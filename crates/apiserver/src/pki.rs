//! The cluster's certificates and keys: made at the first start, kept in kubeadm's files, renewed before they expire.
//!
//! ```text
//!   pki/ca.{crt,key}              the cluster CA; signs the server and every client below
//!   pki/apiserver.{crt,key}       the serving certificate
//!   pki/front-proxy-ca.{crt,key}  signs the identity with which the server calls aggregated servers
//!   pki/sa.{key,pub}              signs service-account tokens
//! ```
//!
//! Private keys are written with mode 0600 from the first byte, each file through a temporary one and a rename.

mod given;
mod reload;

pub use given::identities;
pub use reload::reload;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SanType,
};
use serve::Identity;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CA_VALID: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const LEAF_VALID: Duration = Duration::from_secs(365 * 24 * 3600);
/// A leaf with less time left than this is made anew at start.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Clocks of clients may lag.
const BACKDATE: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} is not what it should be: {what}. Restore it from a backup, or move the pki directory away to start with new certificates"
    )]
    Bad { path: PathBuf, what: String },
    #[error("making a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("this server has no authority to sign certificates with")]
    NoAuthority,
}

/// The certificates of one cluster.
pub struct Pki {
    directory: PathBuf,
    /// None where certificates were given.
    authority: Option<Authority>,
    /// Who signs the clients' certificates; empty: nobody.
    client_ca: String,
    pub serving: Identity,
    /// Who signs the certificates of those that say in headers who the user is; empty: nobody.
    pub front_proxy_ca: String,
    /// What proves this server to aggregated ones.
    pub front_proxy_client: Option<Identity>,
    /// What proves it to kubelets.
    pub kubelet_client: Option<Identity>,
    /// Who signs the kubelets' certificates; none: they are not verified.
    pub kubelet_ca: Option<String>,
    /// Signs service-account tokens.
    pub token_key: KeyPair,
}

/// What the serving certificate must be good for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub dns: Vec<String>,
    pub addresses: Vec<IpAddr>,
}

struct Authority {
    certificate: String,
    key: String,
}

impl Pki {
    /// Reads the certificates below `directory`, making what is not there.
    pub fn open(directory: &Path, names: &Names, now_unix_s: i64) -> Result<Pki, PkiError> {
        make_private_directory(directory)?;
        let ca = Authority::open(directory, "ca", "kubernetes", now_unix_s)?;
        let front = Authority::open(directory, "front-proxy-ca", "front-proxy-ca", now_unix_s)?;
        let serving = leaf(directory, "apiserver", &ca, now_unix_s, &serving_params(names)?)?;
        let front_proxy_client =
            leaf(directory, "front-proxy-client", &front, now_unix_s, &client_params("front-proxy-client", &[]))?;
        let kubelet_params = client_params("kube-apiserver-kubelet-client", &[authn::MASTERS]);
        let kubelet_client = leaf(directory, "apiserver-kubelet-client", &ca, now_unix_s, &kubelet_params)?;
        let token_key = open_key(&directory.join("sa.key"))?;
        write(&directory.join("sa.pub"), token_key.public_key_pem().as_bytes(), 0o644)?;
        Ok(Pki {
            directory: directory.into(),
            client_ca: ca.certificate.clone(),
            kubelet_ca: Some(ca.certificate.clone()),
            authority: Some(ca),
            serving,
            front_proxy_ca: front.certificate,
            front_proxy_client: Some(front_proxy_client),
            kubelet_client: Some(kubelet_client),
            token_key,
        })
    }

    /// Reads what is there, for who issues certificates on the same machine; nothing is made or renewed.
    pub fn read(directory: &Path) -> Result<Pki, PkiError> {
        let identity = |name: &str| -> Result<Identity, PkiError> {
            let (certificate, key) = paths(directory, name);
            Ok(Identity { certificate: required(&certificate)?, key: required(&key)? })
        };
        let (ca, front) = (identity("ca")?, identity("front-proxy-ca")?);
        Ok(Pki {
            directory: directory.into(),
            client_ca: ca.certificate.clone(),
            kubelet_ca: Some(ca.certificate.clone()),
            authority: Some(Authority { certificate: ca.certificate, key: ca.key }),
            serving: identity("apiserver")?,
            front_proxy_ca: front.certificate,
            front_proxy_client: Some(identity("front-proxy-client")?),
            kubelet_client: Some(identity("apiserver-kubelet-client")?),
            token_key: KeyPair::from_pem(&required(&directory.join("sa.key"))?)?,
        })
    }

    /// PEM of the cluster CA, which signs the clients' certificates; empty: nobody does.
    pub fn ca(&self) -> &str {
        &self.client_ca
    }

    /// PEM of the cluster CA's key, for who signs certificates in the cluster.
    pub fn ca_key(&self) -> Result<&str, PkiError> {
        Ok(&self.authority()?.key)
    }

    fn authority(&self) -> Result<&Authority, PkiError> {
        self.authority.as_ref().ok_or(PkiError::NoAuthority)
    }

    /// A client certificate for a user with groups, good for a year.
    pub fn client(&self, user: &str, groups: &[&str], now_unix_s: i64) -> Result<Identity, PkiError> {
        self.authority()?.issue(client_params(user, groups), now_unix_s)
    }

    /// The client certificate kept under `name`, made or renewed when needed.
    pub fn kept_client(&self, name: &str, user: &str, groups: &[&str], now_unix_s: i64) -> Result<Identity, PkiError> {
        leaf(&self.directory, name, self.authority()?, now_unix_s, &client_params(user, groups))
    }

    /// A serving certificate for a node's kubelet.
    pub fn node_serving(&self, node: &str, names: &Names, now_unix_s: i64) -> Result<Identity, PkiError> {
        let mut params = serving_params(names)?;
        set_subject(&mut params, &format!("system:node:{node}"), &["system:nodes"]);
        self.authority()?.issue(params, now_unix_s)
    }

    /// DER of the public half of the token key.
    pub fn token_public_der(&self) -> Vec<u8> {
        self.token_key.subject_public_key_info()
    }
}

/// A kubeconfig for one cluster and one user.
pub fn kubeconfig(server: &str, ca: &str, user: &str, identity: &Identity) -> String {
    use base64::Engine;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: {}\n    server: {server}\n  \
         name: tiphys\ncontexts:\n- context:\n    cluster: tiphys\n    user: {user}\n  name: {user}@tiphys\n\
         current-context: {user}@tiphys\nusers:\n- name: {user}\n  user:\n    client-certificate-data: {}\n    \
         client-key-data: {}\n",
        base64(ca),
        base64(&identity.certificate),
        base64(&identity.key),
    )
}

/// Writes a file that appears whole or not at all, with this mode from the start.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), PkiError> {
    let fail = |source| PkiError::File { path: path.into(), source };
    let temporary = path.with_extension("tmp");
    // Left by a crash between writing and renaming; with create_new below, a stale one would refuse every later start.
    if let Err(error) = fs::remove_file(&temporary)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(fail(error));
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary).map_err(fail)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(fail)?;
    fs::rename(&temporary, path).map_err(fail)
}

impl Authority {
    fn open(directory: &Path, name: &str, common_name: &str, now_unix_s: i64) -> Result<Authority, PkiError> {
        let (cert_path, key_path) = paths(directory, name);
        if let (Some(certificate), Some(key)) = (read(&cert_path)?, read(&key_path)?) {
            let bad = |what: String| PkiError::Bad { path: cert_path.clone(), what };
            expires_at(&certificate).map_err(bad)?;
            return Ok(Authority { certificate, key });
        }
        let mut params = CertificateParams::default();
        set_subject(&mut params, common_name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, now_unix_s, CA_VALID);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let authority = Authority { certificate, key: key.serialize_pem() };
        write(&key_path, authority.key.as_bytes(), 0o600)?;
        write(&cert_path, authority.certificate.as_bytes(), 0o644)?;
        Ok(authority)
    }

    fn issue(&self, mut params: CertificateParams, now_unix_s: i64) -> Result<Identity, PkiError> {
        set_validity(&mut params, now_unix_s, LEAF_VALID);
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(&self.key)?)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?.pem();
        Ok(Identity { certificate, key: key.serialize_pem() })
    }
}

/// The leaf kept under `name`, issued anew if it is missing, expires soon or was made for other names.
fn leaf(
    directory: &Path,
    name: &str,
    authority: &Authority,
    now_unix_s: i64,
    params: &CertificateParams,
) -> Result<Identity, PkiError> {
    let (cert_path, key_path) = paths(directory, name);
    let made_for_path = directory.join(format!("{name}.names"));
    let made_for = format!("{:?} {:?}\n", params.subject_alt_names, params.distinguished_name);
    if let (Some(certificate), Some(key)) = (read(&cert_path)?, read(&key_path)?) {
        let expires = expires_at(&certificate).map_err(|what| PkiError::Bad { path: cert_path.clone(), what })?;
        let fresh = expires - now_unix_s > RENEW_BEFORE.as_secs() as i64;
        if fresh && read(&made_for_path)?.as_deref() == Some(&made_for) {
            return Ok(Identity { certificate, key });
        }
    }
    let identity = authority.issue(params.clone(), now_unix_s)?;
    write(&key_path, identity.key.as_bytes(), 0o600)?;
    write(&cert_path, identity.certificate.as_bytes(), 0o644)?;
    write(&made_for_path, made_for.as_bytes(), 0o644)?;
    Ok(identity)
}

fn client_params(user: &str, groups: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    set_subject(&mut params, user, groups);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn serving_params(names: &Names) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(names.dns.clone())?;
    params.subject_alt_names.extend(names.addresses.iter().map(|&address| SanType::IpAddress(address)));
    set_subject(&mut params, "kube-apiserver", &[]);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn set_subject(params: &mut CertificateParams, common_name: &str, organizations: &[&str]) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    for organization in organizations {
        params.distinguished_name.push(DnType::OrganizationName, *organization);
    }
    params.distinguished_name.push(DnType::CommonName, common_name);
}

fn set_validity(params: &mut CertificateParams, now_unix_s: i64, valid: Duration) {
    let at = |unix_s: i64| time_of(unix_s).unwrap_or(rcgen::date_time_ymd(2024, 1, 1));
    params.not_before = at(now_unix_s - BACKDATE.as_secs() as i64);
    params.not_after = at(now_unix_s + valid.as_secs() as i64);
}

/// What rcgen takes for times.
fn time_of(unix_s: i64) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(unix_s).ok()
}

fn open_key(path: &Path) -> Result<KeyPair, PkiError> {
    if let Some(pem) = read(path)? {
        return KeyPair::from_pem(&pem).map_err(|error| PkiError::Bad { path: path.into(), what: error.to_string() });
    }
    let key = KeyPair::generate()?;
    write(path, key.serialize_pem().as_bytes(), 0o600)?;
    Ok(key)
}

fn expires_at(pem: &str) -> Result<i64, String> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    Ok(certificate.validity().not_after.timestamp())
}

fn paths(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    (directory.join(format!("{name}.crt")), directory.join(format!("{name}.key")))
}

fn read(path: &Path) -> Result<Option<String>, PkiError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(PkiError::File { path: path.into(), source }),
    }
}

fn required(path: &Path) -> Result<String, PkiError> {
    read(path)?.ok_or_else(|| PkiError::Bad { path: path.into(), what: "it is missing".into() })
}

fn make_private_directory(directory: &Path) -> Result<(), PkiError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| PkiError::File { path: directory.into(), source })
}

#[cfg(test)]
mod tests;
