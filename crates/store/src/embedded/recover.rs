//! Reading a directory back: the newest snapshot, then the segments after it, to the last whole frame.
//!
//! A frame that is not whole at the very end is a commit that never finished; nobody was told of it, and it is cut off.
//! A frame that is not whole anywhere else is damage, and opening fails with its place: starting with less than what was
//! acknowledged would be worse than not starting.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::Disk,
    index::{Index, Version},
    keeper::{Files, Snapshot},
    leases::{Grant, Leases},
    log::{Log, Sealed, segment_path, snapshot_path},
    record::{FORMAT, FRAME_HEADER, MAGIC, Operation, Operations, checksum, owned, parse_header},
};
use crate::{LeaseId, StoreError};

pub(super) struct Recovered {
    pub index: Index,
    pub leases: Leases,
    pub log: Log,
    pub files: Files,
}

/// Reads `directory` and makes its log ready for writing.
pub(super) fn recover(disk: &Arc<dyn Disk>, directory: &Path, segment_bytes: u64) -> Result<Recovered, StoreError> {
    let found = Listing::read(directory)?;
    let mut replay = Replay::default();
    let snapshot = found.snapshots.last().copied();
    let first = snapshot.unwrap_or(1);
    let mut files = Files::default();
    if let Some(sequence) = snapshot {
        files.snapshot = Some(Snapshot { sequence, bytes: replay.snapshot(directory, sequence)? });
    }
    found.remove_replaced(disk, directory, first)?;
    let segments: Vec<u64> = found.segments.range(first..).copied().collect();
    let Some(last) = segments.last().copied() else {
        if snapshot.is_some() {
            return Err(missing(directory, first));
        }
        let log = Log::create(Arc::clone(disk), directory, first, segment_bytes)?;
        files.active = (first, log.length());
        return Ok(replay.finish(log, files));
    };
    if let Some(gap) = (first..=last).find(|sequence| !found.segments.contains(sequence)) {
        return Err(missing(directory, gap));
    }
    for &sequence in segments.iter().filter(|sequence| **sequence != last) {
        let bytes = replay.segment(directory, sequence, false)?;
        files.sealed.push(Sealed { sequence, bytes, last_revision: replay.index.revision() });
    }
    let length = replay.segment(directory, last, true)?;
    let log = if length == 0 {
        Log::create(Arc::clone(disk), directory, last, segment_bytes)?
    } else {
        Log::resume(Arc::clone(disk), directory, last, length, segment_bytes)?
    };
    files.active = (last, log.length());
    Ok(replay.finish(log, files))
}

fn missing(directory: &Path, sequence: u64) -> StoreError {
    corrupt(&segment_path(directory, sequence), 0, "the file is missing")
}

fn corrupt(path: &Path, offset: u64, reason: &str) -> StoreError {
    StoreError::Corrupt { file: path.display().to_string(), offset, reason: reason.to_owned() }
}

/// The store's files in a directory; others are left alone.
#[derive(Default)]
struct Listing {
    snapshots: BTreeSet<u64>,
    segments: BTreeSet<u64>,
    unfinished: Vec<PathBuf>,
}

