//! The node's side of the Container Runtime Interface: a typed client, the supervision of a containerd of our own, and
//! the import of image archives into it.
//!
//! ```text
//!   kubelet --> CriClient --unix socket--> containerd (ours or the system's), CRI-O
//!                                             ^
//!   tiphys ---> Containerd (start, watch, adopt, stop) + images::import_directory
//! ```
//!
//! Deliberately absent: any opinion about pods (that is kubelet-core's), a fake runtime, and streams of exec, attach and
//! port-forward, of which the runtime only gives us the URL.

pub mod client;
pub mod containerd;
pub mod error;
pub mod images;

pub use client::{ContainerEvents, CriClient, CriTimeouts, RuntimeConditions};
pub use error::CriError;

/// The messages of `runtime.v1`, made by `cargo xtask codegen protos`.
#[allow(clippy::all, missing_docs)]
pub mod v1 {
    include!("generated/runtime.v1.rs");
}
