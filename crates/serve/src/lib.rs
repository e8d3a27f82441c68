//! Serving HTTPS: what the API server and the kubelet have in common.
//!
//! A socket with TLS, HTTP/1.1 and HTTP/2, client certificates that are asked for but not required, limits on connections,
//! and a stop that drains. Deliberately absent: what a request means.

mod connection;

pub mod http;
pub mod tls;

pub use http::{Body, Ending, Handler, Peer, Settings, serve, serve_with};

/// A certificate chain with its private key, both PEM.
#[derive(Clone)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}
