//! Sending reviews to the servers that decide.

use crate::outbound;
use authz::BoxFuture;
use authz::webhook::Ask;
use serde_json::Value;

pub struct Server(pub outbound::Webhook);

impl Ask for Server {
    fn ask<'a>(&'a self, review: &'a Value) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move {
            let answered = self.0.ask(review).await;
            answered.map_err(|error| {
                tracing::warn!(%error, "Failed to make webhook authorizer request");
                error.to_string()
            })
        })
    }
}
