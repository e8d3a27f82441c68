//! What std lacks and every layer needs: time, randomness and sleep as things that are passed in.
//!
//! Each is a trait with the real form beside a form for tests. Deliberately absent: anything about Kubernetes.

pub mod clock;
pub mod rng;
pub mod timer;
pub mod version;

pub use clock::{Clock, ManualClock, SystemClock};
pub use rng::{Rng, SeededRng, SystemRng, uuid_v4};
pub use timer::Timer;
