//! The variables of a container, as upstream's kubelet makes them.
//!
//! Precedence, weakest first: services, `envFrom` in its order, `env` in its order. A reference `$(NAME)` sees the variables
//! before it and those of services. Deliberately absent: the image's own variables, which the runtime adds below these.

pub mod expand;
pub mod fields;
mod file;
mod services;

use crate::objects::{ObjectError, ObjectSource};
use crate::volumes::Mounted;
use api_core::v1::{ConfigMap, Container, EnvVarSource, Pod, Secret};
use schema::Quantity;
use std::collections::BTreeMap;

/// Beside the pod itself, what variables can speak of.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub objects: &'a dyn ObjectSource,
    /// The node's addresses; the first is `status.hostIP`.
    pub host_ips: &'a [String],
    /// The sandbox's addresses.
    pub pod_ips: &'a [String],
    /// Holds where a container has no limit of its own.
    pub allocatable: &'a BTreeMap<String, Quantity>,
    /// The pod's volumes, for `fileKeyRef`.
    pub volumes: &'a Mounted,
}

/// The message of a CreateContainerConfigError.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("failed to list services when setting up env vars")]
    Services,
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    NoKey { key: String, kind: &'static str, namespace: String, name: String },
    #[error(transparent)]
    Field(#[from] fields::FieldError),
    #[error("cannot find the volume {volume:?} referenced by FileKeyRef")]
    NoVolume { volume: String },
    #[error("couldn't parse env file")]
    File,
    #[error("environment variable key {key:?} not found in file {path:?}")]
    NoFileKey { key: String, path: String },
}

/// The variables of a container, sorted by name.
pub async fn build(container: &Container, pod: &Pod, facts: Facts<'_>) -> Result<Vec<(String, String)>, EnvError> {
    let mut builder =
        Builder { pod, container, facts, config_maps: BTreeMap::new(), secrets: BTreeMap::new(), env: BTreeMap::new() };
    let links = pod.spec.enable_service_links != Some(false);
    let services = services::variables(facts.objects, &pod.metadata.namespace, links).await?;
    builder.add_sources().await?;
    for variable in &container.env {
        let value = match &variable.value_from {
            _ if !variable.value.is_empty() => {
                let lookup = |name: &str| builder.env.get(name).or_else(|| services.get(name)).cloned();
                Some(expand::expand(&variable.value, lookup))
            }
            Some(source) => builder.value(source).await?,
            None => Some(String::new()),
        };
        if let Some(value) = value {
            builder.env.insert(variable.name.clone(), value);
        }
    }
    let mut all = services;
    all.append(&mut builder.env);
    Ok(all.into_iter().collect())
}

struct Builder<'a> {
    pod: &'a Pod,
    container: &'a Container,
    facts: Facts<'a>,
    /// Read once for all variables, so that they agree.
    config_maps: BTreeMap<String, ConfigMap>,
    secrets: BTreeMap<String, Secret>,
    env: BTreeMap<String, String>,
}

impl Builder<'_> {
    async fn add_sources(&mut self) -> Result<(), EnvError> {
        for source in &self.container.env_from {
            if let Some(reference) = &source.config_map_ref {
                if let Some(map) = self.config_map(&reference.name, reference.optional).await? {
                    let data = map.data.clone();
                    self.env.extend(data.into_iter().map(|(key, value)| (format!("{}{key}", source.prefix), value)));
                }
            } else if let Some(reference) = &source.secret_ref
                && let Some(secret) = self.secret(&reference.name, reference.optional).await?
            {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let data: Vec<_> = secret.data.iter().map(|(key, value)| (key.clone(), text(value))).collect();
                self.env.extend(data.into_iter().map(|(key, value)| (format!("{}{key}", source.prefix), value)));
            }
        }
        Ok(())
    }

    /// `None`: an optional reference that leads nowhere, so the variable is not made.
    async fn value(&mut self, source: &EnvVarSource) -> Result<Option<String>, EnvError> {
        if let Some(field) = &source.field_ref {
            let addresses = fields::Addresses { host_ips: self.facts.host_ips, pod_ips: self.facts.pod_ips };
            return Ok(Some(fields::field_with_status(self.pod, &field.field_path, addresses)?));
        }
        if let Some(resource) = &source.resource_field_ref {
            let value = fields::resource(self.pod, Some(&self.container.name), resource, self.facts.allocatable)?;
            return Ok(Some(value));
        }
        if let Some(key) = &source.config_map_key_ref {
            let Some(map) = self.config_map(&key.name, key.optional).await? else { return Ok(None) };
            let value = map.data.get(&key.key).cloned();
            return self.or_no_key(value, key.optional, "ConfigMap", &key.key, &key.name);
        }
        if let Some(key) = &source.secret_key_ref {
            let Some(secret) = self.secret(&key.name, key.optional).await? else { return Ok(None) };
            let value = secret.data.get(&key.key).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            return self.or_no_key(value, key.optional, "Secret", &key.key, &key.name);
        }
        match &source.file_key_ref {
            Some(key) => file::value(key, self.facts.volumes),
            None => Ok(Some(String::new())),
        }
    }

    fn or_no_key(
        &self,
        value: Option<String>,
        optional: Option<bool>,
        kind: &'static str,
        key: &str,
        name: &str,
    ) -> Result<Option<String>, EnvError> {
        if value.is_some() || optional == Some(true) {
            return Ok(value);
        }
        let namespace = self.pod.metadata.namespace.clone();
        Err(EnvError::NoKey { key: key.to_owned(), kind, namespace, name: name.to_owned() })
    }

    async fn config_map(&mut self, name: &str, optional: Option<bool>) -> Result<Option<&ConfigMap>, EnvError> {
        if !self.config_maps.contains_key(name) {
            match self.facts.objects.config_map(&self.pod.metadata.namespace, name).await {
                Ok(map) => self.config_maps.insert(name.to_owned(), map),
                Err(error) if error.is_not_found() && optional == Some(true) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(self.config_maps.get(name))
    }

    async fn secret(&mut self, name: &str, optional: Option<bool>) -> Result<Option<&Secret>, EnvError> {
        if !self.secrets.contains_key(name) {
            match self.facts.objects.secret(&self.pod.metadata.namespace, name).await {
                Ok(secret) => self.secrets.insert(name.to_owned(), secret),
                Err(error) if error.is_not_found() && optional == Some(true) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(self.secrets.get(name))
    }
}

#[cfg(test)]
mod tests;
