//! Kubeconfig files: where the server is, and who we are to it.
//!
//! Read once; a token that is given as a file is read again with each request, for it changes. Deliberately absent: exec and
//! auth-provider plugins, merging of several files, proxies.

use schema::json::Limits;
use schema::{Bytes, Value, yaml};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    #[error("reading {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("kubeconfig: {0}")]
    Syntax(String),
    #[error("kubeconfig: no {what} named {name:?}")]
    Missing { what: &'static str, name: String },
    #[error("kubeconfig: {0} is not base64")]
    Base64(String),
    #[error("server {0:?} is not a URL of scheme http or https")]
    Server(String),
    #[error("PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// What a connection needs to know.
#[derive(Clone, Debug, Default)]
pub struct ConnectionConfig {
    /// `https://host:port`, perhaps with a path that comes before all others.
    pub server: String,
    /// PEM.
    pub certificate_authority: Vec<u8>,
    pub insecure_skip_tls_verify: bool,
    /// What the server's certificate has to be for, where that is not its address.
    pub tls_server_name: Option<String>,
    /// A chain and its private key, both PEM.
    pub client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub auth: Auth,
    /// The namespace of the context; empty where it has none.
    pub namespace: String,
}

/// What goes into the Authorization header.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    #[default]
    None,
    Token(String),
    TokenFile(PathBuf),
    Basic {
        username: String,
        password: String,
    },
}

impl ConnectionConfig {
    /// `context`: the current one if absent. Paths in the file are relative to it.
    pub fn from_file(path: &Path, context: Option<&str>) -> Result<ConnectionConfig, KubeconfigError> {
        let text = read(path)?;
        ConnectionConfig::from_yaml(&text, path.parent().unwrap_or(Path::new("")), context)
    }

    /// `directory`: what paths are relative to.
    pub fn from_yaml(
        text: &[u8],
        directory: &Path,
        context: Option<&str>,
    ) -> Result<ConnectionConfig, KubeconfigError> {
        let file = yaml::parse(text, Limits::default()).map_err(|error| KubeconfigError::Syntax(error.to_string()))?;
        let file = file.value;
        let name = context.unwrap_or(file.str_at(&["current-context"]));
        let context = named(&file, "contexts", "context", name)?;
        let cluster = named(&file, "clusters", "cluster", context.str_at(&["cluster"]))?;
        let user = match context.str_at(&["user"]) {
            "" => &Value::Null,
            user => named(&file, "users", "user", user)?,
        };
        let chain = material(user, "client-certificate", directory)?;
        let key = material(user, "client-key", directory)?;
        let tls_server_name = Some(cluster.str_at(&["tls-server-name"])).filter(|name| !name.is_empty());
        Ok(ConnectionConfig {
            server: cluster.str_at(&["server"]).to_owned(),
            certificate_authority: material(cluster, "certificate-authority", directory)?.unwrap_or_default(),
            insecure_skip_tls_verify: cluster["insecure-skip-tls-verify"].as_bool().unwrap_or_default(),
            tls_server_name: tls_server_name.map(str::to_owned),
            client_certificate: chain.zip(key),
            auth: auth(user, directory),
            namespace: context.str_at(&["namespace"]).to_owned(),
        })
    }
}

fn auth(user: &Value, directory: &Path) -> Auth {
    let of = |key: &str| Some(user.str_at(&[key])).filter(|text| !text.is_empty());
    if let Some(path) = of("tokenFile") {
        Auth::TokenFile(directory.join(path))
    } else if let Some(token) = of("token") {
        Auth::Token(token.to_owned())
    } else if let Some(username) = of("username") {
        Auth::Basic { username: username.to_owned(), password: user.str_at(&["password"]).to_owned() }
    } else {
        Auth::None
    }
}

fn named<'v>(file: &'v Value, list: &str, what: &'static str, name: &str) -> Result<&'v Value, KubeconfigError> {
    let mut entries = file[list].items().iter();
    let entry = entries.find(|entry| entry.str_at(&["name"]) == name);
    entry.map(|entry| &entry[what]).ok_or_else(|| KubeconfigError::Missing { what, name: name.to_owned() })
}

/// `key-data` (base64) or the file that `key` names.
fn material(of: &Value, key: &str, directory: &Path) -> Result<Option<Vec<u8>>, KubeconfigError> {
    let data_key = format!("{key}-data");
    match (of.str_at(&[&data_key]), of.str_at(&[key])) {
        ("", "") => Ok(None),
        ("", path) => read(&directory.join(path)).map(Some),
        (data, _) => match Bytes::from_base64(data) {
            Ok(bytes) => Ok(Some(bytes.0)),
            Err(_) => Err(KubeconfigError::Base64(data_key)),
        },
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KubeconfigError> {
    std::fs::read(path).map_err(|source| KubeconfigError::Read { path: path.to_owned(), source })
}
