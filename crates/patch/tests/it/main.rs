//! The crate against recordings of the real server, and against random input.

mod random;
mod recordings;
