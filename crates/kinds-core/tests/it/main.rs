//! Kinds against what the real server answered.

mod core;
mod pods;
mod recordings;
mod services;
