//! Objects for tests, changed as the test goes on.

use super::{Answer, ObjectError, ObjectSource};
use api_core::v1::{ConfigMap, Secret, Service};
use api_misc::authentication::v1::TokenRequest;
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct FakeObjects {
    pub config_maps: Mutex<Vec<ConfigMap>>,
    pub secrets: Mutex<Vec<Secret>>,
    pub services: Mutex<Vec<Service>>,
    /// The requests so far, each with namespace/account.
    pub token_requests: Mutex<Vec<(String, TokenRequest)>>,
    /// When the next token expires, in seconds since 1970; `None` fails.
    pub token_expires: Mutex<Option<i64>>,
}

fn is(meta: &api_meta::v1::ObjectMeta, namespace: &str, name: &str) -> bool {
    meta.namespace == namespace && meta.name == name
}

impl FakeObjects {
    pub(crate) fn set_config_map(&self, name: &str, data: &[(&str, &str)]) {
        let mut map = ConfigMap::default();
        map.metadata.namespace = "ns".into();
        map.metadata.name = name.into();
        map.data = data.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut all = self.config_maps.lock();
        all.retain(|have| have.metadata.name != name);
        all.push(map);
    }

    pub(crate) fn set_secret(&self, name: &str, data: &[(&str, &str)]) {
        let mut secret = Secret::default();
        secret.metadata.namespace = "ns".into();
        secret.metadata.name = name.into();
        secret.data = data.iter().map(|&(key, value)| (key.to_owned(), value.as_bytes().into())).collect();
        let mut all = self.secrets.lock();
        all.retain(|have| have.metadata.name != name);
        all.push(secret);
    }
}

impl ObjectSource for FakeObjects {
    fn config_map<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, ConfigMap> {
        let found = self.config_maps.lock().iter().find(|map| is(&map.metadata, namespace, name)).cloned();
        let error = ObjectError::NotFound { kind: "configmap", name: name.into() };
        Box::pin(async move { found.ok_or(error) })
    }

    fn secret<'a>(&'a self, namespace: &'a str, name: &'a str) -> Answer<'a, Secret> {
        let found = self.secrets.lock().iter().find(|secret| is(&secret.metadata, namespace, name)).cloned();
        let error = ObjectError::NotFound { kind: "secret", name: name.into() };
        Box::pin(async move { found.ok_or(error) })
    }

    fn services<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Service>> {
        let mut all = self.services.lock().clone();
        all.retain(|service| service.metadata.namespace == namespace);
        Box::pin(async move { Ok(all) })
    }

    fn create_token<'a>(
        &'a self,
        namespace: &'a str,
        service_account: &'a str,
        request: &'a TokenRequest,
    ) -> Answer<'a, TokenRequest> {
        let mut requests = self.token_requests.lock();
        requests.push((format!("{namespace}/{service_account}"), request.clone()));
        let mut answer = request.clone();
        answer.status.token = format!("token-{}", requests.len());
        answer.status.expiration_timestamp = self.token_expires.lock().map(schema::Time::from_unix);
        Box::pin(async move {
            match answer.status.expiration_timestamp {
                Some(_) => Ok(answer),
                None => Err(ObjectError::Other("serviceaccounts \"robot\" not found".into())),
            }
        })
    }
}
