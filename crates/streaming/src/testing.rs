//! What the tests of this crate share.

use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// Fails a test that hangs.
pub(crate) async fn within<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, test).await.expect("the test hangs")
}
