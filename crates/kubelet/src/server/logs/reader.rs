//! Reads a log file to its end, or follows it to the container's.

use super::output::Output;
use super::watch::Hub;
use super::{LogOptions, tail};
use bytes::Bytes;
use cri::{CriClient, v1};
use futures_util::future::BoxFuture;
use std::io::{self, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout_at};

const PIECE_BYTES: usize = 64 * 1024;
/// Runtimes cut lines at 16 KiB; a line that is longer than this is none.
const MAX_LINE_BYTES: usize = 1 << 20;
/// How often to ask whether the container runs while its log is silent.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

pub(super) type Pieces = Sender<Result<Bytes, io::Error>>;

/// Whether the container that writes the log still runs.
pub(super) trait Writer: Send + Sync {
    fn is_running(&self) -> BoxFuture<'_, bool>;
}

/// A container of the runtime.
pub(super) struct CriWriter {
    pub cri: CriClient,
    pub container_id: String,
}

impl Writer for CriWriter {
    /// A runtime that does not answer is asked again; one that does not know the container has removed it.
    fn is_running(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match self.cri.container_status(&self.container_id, false).await {
                Ok(answer) => {
                    answer.status.is_some_and(|status| status.state() == v1::ContainerState::ContainerRunning)
                }
                Err(error) => !error.is_not_found(),
            }
        })
    }
}

/// A log and who writes it.
pub(super) struct Source {
    pub path: PathBuf,
    pub writer: Box<dyn Writer>,
    pub hub: Arc<Hub>,
}

impl Source {
    /// Opens the file where reading is to begin.
    pub(super) async fn open(&self, options: &LogOptions) -> io::Result<File> {
        let mut file = File::open(&self.path).await?;
        if let Some(lines) = options.tail {
            let own = file.try_clone().await?.into_std().await;
            let start = tokio::task::spawn_blocking(move || tail::start(&own, lines)).await;
            file.seek(SeekFrom::Start(start.map_err(io::Error::other)??)).await?;
        }
        Ok(file)
    }

    /// The file that now has the name, if it is another one than `file`: the log was rotated.
    async fn successor(&self, file: &File) -> Option<File> {
        let named = tokio::fs::metadata(&self.path).await.ok()?;
        let open = file.metadata().await.ok()?;
        if (named.dev(), named.ino()) == (open.dev(), open.ino()) {
            return None;
        }
        File::open(&self.path).await.ok()
    }
}

/// Sends what is wanted of the log until its end, or until the client is gone.
pub(super) async fn copy(source: Source, file: File, options: LogOptions, pieces: Pieces) {
    let mut copy = Copy { output: Output::new(&options), pending: Vec::new(), pieces };
    let done = if options.follow { copy.follow(&source, file).await } else { copy.read_all(file).await };
    if let Err(error) = done {
        tracing::info!(path = %source.path.display(), %error, "reading a log failed");
        let _gone_if_this_fails = copy.pieces.send(Err(error)).await;
    }
}

struct Copy {
    output: Output,
    /// The begin of a line whose end is not written yet.
    pending: Vec<u8>,
    pieces: Pieces,
}

/// Whether to go on.
type Wanted = bool;

impl Copy {
    async fn read_all(&mut self, mut file: File) -> io::Result<()> {
        if !self.drain(&mut file).await? {
            return Ok(());
        }
        let last = std::mem::take(&mut self.pending);
        let mut out = Vec::new();
        self.output.push(&last, &mut out);
        self.send(out).await;
        Ok(())
    }

    async fn follow(&mut self, source: &Source, mut file: File) -> io::Result<()> {
        let directory = source.path.parent().unwrap_or(&source.path);
        let watch = source.hub.watch(directory)?;
        let mut next_check = Instant::now();
        let mut ended = false;
        loop {
            if !self.drain(&mut file).await? {
                return Ok(());
            }
            if let Some(next) = source.successor(&file).await {
                // What was written between our last read and the rotation.
                if !self.drain(&mut file).await? {
                    return Ok(());
                }
                self.pending.clear();
                file = next;
                continue;
            }
            if ended {
                return Ok(());
            }
            let closed = tokio::select! {
                () = self.pieces.closed() => return Ok(()),
                changed = timeout_at(next_check, watch.changed()) => changed.unwrap_or(true),
            };
            if closed || Instant::now() >= next_check {
                // If it has ended, one more look at the file gives the last it wrote.
                ended = !source.writer.is_running().await;
                next_check = Instant::now() + CHECK_PERIOD;
            }
        }
    }

    /// Sends all whole lines up to the file's present end.
    async fn drain(&mut self, file: &mut File) -> io::Result<Wanted> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file.read(&mut piece).await?;
            if read == 0 {
                return Ok(!self.output.is_full());
            }
            self.pending.extend_from_slice(&piece[..read]);
            let mut out = Vec::new();
            let mut begin = 0;
            while let Some(end) = self.pending[begin..].iter().position(|&byte| byte == b'\n') {
                self.output.push(&self.pending[begin..begin + end], &mut out);
                begin += end + 1;
            }
            self.pending.drain(..begin);
            if self.pending.len() > MAX_LINE_BYTES {
                self.pending.clear();
            }
            if !self.send(out).await || self.output.is_full() {
                return Ok(false);
            }
        }
    }

    async fn send(&self, out: Vec<u8>) -> Wanted {
        out.is_empty() || self.pieces.send(Ok(out.into())).await.is_ok()
    }
}
