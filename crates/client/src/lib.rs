//! A client of the Kubernetes API: typed and untyped verbs over a [`Transport`].
//!
//! ```text
//!   Client::get::<Pod> --+                          +-- HttpTransport: a kubeconfig, TLS, HTTP/2
//!                        +--> Api (values) --> bytes+
//!   GC, namespaces ------+                          +-- InProcess: a call of the request pipeline of the same process
//! ```
//!
//! Built-in kinds travel as protobuf, all others as JSON. Failures that the server describes are a [`kind::ApiError`].
//! Throttled requests (429) are repeated as the server asks, up to [`MAX_RETRIES`] times. Deliberately absent: caches
//! (crate `informer`), exec credential plugins, the streams of exec, attach and port-forward (crate `streaming`).

mod api;
mod codec;
mod error;
mod http_transport;
mod kubeconfig;
mod path;
mod tls;
mod transport;
mod typed;
mod watch;

pub use api::{Api, List, Patch};
pub use error::ClientError;
pub use http_transport::HttpTransport;
pub use kubeconfig::{Auth, ConnectionConfig, KubeconfigError};
pub use transport::{Body, InProcess, Transport};
pub use typed::{Client, TypedList};
pub use watch::{Event, EventKind, TypedWatch, WatchStream};

/// How often a request is repeated because the server is busy.
pub const MAX_RETRIES: usize = 10;
/// What a body may have at most.
pub const MAX_BODY_BYTES: usize = 512 << 20;
