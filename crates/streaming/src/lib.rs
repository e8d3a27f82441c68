//! How kubectl exec, attach, cp and port-forward stream: from the client through the API server and the kubelet to the
//! container runtime.
//!
//! ```text
//!   kubectl                    API server                          kubelet / container runtime
//!
//!   exec over SPDY      ---->  exec::handle --- upgrade::handle -------------------> SPDY v4
//!   exec over WebSocket        exec::handle
//!     v5                ---->    remotecommand::translate: channels <-> streams ---> SPDY v4
//!     v4 and older      ---->    upgrade::handle ----------------------------------> WebSocket v4
//!   port-forward
//!     over SPDY         ---->  portforward::handle --- upgrade::handle ------------> SPDY portforward
//!     over WebSocket    ---->    tunnel: messages <-> bytes -----------------------> SPDY portforward
//!   any upgrade (proxy) ---->  upgrade::handle ------------------------------------> as asked
//! ```
//!
//! A handler takes the client's request and a [`Backend`], which knows the URI to ask for and how to open one
//! connection to it, and returns the response to send. After a 101 the session lives in a task of its own:
//!
//! ```ignore
//! let backend = Backend::new(uri, move || async move { Ok(Box::new(dial_kubelet(node).await?) as BoxStream) });
//! match streaming::exec::handle(request, options, backend).await {
//!     Ok(response) => response,                       // 101, or the backend's refusal
//!     Err(error) => status(error.http_status(), error), // nothing has been sent yet
//! }
//! ```
//!
//! The HTTP server must serve its connections with upgrades (`with_upgrades` in hyper, `serve_connection_with_upgrades`
//! in hyper-util). Nothing here needs the request's body.
//!
//! `remotecommand::{client, serve}` and `portforward::{client, serve}` are the two ends, for kubectl and for test
//! backends.
//!
//! What this crate never does: follow a redirect, hand a connection to the backend to the client other than by a 101,
//! or send the client's credentials on (see `backend`). Upgrades need HTTP/1.1; there is no RFC 8441 here, because no
//! client speaks it.

mod activity;
mod backend;
mod error;
pub mod exec;
pub mod portforward;
pub mod remotecommand;
pub mod spdy;
pub mod upgrade;
pub mod websocket;

#[cfg(test)]
mod testing;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::io::{AsyncRead, AsyncWrite};

pub use activity::DEFAULT_IDLE_TIMEOUT;
pub use backend::Backend;
pub use error::Error;

/// A connection: anything that reads and writes bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Stream for T {}

pub type BoxStream = Box<dyn Stream>;

/// The body of a response: empty after an upgrade, otherwise the backend's.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
