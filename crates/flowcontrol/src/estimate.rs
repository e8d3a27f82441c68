//! How much work a request is: the seats that it takes while it runs, and for how long it takes them afterwards.

use std::time::Duration;

/// Bytes that are worth one seat.
const BYTES_PER_SEAT: f64 = 100_000.0;
/// What a list out of a cache holds at once, because it is streamed.
const STREAMED_BYTES: u64 = 1_000_000;
/// What an object is taken for whose size is not known.
const LARGEST_OBJECT_BYTES: u64 = 1_500_000;
const MAX_LIST_SEATS: u64 = 100;
const MAX_MUTATING_SEATS: u64 = 10;
const WATCHES_PER_SEAT: u64 = 10;
/// How long the watchers of a write occupy seats after it.
const EVENT_TIME: Duration = Duration::from_millis(5);

/// A request's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub initial_seats: u64,
    pub final_seats: u64,
    /// How long seats are held after the answer.
    pub after: Duration,
}

impl Work {
    pub const ONE: Work = Work { initial_seats: 1, final_seats: 0, after: Duration::ZERO };

    pub fn of_seats(seats: u64) -> Work {
        Work { initial_seats: seats, ..Work::ONE }
    }

    pub fn max_seats(&self) -> u64 {
        self.initial_seats.max(self.final_seats)
    }
}

/// What is known of a resource's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub objects: u64,
    pub average_bytes: u64,
}

/// How a list is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListShape {
    /// 0: all.
    pub limit: u64,
    pub selective: bool,
    pub from_cache: bool,
    /// One name is asked for.
    pub single: bool,
}

/// The seats of a list, or of a watch that begins with what is there. `max_seats`: the level's, 0 if it has none.
pub fn list_seats(stats: Stats, shape: ListShape, max_seats: u64) -> u64 {
    let most = if max_seats == 0 { MAX_LIST_SEATS } else { max_seats.min(MAX_LIST_SEATS) };
    let size = if stats.average_bytes == 0 && stats.objects > 0 { LARGEST_OBJECT_BYTES } else { stats.average_bytes };
    let limited = if shape.limit > 0 { shape.limit.min(stats.objects) } else { stats.objects };
    let loaded = match shape {
        ListShape { single: true, .. } => 1,
        ListShape { from_cache: false, selective: true, .. } => limited.max(stats.objects / 2),
        _ => limited,
    };
    let bytes = loaded.saturating_mul(size);
    let bytes = if shape.from_cache { bytes.min(STREAMED_BYTES) } else { bytes };
    ((bytes as f64 / BYTES_PER_SEAT).ceil() as u64).clamp(1, most.max(1))
}

/// The work of a write that `watchers` are told of.
pub fn mutating_work(watchers: u64, max_seats: u64) -> Work {
    if watchers < WATCHES_PER_SEAT {
        return Work::ONE;
    }
    let most = if max_seats == 0 { MAX_MUTATING_SEATS } else { max_seats.min(MAX_MUTATING_SEATS) };
    let wanted = watchers.div_ceil(WATCHES_PER_SEAT);
    let seats = wanted.min(most);
    // The work stays the same: fewer seats are held for longer.
    let after = EVENT_TIME.mul_f64(wanted as f64 / seats as f64);
    Work { initial_seats: 1, final_seats: seats, after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_cost_by_the_bytes_that_they_hold() {
        let pods = Stats { objects: 10_000, average_bytes: 3_000 };
        let shape = |limit, selective, from_cache, single| ListShape { limit, selective, from_cache, single };
        let cases = [
            (pods, shape(0, false, true, false), 10),
            (pods, shape(0, false, false, false), 100),
            (pods, shape(500, false, false, false), 15),
            (pods, shape(500, true, false, false), 100),
            (pods, shape(0, false, false, true), 1),
            (Stats::default(), shape(0, false, true, false), 1),
            (Stats { objects: 1, average_bytes: 0 }, shape(0, false, false, false), 15),
        ];
        for (stats, shape, seats) in cases {
            assert_eq!(list_seats(stats, shape, 0), seats, "{stats:?} {shape:?}");
        }
        assert_eq!(list_seats(pods, shape(0, false, true, false), 3), 3);
    }

    #[test]
    fn writes_cost_by_their_watchers() {
        assert_eq!(mutating_work(9, 10), Work::ONE);
        let work = mutating_work(35, 10);
        assert_eq!((work.final_seats, work.after), (4, Duration::from_millis(5)));
        let work = mutating_work(1_000, 10);
        assert_eq!((work.final_seats, work.after), (10, Duration::from_millis(50)));
    }
}
