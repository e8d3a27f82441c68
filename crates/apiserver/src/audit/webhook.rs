//! Events to a server that a kubeconfig names.

use crate::outbound::{OutboundError, Webhook};
use std::path::Path;
use std::time::Duration;

/// For one try.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Sender {
    webhook: Webhook,
    initial_backoff: Duration,
}

impl Sender {
    pub fn new(kubeconfig: &Path, initial_backoff: Duration) -> Result<Sender, OutboundError> {
        Ok(Sender { webhook: Webhook::from_kubeconfig(kubeconfig, TIMEOUT)?, initial_backoff })
    }

    /// Sends events that are encoded.
    pub async fn send(&self, events: &[Vec<u8>]) -> Result<(), OutboundError> {
        self.webhook.post(::audit::encode_list(events).into(), self.initial_backoff).await
    }
}
