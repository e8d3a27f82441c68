//! The keeper: the thread that frees what compaction made garbage, in memory and on disk.
//!
//! A snapshot shows the store at the compaction floor and replaces all segments that hold nothing newer. It is written
//! beside the log, synced, and renamed into place, so a crash leaves either the old files or the new one. The keeper
//! alone frees memory, so nothing that a snapshot still has to read goes away under it.
//!
//! ```text
//!   before:  log-1  log-2  log-3            (floor lies in log-3)
//!   after:   snapshot-3  log-3              snapshot-n stands for every segment before n
//! ```

use std::{ops::ControlFlow, path::Path, sync::Arc};

use parking_lot::{Condvar, Mutex};

use super::{
    Shared,
    disk::Disk,
    log::{Sealed, header_frame, segment_path, snapshot_path},
    record::{Frame, Operation, entry},
};
use crate::{Revision, StoreError};

/// Revisions freed per hold of the index's lock.
const COLLECT_STEP: usize = 1024;
/// Keys and bytes read per hold of the index's lock.
const PAGE_KEYS: usize = 1024;
const PAGE_BYTES: usize = 1 << 20;
/// A snapshot is synced as it grows, so that the log's small syncs never wait for all of it.
const SYNC_BYTES: u64 = 8 << 20;

/// What the keeper and the writer share.
pub(super) struct Keeper {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    files: Files,
    pending: bool,
    closed: bool,
}

/// The files of the store, as far as their garbage is concerned.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub snapshot: Option<Snapshot>,
    /// Ascending.
    pub sealed: Vec<Sealed>,
    /// The number and length of the segment that is written.
    pub active: (u64, u64),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot {
    pub sequence: u64,
    pub bytes: u64,
}

impl Keeper {
    pub fn new(files: Files) -> Self {
        Self { state: Mutex::new(State { files, pending: false, closed: false }), wake: Condvar::new() }
    }

    pub fn add_segment(&self, sealed: Sealed) {
        self.state.lock().files.sealed.push(sealed);
    }

    pub fn set_active(&self, sequence: u64, bytes: u64) {
        self.state.lock().files.active = (sequence, bytes);
    }

    pub fn disk_bytes(&self) -> u64 {
        let state = self.state.lock();
        let sealed: u64 = state.files.sealed.iter().map(|segment| segment.bytes).sum();
        sealed + state.files.active.1 + state.files.snapshot.map_or(0, |snapshot| snapshot.bytes)
    }

    /// Says that the floor has moved.
    pub fn wake(&self) {
        self.state.lock().pending = true;
        self.wake.notify_one();
    }

    pub fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    /// Runs until the store is closed.
    pub fn run(&self, shared: &Shared, disk: &Arc<dyn Disk>, directory: &Path, min_garbage: u64) {
        while self.next_job() {
            let floor = shared.index.read().floor();
            while !shared.index.write().collect(floor, COLLECT_STEP) {
                if self.closed() {
                    return;
                }
            }
            let Some(sequence) = self.worth_a_snapshot(floor, min_garbage) else { continue };
            let job = Job { keeper: self, shared, disk: &**disk, directory, floor, sequence };
            match job.run() {
                Ok(()) => {}
                Err(_) if self.closed() => return,
                // The log is still whole; the next compaction tries again.
                Err(error) => tracing::error!(%error, "cannot write a snapshot; the store's files keep growing"),
            }
        }
    }

    fn next_job(&self) -> bool {
        let mut state = self.state.lock();
        while !state.pending && !state.closed {
            self.wake.wait(&mut state);
        }
        state.pending = false;
        !state.closed
    }

    fn closed(&self) -> bool {
        self.state.lock().closed
    }

    /// The first segment to keep, if dropping those before it frees at least what the last snapshot took, so that
    /// snapshots never cost more than the writes before them.
    fn worth_a_snapshot(&self, floor: Revision, min_garbage: u64) -> Option<u64> {
        let state = self.state.lock();
        let files = &state.files;
        let droppable = files.sealed.iter().take_while(|segment| segment.last_revision <= floor);
        let (count, bytes) = droppable.fold((0, 0), |(count, bytes), segment| (count + 1, bytes + segment.bytes));
        let last_snapshot = files.snapshot.map_or(0, |snapshot| snapshot.bytes);
        (bytes > 0 && bytes >= min_garbage.max(last_snapshot))
            .then(|| files.sealed.get(count).map_or(files.active.0, |segment| segment.sequence))
    }

