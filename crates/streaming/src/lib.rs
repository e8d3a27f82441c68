//! streaming
mod activity;
pub mod spdy;
#[cfg(test)]
mod testing;
pub use activity::DEFAULT_IDLE_TIMEOUT;
