//! Keeping containers' logs from filling the disk.
//!
//! A log that has grown beyond its limit is renamed, and the runtime told to open a new one; the oldest go, all but the
//! newest of the renamed ones are compressed. Names are upstream's, so that `kubectl logs` and collectors find them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::kubelet::Kubelet;

/// Looks at all logs again and again.
pub async fn run(kubelet: Arc<Kubelet>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        let directory = kubelet.config.pod_logs_dir.clone();
        let large = tokio::task::spawn_blocking(move || large_logs(&directory)).await.unwrap_or_default();
        for log in large {
            if let Err(error) = rotate(&kubelet, &log).await {
                tracing::warn!(log = %log.path.display(), %error, "cannot rotate a log");
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Log {
    path: PathBuf,
    uid: String,
    container: String,
    restart_count: u32,
}

/// `<namespace>_<name>_<uid>/<container>/<restart count>.log`
fn large_logs(directory: &Path) -> Vec<Log> {
    let mut large = Vec::new();
    for pod in entries(directory) {
        let uid = name(&pod).rsplit('_').next().unwrap_or_default().to_owned();
        for container in entries(&pod) {
            for path in entries(&container) {
                let number = name(&path).strip_suffix(".log").and_then(|number| number.parse().ok());
                let size = path.symlink_metadata().map_or(0, |metadata| metadata.len());
                if let Some(restart_count) = number.filter(|_| size > MAX_BYTES) {
                    large.push(Log { path, uid: uid.clone(), container: name(&container), restart_count });
                }
            }
        }
    }
    large
}

async fn rotate(kubelet: &Kubelet, log: &Log) -> io::Result<()> {
    let observed = kubelet.runtime.observe(&log.uid).await.map_err(io::Error::other)?;
    let mut running = observed.running();
    let Some(container) = running.find(|c| c.name == log.container && c.restart_count == log.restart_count) else {
        // Nothing is written to it any more.
        return Ok(());
    };
    let path = log.path.clone();
    let rotated = PathBuf::from(format!("{}.{}", path.display(), timestamp(kubelet.clock.now_seconds())));
    let (tidied, renamed) = (path.clone(), rotated.clone());
    let renaming = tokio::task::spawn_blocking(move || {
        tidy(&tidied)?;
        std::fs::rename(&tidied, &renamed)
    });
    renaming.await.map_err(io::Error::other)??;
    if let Err(error) = kubelet.cri.reopen_container_log(&container.id).await {
        // The runtime still writes to the old file: it keeps its name.
        std::fs::rename(&rotated, &path)?;
        return Err(io::Error::other(error));
    }
    Ok(())
}

/// Makes room for one more: removes the oldest, compresses the others.
fn tidy(log: &Path) -> io::Result<()> {
    let prefix = format!("{}.", name(log));
    let mut old: Vec<PathBuf> = entries(log.parent().unwrap_or(log));
    old.retain(|path| name(path).starts_with(&prefix));
    // The time in the name sorts.
    old.sort();
    let excess = (old.len() + 2).saturating_sub(MAX_FILES);
    for path in old.drain(..excess.min(old.len())) {
        std::fs::remove_file(path)?;
    }
    for path in old.iter().filter(|path| path.extension().is_none_or(|ending| ending != "gz")) {
        compress(path)?;
    }
    Ok(())
}

fn compress(path: &Path) -> io::Result<()> {
    let fresh = PathBuf::from(format!("{}.tmp", path.display()));
    let mut encoder = GzEncoder::new(File::create(&fresh)?, Compression::fast());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    encoder.finish()?;
    std::fs::rename(&fresh, format!("{}.gz", path.display()))?;
    std::fs::remove_file(path)
}

/// `20060102-150405`
fn timestamp(unix_seconds: i64) -> String {
    let text = schema::Time::from_unix(unix_seconds).to_text();
    text.chars().filter_map(|c| if c == 'T' { Some('-') } else { c.is_ascii_digit().then_some(c) }).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

const PERIOD: Duration = Duration::from_secs(10);
/// `containerLogMaxSize`
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// `containerLogMaxFiles`, the one that is written to among them.
const MAX_FILES: usize = 5;

#[cfg(test)]
mod tests;
