//! The authenticators, as the configuration wants them.

use super::keys::Keys;
use super::oidc::{Issuer, OidcTokens};
use super::tokens::{BootstrapTokens, ServiceAccountTokens, StaticTokens, Tokens, WebhookTokens};
use super::{Authentication, FrontProxy};
use crate::config;
use crate::expressions::Cel;
use crate::late::Late;
use crate::outbound::{OutboundError, Webhook};
use crate::pki::Pki;
use crate::watched_file;
use arc_swap::ArcSwap;
use authn::AuthnError;
use authn::config::{Anonymous, AuthenticationConfig, ClaimRule, JwtAuthenticator, Mapping};
use authn::request_header::Names;
use authn::service_account::{Signer, Verifier};
use authn::token_file::TokenFile;
use serve::tls::{ClientCertificates, TlsError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;

const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// Of `--oidc-signing-algs`.
const DEFAULT_ALGORITHM: &str = "RS256";
/// The identity with which this server's own proxy calls.
const OWN_FRONT_PROXY: &str = "front-proxy-client";

#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{}: {what}", path.display())]
    Content { path: PathBuf, what: String },
    #[error(transparent)]
    Authn(#[from] AuthnError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the token webhook: {0}")]
    Webhook(#[from] OutboundError),
    #[error("{0}")]
    Conflict(&'static str),
}

/// What others need of it.
pub struct Credentials {
    pub authentication: Arc<Authentication>,
    pub tokens: Arc<Tokens>,
    pub signer: Arc<Signer>,
    pub verifier: Arc<Verifier>,
    /// PEM of all authorities whose client certificates mean something, for the handshake.
    pub client_authorities: String,
}

/// Puts the authenticators together; files that may change are followed from now on. `default_issuer`: whose tokens these
/// are if no flag says.
pub fn assemble(
    config: &config::Authentication,
    pki: &Pki,
    late: &Late,
    clock: &Arc<dyn Clock>,
    default_issuer: &str,
) -> Result<Credentials, AuthenticationError> {
    let issuers = match config.service_account_issuers.as_slice() {
        [] => vec![default_issuer.to_owned()],
        given => given.to_vec(),
    };
    let audiences = if config.api_audiences.is_empty() { issuers.clone() } else { config.api_audiences.clone() };
    let signing_file = config.service_account_signing_key_file.as_ref();
    let keys = Keys::read(&pki.token_key, signing_file, &config.service_account_key_files)?;
    let signer = Arc::new(Signer::new(keys.signing, &issuers[0]));
    let lookup_secrets = config.service_account_lookup;
    let verifier = Arc::new(Verifier::new(keys.verifying, issuers.clone(), audiences.clone(), lookup_secrets));
    let mut tokens = Tokens { links: Vec::new() };
    if let Some(path) = &config.token_auth_file {
        let file = TokenFile::parse(&text(path)?)?;
        tokens.links.push(Box::new(StaticTokens { file, audiences: audiences.clone() }));
    }
    let service_accounts =
        ServiceAccountTokens { verifier: verifier.clone(), lookup: late.clone(), clock: clock.clone() };
    tokens.links.push(Box::new(service_accounts));
    if config.enable_bootstrap_token_auth {
        let lookup = late.clone();
        tokens.links.push(Box::new(BootstrapTokens { lookup, audiences: audiences.clone(), clock: clock.clone() }));
    }
    let configured = Configured::read(config, &issuers, clock)?;
    tokens.links.push(Box::new(OidcTokens { issuers: configured.issuers, audiences: audiences.clone() }));
    if let Some(path) = &config.token_webhook_config_file {
        let webhook = Webhook::from_kubeconfig(path, WEBHOOK_TIMEOUT)?;
        let (version, ttl) = (config.token_webhook_version.clone(), config.token_webhook_cache_ttl);
        tokens.links.push(Box::new(WebhookTokens::new(webhook, version, audiences, ttl, clock.clone())));
    }
    let tokens = Arc::new(tokens);
    let front_proxy = front_proxy(&config.request_header, &pki.front_proxy_ca)?;
    let authentication = Authentication {
        front_proxy,
        certificates: ClientCertificates::new(pki.ca())?,
        tokens: tokens.clone(),
        anonymous: configured.anonymous,
        clock: clock.clone(),
    };
    let client_authorities = format!("{}\n{}", pki.ca(), pki.front_proxy_ca);
    Ok(Credentials { authentication: Arc::new(authentication), tokens, signer, verifier, client_authorities })
}

/// By the flags; where they leave it open, by what the cluster's own certificates say. `ca`: PEM; empty: there is no proxy.
fn front_proxy(config: &config::RequestHeader, ca: &str) -> Result<Option<FrontProxy>, AuthenticationError> {
    if ca.trim().is_empty() {
        return Ok(None);
    }
    let or = |given: &[String], default: &str| match given {
        [] => vec![default.to_owned()],
        given => given.to_vec(),
    };
    let names = Names {
        username: or(&config.username_headers, "X-Remote-User"),
        uid: or(&config.uid_headers, "X-Remote-Uid"),
        group: or(&config.group_headers, "X-Remote-Group"),
        extra_prefix: or(&config.extra_headers_prefix, "X-Remote-Extra-"),
    };
    let allowed = match &config.client_ca_file {
        Some(_) => config.allowed_names.clone(),
        None => or(&config.allowed_names, OWN_FRONT_PROXY),
    };
    Ok(Some(FrontProxy { certificates: ClientCertificates::new(ca)?, allowed, names }))
}

/// What may come from a file that changes.
struct Configured {
    issuers: Arc<ArcSwap<Vec<Arc<Issuer>>>>,
    anonymous: Arc<ArcSwap<Anonymous>>,
}

impl Configured {
    fn read(
        config: &config::Authentication,
        own_issuers: &[String],
        clock: &Arc<dyn Clock>,
    ) -> Result<Configured, AuthenticationError> {
        let by_flag = Anonymous { enabled: config.anonymous_auth, paths: Vec::new() };
        let Some(path) = &config.authentication_config else {
            let issuers = match by_flags(&config.oidc)? {
                Some(jwt) => {
                    let default = [DEFAULT_ALGORITHM.to_owned()];
                    let given = &config.oidc.signing_algs;
                    vec![issuer(jwt, if given.is_empty() { &default } else { given }, clock)?]
                }
                None => Vec::new(),
            };
            return Ok(Configured {
                issuers: Arc::new(ArcSwap::from_pointee(issuers)),
                anonymous: Arc::new(ArcSwap::from_pointee(by_flag)),
            });
        };
        if !config.oidc.issuer_url.is_empty() {
            let why = "authentication-config file and oidc-* flags are mutually exclusive";
            return Err(AuthenticationError::Conflict(why));
        }
        let content = std::fs::read(path).map_err(|source| AuthenticationError::File { path: path.into(), source })?;
        let wrong = |what: String| AuthenticationError::Content { path: path.into(), what };
        let (issuers, anonymous) = from_file(&content, own_issuers, clock).map_err(wrong)?;
        if anonymous.is_some() && !config.anonymous_auth {
            let why = "--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file";
            return Err(AuthenticationError::Conflict(why));
        }
        let configured = Configured {
            issuers: Arc::new(ArcSwap::from_pointee(issuers)),
            anonymous: Arc::new(ArcSwap::from_pointee(anonymous.unwrap_or_else(|| by_flag.clone()))),
        };
        let (issuers, anonymous) = (configured.issuers.clone(), configured.anonymous.clone());
        let (own, clock) = (own_issuers.to_vec(), clock.clone());
        watched_file::follow(path.clone(), content, move |content| {
            let (new_issuers, new_anonymous) = from_file(content, &own, &clock)?;
            issuers.store(Arc::new(new_issuers));
            anonymous.store(Arc::new(new_anonymous.unwrap_or_else(|| by_flag.clone())));
            Ok(())
        });
        Ok(configured)
    }
}

type FromFile = (Vec<Arc<Issuer>>, Option<Anonymous>);

fn from_file(content: &[u8], own_issuers: &[String], clock: &Arc<dyn Clock>) -> Result<FromFile, String> {
    let config = AuthenticationConfig::parse(content, own_issuers)?;
    let issuers = config.jwt.into_iter().map(|jwt| issuer(jwt, &[], clock).map_err(|error| error.to_string()));
    Ok((issuers.collect::<Result<_, _>>()?, config.anonymous))
}

fn issuer(
    jwt: JwtAuthenticator,
    algorithms: &[String],
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Issuer>, AuthenticationError> {
    let authenticator = authn::oidc::Authenticator::new(jwt, algorithms, &Cel)?;
    Ok(Arc::new(Issuer::new(authenticator, clock.clone())))
}

/// `--oidc-*`, as an issuer of a file would be.
fn by_flags(flags: &config::Oidc) -> Result<Option<JwtAuthenticator>, AuthenticationError> {
    if flags.issuer_url.is_empty() && flags.client_id.is_empty() {
        return Ok(None);
    }
    if flags.issuer_url.is_empty() || flags.client_id.is_empty() {
        return Err(AuthenticationError::Conflict(
            "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
        ));
    }
    let claim = if flags.username_claim.is_empty() { "sub" } else { &flags.username_claim };
    let prefix = match flags.username_prefix.as_str() {
        "" if claim != "email" => format!("{}#", flags.issuer_url),
        "-" => String::new(),
        given => given.to_owned(),
    };
    let mut jwt = JwtAuthenticator::default();
    jwt.issuer.url = flags.issuer_url.clone();
    jwt.issuer.audiences = vec![flags.client_id.clone()];
    if let Some(path) = &flags.ca_file {
        jwt.issuer.certificate_authority = text(path)?;
    }
    jwt.username = Mapping { claim: claim.to_owned(), prefix: Some(prefix), ..Mapping::default() };
    if !flags.groups_claim.is_empty() {
        let prefix = Some(flags.groups_prefix.clone());
        jwt.groups = Mapping { claim: flags.groups_claim.clone(), prefix, ..Mapping::default() };
    }
    let required = flags.required_claims.iter();
    jwt.claim_validation_rules = required
        .map(|(claim, value)| ClaimRule { claim: claim.clone(), required_value: value.clone(), ..ClaimRule::default() })
        .collect();
    Ok(Some(jwt))
}

fn text(path: &Path) -> Result<String, AuthenticationError> {
    std::fs::read_to_string(path).map_err(|source| AuthenticationError::File { path: path.into(), source })
}
