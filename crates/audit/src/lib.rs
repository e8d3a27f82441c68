//! The audit log: what a policy wants recorded of a request, and the events that record it.
//!
//! ```text
//!   Asked --Policy--> Decision { level, stages, managed fields }
//!   Event --encode--> audit.k8s.io/v1, as a line of JSON, or as the line of upstream's legacy format
//! ```
//!
//! Deliberately absent: IO, where events go (the shell has files and webhooks), clocks, and who makes requests.

pub mod event;
pub mod policy;

pub use event::{Event, ObjectRef, Stage, encode_list};
pub use policy::{Asked, Decision, Level, Policy};

/// The version of events and policies.
pub const API_VERSION: &str = "audit.k8s.io/v1";

#[cfg(test)]
mod tests;
