//! The choice of plugins and their configuration, from the server's configuration and the files that it names.

use crate::config;
use ::admission::plugins::{Configuration, ConfigurationError, Selection};
use schema::json::Limits;
use schema::{Value, yaml};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("unable to read admission control configuration from {path:?} [{source}]")]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to read plugin config: error decoding {path:?}: {why}")]
    Syntax { path: PathBuf, why: String },
    #[error("unable to read admission control configuration from {path:?} [{source}]")]
    Kind { path: PathBuf, source: ConfigurationError },
}

/// Which plugins run, and what they are told. Files are read once, when the server starts.
pub fn selection(settings: &config::Admission) -> Result<Selection, SettingsError> {
    let mut configuration = Configuration::default();
    if let Some(path) = &settings.config_file {
        let entries = Configuration::entries(&read(path)?)
            .map_err(|source| SettingsError::Kind { path: path.clone(), source })?;
        for entry in entries {
            let directory = path.parent().unwrap_or(Path::new(""));
            let value = if entry.path.is_empty() { entry.inline } else { read(&directory.join(&entry.path))? };
            configuration.set(&entry.name, value);
        }
    }
    Ok(Selection { enable: settings.enable.clone(), disable: settings.disable.clone(), configuration })
}

fn read(path: &Path) -> Result<Value, SettingsError> {
    let text = std::fs::read(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })?;
    let parsed = yaml::parse(&text, Limits::default());
    parsed
        .map(|parsed| parsed.value)
        .map_err(|why| SettingsError::Syntax { path: path.to_owned(), why: why.to_string() })
}
