//! Waiting, passed in.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Where sleep comes from: a runtime's timer, or a simulator's.
pub trait Timer: Send + Sync {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
