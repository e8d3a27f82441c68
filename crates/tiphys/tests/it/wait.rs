//! Waiting for a condition with a deadline: the only place where tests sleep.

use std::time::{Duration, Instant};

/// How long anything may take that a case waits for, on a busy machine: a kubelet gives pods a changed ConfigMap
/// after up to a minute and a half.
pub const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

/// What `look` finds; until it does, it says what it sees instead.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if started.elapsed() > PATIENCE => panic!("{what}: not after {PATIENCE:?}; last seen: {seen}"),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}
