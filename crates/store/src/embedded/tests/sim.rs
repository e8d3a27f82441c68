//! A disk over real files that fails when told, and that forgets what was not synced when its power is cut.

use std::{collections::HashMap, fs, sync::Weak};

use parking_lot::Mutex;

use super::*;
use crate::embedded::disk::{Disk, DiskFile, FileSystem};

#[derive(Default)]
pub(super) struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Half of the bytes are written.
    Write,
    WriteAndTruncate,
    Sync,
    Create,
}

#[derive(Default)]
struct State {
    fault: Option<(Fault, io::ErrorKind)>,
    faults: u32,
    random: u64,
    /// Operations until the power goes.
    left: Option<u64>,
    dark: bool,
    /// How much of each file was synced.
    synced: HashMap<PathBuf, u64>,
    /// Names made since the last sync of the directory; a renamed file has its old name too.
    names: Vec<(PathBuf, Option<PathBuf>)>,
}

impl SimDisk {
    pub fn fail(&self, fault: Fault, kind: io::ErrorKind) {
        self.state.lock().fault = Some((fault, kind));
    }

    pub fn heal(&self) {
        self.state.lock().fault = None;
    }

    /// How often a fault was met.
    pub fn faults(&self) -> u32 {
        self.state.lock().faults
    }

    pub fn seed(&self, seed: u64) {
        self.state.lock().random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    pub fn cut_after(&self, operations: u64) {
        self.state.lock().left = Some(operations);
    }

    /// Loses what was not synced, more or less of it, and works again.
    pub fn restore_power(&self) {
        let mut state = self.state.lock();
        assert!(state.dark, "the power was never cut");
        (state.dark, state.left) = (false, None);
        while let Some((path, renamed_from)) = state.names.pop() {
            if state.random(2) == 0 {
                break;
            }
            match renamed_from {
                Some(old) => fs::rename(&path, old).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
        }
        state.names.clear();
        for (path, synced) in std::mem::take(&mut state.synced) {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let unsynced = metadata.len().saturating_sub(synced);
            let kept = synced + state.random(unsynced + 1);
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(kept).unwrap();
            // Some file systems keep the length and lose the bytes.
            if state.random(2) == 0 {
                file.set_len(metadata.len()).unwrap();
            }
            state.synced.insert(path, kept);
        }
    }
}

impl State {
    /// Below `bound`, by xorshift.
    fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    fn step(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => self.dark = true,
            Some(left) => *left -= 1,
            None => {}
        }
        if self.dark { Err(io::Error::other("no power")) } else { Ok(()) }
    }

    fn check(&mut self, faults: &[Fault]) -> io::Result<()> {
        match self.fault {
            Some((fault, kind)) if faults.contains(&fault) => {
                self.faults += 1;
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }
}

const FILES: FileSystem = FileSystem { sync: false };

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.step()?;
        state.check(&[Fault::Create])?;
        if !path.exists() {
            state.names.push((path.to_owned(), None));
        }
        state.synced.insert(path.to_owned(), 0);
        let file = FILES.create(path)?;
        Ok(Box::new(SimFile { file, path: path.to_owned(), state: Arc::downgrade(&self.state) }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.step()?;
        state.synced.entry(path.to_owned()).or_default();
        let file = FILES.open(path)?;
        Ok(Box::new(SimFile { file, path: path.to_owned(), state: Arc::downgrade(&self.state) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step()?;
        let synced = state.synced.remove(from).unwrap_or(0);
        state.synced.insert(to.to_owned(), synced);
        state.names.push((to.to_owned(), Some(from.to_owned())));
        FILES.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step()?;
        state.synced.remove(path);
        state.names.retain(|(name, _)| name != path);
        FILES.remove(path)
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step()?;
        state.names.clear();
        Ok(())
    }
}

struct SimFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    state: Weak<Mutex<State>>,
}

impl SimFile {
    fn with<T>(&mut self, work: impl FnOnce(&mut dyn DiskFile, &mut State, &Path) -> io::Result<T>) -> io::Result<T> {
        let state = self.state.upgrade().expect("the disk outlives its files");
        let mut state = state.lock();
        work(&mut *self.file, &mut state, &self.path)
    }
}

impl DiskFile for SimFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with(|file, state, _| {
            let result = state.step().and_then(|()| state.check(&[Fault::Write, Fault::WriteAndTruncate]));
            let written = if result.is_ok() { bytes.len() } else { bytes.len() / 2 };
            file.write_at(&bytes[..written], offset)?;
            result
        })
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.with(|file, state, path| {
            state.step()?;
            state.check(&[Fault::WriteAndTruncate])?;
            if let Some(synced) = state.synced.get_mut(path) {
                *synced = (*synced).min(length);
            }
            file.truncate(length)
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.with(|_, state, path| {
            state.step()?;
            state.check(&[Fault::Sync])?;
            let length = fs::metadata(path)?.len();
            state.synced.insert(path.to_owned(), length);
            Ok(())
        })
    }
}
