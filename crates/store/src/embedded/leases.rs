//! Leases: which keys die when. Pure; the writer thread drives it with the time.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use crate::LeaseId;

#[derive(Default)]
pub(super) struct Leases {
    by_id: HashMap<LeaseId, Lease>,
    deadlines: BTreeSet<(u64, LeaseId)>,
    newest: i64,
}

struct Lease {
    grant: Grant,
    keys: HashSet<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub lease: LeaseId,
    pub ttl_ms: u64,
    /// Unix time.
    pub expires_ms: u64,
}

impl Leases {
    /// The number of the next lease. It is taken by [`Leases::grant`], so a grant that failed leaves no gap.
    pub fn next(&self) -> LeaseId {
        LeaseId(self.newest + 1)
    }

    pub fn grant(&mut self, grant: Grant) {
        self.newest = self.newest.max(grant.lease.0);
        self.deadlines.insert((grant.expires_ms, grant.lease));
        self.by_id.insert(grant.lease, Lease { grant, keys: HashSet::new() });
    }

    /// Makes [`Leases::next`] at least this.
    pub fn skip_to(&mut self, next: i64) {
        self.newest = self.newest.max(next - 1);
    }

    pub fn revoke(&mut self, lease: LeaseId) {
        if let Some(gone) = self.by_id.remove(&lease) {
            self.deadlines.remove(&(gone.grant.expires_ms, lease));
        }
    }

    pub fn alive(&self, lease: LeaseId, now_ms: u64) -> bool {
        self.by_id.get(&lease).is_some_and(|lease| lease.grant.expires_ms > now_ms)
    }

    pub fn attach(&mut self, lease: LeaseId, key: &Arc<str>) {
        if let Some(lease) = self.by_id.get_mut(&lease) {
            lease.keys.insert(Arc::clone(key));
        }
    }

    pub fn detach(&mut self, lease: LeaseId, key: &str) {
        if let Some(lease) = self.by_id.get_mut(&lease) {
            lease.keys.remove(key);
        }
    }

    pub fn contains(&self, lease: LeaseId) -> bool {
        self.by_id.contains_key(&lease)
    }

    /// When the next lease ends.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A lease that has ended, with up to `max` of its keys; when there are none left it can be revoked.
    pub fn expired(&self, now_ms: u64, max: usize) -> Option<(LeaseId, Vec<Arc<str>>)> {
        let (_, id) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now_ms)?;
        let keys = self.by_id.get(id)?.keys.iter().take(max).cloned().collect();
        Some((*id, keys))
    }

    pub fn grants(&self) -> Vec<Grant> {
        self.by_id.values().map(|lease| lease.grant).collect()
    }

    /// After a restart: no lease may live longer than its time from now, even if the clock was set back.
    pub fn clamp(&mut self, now_ms: u64) {
        for (id, lease) in &mut self.by_id {
            let latest = now_ms.saturating_add(lease.grant.ttl_ms);
            if lease.grant.expires_ms > latest {
                self.deadlines.remove(&(lease.grant.expires_ms, *id));
                lease.grant.expires_ms = latest;
                self.deadlines.insert((latest, *id));
            }
        }
    }
}
