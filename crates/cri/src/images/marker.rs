//! What was imported already, remembered in one JSON file.
//!
//! The file is a cache: when it is missing or broken, archives are imported once more, which does no harm.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::ImportError;

/// How an archive is known again without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    size_bytes: u64,
    modified_seconds: i64,
    modified_nanoseconds: i64,
}

impl FileState {
    pub fn of(path: &Path) -> Result<Self, ImportError> {
        let metadata = std::fs::metadata(path).map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
        Ok(Self {
            size_bytes: metadata.size(),
            modified_seconds: metadata.mtime(),
            modified_nanoseconds: metadata.mtime_nsec(),
        })
    }
}

/// The imported archives by file name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Markers(BTreeMap<String, (FileState, Vec<String>)>);

impl Markers {
    pub fn load(marker_file: &Path) -> Self {
        let Ok(bytes) = std::fs::read(marker_file) else { return Self::default() };
        let Ok(Value::Object(archives)) = serde_json::from_slice(&bytes) else {
            tracing::warn!("{} is broken: importing all archives anew", marker_file.display());
            return Self::default();
        };
        Self(archives.iter().filter_map(|(name, entry)| Some((name.clone(), read_entry(entry)?))).collect())
    }

    pub fn store(&self, marker_file: &Path) -> Result<(), ImportError> {
        let archives: serde_json::Map<String, Value> = self
            .0
            .iter()
            .map(|(name, (state, references))| {
                let entry = json!({
                    "sizeBytes": state.size_bytes,
                    "modifiedSeconds": state.modified_seconds,
                    "modifiedNanoseconds": state.modified_nanoseconds,
                    "references": references,
                });
                (name.clone(), entry)
            })
            .collect();
        // A file that is replaced as a whole is never half written.
        let fresh = marker_file.with_extension("new");
        let failed = |source| ImportError::Write { path: marker_file.to_owned(), source };
        std::fs::write(&fresh, format!("{:#}\n", Value::Object(archives))).map_err(failed)?;
        std::fs::rename(&fresh, marker_file).map_err(failed)
    }

    /// The references that the archive gave when it was imported in this very state.
    pub fn references_of(&self, path: &Path, state: FileState) -> Option<&[String]> {
        let (remembered, references) = self.0.get(&file_name(path))?;
        (*remembered == state).then_some(references)
    }

    pub fn remember(&mut self, path: &Path, state: FileState, references: Vec<String>) {
        self.0.insert(file_name(path), (state, references));
    }
}

fn read_entry(entry: &Value) -> Option<(FileState, Vec<String>)> {
    let state = FileState {
        size_bytes: entry["sizeBytes"].as_u64()?,
        modified_seconds: entry["modifiedSeconds"].as_i64()?,
        modified_nanoseconds: entry["modifiedNanoseconds"].as_i64()?,
    };
    let references = entry["references"].as_array()?.iter();
    Some((state, references.map(|reference| reference.as_str().map(str::to_owned)).collect::<Option<_>>()?))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
