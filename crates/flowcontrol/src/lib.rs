//! API priority and fairness: which request begins now, which waits, and which is sent away.
//!
//! ```text
//!   Digest --> classify: FlowSchema, flow --> Level --> Fair: a hand of queues, virtual time, seats
//!                                               |          |-- Entry::Go(Seat)      dropped when the request is done
//!                                               |          |-- Entry::Wait(Waiting) a future of the seat
//!                                               |          '-- Entry::Refused
//!   objects --> Controller::configure: limits of the levels;  Controller::adjust: levels borrow seats of each other
//! ```
//!
//! The rules are upstream's: nominal limits from shares, shuffle sharding, fair queuing by seats, lending and borrowing.
//! [`InFlight`] is what stands in its place when it is switched off. Deliberately absent: a clock, a timer and a runtime
//! (they are passed in), the API's objects as they come and go, HTTP.

mod allocate;
mod classify;
mod controller;
mod demand;
mod drops;
mod estimate;
mod fair;
mod histogram;
mod inflight;
mod level;
mod metrics;
mod report;
mod seat;
mod shuffle;

pub use classify::{Describe, Digest};
pub use controller::{Controller, Settings};
pub use estimate::{ListShape, Stats, Work, list_seats, mutating_work};
pub use inflight::{InFlight, Token};
pub use level::{Alarm, Refusal};
pub use seat::{Classification, Entry, Seat, Waiting};
pub use shuffle::{MAX_HASH_BITS, required_entropy_bits};
