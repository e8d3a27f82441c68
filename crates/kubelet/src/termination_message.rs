//! The last words of a container: a file that it wrote, or the end of its log.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use cri::v1;

use crate::names;

/// Empty when the container left none.
pub async fn read(status: &v1::ContainerStatus) -> String {
    let annotation = |key: &str| status.annotations.get(key).map(String::as_str).unwrap_or_default();
    let path = annotation(names::TERMINATION_MESSAGE_PATH);
    let file = status.mounts.iter().find(|mount| !path.is_empty() && mount.container_path == path);
    let file = file.map(|mount| PathBuf::from(&mount.host_path));
    let falls_back = annotation(names::TERMINATION_MESSAGE_POLICY) == "FallbackToLogsOnError" && status.exit_code != 0;
    let log = falls_back.then(|| PathBuf::from(&status.log_path));
    let reading = tokio::task::spawn_blocking(move || {
        let message = file.map(|file| head(&file)).unwrap_or_default();
        match (message.is_empty(), log) {
            (true, Some(log)) => end_of_log(&log),
            _ => message,
        }
    });
    reading.await.unwrap_or_default()
}

fn head(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = open_plain(path) {
        // What can be read counts; a file that breaks off is shown as far as it goes.
        let _ = file.take(MAX_MESSAGE_BYTES).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The container could have put anything at this path, so links and pipes are not followed.
fn open_plain(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
}

/// The last lines of the log, as far as they fit.
fn end_of_log(path: &Path) -> String {
    let text = tail(path).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    // A line is `time stream F|P text`; parts of one line are put together.
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(_), Some(tag), content) = (words.next(), words.next(), words.next(), words.next()) else {
            continue;
        };
        lines.push(content.unwrap_or_default().to_owned() + if tag.starts_with('F') { "\n" } else { "" });
    }
    let from = lines.len().saturating_sub(MAX_FALLBACK_LINES);
    let message = lines[from..].concat();
    let mut start = message.len().saturating_sub(MAX_FALLBACK_BYTES);
    while !message.is_char_boundary(start) {
        start += 1;
    }
    message[start..].to_owned()
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MAX_TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

const MAX_MESSAGE_BYTES: u64 = 4096;
const MAX_FALLBACK_LINES: usize = 80;
const MAX_FALLBACK_BYTES: usize = 2048;
/// More than the lines above can need, with what the log adds to each.
const MAX_TAIL_BYTES: u64 = 64 * 1024;
