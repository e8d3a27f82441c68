//! Configuration files that may change while the server runs: looked at every few seconds, used when their content differs.

use std::path::PathBuf;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Calls `changed` with each content that differs from the one before, which begins as `known`. What cannot be read, or is
/// refused, leaves what was before in force.
pub fn follow(
    path: PathBuf,
    known: Vec<u8>,
    mut changed: impl FnMut(&[u8]) -> Result<(), String> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut known = known;
        let mut interval = tokio::time::interval(LOOK_EVERY);
        loop {
            interval.tick().await;
            let content = match tokio::fs::read(&path).await {
                Ok(content) if content != known => content,
                Ok(_) => continue,
                Err(error) => {
                    tracing::debug!(path = %path.display(), %error, "cannot read a configuration file again");
                    continue;
                }
            };
            match changed(&content) {
                Ok(()) => tracing::info!(path = %path.display(), "took a changed configuration"),
                Err(error) => {
                    tracing::error!(path = %path.display(), error, "refused a changed configuration; the one before stays");
                }
            }
            known = content;
        }
    })
}
