//! Forgetting history: what is older than two intervals.

use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// Clients that fell behind by less can go on.
pub async fn compact(store: Arc<dyn Store>, every: Duration) {
    let mut before = 0;
    let mut interval = tokio::time::interval(every);
    loop {
        interval.tick().await;
        let newest = match store.current_revision().await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::warn!(%error, "cannot ask the store for its revision");
                continue;
            }
        };
        if before > 0
            && let Err(error) = store.compact(before).await
            && !matches!(error, store::StoreError::Compacted { .. })
        {
            tracing::warn!(%error, "cannot compact the store");
        }
        before = newest;
    }
}
