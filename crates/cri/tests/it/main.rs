//! The crate against a real containerd, started below a temporary directory.
//!
//! Needs root and the packages containerd, runc and busybox-static; a test fails with a sentence where one is missing.

mod archive;
mod containerd;
mod images;
mod node;
mod pod;
