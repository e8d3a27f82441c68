//! A directory that goes with its test, mounts below it included.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct TestDir(PathBuf);

static NEXT: AtomicU32 = AtomicU32::new(0);

impl TestDir {
    pub(crate) fn new() -> TestDir {
        let unique = format!("kubelet-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(&path).unwrap();
        TestDir(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        if let Err(error) = super::teardown::teardown(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}
