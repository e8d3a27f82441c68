//! The write-ahead log: numbered segments, of which the last is written.
//!
//! [`Log::append`] returns only when the frame is on disk. If a write fails, the segment is cut back to its last good
//! length and the log goes on. If a sync fails, nobody knows what the disk holds, so the log refuses everything until
//! the store is opened anew and reads what is there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::{Disk, DiskFile},
    record::{FORMAT, Frame, Operation},
};
use crate::{Revision, StoreError};

pub(super) struct Log {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    file: Box<dyn DiskFile>,
    sequence: u64,
    length: u64,
    segment_bytes: u64,
    failed: Option<StoreError>,
}

/// A segment that is no longer written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed {
    pub sequence: u64,
    pub bytes: u64,
    /// The newest revision in it or before it.
    pub last_revision: Revision,
}

impl Log {
    /// Goes on with an existing segment of which `length` bytes are good.
    pub fn resume(
        disk: Arc<dyn Disk>,
        directory: &Path,
        sequence: u64,
        length: u64,
        segment_bytes: u64,
    ) -> Result<Self, StoreError> {
        let path = segment_path(directory, sequence);
        let failure = |error| StoreError::io(format!("opening {}", path.display()), error);
        let mut file = disk.open(&path).map_err(failure)?;
        // What the last process wrote but did not sync is read as good, so it must become durable before it is shown.
        file.truncate(length).and_then(|()| file.sync()).map_err(failure)?;
        disk.sync_directory(directory).map_err(failure)?;
        Ok(Self { disk, directory: directory.to_owned(), file, sequence, length, segment_bytes, failed: None })
    }

    pub fn create(
        disk: Arc<dyn Disk>,
        directory: &Path,
        sequence: u64,
        segment_bytes: u64,
    ) -> Result<Self, StoreError> {
        let (file, length) = create_segment(&*disk, directory, sequence)?;
        Ok(Self { disk, directory: directory.to_owned(), file, sequence, length, segment_bytes, failed: None })
    }

    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Makes `frame` durable. `last_revision` is the newest revision before it.
    ///
    /// Returns the segment that was sealed to make room for the frame, if any.
    pub fn append(&mut self, frame: &mut Frame, last_revision: Revision) -> Result<Option<Sealed>, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let sealed = if self.length + frame.len() as u64 > self.segment_bytes && self.length > self.header_length() {
            Some(self.rotate(last_revision)?)
        } else {
            None
        };
        let bytes = frame.seal(self.sequence, self.length);
        if let Err(error) = self.file.write_at(bytes, self.length) {
            let error = StoreError::io(format!("writing {}", self.path().display()), error);
            if let Err(truncation) = self.file.truncate(self.length).and_then(|()| self.file.sync()) {
                self.fail("cutting off a failed write", truncation);
            }
            return Err(error);
        }
        if let Err(error) = self.file.sync() {
            return Err(self.fail("syncing", error));
        }
        self.length += bytes.len() as u64;
        Ok(sealed)
    }

    fn rotate(&mut self, last_revision: Revision) -> Result<Sealed, StoreError> {
        let next = self.sequence + 1;
        match create_segment(&*self.disk, &self.directory, next) {
            Ok((file, length)) => {
                let sealed = Sealed { sequence: self.sequence, bytes: self.length, last_revision };
                (self.file, self.length, self.sequence) = (file, length, next);
                Ok(sealed)
            }
            Err(error) => {
                // A half-made next segment must not follow one that is still written.
                let path = segment_path(&self.directory, next);
                match self.disk.remove(&path).and_then(|()| self.disk.sync_directory(&self.directory)) {
                    Err(removal) if removal.kind() != std::io::ErrorKind::NotFound => {
                        self.fail("removing a half-made segment after", removal);
                    }
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// From now on every write is refused; the error says why.
    fn fail(&mut self, doing: &str, error: std::io::Error) -> StoreError {
        let context = format!("{doing} {}; the store takes no writes until it is reopened", self.path().display());
        let error = StoreError::Io { context, source: Arc::new(error) };
        tracing::error!(%error, "the store's log failed");
        self.failed = Some(error.clone());
        error
    }

    fn path(&self) -> PathBuf {
        segment_path(&self.directory, self.sequence)
    }

    fn header_length(&self) -> u64 {
        header_frame(self.sequence).len() as u64
    }
}

pub(super) fn segment_path(directory: &Path, sequence: u64) -> PathBuf {
    directory.join(format!("log-{sequence:020}"))
}

pub(super) fn snapshot_path(directory: &Path, sequence: u64) -> PathBuf {
    directory.join(format!("snapshot-{sequence:020}"))
}

pub(super) fn header_frame(sequence: u64) -> Frame {
    let mut frame = Frame::new();
    frame.push(&Operation::Header { format: FORMAT, sequence });
    frame
}

fn create_segment(disk: &dyn Disk, directory: &Path, sequence: u64) -> Result<(Box<dyn DiskFile>, u64), StoreError> {
    let path = segment_path(directory, sequence);
    let make = || {
        let mut file = disk.create(&path)?;
        let mut header = header_frame(sequence);
        let bytes = header.seal(sequence, 0);
        file.write_at(bytes, 0)?;
        file.sync()?;
        disk.sync_directory(directory)?;
        Ok((file, bytes.len() as u64))
    };
    make().map_err(|error| StoreError::io(format!("creating {}", path.display()), error))
}