    fn replace(&self, snapshot: Snapshot) -> Files {
        let mut state = self.state.lock();
        let before = state.files.clone();
        state.files.sealed.retain(|segment| segment.sequence >= snapshot.sequence);
        state.files.snapshot = Some(snapshot);
        before
    }
}

/// The writing of one snapshot.
struct Job<'a> {
    keeper: &'a Keeper,
    shared: &'a Shared,
    disk: &'a dyn Disk,
    directory: &'a Path,
    floor: Revision,
    sequence: u64,
}

impl Job<'_> {
    fn run(&self) -> Result<(), StoreError> {
        let path = snapshot_path(self.directory, self.sequence);
        let unfinished = path.with_extension("tmp");
        let written = self.write(&unfinished).and_then(|bytes| {
            self.disk
                .rename(&unfinished, &path)
                .and_then(|()| self.disk.sync_directory(self.directory))
                .map_err(|error| StoreError::io(format!("renaming {}", unfinished.display()), error))?;
            Ok(bytes)
        });
        let bytes = match written {
            Ok(bytes) => bytes,
            Err(error) => {
                if let Err(removal) = self.disk.remove(&unfinished) {
                    tracing::warn!(error = %removal, "cannot remove an unfinished snapshot");
                }
                return Err(error);
            }
        };
        let before = self.keeper.replace(Snapshot { sequence: self.sequence, bytes });
        self.remove_replaced(&before)
    }

    fn remove_replaced(&self, before: &Files) -> Result<(), StoreError> {
        let segments = before.sealed.iter().map(|segment| segment.sequence).filter(|segment| *segment < self.sequence);
        let paths = segments.map(|segment| segment_path(self.directory, segment));
        let snapshot = before.snapshot.map(|snapshot| snapshot_path(self.directory, snapshot.sequence));
        for path in paths.chain(snapshot) {
            self.disk.remove(&path).map_err(|error| StoreError::io(format!("removing {}", path.display()), error))?;
        }
        Ok(())
    }

    /// Writes and syncs the whole snapshot; returns its length.
    fn write(&self, path: &Path) -> Result<u64, StoreError> {
        let failure = |error| StoreError::io(format!("writing {}", path.display()), error);
        let mut file = self.disk.create(path).map_err(failure)?;
        let (mut length, mut synced) = (0, 0);
        let mut put = |frame: &mut Frame| {
            let bytes = frame.seal(self.sequence, length);
            file.write_at(bytes, length).map_err(failure)?;
            length += bytes.len() as u64;
            frame.clear();
            if length - synced >= SYNC_BYTES {
                file.sync().map_err(failure)?;
                synced = length;
            }
            Ok(())
        };
        put(&mut header_frame(self.sequence))?;
        let mut frame = self.first_frame();
        let (mut entries, mut after) = (0, None::<Arc<str>>);
        loop {
            if self.keeper.closed() {
                return Err(StoreError::Closed);
            }
            after = self.shared.index.read().page(after.as_deref(), self.floor, PAGE_KEYS, |key, version| {
                frame.push(&entry(key, version));
                entries += 1;
                if frame.len() < PAGE_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            if after.is_none() {
                break;
            }
            if frame.len() >= PAGE_BYTES {
                put(&mut frame)?;
            }
        }
        frame.push(&Operation::End { entries });
        put(&mut frame)?;
        file.sync().map_err(failure)?;
        Ok(length)
    }

    /// The leases are those of now, not of the floor: every grant in a segment that goes away is among them or over.
    fn first_frame(&self) -> Frame {
        let mut frame = Frame::new();
        let leases = self.shared.leases.lock();
        frame.push(&Operation::State { revision: self.floor, next_lease: leases.next().0 });
        for grant in leases.grants() {
            let (lease, ttl_ms, expires_ms) = (grant.lease, grant.ttl_ms, grant.expires_ms);
            frame.push(&Operation::Grant { lease, ttl_ms, expires_ms });
        }
        frame
    }
}
