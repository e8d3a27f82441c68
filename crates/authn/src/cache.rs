//! Answers of others, kept for a while.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// At most `capacity` answers, each for its own time.
pub struct Cache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    capacity: usize,
}

struct Entry<V> {
    value: V,
    /// Nanoseconds since the Unix epoch.
    until: i64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub fn new(capacity: usize) -> Cache<K, V> {
        Cache { entries: Mutex::default(), capacity }
    }

    pub fn get(&self, key: &K, now_nanos: i64) -> Option<V> {
        let entries = self.entries.lock();
        entries.get(key).filter(|entry| entry.until > now_nanos).map(|entry| entry.value.clone())
    }

    /// Forgets what has expired when it is full, and everything if that does not help.
    pub fn put(&self, key: K, value: V, now_nanos: i64, ttl: Duration) {
        if ttl.is_zero() {
            return;
        }
        let mut entries = self.entries.lock();
        if entries.len() >= self.capacity {
            entries.retain(|_, entry| entry.until > now_nanos);
        }
        if entries.len() >= self.capacity {
            entries.clear();
        }
        let until = now_nanos.saturating_add(i64::try_from(ttl.as_nanos()).unwrap_or(i64::MAX));
        entries.insert(key, Entry { value, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_last_for_their_time_and_have_a_bound() {
        let cache = Cache::new(2);
        cache.put("a", 1, 0, Duration::from_nanos(10));
        cache.put("b", 2, 0, Duration::from_nanos(100));
        assert_eq!((cache.get(&"a", 9), cache.get(&"a", 10)), (Some(1), None));
        cache.put("c", 3, 50, Duration::from_nanos(100));
        assert_eq!((cache.get(&"b", 50), cache.get(&"c", 50)), (Some(2), Some(3)));
        cache.put("d", 4, 50, Duration::from_nanos(100));
        assert_eq!((cache.get(&"b", 50), cache.get(&"d", 50)), (None, Some(4)));
    }
}
