//! The API server's shell: sockets, TLS, certificates, and what of a request needs IO.
//!
//! What an API request means is `registry`'s business. Deliberately absent: any logic of a kind.

mod admission;
pub mod aggregation;
mod audit;
pub mod authentication;
pub mod authorization;
pub mod bootstrap;
mod compress;
pub mod config;
mod custom;
pub mod discovery;
mod encryption;
mod etag;
mod expressions;
pub mod fallback;
mod feed;
pub mod flow;
mod gateway;
pub mod health;
pub mod in_process;
pub mod late;
pub mod masters;
mod metrics;
pub mod node;
mod node_graph;
pub mod openapi;
mod openid;
pub mod outbound;
pub mod pki;
pub mod proxy;
mod quotas;
mod rbac_feed;
mod run;
mod runtime;
mod served;
mod service_addresses;
pub mod stream;
pub mod virtuals;
mod watched_file;

pub use config::Config;
pub use run::{ApiServer, Parts, StartError};
