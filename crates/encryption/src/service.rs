//! What a key management service does for us: version 2 of upstream's interface, and its messages.
//!
//! Who calls one over its socket is the shell.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A key management service. Errors are told as they are.
pub trait KeyService: Send + Sync + 'static {
    fn status(&self) -> BoxFuture<'_, Result<Status, String>>;

    fn encrypt(&self, request: EncryptRequest) -> BoxFuture<'_, Result<EncryptResponse, String>>;

    fn decrypt(&self, request: DecryptRequest) -> BoxFuture<'_, Result<DecryptResponse, String>>;
}

/// `v2.StatusRequest`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StatusRequest {}

/// `v2.StatusResponse`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Status {
    #[prost(string, tag = "1")]
    pub version: String,
    #[prost(string, tag = "2")]
    pub healthz: String,
    #[prost(string, tag = "3")]
    pub key_id: String,
}

/// `v2.DecryptRequest`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DecryptRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub uid: String,
    #[prost(string, tag = "3")]
    pub key_id: String,
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub annotations: BTreeMap<String, Vec<u8>>,
}

/// `v2.DecryptResponse`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DecryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub plaintext: Vec<u8>,
}

/// `v2.EncryptRequest`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EncryptRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub plaintext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub uid: String,
}

/// `v2.EncryptResponse`
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EncryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub key_id: String,
    #[prost(btree_map = "string, bytes", tag = "3")]
    pub annotations: BTreeMap<String, Vec<u8>>,
}
