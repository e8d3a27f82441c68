//! One lease for many keys: etcd pays for each lease, and events would ask for thousands.
//!
//! As upstream: a lease lives a little longer than asked, and is given again while it still covers what is asked and has
//! not been given too often. So a key may live up to a twentieth of its time longer than asked, and never shorter.

use std::{future::Future, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use crate::{LeaseId, StoreError};

/// The most that a lease lives longer than asked.
const MAX_EXTRA: Duration = Duration::from_secs(60);
/// The part of the asked time that it lives longer.
const EXTRA_PART: u64 = 20;
/// Keys of one lease: they all vanish in one stroke.
const MAX_KEYS: u32 = 1_000;

#[derive(Default)]
pub(super) struct Reuse {
    last: Mutex<Option<Last>>,
}

struct Last {
    lease: LeaseId,
    ends: Instant,
    given: u32,
}

impl Reuse {
    /// A lease of at least `ttl`: the last one, or one that `grant` makes.
    pub async fn get<F>(&self, ttl: Duration, grant: impl FnOnce(Duration) -> F) -> Result<LeaseId, StoreError>
    where
        F: Future<Output = Result<LeaseId, StoreError>>,
    {
        let extra = extra(ttl);
        if extra.is_zero() {
            return grant(ttl).await;
        }
        let mut last = self.last.lock().await;
        let now = Instant::now();
        if let Some(last) = &mut *last
            && last.ends >= now + ttl
            && last.ends <= now + ttl + extra
            && last.given < MAX_KEYS
        {
            last.given += 1;
            return Ok(last.lease);
        }
        let lease = grant(ttl + extra).await?;
        *last = Some(Last { lease, ends: now + ttl + extra, given: 1 });
        Ok(lease)
    }
}

/// Whole seconds, as etcd counts.
fn extra(ttl: Duration) -> Duration {
    Duration::from_secs(ttl.as_secs() / EXTRA_PART).min(MAX_EXTRA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[tokio::test]
    async fn many_keys_share_a_lease_of_their_time() {
        let (reuse, granted) = (Reuse::default(), AtomicI64::new(0));
        let get = async |seconds: u64| {
            let grant = |_| async { Ok(LeaseId(granted.fetch_add(1, Ordering::Relaxed))) };
            reuse.get(Duration::from_secs(seconds), grant).await.unwrap().0
        };
        assert_eq!((get(3600).await, get(3600).await), (0, 0));
        assert_eq!((get(60).await, get(60).await), (1, 1), "one of an hour is too long");
        assert_eq!((get(5).await, get(5).await), (2, 3), "too short to share");
        for _ in 0..MAX_KEYS {
            assert_eq!(get(3600).await, 4);
        }
        assert_eq!(get(3600).await, 5);
    }
}
