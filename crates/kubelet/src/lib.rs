//! The kubelet: the agent that runs a node's pods in a container runtime and tells the API about them.
//!
//! ```text
//!   API --watch--> pods --Inbox--> worker (one per pod): look -> kubelet_core::decide -> execute -> look ...
//!    ^                               |       |                                |
//!    |                               |       +-- runtime (CRI: list, status)  +-- execute, kill, hooks, images (CRI)
//!    +---- statuses, events, node ---+
//! ```
//!
//! What is to happen is decided in `kubelet-core`; this crate looks and acts. Deliberately absent: decisions, and
//! anything that reaches the store but through the API.

pub mod cgroups;
mod cleanup;
pub mod config;
pub mod cri_config;
pub mod env;
mod events;
mod execute;
mod files;
mod hooks;
mod image_gc;
mod images;
mod kill;
pub mod kubelet;
mod log_rotation;
pub mod machine;
pub mod names;
pub mod network;
mod node;
pub mod objects;
pub mod pods;
mod pressure;
pub mod probe;
mod prober;
mod run;
pub mod runtime;
pub mod server;
mod statuses;
mod termination_message;
pub mod volumes;
mod worker;

pub use config::KubeletConfig;
pub use run::{KubeletError, run};
