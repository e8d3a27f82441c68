//! What plugins write and ask elsewhere: namespaces, and the service that decides about images.

use ::admission::BoxFuture;
use ::admission::plugins::{ImageReviewer, NamespaceStore};
use api_meta::v1::ListOptions;
use bytes::Bytes;
use client::{Client, ClientError, ConnectionConfig, HttpTransport, Transport};
use http::{Method, Request, header};
use informer::Resource;
use kind::ApiError;
use parking_lot::Mutex;
use schema::value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Makes namespaces as the server itself.
pub struct Namespaces {
    pub client: Client,
}

impl NamespaceStore for Namespaces {
    fn ensure<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let resource = Resource::of::<api_core::v1::Namespace>();
            let object = value!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
            let api = self.client.api(&resource);
            match api.create("", &object).await {
                Ok(_) => {}
                Err(error) if error.api().is_some_and(ApiError::is_already_exists) => {}
                Err(error) => return Err(refusal(error)),
            }
            // A list waits until the server's cache has what was written: the plugins after this one look there.
            let options = ListOptions { field_selector: format!("metadata.name={name}"), ..ListOptions::default() };
            api.list("", &options).await.map(drop).map_err(refusal)
        })
    }
}

fn refusal(error: ClientError) -> ApiError {
    error.api().cloned().unwrap_or_else(|| ApiError::internal(error))
}

/// Asks the service that a kubeconfig names, over connections that are kept.
#[derive(Default)]
pub struct ImageReviews {
    transports: Mutex<HashMap<String, Arc<HttpTransport>>>,
}

impl ImageReviews {
    fn transport(&self, kubeconfig: &str) -> Result<Arc<HttpTransport>, String> {
        let mut transports = self.transports.lock();
        if let Some(transport) = transports.get(kubeconfig) {
            return Ok(transport.clone());
        }
        let config = ConnectionConfig::from_file(Path::new(kubeconfig), None).map_err(|error| error.to_string())?;
        let transport = Arc::new(HttpTransport::new(&config).map_err(|error| error.to_string())?);
        transports.insert(kubeconfig.to_owned(), transport.clone());
        Ok(transport)
    }
}

impl ImageReviewer for ImageReviews {
    fn review<'a>(&'a self, kubeconfig: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let transport = self.transport(kubeconfig)?;
            let request = Request::builder()
                .method(Method::POST)
                .uri("/")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "application/json")
                .body(Bytes::from(body))
                .map_err(|error| error.to_string())?;
            let told = |error: ClientError| error.to_string();
            let response = transport.send(request).await.map_err(told)?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(told)?;
            if !status.is_success() {
                return Err(super::go_words::status(status.as_u16(), &String::from_utf8_lossy(&body)));
            }
            Ok(body.to_vec())
        })
    }
}
