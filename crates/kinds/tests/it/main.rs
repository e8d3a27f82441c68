//! The kinds against what the real server says: its discovery documents, and its recorded conversations replayed without
//! a server. Both are read where they are present, beside the project.

mod discovery;
mod replay;
mod scenario;

use schema::{Value, json};
use std::path::{Path, PathBuf};

/// A folder beside the project, where it is present.
fn beside(folder: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|dir| dir.join("shared").join(folder)).find(|dir| dir.is_dir())
}

/// The files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn read(file: &Path) -> Value {
    json::parse(&std::fs::read(file).unwrap(), json::Limits::default()).unwrap()
}
