//! Charges quotas for admission: writes of their status like anybody's, so that managedFields tell who did it.

use admission::BoxFuture;
use admission::plugins::QuotaStore;
use client::{Client, ClientError};
use informer::Resource;
use kind::ApiError;
use schema::Value;

/// How often a charge that lost the race is tried again.
const MAX_ATTEMPTS: usize = 100;

pub struct Quotas {
    pub client: Client,
}

impl QuotaStore for Quotas {
    fn change<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
        change: &'a (dyn Fn(&mut Value) -> Result<(), ApiError> + Send + Sync),
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let resource = Resource::of::<api_core::v1::ResourceQuota>();
            let api = self.client.api(&resource);
            for _ in 0..MAX_ATTEMPTS {
                let mut quota = api.get(namespace, name).await.map_err(refusal)?;
                change(&mut quota)?;
                match api.update(namespace, name, "status", &quota).await {
                    Err(error) if error.is_conflict() => {}
                    other => return other.map(drop).map_err(refusal),
                }
            }
            Err(ApiError::internal(format!("the quota {name} changes too often to be charged")))
        })
    }
}

fn refusal(error: ClientError) -> ApiError {
    error.api().cloned().unwrap_or_else(|| ApiError::internal(error))
}
