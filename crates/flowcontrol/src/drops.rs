//! After how many seconds those who were sent away should come again: twice as many while a level stays overloaded, one
//! less when it no longer is.

use std::collections::VecDeque;

/// Seconds that are asked for at the most, and for which drops are remembered.
const MAX_RETRY_AFTER: i64 = 32;

#[derive(Clone, Debug)]
pub(crate) struct Drops {
    /// Seconds since the epoch and drops in them, the current one last.
    history: VecDeque<(i64, u64)>,
    retry_after: i64,
    raised: i64,
}

impl Default for Drops {
    fn default() -> Drops {
        Drops { history: VecDeque::new(), retry_after: 1, raised: 0 }
    }
}

impl Drops {
    /// Notes one; the seconds that its client should wait.
    pub fn record(&mut self, second: i64) -> i64 {
        match self.history.back_mut() {
            Some((at, count)) if *at >= second => *count += 1,
            _ => {
                self.adapt(second);
                self.history.push_back((second, 1));
                self.history.retain(|(at, _)| second - at <= MAX_RETRY_AFTER);
            }
        }
        self.retry_after
    }

    fn adapt(&mut self, now: i64) {
        let recent = self.history.iter().filter(|(at, _)| now - at <= self.retry_after);
        let dropped = recent.map(|(_, count)| *count).sum::<u64>() as i64;
        if now - self.raised >= self.retry_after && dropped >= 3 * self.retry_after {
            self.retry_after = (self.retry_after * 2).min(MAX_RETRY_AFTER);
            self.raised = now;
        } else if dropped < self.retry_after && self.retry_after > 1 {
            self.retry_after -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Drops;

    #[test]
    fn overload_doubles_and_calm_takes_one_away() {
        let mut drops = Drops::default();
        let mut said = Vec::new();
        for second in 100..120 {
            said.push((0..10).map(|_| drops.record(second)).max().unwrap());
        }
        assert_eq!(&said[..8], [1, 2, 2, 4, 4, 4, 4, 8]);
        let after: Vec<i64> = (0..4).map(|step| drops.record(200 + step * 40)).collect();
        assert_eq!(after, [15, 14, 13, 12]);
    }
}