impl Listing {
    fn read(directory: &Path) -> Result<Self, StoreError> {
        let failure = |error| StoreError::io(format!("reading {}", directory.display()), error);
        let mut found = Self::default();
        for entry in fs::read_dir(directory).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(sequence) = name.strip_prefix("log-").and_then(|digits| digits.parse().ok()) {
                found.segments.insert(sequence);
            } else if let Some(rest) = name.strip_prefix("snapshot-") {
                match rest.strip_suffix(".tmp") {
                    Some(_) => found.unfinished.push(entry.path()),
                    None => found.snapshots.extend(rest.parse::<u64>()),
                }
            }
        }
        Ok(found)
    }

    /// Finishes what a crash may have interrupted: the removal of files that the snapshot `first` replaces.
    fn remove_replaced(&self, disk: &Arc<dyn Disk>, directory: &Path, first: u64) -> Result<(), StoreError> {
        let segments = self.segments.range(..first).map(|sequence| segment_path(directory, *sequence));
        let snapshots = self.snapshots.range(..first).map(|sequence| snapshot_path(directory, *sequence));
        for path in segments.chain(snapshots).chain(self.unfinished.iter().cloned()) {
            disk.remove(&path).map_err(|error| StoreError::io(format!("removing {}", path.display()), error))?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Replay {
    index: Index,
    leases: Leases,
    entries: u64,
    /// Whether a snapshot's last operation was seen.
    whole: bool,
}

impl Replay {
    fn snapshot(&mut self, directory: &Path, sequence: u64) -> Result<u64, StoreError> {
        let path = snapshot_path(directory, sequence);
        let mut reader = FrameReader::open(path, sequence)?;
        self.file(&mut reader).map_err(|bad| bad.error(&reader))?;
        if !self.whole {
            return Err(corrupt(&reader.path, reader.offset, "the snapshot has no end"));
        }
        Ok(reader.offset)
    }

    /// Returns the length of the good part, which is 0 if not even the header is there.
    fn segment(&mut self, directory: &Path, sequence: u64, last: bool) -> Result<u64, StoreError> {
        let path = segment_path(directory, sequence);
        let mut reader = FrameReader::open(path, sequence)?;
        match self.file(&mut reader) {
            Ok(()) if reader.offset == 0 && !last => Err(corrupt(&reader.path, 0, "the file is empty")),
            Ok(()) => Ok(reader.offset),
            Err(Bad::Frame(reason)) if last && !reader.frame_follows()? => {
                let (file, offset, cut) = (reader.path.display(), reader.offset, reader.length - reader.offset);
                tracing::warn!(%file, offset, cut, reason, "dropping an unfinished commit at the end of the log");
                Ok(reader.offset)
            }
            Err(bad) => Err(bad.error(&reader)),
        }
    }

    fn file(&mut self, reader: &mut FrameReader) -> Result<(), Bad> {
        let sequence = reader.sequence;
        while let Some(payload) = reader.next()? {
            let mut operations = Operations::new(payload);
            while let Some(operation) = operations.next().map_err(Bad::Content)? {
                self.operation(operation, sequence).map_err(Bad::Content)?;
            }
            reader.accept();
        }
        Ok(())
    }

    fn operation(&mut self, operation: Operation<'_>, file: u64) -> Result<(), &'static str> {
        match operation {
            Operation::Header { format, .. } if format != FORMAT => return Err("the format is of another version"),
            Operation::Header { sequence, .. } if sequence != file => return Err("the file has another's name"),
            Operation::Header { .. } => {}
            Operation::Put { revision, lease, key, value } => {
                if self.is_new(revision)? {
                    let before = self.index.newest(key);
                    let version = Version::put(revision, before.map(|(_, version)| version), owned(value), lease);
                    let key = before.map_or_else(|| key.into(), |(key, _)| Arc::clone(key));
                    self.index.apply(key, version);
                }
            }
            Operation::Delete { revision, key } => {
                if self.is_new(revision)? {
                    let key = self.index.newest(key).map_or_else(|| key.into(), |(key, _)| Arc::clone(key));
                    self.index.apply(key, Version::deletion(revision));
                }
            }
            Operation::Compact { revision } => self.index.compact(revision),
            Operation::Grant { lease, ttl_ms, expires_ms } => self.leases.grant(Grant { lease, ttl_ms, expires_ms }),
            Operation::Revoke { lease } => self.leases.revoke(lease),
            Operation::State { revision, next_lease } => {
                self.index.restore_at(revision);
                self.leases.skip_to(next_lease);
            }
            Operation::Entry { modified, created, number, lease, key, value } => {
                self.entries += 1;
                self.index.restore(key.into(), Version { modified, created, number, lease, value: owned(value) });
            }
            Operation::End { entries } if entries != self.entries => return Err("the snapshot lacks entries"),
            Operation::End { .. } => self.whole = true,
        }
        Ok(())
    }

    /// False for what the snapshot holds already.
    fn is_new(&self, revision: u64) -> Result<bool, &'static str> {
        let current = self.index.revision();
        if revision > current + 1 { Err("revisions before this one are missing") } else { Ok(revision > current) }
    }

    fn finish(mut self, log: Log, files: Files) -> Recovered {
        let leased: Vec<(Arc<str>, LeaseId)> = self.index.leased().map(|(key, id)| (Arc::clone(key), id)).collect();
        for (key, lease) in leased {
            if !self.leases.contains(lease) {
                // A lease ends only after its keys, so this cannot be; if it is, the key was to die anyway.
                self.leases.grant(Grant { lease, ttl_ms: 0, expires_ms: 0 });
            }
            self.leases.attach(lease, &key);
        }
        let floor = self.index.floor();
        self.index.collect(floor, usize::MAX);
        Recovered { index: self.index, leases: self.leases, log, files }
    }
}

enum Bad {
    Io(io::Error),
    /// Not a whole frame: torn, or damaged.
    Frame(&'static str),
    /// A whole frame that makes no sense.
    Content(&'static str),
}

impl Bad {
    fn error(self, reader: &FrameReader) -> StoreError {
        match self {
            Self::Io(error) => StoreError::io(format!("reading {}", reader.path.display()), error),
            Self::Frame(reason) | Self::Content(reason) => corrupt(&reader.path, reader.offset, reason),
        }
    }
}

struct FrameReader {
    reader: BufReader<File>,
    path: PathBuf,
    sequence: u64,
    /// Where the frame begins that is read, or would be next.
    offset: u64,
    length: u64,
    payload: Vec<u8>,
}

impl FrameReader {
    fn open(path: PathBuf, sequence: u64) -> Result<Self, StoreError> {
        let open = || {
            let file = File::open(&path)?;
            let length = file.metadata()?.len();
            Ok((BufReader::with_capacity(1 << 20, file), length))
        };
        let (reader, length) = open().map_err(|error| StoreError::io(format!("opening {}", path.display()), error))?;
        Ok(Self { reader, path, sequence, offset: 0, length, payload: Vec::new() })
    }

    /// The payload of the frame at `offset`; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<&[u8]>, Bad> {
        let left = self.length - self.offset;
        if left == 0 {
            return Ok(None);
        }
        if left < FRAME_HEADER as u64 {
            return Err(Bad::Frame("a frame is cut short"));
        }
        let mut header = [0; FRAME_HEADER];
        self.reader.read_exact(&mut header).map_err(Bad::Io)?;
        let (length, crc) = parse_header(&header).map_err(Bad::Frame)?;
        if left - (FRAME_HEADER as u64) < length as u64 {
            return Err(Bad::Frame("a frame is cut short"));
        }
        self.payload.resize(length, 0);
        self.reader.read_exact(&mut self.payload).map_err(Bad::Io)?;
        if checksum(self.sequence, self.offset, &self.payload) != crc {
            return Err(Bad::Frame("a checksum is wrong"));
        }
        Ok(Some(&self.payload))
    }

    /// Goes past the frame that was read.
    fn accept(&mut self) {
        self.offset += (FRAME_HEADER + self.payload.len()) as u64;
    }

    /// Whether a whole frame lies anywhere after the bad one, which then was damaged and not torn.
    fn frame_follows(&mut self) -> Result<bool, StoreError> {
        let mut rest = Vec::new();
        self.reader
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| self.reader.read_to_end(&mut rest))
            .map_err(|error| Bad::Io(error).error(self))?;
        let starts = (1..rest.len()).filter(|start| rest[*start..].starts_with(&MAGIC));
        Ok(starts.into_iter().any(|start| self.is_frame(&rest[start..], self.offset + start as u64)))
    }

    fn is_frame(&self, bytes: &[u8], offset: u64) -> bool {
        let Some((header, rest)) = bytes.split_first_chunk::<FRAME_HEADER>() else { return false };
        let Ok((length, crc)) = parse_header(header) else { return false };
        rest.get(..length).is_some_and(|payload| checksum(self.sequence, offset, payload) == crc)
    }
}
