//! The registry over the embedded store, with a few hand-made kinds.

mod cache;
mod custom;
mod harness;
mod hostile;
mod kinds;
mod recordings;
mod replay;
mod writes;
