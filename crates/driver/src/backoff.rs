//! How long to wait before trying again.

use std::time::Duration;
use stdx::Rng;
use tokio::time::Instant;

/// 5 ms, doubled with each failure, as upstream's controllers wait.
const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1000);

/// The wait after the `failures`-th failure in a row, counted from 1.
pub(crate) fn after_failures(failures: u32) -> Duration {
    doubled(FIRST, LONGEST, failures.saturating_sub(1))
}

fn doubled(first: Duration, longest: Duration, times: u32) -> Duration {
    first.checked_mul(1u32.checked_shl(times).unwrap_or(u32::MAX)).unwrap_or(longest).min(longest)
}

/// Retries of all keys together: a bucket of tokens that fills slowly.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    at: Option<Instant>,
}

impl Bucket {
    const SIZE: f64 = 100.0;
    const PER_SECOND: f64 = 10.0;

    pub(crate) fn new() -> Bucket {
        Bucket { tokens: Bucket::SIZE, at: None }
    }

    /// Takes a token, and says how long it takes until it is there.
    pub(crate) fn take(&mut self, now: Instant) -> Duration {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.at = Some(now);
        self.tokens = (self.tokens + passed * Bucket::PER_SECOND).min(Bucket::SIZE) - 1.0;
        Duration::from_secs_f64((-self.tokens).max(0.0) / Bucket::PER_SECOND)
    }
}

/// The wait of a reflector whose server does not answer: 0.8 s to 30 s, doubled, with up to as much again by chance.
pub(crate) fn reflector(failures: u32, rng: &dyn Rng) -> Duration {
    let base = doubled(Duration::from_millis(800), Duration::from_secs(30), failures.saturating_sub(1));
    base + Duration::from_millis(rng.below(base.as_millis() as usize + 1) as u64)
}
