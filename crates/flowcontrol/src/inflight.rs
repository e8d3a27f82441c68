//! The plain limits on requests under way, for when priority and fairness are switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts of the requests under way; a limit of 0 is none.
#[derive(Debug)]
pub struct InFlight {
    reading: Arc<Count>,
    mutating: Arc<Count>,
}

#[derive(Debug)]
struct Count {
    now: AtomicUsize,
    limit: usize,
}

/// A place among them, given back when dropped.
#[derive(Debug)]
pub struct Token(Arc<Count>);

impl InFlight {
    pub fn new(reading_limit: usize, mutating_limit: usize) -> InFlight {
        let count = |limit| Arc::new(Count { now: AtomicUsize::new(0), limit });
        InFlight { reading: count(reading_limit), mutating: count(mutating_limit) }
    }

    /// None: too many are under way. Who has `privilege` is counted, but always let through.
    pub fn enter(&self, mutating: bool, privilege: bool) -> Option<Token> {
        let count = if mutating { &self.mutating } else { &self.reading };
        let token = Token(count.clone());
        let before = count.now.fetch_add(1, Ordering::Relaxed);
        (privilege || count.limit == 0 || before < count.limit).then_some(token)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;

    #[test]
    fn reads_and_writes_have_limits_of_their_own() {
        let limits = InFlight::new(1, 0);
        let first = limits.enter(false, false);
        assert!(first.is_some());
        assert!(limits.enter(false, false).is_none());
        assert!(limits.enter(false, true).is_some());
        assert!(limits.enter(true, false).is_some());
        drop(first);
        assert!(limits.enter(false, false).is_some());
    }
}
