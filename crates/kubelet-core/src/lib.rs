//! What a node does with a pod: a decision from the desired pod and what the runtime shows of it, and nothing else.
//!
//! ```text
//!   Pod (API) ----------+
//!   ObservedPod (CRI) --+--> decide --> Decision { steps for the runtime, events, status for the API, when to look again }
//!   PodMemory ----------+        ^
//!     back-offs, failures, probe results: what neither of the two can tell
//! ```
//!
//! The decision is level-triggered: it is made anew from the whole state after every step, so a lost message or a restart
//! costs a second look and no more. Deliberately absent: IO, async, clocks (times come in as nanoseconds since 1970), and
//! the runtime's messages (crate `kubelet` builds those).

pub mod actions;
pub mod admission;
pub mod backoff;
pub mod decide;
pub mod memory;
pub mod node;
pub mod observed;
pub mod plan;
pub mod probe;
pub mod qos;
pub mod spec;
pub mod status;
pub mod terminate;

pub use decide::decide;
pub use memory::{PodMemory, StartFailure};
pub use observed::{ContainerState, ObservedContainer, ObservedPod, Sandbox};
pub use plan::{Decision, Event, Kill, KillReason, Life, Step};
pub use probe::{ProbeKind, ProbeOutcome};

/// Nanoseconds since 1970.
pub type Nanos = i64;

/// One second of [`Nanos`].
pub const SECOND: Nanos = 1_000_000_000;

#[cfg(test)]
mod tests;
