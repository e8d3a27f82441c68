//! The kubelet with a real containerd and a small API in memory.
//!
//! Needs root, the packages containerd and runc, and the test images (`cargo xtask images`).

mod api;
mod lifecycle;
mod node;
mod server;
