//! What a pod's volumes and variables refer to: ConfigMaps, Secrets, Services and tokens of service accounts.
//!
//! A trait, so that volumes and variables are tested without a server; the client of the API is the real form. Deliberately
//! absent: a cache. Whoever sets a container up wants what holds now, and refreshing asks about once a minute.

use api_core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use api_meta::v1::ListOptions;
use api_misc::authentication::v1::TokenRequest;
use client::{Client, ClientError};
use futures_util::future::BoxFuture;
use schema::Typed;

pub type Answer<'a, T> = BoxFuture<'a, Result<T, ObjectError>>;

/// Where referenced objects come from.
pub trait ObjectSource: Send + Sync + 'static {
    fn config_map<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, ConfigMap>;

    fn secret<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, Secret>;

    /// All services of a namespace.
    fn services<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Service>>;

    fn create_token<'a>(
        &'a self,
        namespace: &'a str,
        service_account: &'a str,
        request: &'a TokenRequest,
    ) -> Answer<'a, TokenRequest>;
}

/// In the words that pod events show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("{kind} \"{name}\" not found")]
    NotFound {
        /// Singular, in lower case.
        kind: &'static str,
        name: String,
    },
    #[error("{0}")]
    Other(String),
}

impl ObjectError {
    pub fn is_not_found(&self) -> bool {
        matches!(self, ObjectError::NotFound { .. })
    }

    fn of(kind: &'static str, name: &str, error: &ClientError) -> ObjectError {
        if error.is_not_found() {
            return ObjectError::NotFound { kind, name: name.to_owned() };
        }
        ObjectError::Other(error.to_string())
    }
}

impl ObjectSource for Client {
    fn config_map<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, ConfigMap> {
        Box::pin(async move { self.get(namespace, name).await.map_err(|e| ObjectError::of("configmap", name, &e)) })
    }

    fn secret<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, Secret> {
        Box::pin(async move { self.get(namespace, name).await.map_err(|e| ObjectError::of("secret", name, &e)) })
    }

    fn services<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Service>> {
        Box::pin(async move {
            let list = self.list(namespace, &ListOptions::default()).await;
            list.map(|list| list.items).map_err(|e| ObjectError::Other(e.to_string()))
        })
    }

    fn create_token<'a>(
        &'a self,
        namespace: &'a str,
        service_account: &'a str,
        request: &'a TokenRequest,
    ) -> Answer<'a, TokenRequest> {
        Box::pin(async move {
            let answer =
                self.create_subresource::<ServiceAccount, _>(namespace, service_account, "token", request).await;
            // Unlike the others this is not asked of a cache, so the server's own words reach the event.
            answer.map(|value| TokenRequest::from_value(&value)).map_err(|e| ObjectError::Other(e.to_string()))
        })
    }
}

#[cfg(test)]
pub(crate) mod fake;
