//! Kinds against what the real server answered.

mod pods;
mod recordings;
