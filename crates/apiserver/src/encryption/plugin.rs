//! A key service on a unix socket: version 2 of upstream's interface, over gRPC.

use super::grpc::{self, CallError};
use encryption::KeyService;
use encryption::config::KmsConfig;
use encryption::service::{
    BoxFuture, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, Status, StatusRequest,
};
use prost::Message;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Nothing is connected before the first call.
pub fn connect(config: &KmsConfig) -> Arc<dyn KeyService> {
    let socket = PathBuf::from(config.socket().unwrap_or_default());
    Arc::new(Plugin { channel: grpc::Channel::new(socket), timeout: config.timeout() })
}

struct Plugin {
    channel: grpc::Channel,
    timeout: Duration,
}

impl Plugin {
    async fn call<Q: Message, A: Message + Default>(&self, method: &str, request: Q) -> Result<A, String> {
        let path = format!("/v2.KeyManagementService/{method}");
        let call = self.channel.unary(&path, &request);
        let answered = tokio::time::timeout(self.timeout, call).await;
        answered.unwrap_or(Err(CallError::Timeout(self.timeout))).map_err(|error| error.to_string())
    }
}

impl KeyService for Plugin {
    fn status(&self) -> BoxFuture<'_, Result<Status, String>> {
        Box::pin(self.call("Status", StatusRequest {}))
    }

    fn encrypt(&self, request: EncryptRequest) -> BoxFuture<'_, Result<EncryptResponse, String>> {
        Box::pin(self.call("Encrypt", request))
    }

    fn decrypt(&self, request: DecryptRequest) -> BoxFuture<'_, Result<DecryptResponse, String>> {
        Box::pin(self.call("Decrypt", request))
    }
}
