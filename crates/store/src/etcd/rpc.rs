//! One connection to etcd: calls, streams, and the meaning of its errors.

use std::time::Duration;

use prost::Message;
use tokio::sync::mpsc;
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_prost::ProstCodec;

use super::{EtcdOptions, EtcdTls};
use crate::StoreError;

/// As etcd's own client: a list of everything is one message.
const MAX_MESSAGE_BYTES: usize = i32::MAX as usize;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Connection {
    channel: Channel,
}

impl Connection {
    /// Connects when first used, to whichever endpoint answers.
    pub fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        let tls = options.tls.as_ref().map(tls_config);
        let endpoints: Result<Vec<Endpoint>, StoreError> =
            options.endpoints.iter().map(|url| endpoint(url, tls.as_ref())).collect();
        Ok(Self { channel: Channel::balance_list(endpoints?.into_iter()) })
    }

    pub async fn call<Q, A>(&self, path: &'static str, message: Q) -> Result<A, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let mut request = Request::new(message);
        request.set_timeout(CALL_TIMEOUT);
        let call = async {
            let mut grpc = self.ready().await?;
            let codec = ProstCodec::<Q, A>::default();
            Ok(grpc.unary(request, PathAndQuery::from_static(path), codec).await?.into_inner())
        };
        // The header's timeout begins when a member is reached; this one covers that none is.
        let late = |_| Err(Status::unavailable("context deadline exceeded: no member of etcd answers"));
        tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or_else(late)
    }

    /// A stream both ways; it ends when `outgoing`'s sender is dropped.
    pub async fn stream<Q, A>(&self, path: &'static str, outgoing: mpsc::Receiver<Q>) -> Result<Streaming<A>, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let outgoing = futures_util::stream::unfold(outgoing, |mut outgoing| async move {
            let message = outgoing.recv().await?;
            Some((message, outgoing))
        });
        let mut grpc = self.ready().await?;
        let codec = ProstCodec::<Q, A>::default();
        Ok(grpc.streaming(Request::new(outgoing), PathAndQuery::from_static(path), codec).await?.into_inner())
    }

    async fn ready(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(grpc)
    }
}

fn endpoint(url: &str, tls: Option<&ClientTlsConfig>) -> Result<Endpoint, StoreError> {
    let failure = |error| StoreError::Unavailable(format!("{url} is no endpoint: {error}"));
    let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(failure)?;
    if let Some(tls) = tls {
        endpoint = endpoint.tls_config(tls.clone()).map_err(failure)?;
    }
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT))
}

fn tls_config(tls: &EtcdTls) -> ClientTlsConfig {
    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&tls.ca_pem));
    match &tls.identity_pem {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    }
}

/// What etcd says when the code alone is not enough.
pub(super) enum Refusal {
    Compacted,
    Future,
    Other(StoreError),
}

pub(super) fn refusal(status: &Status) -> Refusal {
    let text = status.message();
    let other = match status.code() {
        Code::OutOfRange if text.contains("has been compacted") => return Refusal::Compacted,
        Code::OutOfRange if text.contains("future revision") => return Refusal::Future,
        Code::ResourceExhausted if text.contains("database space exceeded") => StoreError::Full(text.to_owned()),
        Code::ResourceExhausted if text.contains("too many requests") => StoreError::Overloaded(0),
        _ => StoreError::Unavailable(format!("etcd: {:?}: {text}", status.code())),
    };
    Refusal::Other(other)
}

/// For calls that name no revision.
pub(super) fn failure(status: &Status) -> StoreError {
    match refusal(status) {
        Refusal::Other(error) => error,
        Refusal::Compacted | Refusal::Future => StoreError::Unavailable(status.message().to_owned()),
    }
}
