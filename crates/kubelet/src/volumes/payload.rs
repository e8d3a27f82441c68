//! The files of a ConfigMap, a Secret or a projected volume.

use super::downward;
use super::tokens::Tokens;
use crate::env::fields::FieldError;
use crate::objects::{ObjectError, ObjectSource};
use api_core::v1::{
    ConfigMap, ConfigMapVolumeSource, KeyToPath, Pod, ProjectedVolumeSource, Secret, SecretVolumeSource,
    ServiceAccountTokenProjection, VolumeProjection,
};
use kubelet_core::spec;
use schema::Quantity;
use std::collections::{BTreeMap, BTreeSet};

/// Files by their path below the volume.
pub(super) type Payload = BTreeMap<String, File>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub data: Vec<u8>,
    pub mode: u32,
    /// The user that owns it, if not root.
    pub user: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("configmap references non-existent config key: {0}")]
    ConfigMapKey(String),
    #[error("references non-existent secret key: {0}")]
    SecretKey(String),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("failed to fetch token: {0}")]
    Token(ObjectError),
    #[error("{0} projections are not supported by this kubelet")]
    Unsupported(&'static str),
    /// As Go prints several errors.
    #[error("[{}]", .0.join(", "))]
    Several(Vec<String>),
}

/// What the API server's defaulting writes where a manifest is silent.
pub(super) const DEFAULT_MODE: i32 = 0o644;

pub(super) fn mode(own: Option<i32>, default: Option<i32>) -> u32 {
    (own.or(default).unwrap_or(DEFAULT_MODE) as u32) & 0o7777
}

pub(super) async fn config_map(
    objects: &dyn ObjectSource,
    namespace: &str,
    source: &ConfigMapVolumeSource,
) -> Result<Payload, PayloadError> {
    let optional = source.optional == Some(true);
    let data = config_map_data(objects, namespace, &source.name, optional).await?;
    select(data, &source.items, source.default_mode, optional, PayloadError::ConfigMapKey)
}

pub(super) async fn secret(
    objects: &dyn ObjectSource,
    namespace: &str,
    source: &SecretVolumeSource,
) -> Result<Payload, PayloadError> {
    let optional = source.optional == Some(true);
    let data = secret_data(objects, namespace, &source.secret_name, optional).await?;
    select(data, &source.items, source.default_mode, optional, PayloadError::SecretKey)
}

/// All sources in one tree; every source that fails is told of.
pub(super) async fn projected(
    objects: &dyn ObjectSource,
    tokens: &Tokens,
    pod: &Pod,
    source: &ProjectedVolumeSource,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<Payload, PayloadError> {
    let (mut payload, mut errors) = (Payload::new(), Vec::new());
    for one in &source.sources {
        match projection(objects, tokens, pod, one, source.default_mode, allocatable).await {
            Ok(files) => payload.extend(files),
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(payload),
        1 => Err(errors.remove(0)),
        _ => {
            let mut seen = BTreeSet::new();
            let texts = errors.iter().map(ToString::to_string).filter(|text| seen.insert(text.clone()));
            Err(PayloadError::Several(texts.collect()))
        }
    }
}

async fn projection(
    objects: &dyn ObjectSource,
    tokens: &Tokens,
    pod: &Pod,
    source: &VolumeProjection,
    default_mode: Option<i32>,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<Payload, PayloadError> {
    let namespace = pod.metadata.namespace.as_str();
    if let Some(source) = &source.config_map {
        let optional = source.optional == Some(true);
        let data = config_map_data(objects, namespace, &source.name, optional).await?;
        return select(data, &source.items, default_mode, optional, PayloadError::ConfigMapKey);
    }
    if let Some(source) = &source.secret {
        let optional = source.optional == Some(true);
        let data = secret_data(objects, namespace, &source.name, optional).await?;
        return select(data, &source.items, default_mode, optional, PayloadError::SecretKey);
    }
    if let Some(source) = &source.downward_api {
        return Ok(downward::files(pod, &source.items, default_mode, allocatable)?);
    }
    if let Some(source) = &source.service_account_token {
        return token(tokens, pod, source, default_mode).await;
    }
    if source.cluster_trust_bundle.is_some() {
        return Err(PayloadError::Unsupported("ClusterTrustBundle"));
    }
    if source.pod_certificate.is_some() {
        return Err(PayloadError::Unsupported("PodCertificate"));
    }
    Ok(Payload::new())
}

async fn token(
    tokens: &Tokens,
    pod: &Pod,
    source: &ServiceAccountTokenProjection,
    default_mode: Option<i32>,
) -> Result<Payload, PayloadError> {
    let token = tokens.get(pod, &source.audience, source.expiration_seconds).await.map_err(PayloadError::Token)?;
    let user = common_user(pod);
    let has_group = pod.spec.security_context.as_deref().is_some_and(|context| context.fs_group.is_some());
    // Nobody but its users reads the token, where it is known who they are.
    let mode = if user.is_some() || has_group { 0o600 } else { mode(None, default_mode) };
    Ok(Payload::from([(source.path.clone(), File { data: token.into_bytes(), mode, user })]))
}

/// The user that all containers run as, if the specification says so and it is one.
fn common_user(pod: &Pod) -> Option<u32> {
    let of_pod = pod.spec.security_context.as_deref().and_then(|context| context.run_as_user);
    let mut users = spec::containers(pod)
        .map(|(_, container)| container.security_context.as_deref().and_then(|context| context.run_as_user).or(of_pod));
    let first = users.next()??;
    users.all(|user| user == Some(first)).then_some(u32::try_from(first).ok()).flatten()
}

async fn config_map_data(
    objects: &dyn ObjectSource,
    namespace: &str,
    name: &str,
    optional: bool,
) -> Result<BTreeMap<String, Vec<u8>>, PayloadError> {
    let map = match objects.config_map(namespace, name).await {
        Ok(map) => map,
        Err(error) if error.is_not_found() && optional => ConfigMap::default(),
        Err(error) => return Err(error.into()),
    };
    let text = map.data.into_iter().map(|(key, value)| (key, value.into_bytes()));
    Ok(text.chain(map.binary_data.into_iter().map(|(key, bytes)| (key, bytes.0))).collect())
}

async fn secret_data(
    objects: &dyn ObjectSource,
    namespace: &str,
    name: &str,
    optional: bool,
) -> Result<BTreeMap<String, Vec<u8>>, PayloadError> {
    let secret = match objects.secret(namespace, name).await {
        Ok(secret) => secret,
        Err(error) if error.is_not_found() && optional => Secret::default(),
        Err(error) => return Err(error.into()),
    };
    Ok(secret.data.into_iter().map(|(key, bytes)| (key, bytes.0)).collect())
}

/// All keys under their own names, or those that are named.
fn select(
    mut data: BTreeMap<String, Vec<u8>>,
    items: &[KeyToPath],
    default_mode: Option<i32>,
    optional: bool,
    missing: fn(String) -> PayloadError,
) -> Result<Payload, PayloadError> {
    let file = |data, own| File { data, mode: mode(own, default_mode), user: None };
    if items.is_empty() {
        return Ok(data.into_iter().map(|(key, data)| (key, file(data, None))).collect());
    }
    let mut payload = Payload::new();
    for item in items {
        let last_use = items.iter().filter(|other| other.key == item.key).count() == 1;
        let found = if last_use { data.remove(&item.key) } else { data.get(&item.key).cloned() };
        match found {
            Some(data) => drop(payload.insert(item.path.clone(), file(data, item.mode))),
            None if optional => {}
            None => return Err(missing(item.key.clone())),
        }
    }
    Ok(payload)
}
