//! The driver against an API server in memory, with a clock that jumps.

mod controllers_at_work;
mod fake;
mod leaders;
mod reflectors;

use driver::{Driver, Stop};
use std::sync::Arc;
use stdx::{Clock, SeededRng};
use tokio::sync::watch;
use tokio::time::Instant;

/// A clock that goes with the runtime's, which jumps to the next timer when nothing else is to be done.
struct JumpingClock(Instant);

impl JumpingClock {
    fn new() -> Arc<JumpingClock> {
        Arc::new(JumpingClock(Instant::now()))
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> i64 {
        1_767_268_800_000_000_000 + self.0.elapsed().as_nanos() as i64
    }
}

fn stop() -> (watch::Sender<bool>, Stop) {
    watch::channel(false)
}

fn driver(fake: &Arc<fake::Fake>) -> Driver {
    Driver::new(fake.client(), JumpingClock::new(), Arc::new(SeededRng::new(1)))
}
