//! Directories that a crash or a bad disk left behind: what must open, and what must not.

use std::{fs, path::Path, path::PathBuf};

use store::{EmbeddedOptions, EmbeddedStore, Store, StoreError, StoreSync};

use crate::support::{Directory, copy, eventually, listing, put_any};

#[tokio::test]
async fn a_torn_last_commit_is_dropped_at_every_length() {
    let directory = Directory::new("torn");
    let store = directory.open();
    for number in 0..3 {
        put_any(&*store, &format!("/{number}"), "value").await;
    }
    let good = segment(&directory).metadata().unwrap().len();
    put_any(&*store, "/last", "value").await;
    drop(store);
    let whole = segment(&directory).metadata().unwrap().len();
    for length in good..whole {
        let copied = Copy::of(&directory);
        truncate(&copied.file(&segment(&directory)), length);
        check_first_three(&copied).await;
    }
    // A file system may also leave the length and lose the bytes, or keep later pages only.
    for zeroed in 1..=whole - good {
        let copied = Copy::of(&directory);
        let file = copied.file(&segment(&directory));
        let mut bytes = fs::read(&file).unwrap();
        bytes[good as usize..(good + zeroed) as usize].fill(0);
        fs::write(&file, bytes).unwrap();
        check_first_three(&copied).await;
    }
}

/// The three acknowledged keys are there, and the store goes on, also after another restart.
async fn check_first_three(copied: &Copy) {
    let store = copied.open().unwrap();
    assert_eq!(listing(&store).await, ["/0=value", "/1=value", "/2=value"]);
    assert_eq!(put_any(&store, "/3", "value").await, 4);
    drop(store);
    assert_eq!(listing(&copied.open().unwrap()).await.len(), 4);
}

#[tokio::test]
async fn a_torn_new_segment_is_begun_again() {
    let directory = Directory::new("torn-segment");
    let store = directory.open();
    put_any(&*store, "/a", "1").await;
    drop(store);
    for length in [0, 1, 11, 20] {
        let copied = Copy::of(&directory);
        let header = &fs::read(segment(&directory)).unwrap()[..length];
        fs::write(copied.path().join("log-00000000000000000002"), header).unwrap();
        let store = copied.open().unwrap();
        assert_eq!(put_any(&store, "/b", "2").await, 2);
        drop(store);
        assert_eq!(listing(&copied.open().unwrap()).await, ["/a=1", "/b=2"]);
    }
}

#[tokio::test]
async fn damage_is_an_error_that_names_the_place() {
    let directory = Directory::new("damage");
    let store = directory.open();
    for number in 0..100 {
        put_any(&*store, &format!("/{number}"), vec![b'v'; 300]).await;
    }
    let last_commit = segment(&directory).metadata().unwrap().len();
    put_any(&*store, "/last", "value").await;
    drop(store);
    let files = directory.files("log-");
    assert!(files.len() > 2);
    for file in &files {
        let is_last = file == files.last().unwrap();
        let bytes = fs::read(file).unwrap();
        let end = if is_last { last_commit as usize } else { bytes.len() };
        for position in (0..end).step_by(97) {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x10;
            check_refused(&directory, file, &damaged, position as u64);
        }
        if !is_last {
            check_refused(&directory, file, &bytes[..bytes.len() - 1], bytes.len() as u64);
            check_refused(&directory, file, &[], 0);
        }
    }
}

#[tokio::test]
async fn a_missing_file_is_an_error() {
    let directory = Directory::new("missing");
    let store = directory.open();
    for number in 0..200 {
        put_any(&*store, &format!("/{}", number % 20), vec![b'v'; 300]).await;
    }
    store.compact(150).await.unwrap();
    eventually("a snapshot", || directory.files("snapshot-").len() == 1 && directory.files("log-").len() < 4).await;
    drop(store);
    let files = [directory.files("log-"), directory.files("snapshot-")].concat();
    assert!(files.len() > 2, "{files:?}");
    for file in &files[..files.len() - 2] {
        refused_without(&directory, file);
    }
    refused_without(&directory, files.last().unwrap());
    let snapshot = files.last().unwrap();
    let bytes = fs::read(snapshot).unwrap();
    for position in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x10;
        check_refused(&directory, snapshot, &damaged, position as u64);
    }
    for length in [0, bytes.len() / 2, bytes.len() - 1, bytes.len() - 21] {
        check_refused(&directory, snapshot, &bytes[..length], length as u64);
    }
}

#[tokio::test]
async fn an_interrupted_snapshot_is_finished_or_forgotten() {
    let directory = Directory::new("interrupted");
    let store = directory.open();
    for number in 0..200 {
        put_any(&*store, &format!("/{}", number % 20), vec![b'v'; 300]).await;
    }
    let before = Copy::of(&directory);
    store.compact(150).await.unwrap();
    eventually("a snapshot", || directory.files("snapshot-").len() == 1 && directory.files("log-").len() < 4).await;
    let expected = listing(&*store).await;
    drop(store);
    // Renamed, but the old segments were not yet removed.
    let copied = Copy::of(&directory);
    for file in fs::read_dir(before.path()).unwrap() {
        let file = file.unwrap();
        if !copied.path().join(file.file_name()).exists() {
            fs::copy(file.path(), copied.path().join(file.file_name())).unwrap();
        }
    }
    assert_eq!(listing(&copied.open().unwrap()).await, expected);
    assert_eq!(count(&copied.path()), count(&directory.path().join("store")));
    // Not renamed.
    let snapshot = directory.files("snapshot-").remove(0);
    let unfinished = before.path().join("snapshot-00000000000000000009.tmp");
    fs::copy(snapshot, &unfinished).unwrap();
    assert_eq!(listing(&before.open().unwrap()).await, expected);
    assert!(!unfinished.exists());
}

fn count(directory: &Path) -> usize {
    fs::read_dir(directory).unwrap().count()
}

fn segment(directory: &Directory) -> PathBuf {
    directory.files("log-").pop().unwrap()
}

fn truncate(path: &Path, length: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

/// Opening with `bytes` in the place of `file` fails, and names the file and the frame that holds `position`.
fn check_refused(directory: &Directory, file: &Path, bytes: &[u8], position: u64) {
    let copied = Copy::of(directory);
    let path = copied.file(file);
    fs::write(&path, bytes).unwrap();
    match copied.open() {
        Err(StoreError::Corrupt { file, offset, .. }) => {
            assert_eq!(file, path.display().to_string());
            // A snapshot of this size is one frame after its header.
            let longest = if file.contains("snapshot-") { u64::MAX - offset } else { 1200 };
            assert!((offset..offset + longest).contains(&position), "{offset} for damage at {position}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{} opened with damage at {position}", path.display()),
    }
}

fn refused_without(directory: &Directory, file: &Path) {
    let copied = Copy::of(directory);
    fs::remove_file(copied.file(file)).unwrap();
    let error = copied.open().err();
    assert!(matches!(error, Some(StoreError::Corrupt { .. })), "without {}: {error:?}", file.display());
}

/// A copy of a store's directory, to be damaged.
struct Copy(Directory);

impl Copy {
    fn of(directory: &Directory) -> Self {
        let copied = Self(Directory::new("copy"));
        copy(&directory.path().join("store"), &copied.path());
        copied
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn file(&self, original: &Path) -> PathBuf {
        self.path().join(original.file_name().unwrap())
    }

    fn open(&self) -> Result<EmbeddedStore, StoreError> {
        EmbeddedStore::open(EmbeddedOptions { sync: StoreSync::Never, ..self.0.options() })
    }
}
