//! Forgetting history: what is older than an interval.
//!
//! Servers that share a store agree by a key who of them forgets, as upstream's do: whoever changes the key in this round.
//! The key and its content are upstream's, so that its servers take part in the same rounds.

use std::sync::Arc;
use std::time::Duration;
use store::{Compare, Revision, Store, StoreError, TxnOutcome, Write};

/// Beside the API's keys, not among them.
const KEY: &str = "compact_rev_key";

/// Clients that fell behind by less than `every` can go on.
pub async fn compact(store: Arc<dyn Store>, every: Duration) {
    if every.is_zero() {
        return;
    }
    let mut round = Round::default();
    let mut interval = tokio::time::interval(every);
    loop {
        interval.tick().await;
        match round.step(&*store).await {
            Ok(()) | Err(StoreError::Compacted { .. }) => {}
            Err(error) => tracing::warn!(%error, "cannot compact the store"),
        }
    }
}

#[derive(Default)]
struct Round {
    /// The revision that changed the key last, as far as is known; 0: there is none.
    key: Revision,
    /// The store's revision an interval ago.
    before: Revision,
}

impl Round {
    async fn step(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let compare = if self.key == 0 { Compare::NotExists } else { Compare::ModRevision(self.key) };
        let value = self.before.to_string().into_bytes().into();
        let write = Write::Put { key: KEY.to_owned(), value, lease: None };
        match store.txn(compare, write).await? {
            TxnOutcome::Conflict { current, revision } => {
                // Another did it in this round.
                self.key = current.map_or(0, |kv| kv.mod_revision);
                self.before = revision;
                Ok(())
            }
            TxnOutcome::Done { revision, .. } => {
                let forget = std::mem::replace(&mut self.before, revision);
                self.key = revision;
                if forget == 0 { Ok(()) } else { store.compact(forget).await }
            }
        }
    }
}

/// Asks each cache's store now and then how far it is: the revisions that bookmarks show must not grow older than history.
pub async fn keep_fresh(registry: std::sync::Weak<registry::Registry>, every: Duration) {
    let mut interval = tokio::time::interval(every);
    loop {
        interval.tick().await;
        let Some(registry) = registry.upgrade() else { return };
        let routes = registry.routes();
        for storage in routes.iter().filter_map(|entry| entry.storage.as_ref()) {
            if let Err(error) = storage.request_progress().await {
                tracing::debug!(%error, prefix = storage.prefix, "a cache does not learn how far it is");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KEY, Round};
    use store::{Compare, EmbeddedOptions, EmbeddedStore, Store, Write};

    #[tokio::test]
    async fn of_two_servers_one_compacts_each_round() {
        let directory = std::env::temp_dir().join(format!("compaction-{}", std::process::id()));
        let store = EmbeddedStore::open(EmbeddedOptions::new(directory.clone())).unwrap();
        let (mut one, mut other) = (Round::default(), Round::default());
        one.step(&store).await.unwrap();
        other.step(&store).await.unwrap();
        let write = Write::Put { key: "/a".to_owned(), value: "1".into(), lease: None };
        store.txn(Compare::Any, write).await.unwrap();
        one.step(&store).await.unwrap();
        other.step(&store).await.unwrap();
        let (found, revision) = store.get(KEY, None).await.unwrap();
        assert_eq!((found.unwrap().version, revision), (2, 3));
        assert!(store.get("/a", Some(1)).await.is_ok());
        other.step(&store).await.unwrap();
        assert!(store.get("/a", Some(2)).await.is_err(), "what was there an interval ago was the newest then");
        drop(store);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
